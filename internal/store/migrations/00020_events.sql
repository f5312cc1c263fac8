-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- The status of the review that a file was last seen with, below its document, and how often it has
-- changed: that of approved and rejected is told once, when it is first seen.
CREATE TABLE review_statuses (
    document_uid TEXT NOT NULL,
    file_id TEXT NOT NULL,
    status TEXT NOT NULL,
    changes BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (document_uid, file_id)
);

-- What was seen before is not told again.
INSERT INTO review_statuses (document_uid, file_id, status, changes, updated)
    SELECT document_uid, file_id, MAX(seen_status), 1, MAX(seen) FROM pushes
    WHERE file_id <> '' AND seen_status <> '' GROUP BY document_uid, file_id;

-- +goose Down
DROP TABLE review_statuses;
