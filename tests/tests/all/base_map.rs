//! Archives of tiles as the base map: PMTiles made by hand, MBTiles made by GDAL, and damaged ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::disk::Disk;
use sokuho_tests::report::report;
use sokuho_tests::server::{Server, Start};
use sokuho_tests::skipped::skipped;
use sokuho_tests::tiles::features;

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// An archive of the one tile of zoom 0, nothing packed: <https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>.
fn pmtiles(tile: &[u8]) -> Vec<u8> {
    let mut root = vec![1, 0, 1];
    put_varint(&mut root, tile.len() as u64);
    root.push(1);
    let metadata = br#"{"name": "one tile", "vector_layers": [{"id": "water", "fields": {"name": "String"}}]}"#;
    let mut header = [0; 127];
    header[..8].copy_from_slice(b"PMTiles\x03");
    let mut at = 127;
    for (place, part) in [(8, &root[..]), (24, metadata), (40, &[]), (56, tile)] {
        header[place..place + 8].copy_from_slice(&(at as u64).to_le_bytes());
        header[place + 8..place + 16].copy_from_slice(&(part.len() as u64).to_le_bytes());
        at += part.len();
    }
    // Clustered, directories and tiles not packed, vector, zoom 0 alone.
    header[96..102].copy_from_slice(&[1, 1, 1, 1, 0, 0]);
    [&header[..], &root, metadata, tile].concat()
}

fn import(server: &Server, file: &Path) -> Result<String> {
    server.command(&["import", "base", "--attribution", "試験の会", "--licence", "CC0", &file.to_string_lossy()], "")
}

async fn described(server: &Server) -> Result<Value> {
    server.public().get("/tiles/base.json").await?.good()
}

/// The files of the imported base map; not what a start notes of them for the next one.
fn kept(server: &Server) -> Result<Vec<String>> {
    let files = std::fs::read_dir(server.data().join("base/aizu"))?;
    let mut names =
        files.map(|file| Ok(file?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>>>()?;
    names.retain(|name| name != "looked_through.json" && name != "import.lock");
    names.sort();
    Ok(names)
}

#[tokio::test]
async fn a_pmtiles_file_becomes_the_base_map_and_a_damaged_archive_does_not() -> Result<()> {
    let mut server = Server::start()?;
    let folder = tempfile::tempdir()?;
    // The sketch's own tile is as good a tile as any.
    let sketch = server.public().get("/tiles/base/0/0/0").await?;
    ensure!(sketch.status == 200 && sketch.body.len() > 200, "{}", sketch.status);
    let archive = pmtiles(&sketch.body);
    let file = folder.path().join("tohoku.pmtiles");
    std::fs::write(&file, &archive)?;
    let said = import(&server, &file)?;
    ensure!(said.contains("tohoku.pmtiles") && said.contains("in force from the node's next start"), "{said}");
    ensure!(described(&server).await?["attribution"] != "試験の会", "it is in force before the next start");
    server.stop()?;
    server.start_again()?;
    let json = described(&server).await?;
    ensure!(json["attribution"] == "試験の会" && json["kind"] == "vector" && json["maxzoom"] == 0, "{json}");
    ensure!(json["vector_layers"][0]["id"] == "water", "{json}");
    let tile = server.public().get("/tiles/base/0/0/0").await?;
    ensure!(tile.status == 200 && tile.body == sketch.body, "it is another tile");
    let base = server.public().get("/api/base").await?.good()?;
    ensure!(base["kind"] == "archive" && base["sketch"] == false && base["licence"] == "CC0", "{base}");

    let before = kept(&server)?;
    ensure!(before.len() == 2, "{before:?}");
    let deep = [&archive[..101], &[99], &archive[102..]].concat();
    let other = [&archive[..7], &[2], &archive[8..]].concat();
    // It says that its tiles are PNG.
    let pictures = [&archive[..99], &[2], &archive[100..]].concat();
    for (name, bytes, reason) in [
        ("pictures.pmtiles", &pictures[..], "tile 0/0/0 of the archive is refused"),
        ("cut.pmtiles", &archive[..archive.len() - 9], "tile data lies past its end"),
        ("header.pmtiles", &archive[..90], "ends within its header"),
        ("deep.pmtiles", &deep, "zooms"),
        ("older.pmtiles", &other, "older.pmtiles"),
        ("none.pmtiles", b"<html>404 Not Found</html>", "does not begin as its kind does"),
        ("other.mbtiles", &archive, "does not begin as its kind does"),
        ("empty.mbtiles", b"SQLite format 3\0", "empty.mbtiles is refused"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes)?;
        let refused = format!("{:#}", import(&server, &file).err().with_context(|| format!("{name} was taken"))?);
        ensure!(refused.contains(name) && refused.contains(reason), "{name}: {refused}");
        ensure!(kept(&server)? == before, "{name} changed what is kept");
    }
    server.stop()?;
    server.start_again()?;
    ensure!(described(&server).await? == json, "the old base map is gone");
    ensure!(server.public().get("/tiles/base/0/0/0").await?.body == sketch.body);
    server.finish()
}

#[tokio::test]
async fn an_archive_for_which_the_disk_has_no_room_is_refused_and_the_log_keeps_its_room() -> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = Start::default().start_in(disk.folder()?)?;
    let folder = tempfile::tempdir()?;
    let sketch = server.public().get("/tiles/base/0/0/0").await?;
    let file = folder.path().join("tohoku.pmtiles");
    std::fs::write(&file, pmtiles(&sketch.body))?;
    import(&server, &file)?;
    let (before, free) = (kept(&server)?, disk.free()?);
    // A hole behind its tiles, which takes no room where it lies.
    let huge = folder.path().join("huge.pmtiles");
    std::fs::write(&huge, pmtiles(&sketch.body))?;
    std::fs::File::options().write(true).open(&huge)?.set_len(2 << 30)?;
    let refused = format!("{:#}", import(&server, &huge).err().context("it was taken")?);
    ensure!(refused.contains("huge.pmtiles has 2147483648 bytes, and"), "{refused}");
    ensure!(kept(&server)? == before && disk.free()? + (64 << 10) >= free);
    server.public().file(&report((37.5, 139.9))).await?;
    server.stop()?;
    server.start_again()?;
    ensure!(described(&server).await?["attribution"] == "試験の会", "the old base map is gone");
    server.finish()
}

/// A file of 国土数値情報 with one feature.
fn official(folder: &Path, name: &str, properties: Value, geometry: Value) -> Result<PathBuf> {
    let feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
    let file = folder.join(name);
    std::fs::write(&file, json!({ "type": "FeatureCollection", "features": [feature] }).to_string())?;
    Ok(file)
}

#[tokio::test]
async fn what_an_import_brings_is_drawn_in_the_place_of_its_own_kind_and_the_map_says_what_is_still_a_sketch()
-> Result<()> {
    let mut server = Server::start()?;
    let folder = tempfile::tempdir()?;
    let at = (37.51, 139.93);
    let line = json!({ "type": "LineString", "coordinates": [[139.929, 37.509], [139.931, 37.511]] });
    let named = json!({ "N02_003": "只見線", "N02_005": "試験駅" });
    let stations = official(folder.path(), "N02-22_Station.geojson", named, line.clone())?;
    let said = server.command(&["import", "base", &stations.to_string_lossy()], "")?;
    for told in [
        "station: 1 features; nothing was imported before",
        "imported: station\n",
        "as sketched (略図): expressway, interchange, office, peak, railway, road, settlement, water, waterway\n",
    ] {
        ensure!(said.contains(told), "{told}: {said}");
    }
    server.stop()?;
    server.start_again()?;
    let base = server.public().get("/api/base").await?.good()?;
    ensure!(base["kind"] == "features" && base["sketch"] == true, "{base}");
    let attribution = base["attribution"].as_str().context("no attribution")?;
    ensure!(attribution.contains("国土数値情報（鉄道データ）") && attribution.contains("略図"), "{attribution}");
    ensure!(described(&server).await?["attribution"] == attribution);
    let public = server.public();
    let drawn = features(&public, "base", at, 12, "station").await?;
    ensure!(drawn.len() == 1 && drawn[0].text("name")? == "試験駅", "{drawn:?}");
    ensure!(!drawn[0].properties.contains_key("sketch"), "{drawn:?}");
    let roads = features(&public, "base", at, 9, "road").await?;
    ensure!(!roads.is_empty() && roads.iter().all(|road| road.properties.contains_key("sketch")), "{roads:?}");

    // Another kind later: the stations stay.
    let lake =
        json!({ "type": "Polygon", "coordinates": [[[140.0, 37.4], [140.2, 37.4], [140.1, 37.6], [140.0, 37.4]]] });
    let lakes = official(folder.path(), "W09-05.geojson", json!({ "W09_001": "試験湖" }), lake)?;
    server.command(&["import", "base", &lakes.to_string_lossy()], "")?;
    server.stop()?;
    server.start_again()?;
    let public = server.public();
    let drawn = features(&public, "base", at, 12, "station").await?;
    ensure!(drawn.len() == 1 && drawn[0].text("name")? == "試験駅", "{drawn:?}");
    let water = features(&public, "base", (37.5, 140.1), 9, "water").await?;
    ensure!(water.len() == 1 && water[0].text("name")? == "試験湖", "{water:?}");
    server.finish()
}

#[tokio::test]
async fn an_mbtiles_file_becomes_the_base_map_and_one_that_is_cut_short_does_not() -> Result<()> {
    if !Command::new("ogr2ogr").arg("--version").output().is_ok_and(|done| done.status.success()) {
        skipped("gdal-bin is not installed");
        return Ok(());
    }
    let mut server = Server::start()?;
    let folder = tempfile::tempdir()?;
    let (lines, file) = (folder.path().join("road.geojson"), folder.path().join("roads.mbtiles"));
    let at = (37.5, 139.93);
    let line = json!({ "type": "LineString", "coordinates": [[139.9, 37.5], [139.96, 37.5]] });
    let feature = json!({ "type": "Feature", "properties": { "name": "国道49号" }, "geometry": line });
    std::fs::write(&lines, json!({ "type": "FeatureCollection", "features": [feature] }).to_string())?;
    let made = Command::new("ogr2ogr")
        .args(["-f", "MBTILES", "-dsco", "MINZOOM=4", "-dsco", "MAXZOOM=9", "-nln", "road"])
        .args([&file, &lines])
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    import(&server, &file)?;
    server.stop()?;
    server.start_again()?;
    let json = described(&server).await?;
    ensure!(json["attribution"] == "試験の会" && json["minzoom"] == 4 && json["maxzoom"] == 9, "{json}");
    ensure!(json["vector_layers"][0]["id"] == "road", "{json}");
    for z in [4, 9] {
        let roads = features(&server.public(), "base", at, z, "road").await?;
        ensure!(roads.len() == 1 && roads[0].text("name")? == "国道49号", "zoom {z}: {roads:?}");
    }
    let before = kept(&server)?;
    let bytes = std::fs::read(&file)?;
    let cut = folder.path().join("cut.mbtiles");
    std::fs::write(&cut, &bytes[..bytes.len() / 2])?;
    let refused = format!("{:#}", import(&server, &cut).err().context("it was taken")?);
    ensure!(refused.contains("cut.mbtiles is refused"), "{refused}");
    ensure!(kept(&server)? == before);
    server.stop()?;
    server.start_again()?;
    ensure!(described(&server).await? == json, "the old base map is gone");
    server.finish()
}
