-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- How often a synchronization was changed: whoever changes it says which one they have seen, so
-- that two people do not lose what the other did.
ALTER TABLE syncs ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- What is fetched of an asset has changed since its document got its content: the next run imports
-- it anew, although nothing is new on Frame.io.
ALTER TABLE sync_entries ADD COLUMN refetch BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE sync_entries DROP COLUMN refetch;
ALTER TABLE syncs DROP COLUMN version;
