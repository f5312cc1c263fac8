-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Nuxeo folders that mirror a folder of Frame.io. "every" is in seconds, 0 for
-- never; "run" is the run that is under way or was last.
CREATE TABLE syncs (
  id             TEXT PRIMARY KEY,
  folder_uid     TEXT NOT NULL,
  folder_path    TEXT NOT NULL,
  folder_title   TEXT NOT NULL,
  account_id     TEXT NOT NULL,
  workspace_id   TEXT NOT NULL,
  workspace_name TEXT NOT NULL,
  project_id     TEXT NOT NULL,
  project_name   TEXT NOT NULL,
  root_id        TEXT NOT NULL,
  root_name      TEXT NOT NULL,
  document_type  TEXT NOT NULL,
  comments       BOOLEAN NOT NULL,
  filter         TEXT NOT NULL,
  gone           TEXT NOT NULL,
  conflicts      TEXT NOT NULL,
  every          BIGINT NOT NULL,
  owner          TEXT NOT NULL,
  creator        TEXT NOT NULL,
  state          TEXT NOT NULL,
  reason         TEXT NOT NULL DEFAULT '',
  remedy         TEXT NOT NULL DEFAULT '',
  paused_by      TEXT NOT NULL DEFAULT '',
  run_id         TEXT NOT NULL DEFAULT '',
  due            BIGINT NOT NULL DEFAULT 0,
  created        BIGINT NOT NULL,
  updated        BIGINT NOT NULL
);
CREATE UNIQUE INDEX syncs_folder ON syncs (folder_uid) WHERE state <> 'removed';
CREATE INDEX syncs_due ON syncs (state, due);

-- One pass over a synchronized tree, and what it did.
CREATE TABLE sync_runs (
  id          TEXT PRIMARY KEY,
  sync_id     TEXT NOT NULL,
  item_id     TEXT NOT NULL,
  why         TEXT NOT NULL,
  asked_by    TEXT NOT NULL,
  sure        BOOLEAN NOT NULL,
  dry         BOOLEAN NOT NULL,
  state       TEXT NOT NULL,
  message     TEXT NOT NULL DEFAULT '',
  folders     BIGINT NOT NULL DEFAULT 0,
  assets      BIGINT NOT NULL DEFAULT 0,
  bytes       BIGINT NOT NULL DEFAULT 0,
  renamed     BIGINT NOT NULL DEFAULT 0,
  moved       BIGINT NOT NULL DEFAULT 0,
  gone        BIGINT NOT NULL DEFAULT 0,
  refused     BIGINT NOT NULL DEFAULT 0, -- documents that Nuxeo did not let be renamed, moved or trashed
  began       BIGINT NOT NULL,
  ended       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sync_runs_sync ON sync_runs (sync_id, id);
CREATE UNIQUE INDEX sync_runs_open ON sync_runs (sync_id) WHERE state = 'running';

-- What a run has seen on Frame.io. Of a folder, "listed" says whether what is in
-- it is here too. "nuxeo" says what a check found wrong with the document. "print" is a digest of what a document shows of an asset.
CREATE TABLE sync_seen (
  run_id TEXT NOT NULL,
  key    TEXT NOT NULL,
  kind   TEXT NOT NULL,
  parent TEXT NOT NULL,
  depth  BIGINT NOT NULL,
  name   TEXT NOT NULL,
  size   BIGINT NOT NULL DEFAULT 0,
  print  TEXT NOT NULL DEFAULT '',
  listed BOOLEAN NOT NULL DEFAULT FALSE,
  nuxeo  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, key)
);
CREATE INDEX sync_seen_order ON sync_seen (run_id, kind, depth, key);

-- What Nuxeo has of a sync: one row for each folder and asset. "title" and
-- "parent" are what we gave the document, "print" what it shows; empty while it
-- does not. Problem says why an asset could not be brought.
CREATE TABLE sync_entries (
  sync_id      TEXT NOT NULL,
  key          TEXT NOT NULL,
  kind         TEXT NOT NULL,
  parent       TEXT NOT NULL,
  name         TEXT NOT NULL,
  size         BIGINT NOT NULL DEFAULT 0,
  print        TEXT NOT NULL DEFAULT '',
  document_uid TEXT NOT NULL DEFAULT '',
  title        TEXT NOT NULL DEFAULT '',
  gone         BOOLEAN NOT NULL DEFAULT FALSE,
  problem      TEXT NOT NULL DEFAULT '',
  conflict     TEXT NOT NULL DEFAULT '',
  updated      BIGINT NOT NULL,
  PRIMARY KEY (sync_id, key)
);
CREATE INDEX sync_entries_document ON sync_entries (document_uid);
CREATE INDEX sync_entries_troubled ON sync_entries (sync_id, problem, conflict);

-- +goose Down
DROP TABLE sync_entries;
DROP TABLE sync_seen;
DROP TABLE sync_runs;
DROP TABLE syncs;
