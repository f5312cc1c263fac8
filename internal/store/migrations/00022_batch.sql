-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- What is expected to be moved, in bytes, before a transfer says it; 0: not known.
ALTER TABLE items ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
-- A batch is looked for by what is under way and what has failed: few among many.
CREATE INDEX items_open ON items (kind, parent) WHERE state IN ('waiting', 'running');
CREATE INDEX items_failed ON items (kind, finished) WHERE state = 'failed';

-- +goose Down
DROP INDEX items_failed;
DROP INDEX items_open;
ALTER TABLE items DROP COLUMN size;
