-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Our webhook in each workspace that is watched. The id is in its address;
-- remote_id is empty until Frame.io has it; maker is who made it there, empty for
-- the service credential.
CREATE TABLE webhooks (
  id           TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  remote_id    TEXT NOT NULL DEFAULT '',
  secret       BLOB,
  maker        TEXT NOT NULL DEFAULT '',
  problem      TEXT NOT NULL DEFAULT '',
  created      BIGINT NOT NULL,
  updated      BIGINT NOT NULL,
  UNIQUE (account_id, workspace_id)
);

-- What webhooks told and nobody has looked at yet, one row for a thing however
-- often it was told of.
CREATE TABLE hints (
  resource_id  TEXT NOT NULL,
  kind         TEXT NOT NULL,
  account_id   TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  told         BIGINT NOT NULL,
  due          BIGINT NOT NULL,
  tries        BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (resource_id, kind)
);
CREATE INDEX hints_due ON hints (due);

-- What is known of a review while it goes on: the status on Frame.io, when it was
-- looked at last, and whether the file is gone.
ALTER TABLE pushes ADD COLUMN seen_status TEXT NOT NULL DEFAULT '';
ALTER TABLE pushes ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pushes ADD COLUMN seen_gone BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE pushes DROP COLUMN seen_gone;
ALTER TABLE pushes DROP COLUMN seen;
ALTER TABLE pushes DROP COLUMN seen_status;
DROP TABLE hints;
DROP TABLE webhooks;
