-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The lock that an item took on the document to replace its content: whose, and when it
-- was made, empty while that is not known. No owner: there is none.
ALTER TABLE links ADD COLUMN lock_owner TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN lock_created TEXT NOT NULL DEFAULT '';
CREATE INDEX links_locked ON links (lock_owner) WHERE lock_owner <> '';

-- +goose Down
DROP INDEX links_locked;
ALTER TABLE links DROP COLUMN lock_created;
ALTER TABLE links DROP COLUMN lock_owner;
