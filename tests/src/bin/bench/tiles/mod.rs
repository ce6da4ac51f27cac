//! Tiles: those of the live world with a long log, and those of hazard layers, drawn uncached in process by the server's
//! examples, beside PostGIS's `ST_AsMVT` and beside martin without its cache, with the same things; and whether a live
//! tile shows a report as soon as there is a receipt for it.
//!
//! What is compared is said in docs/bench.md. PostGIS has its geometries in the projection of the tiles beforehand.

mod freshness;
mod martin;

use anyhow::{Context, Result};
use sokuho_tests::postgres::Database;

use self::martin::Martin;
use crate::Scale;
use crate::example::{self, figure};
use crate::findings::Findings;
use crate::node::{Edition, Node};
use crate::postgres::Postgres;
use crate::zones;

const ZOOMS: [u32; 3] = [10, 12, 14];
/// The outermost zoom at which an office's live tile has reports besides incidents.
const REPORTS_FROM: u32 = 14;
/// A core each.
const CLIENTS: usize = 2;
const LARGEST: f64 = 200_000.0;
/// Of PostGIS's CPU a tile.
const SHARE: f64 = 0.1;

const INCIDENTS: Table = Table {
    name: "incident_on_map",
    layer: "incidents",
    columns: "id, category, status, drill, danger_to_life, filed_at",
};
const REPORTS: Table = Table {
    name: "report_on_map",
    layer: "reports",
    columns: "id, incident, category, drill, danger_to_life, filed_at",
};
const ZONES: Table = Table { name: "zone_on_map", layer: "zones", columns: "class" };

/// Tiles of the live world.
pub async fn live(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("tiles of the live world, {} reports", scale.long_log));
    let postgres = zones::postgres(findings);
    let postgres = postgres.as_ref();
    let edition = postgres.map_or(Edition::Sqlite, Edition::Postgres);
    let mut node = Node::start_filled(edition, scale.long_log, false).await?;
    node.stop()?;
    let address = node.database().map(Database::url);
    let env: Vec<_> = address.iter().map(|url| ("DATABASE_URL", url.as_str())).collect();
    let text = example::run("live_tile_cost", &["--data", &node.data().to_string_lossy()], &env)?;
    node.start_again()?;
    for form in ["office", "public"] {
        tell("live", form, &text, findings)?;
    }
    if let (Some(postgres), Some(database)) = (postgres, node.database()) {
        make_live_tables(database)?;
        let side = |name| figure(&text, name);
        let ground = Ground([side("west")?, side("south")?, side("east")?, side("north")?]);
        let others = Others::start(postgres, database, ground, findings).await?;
        for z in ZOOMS {
            let ours = |form: &str| figure(&text, &format!("{form} zoom {z} CPU ms a tile"));
            let incidents = others.ask("live", &[&INCIDENTS], z, scale, findings).await?;
            incidents.against("live", "public", z, ours("public")?, findings);
            if z < REPORTS_FROM {
                incidents.against("live", "office", z, ours("office")?, findings);
            } else {
                let both = others.ask("live", &[&INCIDENTS, &REPORTS], z, scale, findings).await?;
                both.against("live", "office", z, ours("office")?, findings);
            }
        }
    }
    freshness::measure(&node, scale, findings).await?;
    node.stop()
}

fn make_live_tables(database: &Database) -> Result<()> {
    for (table, of, name) in [(&INCIDENTS, "incident", "status"), (&REPORTS, "report", "incident::text")] {
        database.query(&format!(
            "create unlogged table {} as select id::text, {name}, category, drill, danger_to_life, \
             extract(epoch from filed_at)::bigint as filed_at, st_transform(geom, 3857)::geometry(geometry, 3857) as geom from sokuho.{of}",
            table.name
        ))?;
        table.index(database)?;
    }
    Ok(())
}

/// Tiles of hazard layers.
pub async fn hazard(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("tiles of hazard layers, {} polygons", scale.zones));
    let text = example::run("zone_cost", &["tiles", "--zones", &scale.zones.to_string()], &[])?;
    let layer = |name: &str| figure(&text, &format!("layer {name}"));
    findings.row(
        "hazard tiles: making the layer",
        &[
            ("corners", layer("corners")?),
            ("s", layer("seconds")?),
            ("s CPU", layer("CPU seconds")?),
            ("MB resident", layer("resident bytes")? / 1e6),
        ],
    );
    tell("hazard", "", &text, findings)?;
    let Some(postgres) = zones::postgres(findings) else { return Ok(()) };
    let database = postgres.database()?;
    zones::load(&database, scale)?;
    database.query(
        "create unlogged table zone_on_map as select (number % 7)::text as class, \
         st_transform(geom, 3857)::geometry(geometry, 3857) as geom from zone",
    )?;
    ZONES.index(&database)?;
    let others = Others::start(&postgres, &database, Ground(zones::BOX), findings).await?;
    for z in ZOOMS {
        let asked = others.ask("hazard", &[&ZONES], z, scale, findings).await?;
        asked.against("hazard", "", z, figure(&text, &format!("zoom {z} CPU ms a tile"))?, findings);
    }
    Ok(())
}

/// What the example says of a kind of tiles.
fn tell(kind: &str, form: &str, text: &str, findings: &mut Findings) -> Result<()> {
    let prefix = if form.is_empty() { String::new() } else { format!("{form} ") };
    for z in ZOOMS {
        let name = format!("{prefix}zoom {z}");
        let values = [
            ("ms CPU a tile", figure(text, &format!("{name} CPU ms a tile"))?),
            ("kB", figure(text, &format!("{name} bytes a tile"))? / 1000.0),
        ];
        findings.row(&format!("{kind} tile, {name}"), &values);
    }
    let most = figure(text, &format!("{prefix}most bytes of all"))?;
    let name = format!("{kind} tiles, {prefix}the largest at zooms 5 to 14");
    findings.goal(&name, most / 1000.0, "kB", most <= LARGEST, "≤ 200");
    Ok(())
}

/// A table of PostGIS that tiles are made from.
struct Table {
    name: &'static str,
    layer: &'static str,
    columns: &'static str,
}

impl Table {
    /// The bytes of one layer of a tile.
    fn layer(&self, z: u32, x: &str, y: &str) -> String {
        let Self { name, layer, columns } = self;
        format!(
            "(select st_asmvt(t, '{layer}', 4096, 'drawn') from (select {columns}, \
             st_asmvtgeom(geom, st_tileenvelope({z}, {x}, {y}), 4096, 64, true) as drawn \
             from {name} where geom && st_tileenvelope({z}, {x}, {y})) t)"
        )
    }

    /// Gives it its index.
    fn index(&self, database: &Database) -> Result<()> {
        database.query(&format!("create index on {} using gist (geom)", self.name))?;
        database.query(&format!("vacuum (analyze) {}", self.name))?;
        Ok(())
    }
}

/// West, south, east and north of the ground whose tiles are asked for, degrees.
#[derive(Clone, Copy)]
struct Ground([f64; 4]);

impl Ground {
    /// First and last column, first and last row.
    fn tiles(self, z: u32) -> ((u32, u32), (u32, u32)) {
        let Self([west, south, east, north]) = self;
        let ((first_x, first_y), (last_x, last_y)) = (tile_at(north, west, z), tile_at(south, east, z));
        ((first_x, last_x), (first_y, last_y))
    }
}

/// Column and row of the tile of a place (OpenStreetMap wiki, "Slippy map tilenames").
fn tile_at(lat: f64, lon: f64, z: u32) -> (u32, u32) {
    let across = f64::from(1_u32 << z);
    let down = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    (((lon + 180.0) / 360.0 * across) as u32, (down * across) as u32)
}

/// Who draws the same tiles.
struct Others<'a> {
    postgres: &'a Postgres,
    database: &'a Database,
    martin: Option<Martin>,
    ground: Ground,
}

/// Milliseconds of CPU that others need for a tile.
struct Theirs {
    postgis: f64,
    martin: Option<f64>,
}

impl<'a> Others<'a> {
    async fn start(
        postgres: &'a Postgres,
        database: &'a Database,
        ground: Ground,
        findings: &mut Findings,
    ) -> Result<Self> {
        let martin = Martin::start(&database.url()).await;
        let note = |error: &anyhow::Error| findings.note(&format!("  no martin to compare with: {error:#}"));
        Ok(Self { postgres, database, martin: martin.inspect_err(note).ok(), ground })
    }

    async fn ask(
        &self,
        kind: &str,
        tables: &[&Table],
        z: u32,
        scale: &Scale,
        findings: &mut Findings,
    ) -> Result<Theirs> {
        let layers = tables.iter().map(|table| table.layer).collect::<Vec<_>>().join(" and ");
        let ((first_x, last_x), (first_y, last_y)) = self.ground.tiles(z);
        let place = format!("\\set x random({first_x}, {last_x})\n\\set y random({first_y}, {last_y})\n");
        let tile = |x: &str, y: &str| tables.iter().map(|table| table.layer(z, x, y)).collect::<Vec<_>>().join(" || ");
        let script = format!("{place}select {};\n", tile(":x", ":y"));
        let (a_second, cpu_us) = self.postgres.ask(&self.database.url(), &script, CLIENTS, scale.seconds).await?;
        let sizes = format!(
            "select avg(length(mvt)), max(length(mvt)) from (select {} as mvt from (select \
             {first_x} + (n * 7) % ({last_x} - {first_x} + 1) as x, {first_y} + (n * 3) % ({last_y} - {first_y} + 1) \
             as y from generate_series(1, 12) n) as o) as all_of_them",
            tile("o.x", "o.y")
        );
        let sizes = self.database.query(&sizes)?;
        let (mean, most) = sizes.split_once('|').context("two columns")?;
        let postgis = cpu_us / 1000.0;
        findings.row(
            &format!("{kind} tile, {layers}, PostGIS, zoom {z}"),
            &[
                ("ms CPU a tile", postgis),
                ("tiles/s", a_second),
                ("kB", mean.parse::<f64>()? / 1000.0),
                ("kB at most", most.parse::<f64>()? / 1000.0),
            ],
        );
        let Some(martin) = &self.martin else { return Ok(Theirs { postgis, martin: None }) };
        let asked = martin.ask(self.postgres, tables, z, self.ground, CLIENTS, scale.seconds).await?;
        findings.row(
            &format!("{kind} tile, {layers}, martin, zoom {z}"),
            &[("ms CPU a tile", asked.cpu_ms), ("tiles/s", asked.a_second), ("kB", asked.kilobytes)],
        );
        Ok(Theirs { postgis, martin: Some(asked.cpu_ms) })
    }
}

impl Theirs {
    fn against(&self, kind: &str, form: &str, z: u32, ours: f64, findings: &mut Findings) {
        let form = if form.is_empty() { String::new() } else { format!("{form}, ") };
        let mut tell = |name: &str, theirs: f64| {
            let share = ours / theirs;
            let name = format!("{kind} tile, {form}zoom {z}, against {name}: CPU");
            findings.goal(&name, share, "times", share <= SHARE, "≤ 0.1");
        };
        tell("PostGIS", self.postgis);
        if let Some(martin) = self.martin {
            tell("martin", martin);
        }
    }
}
