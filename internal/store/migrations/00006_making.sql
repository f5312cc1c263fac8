-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The file on Frame.io that a push is about to make: its folder, name and size, as
-- JSON; empty once the answer is known.
ALTER TABLE pushes ADD COLUMN making TEXT NOT NULL DEFAULT '';

-- Until when the document may just be being unlocked for a push; 0: it is not.
ALTER TABLE pushes ADD COLUMN unlocking BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE pushes DROP COLUMN unlocking;
ALTER TABLE pushes DROP COLUMN making;
