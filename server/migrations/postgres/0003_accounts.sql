-- Accounts, sessions and wall tokens. The columns are those of the embedded edition, so that one copy of the
-- SQL serves both: ids are UUIDs as text; times are milliseconds since 1970, UTC.

CREATE TABLE account (
    id            text    PRIMARY KEY,
    name          text    NOT NULL UNIQUE,            -- for signing in, lower case
    display_name  text    NOT NULL,                   -- as shown to colleagues
    password_hash text    NOT NULL,                   -- argon2id, PHC string
    work_office   text    NOT NULL,
    home_office   text,
    role          text    NOT NULL CHECK (role IN ('viewer', 'field', 'operator', 'admin')),
    disabled      boolean NOT NULL DEFAULT false,
    made_at       bigint  NOT NULL
);

CREATE TABLE session (
    id         text   PRIMARY KEY,
    account    text   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    started_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX session_by_account ON session (account, started_at);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The session's refresh tokens; the greatest generation is the one that works.
CREATE TABLE refresh_token (
    hash       bytea  PRIMARY KEY,                    -- SHA-256 of the token
    session    text   NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    generation bigint NOT NULL,
    made_at    bigint NOT NULL,
    UNIQUE (session, generation)
);

CREATE TABLE wall_token (
    id         text   PRIMARY KEY,
    office     text   NOT NULL,
    label      text   NOT NULL,
    made_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    last_use   bigint
);

-- Rises whenever something changed that a running node keeps in memory, so that it sees what the command
-- line did beside it.
CREATE TABLE identity_version (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    version  bigint  NOT NULL
);
INSERT INTO identity_version (only_row, version) VALUES (1, 1);

CREATE FUNCTION identity_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sokuho.identity_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER account_changed AFTER INSERT OR UPDATE OR DELETE ON account
    FOR EACH ROW EXECUTE FUNCTION identity_changed();
CREATE TRIGGER session_changed AFTER INSERT OR UPDATE OF revoked_at ON session
    FOR EACH ROW EXECUTE FUNCTION identity_changed();
CREATE TRIGGER wall_token_changed AFTER INSERT OR UPDATE OF revoked_at ON wall_token
    FOR EACH ROW EXECUTE FUNCTION identity_changed();
