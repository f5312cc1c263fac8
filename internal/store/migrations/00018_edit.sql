-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- How often a binding was changed: whoever changes it says which one they have seen, so that
-- two people do not lose what the other did.
ALTER TABLE bindings ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- The item that changes it at the moment, or empty: there is one at a time.
ALTER TABLE bindings ADD COLUMN editing TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE bindings DROP COLUMN editing;
ALTER TABLE bindings DROP COLUMN version;
