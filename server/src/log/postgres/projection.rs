//! The projection: plain spatial tables that are brought up to date in the transaction that appends (`append`).
//! How a row follows from the entries stands in `migrations/postgres/0002_projection.sql`; here is what the node
//! does besides.

mod shelters;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use geo_types::MultiPolygon;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::{PostgresLog, in_time};
use crate::database::{WHOLE_TABLE_PATIENCE, postgres_migrations};
use crate::domain::office::{Office, OfficeCode, OfficeKind};
use crate::log::{EntryLog, LogError, storage};

/// Entries that are read at once.
const PAGE: u32 = 512;

/// The tables of the projection, and what tells their rows apart.
pub(super) const TABLES: [(&str, &str); 6] = [
    ("report", "id"),
    ("incident", "id"),
    ("check_in", "id"),
    ("operation", "id"),
    ("shelter", "id"),
    ("office", "code"),
];

/// Where the migrations run once more for the tables that they make.
const ASIDE: &str = "CREATE SCHEMA sokuho_aside; SET LOCAL search_path TO sokuho_aside, public, postgis, extensions";

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
    /// one of them is gone. What offices and shelters are, the node says at its start. Nobody may write meanwhile.
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

/// Makes the rows, and before that the tables, if one is gone.
async fn make(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const MISSING: &str =
        "SELECT EXISTS (SELECT FROM unnest($1::text[]) AS name WHERE to_regclass('sokuho.' || name) IS NULL)";
    let tables = TABLES.map(|(table, _)| table);
    if sqlx::query_scalar(MISSING).bind(tables).fetch_one(&mut *connection).await? {
        make_tables(connection).await?;
    }
    sqlx::raw_sql("SELECT rebuild()").execute(connection).await?;
    Ok(())
}

/// Makes all tables anew and empty. What a table is stands in the migrations alone, so they run once more, in a schema
/// aside, over an empty log, and the tables move from there. What others have built upon them (a view) is not taken
/// along: PostgreSQL refuses, and names it.
async fn make_tables(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let path: String = sqlx::query_scalar("SELECT current_setting('search_path')").fetch_one(&mut *connection).await?;
    sqlx::raw_sql(ASIDE).execute(&mut *connection).await?;
    for migration in postgres_migrations() {
        sqlx::raw_sql(migration).execute(&mut *connection).await?;
    }
    let back = sqlx::query("SELECT set_config('search_path', $1, true)").bind(path);
    back.execute(&mut *connection).await?;
    let tables = TABLES.map(|(table, _)| table);
    let mut steps = vec![format!("DROP TABLE IF EXISTS {}", tables.map(|table| format!("sokuho.{table}")).join(", "))];
    steps.extend(tables.map(|table| format!("ALTER TABLE sokuho_aside.{table} SET SCHEMA sokuho")));
    steps.push("DROP SCHEMA sokuho_aside CASCADE".to_owned());
    sqlx::raw_sql(AssertSqlSafe(steps.join("; "))).execute(connection).await?;
    Ok(())
}

fn kind(kind: OfficeKind) -> &'static str {
    match kind {
        OfficeKind::Municipality => "municipality",
        OfficeKind::Prefecture => "prefecture",
    }
}
