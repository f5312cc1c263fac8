-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Why an asset that is on Frame.io cannot be brought yet: 'uploading' or 'empty'; empty
-- for those that can. Such an asset is not gone.
ALTER TABLE sync_seen ADD COLUMN not_ready TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sync_seen DROP COLUMN not_ready;
