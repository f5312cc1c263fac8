-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Somebody waits for it: it goes ahead of what nobody waits for.
ALTER TABLE items ADD COLUMN ahead BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX items_ahead ON items (state, not_before) WHERE ahead;

-- +goose Down
DROP INDEX items_ahead;
ALTER TABLE items DROP COLUMN ahead;
