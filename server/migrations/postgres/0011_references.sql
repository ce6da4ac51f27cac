-- What an append costs the database. Of its time for a batch of reports a quarter went into references, looked up a
-- row at a time. An incident's office and its operation are never deleted, and whoever writes an incident writes
-- those with it or knows that they are there, so that these two said little and cost the most. What joins a report
-- to its incident stays, as do the references of check-ins.

ALTER TABLE incident
    DROP CONSTRAINT incident_responsible_fkey,
    DROP CONSTRAINT incident_operation_fkey;
