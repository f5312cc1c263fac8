-- +goose Up

-- The newest file of what a run has listed, and the key of the thing whose document it
-- takes over: a file that was put on a stack, or a stack that is not there any more.
ALTER TABLE sync_seen ADD COLUMN head TEXT NOT NULL DEFAULT '';
ALTER TABLE sync_seen ADD COLUMN takes TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sync_seen DROP COLUMN takes;
ALTER TABLE sync_seen DROP COLUMN head;
