//! The zones in PostgreSQL: the tables `hazard_edition` and `hazard_zone`, which GIS programs read too. They are the
//! truth there, and the files in the data folder their copies; of a layer that differs the later import counts.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::TryStreamExt;
use geo_types::{Geometry, MultiPolygon};
use sqlx::{PgConnection, PgPool, Row};

use super::edition::{About, Edition, Writer};
use super::folder::Unfinished;
use super::import::Before;
use super::{HazardError, folder};
use crate::domain::position::Bounds;
use crate::geodata::wkb;

/// Bytes of shapes that one statement writes, about (4 MiB).
const BATCH_BYTES: usize = 4 << 20;
/// Zones that one statement writes at most.
const BATCH_ZONES: usize = 4_096;

/// Puts editions in force in one transaction, each in the place of its layer's edition before. Whether it does or not,
/// PostgreSQL is told to take back the room of the rows that nobody sees any more, as far as it can.
///
/// # Errors
/// [`HazardError`]; then all is as it was.
pub async fn put_in_force(pool: &PgPool, editions: &[Edition]) -> Result<(), HazardError> {
    let put = write(pool, editions).await;
    // What it cannot take back now, its own housekeeping does.
    if let Err(error) = sqlx::query("VACUUM (ANALYZE) hazard_zone").execute(pool).await {
        tracing::warn!(error = %error, "the room of the zones before was not taken back yet");
    }
    put
}

async fn write(pool: &PgPool, editions: &[Edition]) -> Result<(), HazardError> {
    let mut transaction = pool.begin().await?;
    for edition in editions {
        let about = &edition.about;
        sqlx::query("DELETE FROM hazard_zone WHERE layer = $1").bind(&about.layer).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM hazard_edition WHERE layer = $1")
            .bind(&about.layer)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO hazard_edition (layer, id, name, english, hazard, edition, source, licence, attribution, \
                 demonstration, imported_at, zones, about) \
             VALUES ($1, $2::text::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::timestamptz, $12, $13::text::jsonb)",
        )
        .bind(&about.layer)
        .bind(about.id.to_string())
        .bind(&about.name)
        .bind(&about.english)
        .bind(word(about)?)
        .bind(&about.edition)
        .bind(&about.source)
        .bind(&about.licence)
        .bind(&about.attribution)
        .bind(about.demonstration)
        .bind(about.imported_at.to_string())
        .bind(i32::try_from(about.zones).unwrap_or(i32::MAX))
        .bind(serde_json::to_string(about.as_ref())?)
        .execute(&mut *transaction)
        .await?;
        let mut batch = Batch::default();
        for zone in edition.zones() {
            let (class, shape) = zone?;
            batch.add(class, &shape);
            if batch.is_full() {
                batch.write(&mut transaction, about).await?;
            }
        }
        batch.write(&mut transaction, about).await?;
    }
    Ok(transaction.commit().await?)
}

/// The name of a hazard in tables and on the wire.
fn word(about: &About) -> Result<String, HazardError> {
    let word = serde_json::to_value(about.hazard)?;
    Ok(word.as_str().unwrap_or_default().to_owned())
}

/// Zones on their way into the table.
#[derive(Default)]
struct Batch {
    classes: Vec<i16>,
    shapes: Vec<Vec<u8>>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, class: u16, shape: &MultiPolygon<f64>) {
        let shape = to_wkb(shape);
        self.bytes += shape.len();
        self.classes.push(class.cast_signed());
        self.shapes.push(shape);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.shapes.len() >= BATCH_ZONES
    }

    async fn write(&mut self, connection: &mut PgConnection, about: &About) -> Result<(), HazardError> {
        let Self { classes, shapes, .. } = std::mem::take(self);
        // Code, name, English name, and the depths, metres.
        let named: Vec<_> = classes
            .iter()
            .map(|class| {
                let class = &about.classes[usize::from(class.cast_unsigned())].class;
                let depth = class.depth;
                (
                    class.code.as_str(),
                    class.name.as_str(),
                    class.english.as_str(),
                    depth.map(|depth| depth.min_m()),
                    depth.and_then(|depth| depth.max_m()),
                )
            })
            .collect();
        sqlx::query(
            "INSERT INTO hazard_zone (layer, hazard, class_index, class, name, english, depth_min_m, depth_max_m, \
                 edition, demonstration, geom) \
             SELECT $1, $2, class_index, class, name, english, depth_min_m, depth_max_m, $3, $4, \
                 ST_GeomFromWKB(shape, 4326) \
             FROM unnest($5::smallint[], $6::text[], $7::text[], $8::text[], $9::float8[], $10::float8[], $11::bytea[]) \
                 AS _ (class_index, class, name, english, depth_min_m, depth_max_m, shape)",
        )
        .bind(&about.layer)
        .bind(word(about)?)
        .bind(&about.edition)
        .bind(about.demonstration)
        .bind(&classes)
        .bind(named.iter().map(|zone| zone.0).collect::<Vec<_>>())
        .bind(named.iter().map(|zone| zone.1).collect::<Vec<_>>())
        .bind(named.iter().map(|zone| zone.2).collect::<Vec<_>>())
        .bind(named.iter().map(|zone| zone.3).collect::<Vec<_>>())
        .bind(named.iter().map(|zone| zone.4).collect::<Vec<_>>())
        .bind(&shapes)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What is in force of a layer, and how much of it lies in the region; `None` where nothing was imported.
///
/// # Errors
/// [`HazardError::Database`].
pub async fn before(pool: &PgPool, layer: &str, region: Bounds) -> Result<Option<Before>, HazardError> {
    let row = sqlx::query(
        "SELECT edition, zones, (SELECT count(*)::int4 FROM hazard_zone z WHERE z.layer = e.layer \
             AND geom && ST_MakeEnvelope($2, $3, $4, $5, 4326)) \
         FROM hazard_edition e WHERE layer = $1",
    )
    .bind(layer)
    .bind(region.west)
    .bind(region.south)
    .bind(region.east)
    .bind(region.north)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (edition, zones, here): (String, i32, i32) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(Some(Before { edition, zones: zones.cast_unsigned(), here: here.cast_unsigned() }))
}

/// Makes the tables and the data folder say the same: of each layer the later import counts. The folder has one that the
/// tables do not know where a node moved from SQLite, where the database was restored, or where an import was not told
/// of the database.
///
/// # Errors
/// [`HazardError`]; a file that is damaged is one only if the tables have nothing of its layer.
pub async fn join_folder(pool: &PgPool, data: &Path) -> Result<(), HazardError> {
    let rows = sqlx::query("SELECT about::text FROM hazard_edition").fetch_all(pool).await?;
    let mut behind = BTreeMap::new();
    for row in rows {
        let about: About = serde_json::from_str(row.try_get(0)?)?;
        behind.insert(about.layer.clone(), about);
    }
    let mut ahead = Vec::new();
    for file in folder::files(data)? {
        let layer = file.file_stem().unwrap_or_default().to_string_lossy();
        match (Edition::open(&file), behind.get(layer.as_ref())) {
            (Ok(edition), Some(about)) if edition.about.id == about.id => {
                behind.remove(layer.as_ref());
            }
            (Ok(edition), Some(about)) if edition.about.imported_at <= about.imported_at => {}
            (Ok(edition), _) => {
                behind.remove(layer.as_ref());
                ahead.push(edition);
            }
            (Err(HazardError::Damaged { .. }), Some(_)) => {}
            (Err(error), _) => return Err(error),
        }
    }
    if !ahead.is_empty() {
        put_in_force(pool, &ahead).await?;
    }
    for edition in &ahead {
        tracing::info!(
            layer = edition.about.layer,
            edition = edition.about.edition,
            "hazard zones went into the tables"
        );
    }
    for about in behind.values() {
        copy(pool, data, about).await?;
    }
    Ok(())
}

async fn copy(pool: &PgPool, data: &Path, about: &About) -> Result<(), HazardError> {
    let path = folder::path(data);
    std::fs::create_dir_all(&path).map_err(|error| HazardError::storage(&path, error))?;
    let (file, unfinished) = Unfinished::create(path.join(format!("{}.copy", about.layer)))?;
    let storage = |error| HazardError::storage(unfinished.path(), error);
    let damaged = |reason: &str| HazardError::Damaged { file: "hazard_zone".into(), reason: reason.to_owned() };
    let mut writer = Writer::begin(file).map_err(storage)?;
    let mut rows =
        sqlx::query("SELECT class_index, ST_AsBinary(geom, 'NDR') FROM hazard_zone WHERE layer = $1 ORDER BY id")
            .bind(&about.layer)
            .fetch(pool);
    while let Some(row) = rows.try_next().await? {
        let class = row.try_get::<i16, _>(0)?.cast_unsigned();
        let shape = from_wkb(row.try_get(1)?).ok_or_else(|| damaged("a zone is no multipolygon"))?;
        if usize::from(class) >= about.classes.len() {
            return Err(damaged("a zone has no class"));
        }
        writer.zone(class, &shape).map_err(storage)?;
    }
    writer.finish(about.clone()).map_err(storage)?;
    folder::put_in_force(data, unfinished.path(), &about.layer)
}

/// Well-known binary of a multipolygon, little-endian (OGC 06-103r4, 8.2).
fn to_wkb(shape: &MultiPolygon<f64>) -> Vec<u8> {
    fn number(out: &mut Vec<u8>, number: usize) {
        out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }
    let mut out = Vec::new();
    out.extend([1, 6, 0, 0, 0]);
    number(&mut out, shape.0.len());
    for polygon in shape {
        out.extend([1, 3, 0, 0, 0]);
        number(&mut out, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            number(&mut out, ring.0.len());
            for c in &ring.0 {
                out.extend(c.x.to_le_bytes());
                out.extend(c.y.to_le_bytes());
            }
        }
    }
    out
}

/// The multipolygon of such bytes; `None` for anything else.
fn from_wkb(bytes: &[u8]) -> Option<MultiPolygon<f64>> {
    match wkb::read(bytes)? {
        (Geometry::MultiPolygon(shape), true) => Some(shape),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use geo_types::{polygon, wkt};

    use super::*;

    #[test]
    fn a_shape_comes_back_from_its_bytes_and_nothing_from_others() {
        let holed = polygon!(exterior: [(x: 0.0, y: 0.0), (x: 4.0, y: 0.0), (x: 4.0, y: 4.0)], interiors: [[(x: 2.0, y: 1.0), (x: 3.0, y: 1.0), (x: 3.0, y: 2.0)]]);
        let shape = MultiPolygon(vec![holed, wkt!(POLYGON((9.0 9.0, 9.5 9.0, 9.5 9.5, 9.0 9.0)))]);
        let bytes = to_wkb(&shape);
        assert_eq!(from_wkb(&bytes), Some(shape));
        for cut in [0, 4, 9, 20, bytes.len() - 1] {
            assert_eq!(from_wkb(&bytes[..cut]), None, "{cut}");
        }
    }
}
