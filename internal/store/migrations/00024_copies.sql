-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- What becomes of the copy on Frame.io when a document of a binding has come back.
ALTER TABLE bindings ADD COLUMN copy_action TEXT NOT NULL DEFAULT 'leave';
ALTER TABLE bindings ADD COLUMN copy_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE bindings ADD COLUMN copy_folder TEXT NOT NULL DEFAULT 'Returned';

-- The copies of documents that came back, one for each push. due is when something is to be done, reason why it was
-- not; asked when Frame.io was asked in this round, 0 as long as it was not; making names the item that creates the folder, of which there is one at a time.
CREATE TABLE copies (
  push_id        TEXT PRIMARY KEY,
  binding_id     TEXT NOT NULL,
  document_uid   TEXT NOT NULL,
  document_title TEXT NOT NULL,
  account_id     TEXT NOT NULL,
  project_id     TEXT NOT NULL,
  file_id        TEXT NOT NULL,
  size           BIGINT NOT NULL,
  digest         TEXT NOT NULL,
  pushed_by      TEXT NOT NULL,
  returned       BIGINT NOT NULL,
  action         TEXT NOT NULL,
  folder         TEXT NOT NULL,
  state          TEXT NOT NULL,
  due            BIGINT NOT NULL,
  reason         TEXT NOT NULL DEFAULT '',
  home_id        TEXT NOT NULL DEFAULT '',
  folder_id      TEXT NOT NULL DEFAULT '',
  making         TEXT NOT NULL DEFAULT '',
  round          BIGINT NOT NULL DEFAULT 1,
  asked          BIGINT NOT NULL DEFAULT 0,
  ended          BIGINT NOT NULL DEFAULT 0,
  ended_by       TEXT NOT NULL DEFAULT '',
  updated        BIGINT NOT NULL
);
CREATE INDEX copies_due ON copies (state, due);
CREATE INDEX copies_document ON copies (document_uid);
CREATE INDEX copies_binding ON copies (binding_id, push_id);
CREATE UNIQUE INDEX copies_making ON copies (project_id, folder) WHERE making <> '';

-- +goose Down
DROP TABLE copies;
ALTER TABLE bindings DROP COLUMN copy_folder;
ALTER TABLE bindings DROP COLUMN copy_days;
ALTER TABLE bindings DROP COLUMN copy_action;
