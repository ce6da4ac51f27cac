-- The log: what everything else is derived from. It needs a durable, gap-free line of entries, the name of
-- this history, and a place for contact details outside of the entries. Everything lies in the schema
-- `sokuho`, which the program has made and to which its search path leads.

-- Which node this is and which history its log tells. One row.
CREATE TABLE node (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    id       uuid NOT NULL,                      -- the node
    epoch    uuid NOT NULL,                      -- the history: a restored log gets another
    cluster  text NOT NULL,                      -- the server's identifier and timeline and the database's number:
                                                 -- they change when the database is restored
    created  timestamptz NOT NULL
);

-- One line of the log. Never changed, never deleted.
CREATE TABLE entry (
    seq       bigint PRIMARY KEY CHECK (seq > 0), -- this node's own number, without gaps
    id        uuid NOT NULL UNIQUE,               -- UUIDv7 made by the sender
    digest    bytea NOT NULL CHECK (length(digest) = 32), -- SHA-256 of what was sent, to tell "again" from "other"
    origin    uuid NOT NULL,                      -- the node that wrote it first
    hlc       bigint NOT NULL,                    -- hybrid logical clock: milliseconds << 16 | counter
    actor     json NOT NULL,
    office    text,                               -- code of the acting office
    operation uuid NOT NULL,
    kind      text NOT NULL,                      -- name of the body's shape
    version   bigint NOT NULL,                    -- version of that shape
    body      json NOT NULL                       -- json, not jsonb: it stays as it was written
);

-- How to reach the resident who sent a report. Apart from the log, so that it never travels with it and can
-- be deleted.
CREATE TABLE contact (
    report uuid PRIMARY KEY REFERENCES entry (id),
    name   text,
    phone  text,
    email  text
);
