//! The projection: plain spatial tables that are brought up to date in the transaction that appends (`append`).
//! How a row follows from the entries stands in `migrations/postgres/0002_projection.sql`; here is what the node
//! does besides.

mod shelters;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use geo_types::MultiPolygon;
use sqlx::{Connection, PgConnection, Row};

use super::{PostgresLog, in_time};
use crate::database::{WHOLE_TABLE_PATIENCE, postgres_migrations};
use crate::domain::office::{Office, OfficeCode, OfficeKind};
use crate::log::{EntryLog, LogError, storage};

/// Entries that are read at once.
const PAGE: u32 = 512;

/// The tables of the projection, and what tells their rows apart.
pub(super) const TABLES: [(&str, &str); 5] =
    [("report", "id"), ("incident", "id"), ("check_in", "id"), ("operation", "id"), ("office", "code")];

/// The migrations that make these tables and functions, and nothing else. Where a table is gone, they make all of them
/// again: what a table is stands there once.
const MADE_BY: [i64; 4] = [2, 6, 7, 8];

/// Takes away what [`MADE_BY`] makes. What others have built upon it (a view) is not taken along: PostgreSQL refuses,
/// and names it.
const UNMAKE: &str = "DO $$ \
     DECLARE it text; \
     BEGIN \
         DROP TABLE IF EXISTS report, incident, check_in, operation, office; \
         FOR it IN \
             SELECT format('FUNCTION %s', p.oid::regprocedure) FROM pg_proc p \
                 WHERE p.pronamespace = 'sokuho'::regnamespace \
                     AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid) \
             UNION ALL SELECT format('TYPE %s', c.reltype::regtype) FROM pg_class c \
                 WHERE c.relnamespace = 'sokuho'::regnamespace AND c.relkind = 'c' \
             UNION ALL SELECT format('INDEX %s', i.indexrelid::regclass) FROM pg_index i \
                 WHERE i.indrelid = 'entry'::regclass \
                     AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) \
         LOOP \
             EXECUTE 'DROP ' || it; \
         END LOOP; \
     END $$";

/// What a rebuild made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rebuilt {
    /// Reports.
    pub reports: u64,
    /// Incidents.
    pub incidents: u64,
    /// Check-ins.
    pub check_ins: u64,
}

impl PostgresLog {
    /// Writes down what the region says of its offices, degrees WGS 84; an office that it no longer names stays. Check-ins
    /// move with their offices.
    /// Lets the role `sokuho_reader` read; false where there is none and this account may not make it.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn describe(
        &self,
        offices: &[Office],
        grounds: &BTreeMap<OfficeCode, MultiPolygon<f64>>,
    ) -> Result<bool, LogError> {
        const DESCRIBE: &str = "INSERT INTO office (code, kind, name, kana, english, geom, area) \
             SELECT code, kind, name, kana, english, ST_SetSRID(ST_MakePoint(lon, lat), 4326), \
                 ST_SetSRID(ST_GeomFromGeoJSON(area), 4326) \
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], \
                 $8::text[]) AS _ (code, kind, name, kana, english, lon, lat, area) \
             ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, name = excluded.name, kana = excluded.kana, \
                 english = excluded.english, geom = excluded.geom, area = excluded.area \
             WHERE office IS DISTINCT FROM excluded";
        const MOVE: &str = "UPDATE check_in SET geom = office.geom FROM office \
             WHERE office.code = check_in.office AND check_in.geom IS DISTINCT FROM office.geom";
        let column = |of: fn(&Office) -> String| offices.iter().map(of).collect::<Vec<_>>();
        let degrees = |of: fn(&Office) -> f64| offices.iter().map(of).collect::<Vec<_>>();
        let area = |office: &Office| {
            grounds
                .get(&office.code)
                .map(|ground| geojson::Geometry::new(geojson::GeometryValue::from(ground)).to_string())
        };
        in_time(async {
            sqlx::query(DESCRIBE)
                .bind(column(|office| office.code.to_string()))
                .bind(offices.iter().map(|office| kind(office.kind)).collect::<Vec<_>>())
                .bind(column(|office| office.name.clone()))
                .bind(column(|office| office.kana.clone()))
                .bind(column(|office| office.english.clone()))
                .bind(degrees(|office| office.label.lon()))
                .bind(degrees(|office| office.label.lat()))
                .bind(offices.iter().map(area).collect::<Vec<_>>())
                .execute(&self.readers)
                .await
                .map_err(storage)?;
            sqlx::query(MOVE).execute(&self.readers).await.map_err(storage)?;
            sqlx::query_scalar("SELECT admit_readers()").fetch_one(&self.readers).await.map_err(storage)
        })
        .await
    }

    /// Makes the projection anew from the log, in one transaction, once every row has been read; also its tables, if
    /// one of them is gone. What offices are, [`PostgresLog::describe`] says afterwards. Nobody may write meanwhile.
    ///
    /// # Errors
    /// [`LogError::InUse`] if a node runs; [`LogError::Body`] or [`LogError::Inconsistent`] with the first row that
    /// this program cannot read; [`LogError`] if the database fails. The projection is as it was.
    pub async fn rebuild(&self) -> Result<Rebuilt, LogError> {
        const COUNT: &str = "SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM incident), \
             (SELECT count(*) FROM check_in)";
        let row = self
            .sessions
            .within_time(WHOLE_TABLE_PATIENCE, async |session| {
                // The database's own functions pass over what they do not know.
                self.read_all().await?;
                let mut transaction = session.connection.begin().await.map_err(storage)?;
                make(&mut transaction).await.map_err(storage)?;
                let made = sqlx::query(COUNT).fetch_one(&mut *transaction).await.map_err(storage)?;
                transaction.commit().await.map_err(storage)?;
                Ok(made)
            })
            .await?;
        let count = |index| row.try_get::<i64, _>(index).map(i64::cast_unsigned).map_err(storage);
        Ok(Rebuilt { reports: count(0)?, incidents: count(1)?, check_ins: count(2)? })
    }

    async fn read_all(&self) -> Result<(), LogError> {
        let mut last = 0;
        while let Some((seq, _)) = self.read(last, PAGE).await?.last() {
            last = *seq;
        }
        Ok(())
    }
}

async fn make(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const WHOLE: &str = "SELECT to_regprocedure('sokuho.rebuild()') IS NOT NULL \
         AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS name WHERE to_regclass('sokuho.' || name) IS NULL)";
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    if sqlx::query_scalar(WHOLE).bind(tables).fetch_one(&mut *connection).await? {
        sqlx::raw_sql("SELECT rebuild()").execute(connection).await?;
        return Ok(());
    }
    sqlx::raw_sql(UNMAKE).execute(&mut *connection).await?;
    for migration in postgres_migrations(&MADE_BY) {
        sqlx::raw_sql(migration).execute(&mut *connection).await?;
        // What waits for the commit would be in the way of the next one, which had a transaction of its own.
        sqlx::raw_sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED").execute(&mut *connection).await?;
    }
    Ok(())
}

fn kind(kind: OfficeKind) -> &'static str {
    match kind {
        OfficeKind::Municipality => "municipality",
        OfficeKind::Prefecture => "prefecture",
    }
}
