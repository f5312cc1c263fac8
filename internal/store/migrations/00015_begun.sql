-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- How often in a row the step was begun without an end: the process died in it, or was
-- lost. What a worker holds just now counts.
ALTER TABLE items ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE items DROP COLUMN begun;
