-- The projection: what is true now, as plain spatial tables, so that QGIS, Metabase or ogr2ogr work on it
-- directly. Every row is a function of the set of entries, whatever the order of their arrival, by the rules
-- of the live world: of two entries that file the same report the earlier counts, a status is the latest by
-- clock, an arrival ends at its earliest end. A trigger brings it up to date in the transaction that appends;
-- `rebuild` makes it anew.

CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;

CREATE TABLE office (
    code    text PRIMARY KEY,
    kind    text CHECK (kind IN ('municipality', 'prefecture')),
    name    text,
    kana    text,
    english text,
    geom    geometry(Point, 4326),
    area    geometry(MultiPolygon, 4326)
);
COMMENT ON TABLE office IS '機関（市町村・県の出先機関）';
COMMENT ON COLUMN office.code IS '機関コード（全国地方公共団体コード5桁、県の出先機関は枝番つき）';
COMMENT ON COLUMN office.kind IS '種別: municipality=市町村, prefecture=県の出先機関。空欄は地域データにない機関';
COMMENT ON COLUMN office.name IS '名称';
COMMENT ON COLUMN office.kana IS '読み';
COMMENT ON COLUMN office.english IS '英語名';
COMMENT ON COLUMN office.geom IS '名称の表示位置（WGS 84）';
COMMENT ON COLUMN office.area IS '行政区域（WGS 84）。県の出先機関は空欄';

CREATE TABLE operation (
    id   uuid PRIMARY KEY,
    kind text CHECK (kind IN ('everyday', 'disaster', 'drill')),
    name text,
    open boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE operation IS '事案（平常時・災害・訓練）';
COMMENT ON COLUMN operation.id IS '事案ID';
COMMENT ON COLUMN operation.kind IS '種別: everyday=平常時, disaster=災害, drill=訓練。空欄は開始の記録がまだ届いていない事案';
COMMENT ON COLUMN operation.name IS '名称';
COMMENT ON COLUMN operation.open IS '継続中か';

CREATE TABLE incident (
    id             uuid PRIMARY KEY,
    first_report   uuid NOT NULL,
    reports        integer NOT NULL,
    category       text NOT NULL,
    danger_to_life boolean NOT NULL,
    status         text NOT NULL,
    status_at      timestamptz NOT NULL,
    responsible    text REFERENCES office (code),
    operation      uuid NOT NULL REFERENCES operation (id),
    drill          boolean NOT NULL,
    filed_at       timestamptz NOT NULL,
    geom           geometry(Point, 4326)
);
CREATE INDEX incident_geom ON incident USING gist (geom);
COMMENT ON TABLE incident IS '事象（機関が対応する単位。1件以上の通報からなる）';
COMMENT ON COLUMN incident.id IS '事象ID';
COMMENT ON COLUMN incident.first_report IS '最初の通報のID（位置・分類・担当はこの通報による）';
COMMENT ON COLUMN incident.reports IS '通報の件数';
COMMENT ON COLUMN incident.category IS '分類: road_damage=道路損傷, water_leak=漏水, street_light=街路灯, hazard=災害・危険箇所, other=その他';
COMMENT ON COLUMN incident.danger_to_life IS '人命に関わるとする通報があるか';
COMMENT ON COLUMN incident.status IS '対応状況: received=受付, in_progress=対応中, resolved=対応済, declined=対象外';
COMMENT ON COLUMN incident.status_at IS '対応状況が変わった日時';
COMMENT ON COLUMN incident.responsible IS '担当機関コード。空欄は未定';
COMMENT ON COLUMN incident.operation IS '事案ID';
COMMENT ON COLUMN incident.drill IS '訓練か';
COMMENT ON COLUMN incident.filed_at IS '最初の通報の受付日時';
COMMENT ON COLUMN incident.geom IS '位置（WGS 84）';

CREATE TABLE report (
    id             uuid PRIMARY KEY,
    -- Checked at the commit: the incident is written after its reports, once.
    incident       uuid NOT NULL REFERENCES incident (id) DEFERRABLE INITIALLY DEFERRED,
    entry          bigint NOT NULL REFERENCES entry (seq),
    category       text NOT NULL,
    words          text NOT NULL,
    danger_to_life boolean NOT NULL,
    observed_at    timestamptz,
    filed_at       timestamptz NOT NULL,
    reporter       text NOT NULL,
    office         text REFERENCES office (code),
    operation      uuid NOT NULL REFERENCES operation (id),
    drill          boolean NOT NULL,
    standing       text NOT NULL,
    municipality   text REFERENCES office (code),
    boundaries     text NOT NULL,
    source         text,
    accuracy_m     double precision,
    media          integer NOT NULL,
    geom           geometry(Point, 4326)
);
CREATE INDEX report_geom ON report USING gist (geom);
CREATE INDEX report_by_incident ON report (incident);
COMMENT ON TABLE report IS '通報・報告（連絡先は含まない）';
COMMENT ON COLUMN report.id IS '通報ID';
COMMENT ON COLUMN report.incident IS '事象ID';
COMMENT ON COLUMN report.entry IS '記録番号（このノードの通し番号）';
COMMENT ON COLUMN report.category IS '分類: road_damage=道路損傷, water_leak=漏水, street_light=街路灯, hazard=災害・危険箇所, other=その他';
COMMENT ON COLUMN report.words IS '内容（通報者の言葉）';
COMMENT ON COLUMN report.danger_to_life IS '人命に関わるか';
COMMENT ON COLUMN report.observed_at IS '見た日時（端末の時計による）';
COMMENT ON COLUMN report.filed_at IS '受付日時';
COMMENT ON COLUMN report.reporter IS '通報者の種別: staff=職員, resident=住民, system=システム';
COMMENT ON COLUMN report.office IS '報告した職員の所属（参集中は参集先）の機関コード。住民は空欄';
COMMENT ON COLUMN report.operation IS '事案ID';
COMMENT ON COLUMN report.drill IS '訓練か';
COMMENT ON COLUMN report.standing IS '行政区域との関係: inside=区域内, on_border=境界上, outside=地域外';
COMMENT ON COLUMN report.municipality IS 'その場所の市町村コード。地域外は空欄';
COMMENT ON COLUMN report.boundaries IS '判定に用いた行政区域データの版';
COMMENT ON COLUMN report.source IS '位置の根拠（写真・端末・手動など）';
COMMENT ON COLUMN report.accuracy_m IS '位置の誤差（メートル）';
COMMENT ON COLUMN report.media IS '写真・動画の数';
COMMENT ON COLUMN report.geom IS '位置（WGS 84）';

CREATE TABLE check_in (
    id           uuid PRIMARY KEY,
    staff        uuid NOT NULL,
    name         text NOT NULL,
    office       text NOT NULL REFERENCES office (code),
    employer     text NOT NULL REFERENCES office (code),
    since        timestamptz NOT NULL,
    confirmed_by text,
    role         text,
    ended_at     timestamptz,
    end_reason   text
);
CREATE INDEX check_in_by_office ON check_in (office);
COMMENT ON TABLE check_in IS '参集（職員がどの機関で勤務についたか）';
COMMENT ON COLUMN check_in.id IS '参集ID';
COMMENT ON COLUMN check_in.staff IS '職員ID';
COMMENT ON COLUMN check_in.name IS '職員の氏名';
COMMENT ON COLUMN check_in.office IS '参集先の機関コード';
COMMENT ON COLUMN check_in.employer IS '勤務先（所属）の機関コード';
COMMENT ON COLUMN check_in.since IS '参集した日時';
COMMENT ON COLUMN check_in.confirmed_by IS '参集を確認した職員の氏名。空欄は未確認';
COMMENT ON COLUMN check_in.role IS '確認した職員が与えた役割: field=現場, operator=受付担当';
COMMENT ON COLUMN check_in.ended_at IS '参集が終わった日時。空欄は参集中';
COMMENT ON COLUMN check_in.end_reason IS '終わった理由: checked_out=退庁, called_back=勤務先からの呼び戻し, superseded=別の機関への参集';

-- Entries that are about something that was there before are few, and found by what they are about.
CREATE INDEX entry_change ON entry ((body ->> 'incident')) WHERE kind IN ('status_changed', 'responsible_changed');
CREATE INDEX entry_operation
    ON entry ((CASE kind WHEN 'operation_opened' THEN body ->> 'id' ELSE operation::text END))
    WHERE kind IN ('operation_opened', 'operation_closed');
CREATE INDEX entry_arrival ON entry ((body ->> 'staff')) WHERE kind = 'checked_in';
CREATE INDEX entry_check_in ON entry ((body ->> 'check_in'))
    WHERE kind IN ('check_in_confirmed', 'checked_out', 'called_back');

-- The wall-clock part of a hybrid logical clock reading.
CREATE FUNCTION time_of(hlc bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_timestamp((hlc >> 16)::double precision / 1000);

-- Everyday care is there from the start, never begins and never ends.
CREATE FUNCTION everyday() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '01900000-0000-7000-8000-000000000001'::uuid;

-- Operations that entries from `first` to `last` open or close.
CREATE FUNCTION project_operations(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT (CASE kind WHEN 'operation_opened' THEN body ->> 'id' ELSE operation::text END)::uuid)
        INTO touched
        FROM entry
        WHERE seq BETWEEN first AND last AND kind IN ('operation_opened', 'operation_closed') AND version = 1;
    IF touched IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO operation (id, kind, name, open)
        SELECT t.id, opened.kind, opened.name, latest.kind = 'operation_opened'
        FROM unnest(array_remove(touched, everyday())) AS t (id)
        CROSS JOIN LATERAL (
            SELECT e.body ->> 'kind' AS kind, e.body ->> 'name' AS name
            FROM entry e
            WHERE e.kind IN ('operation_opened', 'operation_closed') AND e.kind = 'operation_opened' AND e.version = 1
                AND CASE e.kind WHEN 'operation_opened' THEN e.body ->> 'id' ELSE e.operation::text END = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS opened
        CROSS JOIN LATERAL (
            SELECT e.kind
            FROM entry e
            WHERE e.kind IN ('operation_opened', 'operation_closed') AND e.version = 1
                AND CASE e.kind WHEN 'operation_opened' THEN e.body ->> 'id' ELSE e.operation::text END = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS latest
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, open = excluded.open;
    UPDATE report SET drill = NOT drill
        FROM operation o
        WHERE o.id = report.operation AND o.id = ANY (touched) AND drill <> coalesce(o.kind = 'drill', false);
    UPDATE incident SET drill = NOT drill
        FROM operation o
        WHERE o.id = incident.operation AND o.id = ANY (touched) AND drill <> coalesce(o.kind = 'drill', false);
END $$;

-- Reports that entries from `first` to `last` file, and incidents that they or a change are about.
CREATE FUNCTION project_reports(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT about.incident) INTO touched
        FROM entry e
        CROSS JOIN LATERAL (
            SELECT (e.body ->> 'incident')::uuid AS incident
            UNION ALL
            -- An earlier filing may have named another incident.
            SELECT r.incident FROM report r WHERE e.kind = 'report_filed' AND r.id = (e.body ->> 'id')::uuid
        ) AS about
        WHERE e.seq BETWEEN first AND last AND e.kind IN ('report_filed', 'status_changed', 'responsible_changed')
            AND e.version = 1;
    IF touched IS NULL THEN
        RETURN;
    END IF;

    WITH filed AS MATERIALIZED (
        SELECT seq, e.id AS entry_id, origin, hlc, office, operation, actor::jsonb AS actor, body::jsonb AS body
        FROM entry e
        WHERE seq BETWEEN first AND last AND kind = 'report_filed' AND version = 1
    ),
    offices AS (
        INSERT INTO office (code)
            SELECT office FROM filed WHERE office IS NOT NULL
            UNION
            SELECT body #>> '{place,municipality}' FROM filed WHERE body #>> '{place,municipality}' IS NOT NULL
            UNION
            SELECT body ->> 'office' FROM entry
            WHERE seq BETWEEN first AND last AND kind = 'responsible_changed' AND version = 1
            ON CONFLICT DO NOTHING
    ),
    operations AS (
        INSERT INTO operation (id) SELECT DISTINCT operation FROM filed ON CONFLICT DO NOTHING
    )
    INSERT INTO report (id, incident, entry, category, words, danger_to_life, observed_at, filed_at, reporter, office,
            operation, drill, standing, municipality, boundaries, source, accuracy_m, media, geom)
        SELECT DISTINCT ON ((body ->> 'id')::uuid)
            (body ->> 'id')::uuid,
            (body ->> 'incident')::uuid,
            seq,
            body ->> 'category',
            body ->> 'words',
            (body ->> 'danger_to_life')::boolean,
            -- A phone's clock may say a year that is no year of the calendar here.
            CASE WHEN body ->> 'observed_at' ~ '^[0-9]{4}-' AND body ->> 'observed_at' !~ '^0000'
                THEN (body ->> 'observed_at')::timestamptz END,
            time_of(hlc),
            actor ->> 'kind',
            filed.office,
            filed.operation,
            coalesce(known.kind = 'drill', false),
            body #>> '{place,standing}',
            body #>> '{place,municipality}',
            body ->> 'boundaries',
            witness ->> 'source',
            (witness ->> 'accuracy_m')::double precision,
            jsonb_array_length(body -> 'media'),
            ST_SetSRID(ST_MakePoint((witness #>> '{position,lon}')::double precision,
                (witness #>> '{position,lat}')::double precision), 4326)
        FROM filed
        CROSS JOIN LATERAL (SELECT body -> 'evidence' -> (body ->> 'chosen')::integer AS witness) AS _
        LEFT JOIN operation known ON known.id = filed.operation
        ORDER BY (body ->> 'id')::uuid, hlc, origin, entry_id
        ON CONFLICT (id) DO UPDATE SET
            incident = excluded.incident, entry = excluded.entry, category = excluded.category,
            words = excluded.words, danger_to_life = excluded.danger_to_life, observed_at = excluded.observed_at,
            filed_at = excluded.filed_at, reporter = excluded.reporter, office = excluded.office,
            operation = excluded.operation, drill = excluded.drill, standing = excluded.standing,
            municipality = excluded.municipality, boundaries = excluded.boundaries, source = excluded.source,
            accuracy_m = excluded.accuracy_m, media = excluded.media, geom = excluded.geom
            WHERE (SELECT (n.hlc, n.origin, n.id) < (o.hlc, o.origin, o.id)
                FROM entry n, entry o WHERE n.seq = excluded.entry AND o.seq = report.entry);

    INSERT INTO incident (id, first_report, reports, category, danger_to_life, status, status_at, responsible,
            operation, drill, filed_at, geom)
        SELECT t.id, r.id, r.reports, r.category, r.danger, coalesce(s.status, 'received'),
            coalesce(time_of(s.hlc), r.filed_at), coalesce(taken.office, r.municipality, r.office),
            r.operation, r.drill, r.filed_at, r.geom
        FROM unnest(touched) AS t (id)
        CROSS JOIN LATERAL (
            SELECT report.*, count(*) OVER () AS reports, bool_or(report.danger_to_life) OVER () AS danger
            FROM report JOIN entry e ON e.seq = report.entry
            WHERE report.incident = t.id
            ORDER BY e.hlc, e.origin, e.id
            LIMIT 1
        ) AS r
        LEFT JOIN LATERAL (
            SELECT e.body ->> 'status' AS status, e.hlc
            FROM entry e
            WHERE e.kind IN ('status_changed', 'responsible_changed') AND e.kind = 'status_changed'
                AND e.version = 1 AND e.body ->> 'incident' = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS s ON true
        LEFT JOIN LATERAL (
            SELECT e.body ->> 'office' AS office
            FROM entry e
            WHERE e.kind IN ('status_changed', 'responsible_changed') AND e.kind = 'responsible_changed'
                AND e.version = 1 AND e.body ->> 'incident' = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS taken ON true
        ON CONFLICT (id) DO UPDATE SET
            first_report = excluded.first_report, reports = excluded.reports, category = excluded.category,
            danger_to_life = excluded.danger_to_life, status = excluded.status, status_at = excluded.status_at,
            responsible = excluded.responsible, operation = excluded.operation, drill = excluded.drill,
            filed_at = excluded.filed_at, geom = excluded.geom;

    DELETE FROM incident
        WHERE id = ANY (touched) AND NOT EXISTS (SELECT FROM report WHERE report.incident = incident.id);
END $$;

-- Check-ins of the people whom entries from `first` to `last` are about.
CREATE FUNCTION project_check_ins(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
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
    INSERT INTO check_in (id, staff, name, office, employer, since, confirmed_by, role, ended_at, end_reason)
        SELECT a.id, a.staff::uuid, a.name, a.office, a.employer, time_of(a.hlc), confirmed.by,
            -- Whoever confirms gives one of these two roles.
            CASE confirmed.role WHEN 'viewer' THEN 'field' WHEN 'admin' THEN 'operator' ELSE confirmed.role END,
            CASE WHEN own_end THEN time_of(ended.hlc) ELSE time_of(a.next_hlc) END,
            CASE WHEN own_end THEN ended.kind WHEN a.next_id IS NOT NULL THEN 'superseded' END
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
            end_reason = excluded.end_reason;
END $$;

-- Brings the projection up to date with entries from `first` to `last`. The plans are made while the tables are
-- small and kept while they grow: only those by index stay good.
CREATE FUNCTION project(first bigint, last bigint) RETURNS void LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    PERFORM project_operations(first, last);
    PERFORM project_reports(first, last);
    PERFORM project_check_ins(first, last);
END $$;

CREATE FUNCTION project_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM project(min(seq), max(seq)) FROM appended;
    RETURN NULL;
END $$;

CREATE TRIGGER project AFTER INSERT ON entry REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION project_appended();

-- Makes the projection anew from the log. What offices are, the node says at its start.
CREATE FUNCTION rebuild() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head bigint := (SELECT coalesce(max(seq), 0) FROM entry);
    step constant bigint := 20000;
BEGIN
    TRUNCATE report, incident, check_in, operation;
    INSERT INTO operation (id, kind, name) VALUES (everyday(), 'everyday', '平常時');
    FOR start IN 1 .. head BY step LOOP
        PERFORM project(start, start + step - 1);
    END LOOP;
END $$;

SELECT rebuild();

-- A role for programs that read the projection and nothing else: contact details, accounts and the log itself
-- stay closed. It cannot sign in; whoever administers the server grants it to accounts that can. False where
-- the role is missing and this account may not make it.
CREATE FUNCTION admit_readers() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sokuho_reader') THEN
        BEGIN
            CREATE ROLE sokuho_reader NOLOGIN;
        EXCEPTION
            -- Another database of the server was being made at the same time.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN RETURN false;
        END;
    END IF;
    GRANT USAGE ON SCHEMA sokuho TO sokuho_reader;
    GRANT SELECT ON office, operation, incident, report, check_in TO sokuho_reader;
    RETURN true;
END $$;

SELECT admit_readers();
