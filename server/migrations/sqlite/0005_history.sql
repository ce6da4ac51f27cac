-- What has left memory is looked up in the log: what became of an incident, and which operations are closed.
-- Both indexes hold only the few rows that are no reports, so that filing one costs no more.

CREATE INDEX entry_change ON entry (body ->> 'incident') WHERE kind IN ('status_changed', 'responsible_changed');
CREATE INDEX entry_operation ON entry (seq) WHERE kind IN ('operation_opened', 'operation_closed');
