-- Where somebody has checked in is asked for on a map too: a check-in has the place of its office. When the region
-- moves an office, the node moves its check-ins (`describe`).

ALTER TABLE check_in ADD COLUMN geom geometry(Point, 4326);
COMMENT ON COLUMN check_in.geom IS '参集先の位置（機関の名称の表示位置、WGS 84）。地域データにない機関は空欄';
CREATE INDEX check_in_geom ON check_in USING gist (geom);
UPDATE check_in SET geom = office.geom FROM office WHERE office.code = check_in.office;

CREATE OR REPLACE FUNCTION project_check_ins(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    touched text[];
BEGIN
    SELECT array_agg(DISTINCT arrival.body ->> 'staff') INTO touched
        FROM entry e
        JOIN entry arrival
            ON arrival.id = (CASE e.kind WHEN 'checked_in' THEN e.id ELSE (e.body ->> 'check_in')::uuid END)
            AND arrival.kind = 'checked_in'
        WHERE e.seq BETWEEN first AND last
            AND e.kind IN ('checked_in', 'check_in_confirmed', 'checked_out', 'called_back');
    IF touched IS NULL THEN
        RETURN;
    END IF;
    WITH arrivals AS MATERIALIZED (
        SELECT e.id, e.origin, e.hlc, e.body ->> 'staff' AS staff, e.body ->> 'name' AS name,
            e.body ->> 'office' AS office, e.body ->> 'employer' AS employer,
            lead(e.id) OVER theirs AS next_id, lead(e.origin) OVER theirs AS next_origin,
            lead(e.hlc) OVER theirs AS next_hlc
        FROM entry e
        WHERE e.kind = 'checked_in' AND e.version = 1 AND e.body ->> 'staff' = ANY (touched)
        WINDOW theirs AS (PARTITION BY e.body ->> 'staff' ORDER BY e.hlc, e.origin, e.id)
    ),
    offices AS (
        INSERT INTO office (code) SELECT office FROM arrivals UNION SELECT employer FROM arrivals
            ON CONFLICT DO NOTHING
    )
    INSERT INTO check_in (id, staff, name, office, employer, since, confirmed_by, role, ended_at, end_reason, geom)
        SELECT a.id, a.staff::uuid, a.name, a.office, a.employer, time_of(a.hlc), confirmed.by,
            -- Whoever confirms gives one of these two roles.
            CASE confirmed.role WHEN 'viewer' THEN 'field' WHEN 'admin' THEN 'operator' ELSE confirmed.role END,
            CASE WHEN own_end THEN time_of(ended.hlc) ELSE time_of(a.next_hlc) END,
            CASE WHEN own_end THEN ended.kind WHEN a.next_id IS NOT NULL THEN 'superseded' END,
            (SELECT o.geom FROM office o WHERE o.code = a.office)
        FROM arrivals a
        LEFT JOIN LATERAL (
            SELECT e.body ->> 'role' AS role, e.actor ->> 'name' AS by
            FROM entry e
            WHERE e.kind IN ('check_in_confirmed', 'checked_out', 'called_back') AND e.kind = 'check_in_confirmed'
                AND e.version = 1 AND e.body ->> 'check_in' = a.id::text AND e.actor ->> 'kind' = 'staff'
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS confirmed ON true
        LEFT JOIN LATERAL (
            SELECT e.kind, e.hlc, e.origin, e.id
            FROM entry e
            WHERE e.kind IN ('check_in_confirmed', 'checked_out', 'called_back')
                AND e.kind IN ('checked_out', 'called_back')
                AND e.version = 1 AND e.body ->> 'check_in' = a.id::text
            ORDER BY e.hlc, e.origin, e.id
            LIMIT 1
        ) AS ended ON true
        CROSS JOIN LATERAL (
            SELECT ended.id IS NOT NULL AND (a.next_id IS NULL
                OR (ended.hlc, ended.origin, ended.id) < (a.next_hlc, a.next_origin, a.next_id)) AS own_end
        ) AS _
        ON CONFLICT (id) DO UPDATE SET
            confirmed_by = excluded.confirmed_by, role = excluded.role, ended_at = excluded.ended_at,
            end_reason = excluded.end_reason, geom = excluded.geom;
END $$;
