-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The file on Frame.io that a push is about to make: its folder, name and size, as
-- JSON; empty once the answer is known.
ALTER TABLE pushes ADD COLUMN making TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE pushes DROP COLUMN making;
