-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- What nobody can guess: idempotency keys of an item are made of it. Empty until a
-- worker takes the item for the first time.
ALTER TABLE items ADD COLUMN once TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE items DROP COLUMN once;
