-- Shelters: which there are, the node says at its start; what their offices say of them, the log does. The latest word
-- by clock counts whole, as in the live world.

CREATE TABLE shelter (
    id              uuid PRIMARY KEY,
    name            text,
    english         text,
    address         text,
    municipality    text,
    emergency_site  boolean,
    stay            boolean,
    fit_flood       boolean,
    fit_landslide   boolean,
    fit_storm_surge boolean,
    fit_earthquake  boolean,
    fit_tsunami     boolean,
    fit_fire        boolean,
    fit_inland_flood boolean,
    fit_volcano     boolean,
    capacity        integer,
    accepts         text,
    demonstration   boolean,
    listed          boolean NOT NULL DEFAULT false,
    state           text CHECK (state IN ('open', 'full', 'closed')),
    people          integer,
    note            text,
    state_at        timestamptz,
    office          text,
    geom            geometry(Point, 4326)
);
CREATE INDEX shelter_geom ON shelter USING gist (geom);
COMMENT ON TABLE shelter IS '避難所・避難場所（名簿と開設状況）';
COMMENT ON COLUMN shelter.id IS '避難所ID（名簿の版が変わっても同じ）';
COMMENT ON COLUMN shelter.name IS '名称';
COMMENT ON COLUMN shelter.english IS '英語名';
COMMENT ON COLUMN shelter.address IS '所在地';
COMMENT ON COLUMN shelter.municipality IS '担当する市町村のコード';
COMMENT ON COLUMN shelter.emergency_site IS '指定緊急避難場所か';
COMMENT ON COLUMN shelter.stay IS '指定避難所か';
COMMENT ON COLUMN shelter.fit_flood IS '洪水に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_landslide IS '崖崩れ・土石流・地滑りに適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_storm_surge IS '高潮に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_earthquake IS '地震に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_tsunami IS '津波に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_fire IS '大規模な火事に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_inland_flood IS '内水氾濫に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.fit_volcano IS '火山現象に適するか。空欄は名簿に記載なし';
COMMENT ON COLUMN shelter.capacity IS '想定収容人数（屋内）';
COMMENT ON COLUMN shelter.accepts IS '受入対象者（限られる場合）';
COMMENT ON COLUMN shelter.demonstration IS '架空・訓練用か';
COMMENT ON COLUMN shelter.listed IS '現在の名簿にあるか';
COMMENT ON COLUMN shelter.state IS '開設状況: open=開設, full=満員, closed=閉鎖。空欄は報告なし';
COMMENT ON COLUMN shelter.people IS '避難者数。空欄は未集計';
COMMENT ON COLUMN shelter.note IS '備考（職員向け）';
COMMENT ON COLUMN shelter.state_at IS '開設状況が報告された日時';
COMMENT ON COLUMN shelter.office IS '報告した機関のコード';
COMMENT ON COLUMN shelter.geom IS '位置（WGS 84）。空欄は名簿にない避難所';

CREATE INDEX entry_shelter ON entry ((body ->> 'shelter')) WHERE kind = 'shelter_changed';

-- Shelters of which entries from `first` to `last` say something.
CREATE FUNCTION project_shelters(first bigint, last bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    touched text[];
BEGIN
    SELECT array_agg(DISTINCT body ->> 'shelter') INTO touched
        FROM entry
        WHERE seq BETWEEN first AND last AND kind = 'shelter_changed' AND version = 1;
    IF touched IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO shelter (id, name, state, people, note, state_at, office)
        SELECT t.id::uuid, said.body ->> 'name', said.body ->> 'state', (said.body ->> 'people')::integer,
            said.body ->> 'note', time_of(said.hlc), said.office
        FROM unnest(touched) AS t (id)
        CROSS JOIN LATERAL (
            SELECT e.body, e.hlc, e.office
            FROM entry e
            WHERE e.kind = 'shelter_changed' AND e.version = 1 AND e.body ->> 'shelter' = t.id
            ORDER BY e.hlc DESC, e.origin DESC, e.id DESC
            LIMIT 1
        ) AS said
        ON CONFLICT (id) DO UPDATE SET
            name = CASE WHEN shelter.listed THEN shelter.name ELSE excluded.name END,
            state = excluded.state, people = excluded.people, note = excluded.note, state_at = excluded.state_at,
            office = excluded.office;
END $$;

CREATE OR REPLACE FUNCTION project(first bigint, last bigint) RETURNS void LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    PERFORM project_operations(first, last);
    PERFORM project_reports(first, last);
    PERFORM project_check_ins(first, last);
    PERFORM project_shelters(first, last);
END $$;

-- Makes the projection anew from the log. What offices and shelters are, the node says at its start.
CREATE OR REPLACE FUNCTION rebuild() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head bigint := (SELECT coalesce(max(seq), 0) FROM entry);
    step constant bigint := 20000;
BEGIN
    TRUNCATE report, incident, check_in, operation;
    DELETE FROM shelter WHERE NOT listed;
    UPDATE shelter SET state = NULL, people = NULL, note = NULL, state_at = NULL, office = NULL WHERE state IS NOT NULL;
    INSERT INTO operation (id, kind, name) VALUES (everyday(), 'everyday', '平常時');
    FOR start IN 1 .. head BY step LOOP
        PERFORM project(start, start + step - 1);
    END LOOP;
END $$;

-- What the readers may read is whatever the function before allowed, and shelters.
ALTER FUNCTION admit_readers() RENAME TO admit_readers_before_shelters;
CREATE FUNCTION admit_readers() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT admit_readers_before_shelters() THEN
        RETURN false;
    END IF;
    GRANT SELECT ON shelter TO sokuho_reader;
    RETURN true;
END $$;

SELECT admit_readers();
