-- What an append costs the database. Nearly every entry files a report that nobody has heard of, and to project
-- it took four fifths of the append's time: its body was read again as JSON, and seven references of each
-- report were looked up a row at a time. Now the node sends, with the entries and in the same statement, the
-- rows of such reports (`filing`); what they are not, `project` makes as before, called by the node in the
-- transaction that appends. So the trigger goes. Rows that are there stay as they are.

DROP TRIGGER project ON entry;
DROP FUNCTION project_appended();

-- A report that opens its incident, as the node sends it: what is in its entry, read.
CREATE TYPE filing AS (
    id             uuid,             -- the report
    incident       uuid,
    entry          bigint,           -- the entry's number
    hlc            bigint,           -- and its clock
    operation      uuid,
    office         text,             -- for which its author acted
    reporter       text,
    category       text,
    words          text,
    danger_to_life boolean,
    observed_at    timestamptz,
    standing       text,
    municipality   text,
    boundaries     text,
    source         text,             -- of the witness that was chosen
    accuracy_m     double precision,
    lon            double precision,
    lat            double precision,
    media          integer
);

-- A reference costs each report 4 µs of the database's time, as much as a row. These said little: entries are
-- never deleted, nor are offices and operations, and whoever writes a report writes those with it. What joins
-- the tables for people stays: a report's incident, the incident's office and operation.
ALTER TABLE report
    DROP CONSTRAINT report_entry_fkey,
    DROP CONSTRAINT report_office_fkey,
    DROP CONSTRAINT report_municipality_fkey,
    DROP CONSTRAINT report_operation_fkey;
