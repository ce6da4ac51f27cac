-- The audit: contact details that were read, data that were taken out, accounts and tokens that were changed.
-- It takes over what contact_reading held; for those readings nobody was asked for a reason.

CREATE TABLE audit (
    number     INTEGER PRIMARY KEY,                   -- the order in which it was written
    at         INTEGER NOT NULL,                      -- milliseconds since 1970, UTC
    actor      TEXT    NOT NULL CHECK (actor IN ('staff', 'command_line', 'node')),
    actor_id   TEXT CHECK ((actor = 'staff') = (actor_id IS NOT NULL)), -- UUID of the account
    actor_name TEXT,                                  -- as shown then; of the command line, the system's user
    office     TEXT,                                  -- code: for whom they acted, else whom it is about
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,                      -- about whom or what
    reason     TEXT
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

INSERT INTO audit (at, actor, actor_id, actor_name, office, action, subject)
WITH reading AS (
    SELECT number, office,
           CAST(round(unixepoch(at, 'subsec') * 1000) AS INTEGER) AS at,
           lower(substr(hex(staff), 1, 8) || '-' || substr(hex(staff), 9, 4) || '-' || substr(hex(staff), 13, 4)
               || '-' || substr(hex(staff), 17, 4) || '-' || substr(hex(staff), 21)) AS staff,
           lower(substr(hex(report), 1, 8) || '-' || substr(hex(report), 9, 4) || '-' || substr(hex(report), 13, 4)
               || '-' || substr(hex(report), 17, 4) || '-' || substr(hex(report), 21)) AS report
    FROM contact_reading
)
SELECT at, 'staff', staff, (SELECT display_name FROM account WHERE id = staff), office, 'contact_read', report
FROM reading ORDER BY number;

DROP TABLE contact_reading;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
