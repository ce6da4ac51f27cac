-- Accounts, sessions and wall tokens. Ids are UUIDs as text; times are milliseconds since 1970, UTC.

CREATE TABLE account (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,            -- for signing in, lower case
    display_name  TEXT    NOT NULL,                   -- as shown to colleagues
    password_hash TEXT    NOT NULL,                   -- argon2id, PHC string
    work_office   TEXT    NOT NULL,
    home_office   TEXT,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'field', 'operator', 'admin')),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    made_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id         TEXT    NOT NULL PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX session_by_account ON session (account, started_at);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The session's refresh tokens; the greatest generation is the one that works.
CREATE TABLE refresh_token (
    hash       BLOB    NOT NULL PRIMARY KEY,          -- SHA-256 of the token
    session    TEXT    NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    UNIQUE (session, generation)
) STRICT;

CREATE TABLE wall_token (
    id         TEXT    NOT NULL PRIMARY KEY,
    office     TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_use   INTEGER
) STRICT;

-- Rises whenever something changed that a running node keeps in memory, so that it sees what the
-- command line did beside it.
CREATE TABLE identity_version (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    version  INTEGER NOT NULL
) STRICT;
INSERT INTO identity_version (only_row, version) VALUES (1, 1);

CREATE TRIGGER account_made AFTER INSERT ON account
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER account_changed AFTER UPDATE ON account
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER account_removed AFTER DELETE ON account
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER session_made AFTER INSERT ON session
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER session_revoked AFTER UPDATE OF revoked_at ON session
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER wall_token_made AFTER INSERT ON wall_token
BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER wall_token_revoked AFTER UPDATE OF revoked_at ON wall_token
BEGIN UPDATE identity_version SET version = version + 1; END;
