-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- "fetches" is what a document gets of its asset, "earlier" says whether the files below
-- a stack's head become versions, "events" whether changes are followed between runs.
ALTER TABLE syncs ADD COLUMN fetches TEXT NOT NULL DEFAULT 'original';
ALTER TABLE syncs ADD COLUMN earlier BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE syncs ADD COLUMN events BOOLEAN NOT NULL DEFAULT TRUE;

-- A partial run lists some folders only. created and updated are of assets that it
-- brought without an item for each.
ALTER TABLE sync_runs ADD COLUMN partial BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sync_runs ADD COLUMN created BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_runs ADD COLUMN updated BIGINT NOT NULL DEFAULT 0;

-- "stamp" is when the asset changed on Frame.io; "facts" is what a document is to show of
-- it, for assets that show something else; "skip" keeps a folder from being listed.
ALTER TABLE sync_seen ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_seen ADD COLUMN facts TEXT NOT NULL DEFAULT '';
ALTER TABLE sync_seen ADD COLUMN skip BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX sync_seen_parent ON sync_seen (run_id, parent, key);

-- When the asset changed; when its comments were looked at last, 0 for never and -1
-- when there are news; whether the document has its poster, and when one was looked for.
ALTER TABLE sync_entries ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_entries ADD COLUMN comments_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sync_entries ADD COLUMN poster BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sync_entries ADD COLUMN poster_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sync_entries_comments ON sync_entries (sync_id, comments_at);
CREATE INDEX sync_entries_parent ON sync_entries (sync_id, parent);

-- Every item that ends looks for the links that it holds.
CREATE INDEX links_holder ON links (holder);

-- Folders in which something has changed, for the next partial run.
CREATE TABLE sync_changes (
  sync_id TEXT NOT NULL,
  folder  TEXT NOT NULL,
  told    BIGINT NOT NULL,
  PRIMARY KEY (sync_id, folder)
);

-- How far the audit log of a workspace was read, and since when; "refused" is when it was
-- not given.
CREATE TABLE audit_marks (
  account_id   TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  until        BIGINT NOT NULL,
  since        BIGINT NOT NULL DEFAULT 0,
  refused      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, workspace_id)
);

-- What was read before the mark, as much as may be read again, and what webhooks told
-- since. Entries have no id.
CREATE TABLE audit_seen (
  account_id   TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  entry        TEXT NOT NULL,
  at           BIGINT NOT NULL,
  PRIMARY KEY (account_id, workspace_id, entry)
);

-- +goose Down
DROP TABLE audit_seen;
DROP TABLE audit_marks;
DROP TABLE sync_changes;
DROP INDEX links_holder;
DROP INDEX sync_entries_parent;
DROP INDEX sync_entries_comments;
ALTER TABLE sync_entries DROP COLUMN poster_at;
ALTER TABLE sync_entries DROP COLUMN poster;
ALTER TABLE sync_entries DROP COLUMN comments_at;
ALTER TABLE sync_entries DROP COLUMN stamp;
DROP INDEX sync_seen_parent;
ALTER TABLE sync_seen DROP COLUMN skip;
ALTER TABLE sync_seen DROP COLUMN facts;
ALTER TABLE sync_seen DROP COLUMN stamp;
ALTER TABLE sync_runs DROP COLUMN updated;
ALTER TABLE sync_runs DROP COLUMN created;
ALTER TABLE sync_runs DROP COLUMN partial;
ALTER TABLE syncs DROP COLUMN events;
ALTER TABLE syncs DROP COLUMN earlier;
ALTER TABLE syncs DROP COLUMN fetches;
