//! Imports of hazard zones for which there is no room: on the node's disk, on PostgreSQL's, in memory. The edition before
//! stays in force, and nothing is left of the one that failed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::cluster::Cluster;
use sokuho_tests::disk::Disk;
use sokuho_tests::report::report;
use sokuho_tests::server::{Server, Start, binary};

use crate::hazard::{flood, import};

const ZONES: usize = 400;

/// Zones of 500 corners around places in a row: an edition of more than a mebibyte.
fn large() -> String {
    let feature = |n: usize| {
        let (lat, lon) = (37.0 + n as f64 * 0.001, 139.5);
        let corner = |at: usize| {
            let turn = std::f64::consts::TAU * (at % 500) as f64 / 500.0;
            [lon + 0.4 * turn.cos(), lat + 0.4 * turn.sin()]
        };
        let ring: Vec<[f64; 2]> = (0..=500).map(corner).collect();
        let geometry = json!({ "type": "Polygon", "coordinates": [ring] });
        json!({ "type": "Feature", "properties": { "A31a_205": 2 }, "geometry": geometry })
    };
    let features: Vec<Value> = (0..ZONES).map(feature).collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// The files of the editions, with what is in them.
fn editions(data: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let files = std::fs::read_dir(data.join("hazard"))?;
    files
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?))
        })
        .collect()
}

/// Imports a file that lies elsewhere than the data.
fn import_from(server: &Server, file: &Path) -> Result<String> {
    server.command(&["import", "hazard", &file.to_string_lossy()], "")
}

fn refusal(said: Result<String>) -> Result<String> {
    Ok(format!("{:#}", said.err().context("it was taken")?))
}

/// Zones of the layer that the node has in force after another start.
async fn zones_in_force(server: &mut Server) -> Result<Value> {
    server.stop()?;
    server.start_again()?;
    let layers = server.public().get("/api/hazard/layers").await?.good()?;
    Ok(layers["layers"][0]["zones"].clone())
}

#[tokio::test]
async fn an_import_for_which_the_disk_has_no_room_leaves_the_edition_before_and_leaves_the_log_its_room() -> Result<()>
{
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = Start::default().start_in(disk.folder()?)?;
    let [town] = server.public().region().await?.towns()?.map(|town| town.clone());
    let elsewhere = tempfile::tempdir()?;
    let file = elsewhere.path().join("A31a-24_07.geojson");
    std::fs::write(&file, large())?;
    import(&server, "A31a-22_07.geojson", flood(3, town.at).to_string().as_bytes())?;
    let before = editions(server.data())?;
    ensure!(before.keys().collect::<Vec<_>>() == ["flood-max.zones", "import.lock"], "{:?}", before.keys());

    // A tenth of the disk is the log's; what is left beyond that fills up in the middle of the import. Then there is
    // nothing left at all.
    for left in [(24 << 20) / 10 + (700 << 10), 0] {
        let ballast = disk.fill(left)?;
        let free = disk.free()?;
        let said = refusal(import_from(&server, &file))?;
        ensure!(said.contains("there is no room left on the disk of"), "{said}");
        ensure!(editions(server.data())? == before, "{left}: something else is there now");
        let now = disk.free()?;
        ensure!(now + (64 << 10) >= free, "{free} bytes were free before the import, {now} after it");
        if left > 0 {
            server.public().file(&report(town.at)).await?;
        }
        drop(ballast);
    }
    ensure!(zones_in_force(&mut server).await? == 1);
    import_from(&server, &file)?;
    ensure!(zones_in_force(&mut server).await? == ZONES);
    server.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_fills_postgresqls_disk_leaves_the_edition_before_and_gives_its_room_back() -> Result<()> {
    let Some(disk) = Disk::mount(256)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let mut server = Start::with_database(cluster.database()?).start()?;
    server.allow("was not taken back yet");
    let [town] = server.public().region().await?.towns()?.map(|town| town.clone());
    let file = server.data().join("A31a-24_07.geojson");
    std::fs::write(&file, large())?;
    import(&server, "A31a-22_07.geojson", flood(3, town.at).to_string().as_bytes())?;
    // A file of its write-ahead log that has its whole room: without it PostgreSQL would stop itself.
    server.database().context("no database")?.query("SELECT pg_switch_wal()")?;
    server.public().file(&report(town.at)).await?;
    let in_force = |server: &Server| {
        let database = server.database().context("no database")?;
        database.query("SELECT e.id, z.id, ST_AsText(geom) FROM sokuho.hazard_edition e, sokuho.hazard_zone z")
    };
    let size = |server: &Server| -> Result<u64> {
        let database = server.database().context("no database")?;
        Ok(database.query("SELECT pg_table_size('sokuho.hazard_zone')")?.parse()?)
    };
    let (before, files, bytes) = (in_force(&server)?, editions(server.data())?, size(&server)?);

    let ballast = disk.fill(1 << 20)?;
    let said = refusal(import_from(&server, &file))?;
    ensure!(said.contains("the disk of PostgreSQL is full; the zones that were in force stay so"), "{said}");
    ensure!(in_force(&server)? == before && editions(server.data())? == files, "something else is there now");
    let now = size(&server)?;
    ensure!(now < bytes + (200 << 10), "the table had {bytes} bytes, and has {now} after the import");
    drop(ballast);
    ensure!(zones_in_force(&mut server).await? == 1);
    import_from(&server, &file)?;
    ensure!(zones_in_force(&mut server).await? == ZONES);
    server.finish()
}

/// What the command says when it refuses a file, and how much memory it says that it had at most, MiB.
fn refused_within(data: &Path, file: &Path) -> Result<(String, u64)> {
    let output = Command::new(binary()?)
        .args(["import", "hazard", "--data"])
        .args([data, file])
        .env_remove("DATABASE_URL")
        .output()?;
    ensure!(output.status.code() == Some(1), "{}: {}", file.display(), output.status);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let peak = said.lines().find_map(|line| line.strip_prefix("memory: ")?.strip_suffix(" MiB at most"));
    let peak = peak.context("it does not say how much memory it had")?.parse()?;
    Ok((said, peak))
}

/// Bytes of the huge files (2 GiB). They are holes mostly, and take no room.
const HUGE: u64 = 2 << 30;

/// A Shapefile of one polygon with as many corners as fit into it, all of them nought.
fn huge_shapefile(folder: &Path) -> Result<()> {
    let corners = i32::try_from((HUGE - 1_000) / 16)?;
    let words = 24 + 8 * corners;
    let mut header = vec![0, 0, 0x27, 0x0a];
    header.resize(24, 0);
    header.extend((54 + words).to_be_bytes());
    header.extend([0xe8, 3, 0, 0, 5, 0, 0, 0]);
    header.resize(100, 0);
    let shape = [&[5, 0, 0, 0][..], &[0; 32], &1_i32.to_le_bytes(), &corners.to_le_bytes(), &[0; 4]].concat();
    let mut shp = File::create(folder.join("huge.shp"))?;
    shp.write_all(&[&header, &1_i32.to_be_bytes()[..], &words.to_be_bytes(), &shape].concat())?;
    shp.set_len(108 + 2 * u64::try_from(words)?)?;
    header[24..28].copy_from_slice(&54_i32.to_be_bytes());
    std::fs::write(folder.join("huge.shx"), [&header, &50_i32.to_be_bytes()[..], &words.to_be_bytes()].concat())?;
    let mut dbf = vec![3, 0, 0, 0, 1, 0, 0, 0, 65, 0, 2, 0];
    dbf.resize(32, 0);
    dbf.extend(b"A31_205\0\0\0\0N\0\0\0\0\x01");
    dbf.resize(64, 0);
    dbf.extend(b"\x0d 1");
    Ok(std::fs::write(folder.join("huge.dbf"), dbf)?)
}

/// A zip with one file that is not packed (APPNOTE.TXT 4.3), a hole.
fn huge_zip(file: &Path, name: &str) -> Result<()> {
    let size = u32::try_from(HUGE)?;
    // Version, flags, method, time and date, sum, sizes, and the length of the name.
    let about =
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0; 4], &size.to_le_bytes(), &size.to_le_bytes(), &[8, 0]].concat();
    ensure!(name.len() == 8);
    let mut zip = File::create(file)?;
    zip.write_all(&[b"PK\x03\x04", &about[..], &[0; 2], name.as_bytes()].concat())?;
    let directory = zip.seek(SeekFrom::Current(i64::from(size)))?;
    zip.write_all(&[b"PK\x01\x02\x14\0", &about[..], &[0; 16], name.as_bytes()].concat())?;
    let length = u32::try_from(zip.stream_position()? - directory)?.to_le_bytes();
    let at = u32::try_from(directory)?.to_le_bytes();
    Ok(zip.write_all(&[b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &length, &at, &[0; 2]].concat())?)
}

#[tokio::test]
async fn files_of_two_gigabytes_and_features_that_would_take_the_memory_are_refused_by_name_within_half_a_gigabyte()
-> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let server = Start::default().start_in(disk.folder()?)?;
    import(&server, "A31a-22_07.geojson", flood(3, (37.5, 139.9)).to_string().as_bytes())?;
    let (before, free) = (editions(server.data())?, disk.free()?);
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    huge_shapefile(folder.path())?;
    huge_zip(&path("huge.zip"), "huge.shp")?;
    File::create(path("hole.geojson"))?.set_len(HUGE)?;
    let zone = r#"{"features": [{"properties": {"A31_205": 1}, "geometry": {"type": "Polygon", "coordinates": ["#;
    for (name, head, unit) in [
        ("corners.geojson", format!("{zone}[[1,1]"), ",[1,1]"),
        ("rings.geojson", format!("{zone}[]"), ",[]"),
        ("lists.geojson", r#"{"features": [{"properties": {"a": [0"#.to_owned(), ",0"),
        ("members.geojson", r#"{"features": [{"properties": {"a": {"a": 0"#.to_owned(), r#","a":0"#),
        ("crs.geojson", r#"{"crs": [0"#.to_owned(), ",0"),
    ] {
        std::fs::write(path(name), head + &unit.repeat((24 << 20) / unit.len()))?;
    }
    for (name, reason) in [
        ("huge.shp", "one shape has more than 64 MiB"),
        ("huge.zip", "unpacking huge.shp needs 2147483648 bytes in"),
        ("hole.geojson", "hole.geojson is damaged or not understood"),
        ("corners.geojson", "more than 4000000 commas and brackets"),
        ("rings.geojson", "more than 4000000 commas and brackets"),
        ("lists.geojson", "more than 4000000 commas and brackets"),
        ("members.geojson", "more than 4000000 commas and brackets"),
        ("crs.geojson", "more than 4000000 commas and brackets"),
    ] {
        let (said, mebibytes) = refused_within(server.data(), &path(name))?;
        println!("{name}: {mebibytes} MiB at most");
        ensure!(said.contains(name) && said.contains(reason), "{name}: {said}");
        ensure!((1..512).contains(&mebibytes), "{name} took {mebibytes} MiB of memory");
        ensure!(editions(server.data())? == before, "{name}: something else is there now");
    }
    ensure!(disk.free()? + (64 << 10) >= free, "room was taken and not given back");
    server.finish()
}
