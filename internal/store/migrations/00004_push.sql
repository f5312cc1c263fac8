-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Documents that were sent to Frame.io. "upload" is sealed: the addresses that
-- take the parts, until they are there. "lock_state" says what we know of the
-- document's lock: intended, ours, own (the person's before), releasing, released.
CREATE TABLE pushes (
  id             TEXT PRIMARY KEY,
  batch          TEXT NOT NULL,
  document_uid   TEXT NOT NULL,
  document_title TEXT NOT NULL,
  scope_uid      TEXT NOT NULL,
  binding_id     TEXT NOT NULL,
  account_id     TEXT NOT NULL,
  workspace_id   TEXT NOT NULL,
  workspace_name TEXT NOT NULL,
  project_id     TEXT NOT NULL,
  project_name   TEXT NOT NULL,
  folder_id      TEXT NOT NULL,
  folder_name    TEXT NOT NULL,
  what           TEXT NOT NULL,
  separate       BOOLEAN NOT NULL,
  link_id        TEXT NOT NULL DEFAULT '',
  file_id        TEXT NOT NULL DEFAULT '',
  view_url       TEXT NOT NULL DEFAULT '',
  upload         BLOB,
  state          TEXT NOT NULL,
  pushed_by      TEXT NOT NULL,
  lock_state     TEXT NOT NULL DEFAULT '',
  locked         TEXT NOT NULL DEFAULT '',
  size           BIGINT NOT NULL DEFAULT 0,
  digest         TEXT NOT NULL DEFAULT '',
  status         TEXT NOT NULL DEFAULT '',
  reason         TEXT NOT NULL DEFAULT '',
  ended_by       TEXT NOT NULL DEFAULT '',
  created        BIGINT NOT NULL,
  opened         BIGINT NOT NULL DEFAULT 0,
  ended          BIGINT NOT NULL DEFAULT 0,
  updated        BIGINT NOT NULL
);
CREATE UNIQUE INDEX pushes_unfinished ON pushes (document_uid) WHERE state IN ('sending', 'open');
CREATE INDEX pushes_file ON pushes (file_id, state);
CREATE INDEX pushes_batch ON pushes (batch);
CREATE INDEX pushes_by ON pushes (pushed_by, id);
CREATE INDEX pushes_scope ON pushes (scope_uid, id);
CREATE INDEX pushes_lock ON pushes (lock_state);

-- Where somebody sent documents of a folder to last.
CREATE TABLE push_choices (
  login        TEXT NOT NULL,
  folder_uid   TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  project_id   TEXT NOT NULL,
  folder_id    TEXT NOT NULL,
  what         TEXT NOT NULL,
  updated      BIGINT NOT NULL,
  PRIMARY KEY (login, folder_uid)
);

-- +goose Down
DROP TABLE push_choices;
DROP TABLE pushes;
