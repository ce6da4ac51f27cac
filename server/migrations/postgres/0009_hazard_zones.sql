-- Hazard zones: what is in force, for GIS programs and as the truth of which each node keeps a copy; and which zones
-- reports and incidents lie in. Entries of before have none, so the projection need not be made anew.

CREATE TABLE hazard_edition (
    layer         text PRIMARY KEY,
    id            uuid NOT NULL,
    name          text NOT NULL,
    english       text NOT NULL,
    hazard        text NOT NULL,
    edition       text NOT NULL,
    source        text NOT NULL,
    licence       text NOT NULL,
    attribution   text NOT NULL,
    demonstration boolean NOT NULL,
    imported_at   timestamptz NOT NULL,
    zones         integer NOT NULL,
    about         jsonb NOT NULL
);
COMMENT ON TABLE hazard_edition IS 'ハザード区域の層ごとの版（取り込んだデータ）';
COMMENT ON COLUMN hazard_edition.layer IS '層ID';
COMMENT ON COLUMN hazard_edition.id IS '版ID（取り込みごとに新しい）';
COMMENT ON COLUMN hazard_edition.name IS '層の名称';
COMMENT ON COLUMN hazard_edition.english IS '層の英語名';
COMMENT ON COLUMN hazard_edition.hazard IS '災害の種別: flood=洪水, inland_flood=内水, storm_surge=高潮, tsunami=津波, landslide=土砂災害, avalanche=雪崩, volcano=火山, other=その他';
COMMENT ON COLUMN hazard_edition.edition IS '版の名称';
COMMENT ON COLUMN hazard_edition.source IS '出典・ファイル名';
COMMENT ON COLUMN hazard_edition.licence IS '利用条件';
COMMENT ON COLUMN hazard_edition.attribution IS '地図に表示する出典';
COMMENT ON COLUMN hazard_edition.demonstration IS '架空・訓練用か';
COMMENT ON COLUMN hazard_edition.imported_at IS '取り込んだ日時';
COMMENT ON COLUMN hazard_edition.zones IS '区域の数';
COMMENT ON COLUMN hazard_edition.about IS '凡例・ファイルのSHA-256などの詳細';

CREATE TABLE hazard_zone (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer         text NOT NULL REFERENCES hazard_edition (layer),
    hazard        text NOT NULL,
    class_index   smallint NOT NULL,
    class         text NOT NULL,
    name          text NOT NULL,
    english       text NOT NULL,
    depth_min_m   double precision,
    depth_max_m   double precision,
    edition       text NOT NULL,
    demonstration boolean NOT NULL,
    geom          geometry(MultiPolygon, 4326) NOT NULL
);
CREATE INDEX hazard_zone_geom ON hazard_zone USING gist (geom);
CREATE INDEX hazard_zone_layer ON hazard_zone (layer);
COMMENT ON TABLE hazard_zone IS 'ハザード区域（現在有効な版のもの）';
COMMENT ON COLUMN hazard_zone.id IS '区域の番号';
COMMENT ON COLUMN hazard_zone.layer IS '層ID';
COMMENT ON COLUMN hazard_zone.hazard IS '災害の種別: flood=洪水, inland_flood=内水, storm_surge=高潮, tsunami=津波, landslide=土砂災害, avalanche=雪崩, volcano=火山, other=その他';
COMMENT ON COLUMN hazard_zone.class_index IS '凡例での区分の番号（hazard_edition.about）';
COMMENT ON COLUMN hazard_zone.class IS '区分コード';
COMMENT ON COLUMN hazard_zone.name IS '区分の名称';
COMMENT ON COLUMN hazard_zone.english IS '区分の英語名';
COMMENT ON COLUMN hazard_zone.depth_min_m IS '浸水深の下限（メートル、以上）';
COMMENT ON COLUMN hazard_zone.depth_max_m IS '浸水深の上限（メートル、未満）。空欄は上限なし、または浸水深でない区分';
COMMENT ON COLUMN hazard_zone.edition IS '版の名称';
COMMENT ON COLUMN hazard_zone.demonstration IS '架空・訓練用か';
COMMENT ON COLUMN hazard_zone.geom IS '区域（WGS 84）';

ALTER TABLE report ADD COLUMN zones jsonb NOT NULL DEFAULT '[]';
ALTER TABLE incident ADD COLUMN zones jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN report.zones IS '受付時にその場所が含まれていたハザード区域';
COMMENT ON COLUMN incident.zones IS 'その場所が含まれるハザード区域（再判定があればその結果）';

-- The zones of a report as the node sends it; NULL for none.
ALTER TYPE filing ADD ATTRIBUTE zones text;

-- An incident is looked at again by another edition (zones_changed): a change of it as the others.
DROP INDEX entry_change;
CREATE INDEX entry_change ON entry ((body ->> 'incident'))
    WHERE kind IN ('status_changed', 'responsible_changed', 'zones_changed');

-- Reports that entries from `first` to `last` file, and incidents that they or a change are about.
CREATE OR REPLACE FUNCTION project_reports(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
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
        WHERE e.seq BETWEEN first AND last AND e.kind IN ('report_filed', 'status_changed', 'responsible_changed', 'zones_changed')
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
            operation, drill, standing, municipality, boundaries, zones, source, accuracy_m, media, geom)
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
            coalesce(body -> 'zones', '[]'),
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
            municipality = excluded.municipality, boundaries = excluded.boundaries, zones = excluded.zones, source = excluded.source,
            accuracy_m = excluded.accuracy_m, media = excluded.media, geom = excluded.geom
            WHERE (SELECT (n.hlc, n.origin, n.id) < (o.hlc, o.origin, o.id)
                FROM entry n, entry o WHERE n.seq = excluded.entry AND o.seq = report.entry);

    INSERT INTO incident (id, first_report, reports, category, danger_to_life, status, status_at, responsible,
            operation, drill, filed_at, zones, geom)
        SELECT t.id, r.id, r.reports, r.category, r.danger, coalesce(s.status, 'received'),
            coalesce(time_of(s.hlc), r.filed_at), coalesce(taken.office, r.municipality, r.office),
            r.operation, r.drill, r.filed_at, coalesce(looked.zones, r.zones), r.geom
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
            WHERE e.kind IN ('status_changed', 'responsible_changed', 'zones_changed') AND e.kind = 'status_changed'
                AND e.version = 1 AND e.body ->> 'incident' = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS s ON true
        LEFT JOIN LATERAL (
            SELECT e.body ->> 'office' AS office
            FROM entry e
            WHERE e.kind IN ('status_changed', 'responsible_changed', 'zones_changed') AND e.kind = 'responsible_changed'
                AND e.version = 1 AND e.body ->> 'incident' = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS taken ON true
        LEFT JOIN LATERAL (
            SELECT (e.body -> 'zones')::jsonb AS zones
            FROM entry e
            WHERE e.kind IN ('status_changed', 'responsible_changed', 'zones_changed') AND e.kind = 'zones_changed'
                AND e.version = 1 AND e.body ->> 'incident' = t.id::text
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS looked ON true
        ON CONFLICT (id) DO UPDATE SET
            first_report = excluded.first_report, reports = excluded.reports, category = excluded.category,
            danger_to_life = excluded.danger_to_life, status = excluded.status, status_at = excluded.status_at,
            responsible = excluded.responsible, operation = excluded.operation, drill = excluded.drill,
            filed_at = excluded.filed_at, zones = excluded.zones, geom = excluded.geom;

    DELETE FROM incident
        WHERE id = ANY (touched) AND NOT EXISTS (SELECT FROM report WHERE report.incident = incident.id);
END $$;

-- Readers may read the zones too.
CREATE OR REPLACE FUNCTION admit_readers() RETURNS boolean LANGUAGE plpgsql AS $$
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
    GRANT SELECT ON office, operation, incident, report, check_in, hazard_edition, hazard_zone TO sokuho_reader;
    RETURN true;
END $$;

SELECT admit_readers();
