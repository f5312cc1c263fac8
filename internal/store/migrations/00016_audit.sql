-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- What people did that others may ask for later. Each row's hash covers its content and
-- the hash of the row before it of the same node.
CREATE TABLE audit (
  id          TEXT PRIMARY KEY,
  node        TEXT NOT NULL,
  seq         BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  who         TEXT NOT NULL,
  what        TEXT NOT NULL,
  about       TEXT NOT NULL,
  detail      TEXT NOT NULL,
  address     TEXT NOT NULL,
  correlation TEXT NOT NULL,
  hash        TEXT NOT NULL,
  UNIQUE (node, seq)
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, id);
CREATE INDEX audit_what ON audit (what, id);

-- Where each node's chain of hashes ends, and up to where it was pruned. "head" and
-- "checkpoint" are sealed: nobody without the encryption key can make them.
CREATE TABLE audit_chains (
  node        TEXT PRIMARY KEY,
  seq         BIGINT NOT NULL,
  hash        TEXT NOT NULL,
  head        BLOB NOT NULL,
  pruned_seq  BIGINT NOT NULL DEFAULT 0,
  pruned_hash TEXT NOT NULL DEFAULT '',
  checkpoint  BLOB
);

-- +goose Down
DROP TABLE audit_chains;
DROP TABLE audit;
