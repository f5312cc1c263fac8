-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The rows of the metadata map. The scope is empty for all documents, "binding/" or "sync/" and an id for those of
-- one; target is what the row writes, which one table writes once.
CREATE TABLE map_rows (
  id         TEXT PRIMARY KEY,
  scope      TEXT NOT NULL,
  direction  TEXT NOT NULL,
  target     TEXT NOT NULL,
  field      TEXT NOT NULL,
  property   TEXT NOT NULL,
  kind       TEXT NOT NULL,
  vocabulary TEXT NOT NULL,
  clears     BOOLEAN NOT NULL,
  off        BOOLEAN NOT NULL,
  changed    BIGINT NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE UNIQUE INDEX map_rows_target ON map_rows (scope, direction, target);

-- A digest of the metadata that the document of a push shows, and the values that its file gets on Frame.io.
ALTER TABLE pushes ADD COLUMN seen_metadata TEXT NOT NULL DEFAULT '';
ALTER TABLE pushes ADD COLUMN field_values TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE pushes DROP COLUMN field_values;
ALTER TABLE pushes DROP COLUMN seen_metadata;
DROP TABLE map_rows;
