-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The processes that share this database. One that was not seen for a while is
-- gone, and its share of every budget is the others'.
CREATE TABLE nodes (
  id      TEXT PRIMARY KEY,
  host    TEXT NOT NULL,
  version TEXT NOT NULL,
  started BIGINT NOT NULL,
  seen    BIGINT NOT NULL
);

-- What the regular clean-up did last, by chore.
CREATE TABLE chores (
  name    TEXT PRIMARY KEY,
  node    TEXT NOT NULL,
  due     BIGINT NOT NULL,
  started BIGINT NOT NULL,
  ended   BIGINT NOT NULL,
  report  TEXT NOT NULL
);

-- A call that came from somebody who may not publish yet is kept until they
-- have connected; it becomes items then.
ALTER TABLE interactions ADD COLUMN kept BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX interactions_kept ON interactions (user_id) WHERE kept;
CREATE INDEX interactions_received ON interactions (received);

-- Why nobody can act for the binding any more; empty while somebody can.
ALTER TABLE bindings ADD COLUMN needs_owner TEXT NOT NULL DEFAULT '';

-- Why a person's access was ended by an administrator or by Nuxeo; empty while
-- it was not.
ALTER TABLE people ADD COLUMN revoked TEXT NOT NULL DEFAULT '';

CREATE INDEX items_finished ON items (finished) WHERE finished > 0;

-- +goose Down
DROP INDEX items_finished;
ALTER TABLE people DROP COLUMN revoked;
ALTER TABLE bindings DROP COLUMN needs_owner;
DROP INDEX interactions_received;
DROP INDEX interactions_kept;
ALTER TABLE interactions DROP COLUMN kept;
DROP TABLE chores;
DROP TABLE nodes;
