-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- A comment as people are shown it, as JSON; empty until it is looked at next.
ALTER TABLE imported_comments ADD COLUMN shown TEXT NOT NULL DEFAULT '';

-- What opens a signed address once. The id is a digest of the ticket, and
-- "address" is sealed.
CREATE TABLE tickets (
  id      TEXT PRIMARY KEY,
  address BLOB NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX tickets_expires ON tickets (expires);

CREATE INDEX interactions_binding ON interactions (binding_id);

-- +goose Down
DROP INDEX interactions_binding;
DROP TABLE tickets;
ALTER TABLE imported_comments DROP COLUMN shown;
