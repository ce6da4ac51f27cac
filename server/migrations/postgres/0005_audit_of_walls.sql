-- A wall's token opens the same collections to GIS programs as an account does, so what is taken out with one is
-- recorded too: the audit needs another kind of actor.

ALTER TABLE audit
    DROP CONSTRAINT audit_actor_check,
    DROP CONSTRAINT audit_check,
    ADD CONSTRAINT audit_actor_check CHECK (actor IN ('staff', 'wall', 'command_line', 'node')),
    -- UUID of the account or wall token.
    ADD CONSTRAINT audit_actor_id_check CHECK ((actor IN ('staff', 'wall')) = (actor_id IS NOT NULL));
