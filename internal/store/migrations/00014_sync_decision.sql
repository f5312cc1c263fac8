-- +goose Up

-- The newest file of what a run has listed, and the key of the thing whose document it
-- takes over: a file that was put on a stack, or a stack that is not there any more.
ALTER TABLE sync_seen ADD COLUMN head TEXT NOT NULL DEFAULT '';
ALTER TABLE sync_seen ADD COLUMN takes TEXT NOT NULL DEFAULT '';

-- When a binding ends that waits for what is under review to come back; 0: at once.
ALTER TABLE bindings ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;

-- Since when no byte of a transfer has moved; 0: they do.
ALTER TABLE transfers ADD COLUMN quiet BIGINT NOT NULL DEFAULT 0;

-- When the document was changed last as we have read it after a write of our own.
ALTER TABLE links ADD COLUMN modified BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE links DROP COLUMN modified;
ALTER TABLE transfers DROP COLUMN quiet;
ALTER TABLE bindings DROP COLUMN ends;
ALTER TABLE sync_seen DROP COLUMN takes;
ALTER TABLE sync_seen DROP COLUMN head;
