-- The log: what everything else is derived from. It needs a durable, gap-free line of entries, the
-- name of this history, and a place for contact details outside of the entries.

-- Which node this is and which history its log tells. One row.
CREATE TABLE node (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id       BLOB NOT NULL CHECK (length(id) = 16),    -- UUID of the node
    epoch    BLOB NOT NULL CHECK (length(epoch) = 16), -- UUID of the history: a restored log gets another
    created  TEXT NOT NULL                             -- RFC 3339, UTC
) STRICT;

-- One line of the log. Never changed, never deleted.
CREATE TABLE entry (
    seq       INTEGER PRIMARY KEY CHECK (seq > 0),      -- this node's own number, without gaps
    id        BLOB NOT NULL UNIQUE CHECK (length(id) = 16), -- UUIDv7 made by the sender
    digest    BLOB NOT NULL CHECK (length(digest) = 32), -- SHA-256 of what was sent, to tell "again" from "other"
    origin    BLOB NOT NULL CHECK (length(origin) = 16), -- UUID of the node that wrote it first
    hlc       INTEGER NOT NULL,                         -- hybrid logical clock: milliseconds << 16 | counter
    actor     TEXT NOT NULL,                            -- JSON
    office    TEXT,                                     -- code of the acting office
    operation BLOB NOT NULL CHECK (length(operation) = 16), -- UUID
    kind      TEXT NOT NULL,                            -- name of the body's shape
    version   INTEGER NOT NULL,                         -- version of that shape
    body      TEXT NOT NULL                             -- JSON
) STRICT;

-- How to reach the resident who sent a report. Apart from the log, so that it never travels with it
-- and can be deleted.
CREATE TABLE contact (
    report BLOB PRIMARY KEY REFERENCES entry (id),
    name   TEXT,
    phone  TEXT,
    email  TEXT
) STRICT, WITHOUT ROWID;

-- Who read whose contact details, when, and for which office.
CREATE TABLE contact_reading (
    number INTEGER PRIMARY KEY,
    report BLOB NOT NULL REFERENCES entry (id),
    staff  BLOB NOT NULL CHECK (length(staff) = 16), -- UUID
    office TEXT NOT NULL,                            -- code of the office for which they acted
    at     TEXT NOT NULL                             -- RFC 3339, UTC
) STRICT;

CREATE INDEX contact_reading_by_report ON contact_reading (report);
