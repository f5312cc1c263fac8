-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- When somebody looked last whether the link's document still tells of its asset. A link
-- that changed since is looked at sooner.
ALTER TABLE links ADD COLUMN looked BIGINT NOT NULL DEFAULT 0;
CREATE INDEX links_looked ON links (looked);
CREATE INDEX links_changed ON links (updated) WHERE looked <= updated;

-- +goose Down
DROP INDEX links_changed;
DROP INDEX links_looked;
ALTER TABLE links DROP COLUMN looked;
