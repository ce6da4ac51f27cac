-- An incident that is looked at again by another edition of the hazard zones is a change of it as the others.

DROP INDEX entry_change;
CREATE INDEX entry_change ON entry (body ->> 'incident')
    WHERE kind IN ('status_changed', 'responsible_changed', 'zones_changed');
