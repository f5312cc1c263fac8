-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Where a sign-in came from: the scheme and host of the address that gave its tokens.
-- They are sent to no other. Empty in rows of older programs, until that address changes.
ALTER TABLE credentials ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- Whose access was ended is blocked until an administrator lifts it, and the account on
-- Frame.io is free for another login. frameio_was is the one that was connected then.
ALTER TABLE people ADD COLUMN frameio_was TEXT NOT NULL DEFAULT '';
UPDATE people SET frameio_was = COALESCE(frameio_id, ''), frameio_id = NULL, frameio_name = '' WHERE revoked <> '';

-- +goose Down
ALTER TABLE people DROP COLUMN frameio_was;
ALTER TABLE credentials DROP COLUMN origin;
