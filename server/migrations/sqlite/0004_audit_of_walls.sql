-- A wall's token opens the same collections to GIS programs as an account does, so what is taken out with one is
-- recorded too: the audit needs another kind of actor. SQLite cannot change a CHECK, so the table is made anew.

CREATE TABLE audit_with_walls (
    number     INTEGER PRIMARY KEY,                   -- the order in which it was written
    at         INTEGER NOT NULL,                      -- milliseconds since 1970, UTC
    actor      TEXT    NOT NULL CHECK (actor IN ('staff', 'wall', 'command_line', 'node')),
    actor_id   TEXT CHECK ((actor IN ('staff', 'wall')) = (actor_id IS NOT NULL)), -- UUID of the account or wall token
    actor_name TEXT,                                  -- as shown then; of the command line, the system's user
    office     TEXT,                                  -- code: for whom they acted, else whom it is about
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,                      -- about whom or what
    reason     TEXT
) STRICT;

INSERT INTO audit_with_walls SELECT number, at, actor, actor_id, actor_name, office, action, subject, reason FROM audit;

-- Not a removal of rows: no trigger fires.
DROP TABLE audit;
ALTER TABLE audit_with_walls RENAME TO audit;

CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
