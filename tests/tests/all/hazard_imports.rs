//! Which files of hazard zones are taken in, and what is said of the others.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Server, Start};
use sokuho_tests::skipped::skipped;

use crate::hazard::{flood, import, incident, zone, zones};
use crate::shared_data::shared_file;

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn files_that_are_no_good_are_refused_by_name_and_leave_what_is_in_force(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let at = (37.5, 139.9);
    let good = flood(3, at).to_string();
    import(&server, "A31a-22.geojson", good.as_bytes())?;
    let in_force = |server: &Server| -> Result<Vec<u8>> {
        let table =
            server.database().map(|database| database.query("SELECT id FROM sokuho.hazard_edition")).transpose()?;
        let mut bytes = std::fs::read(server.data().join("hazard/flood-max.zones"))?;
        bytes.extend(table.unwrap_or_default().into_bytes());
        Ok(bytes)
    };
    let before = in_force(&server)?;
    let of = |geometry: Value| zone(json!({ "A31a_205": 3 }), geometry).to_string();
    let swapped = of(json!([[[37.5, 139.9], [37.6, 139.9], [37.6, 140.0], [37.5, 139.9]]]));
    let plane = good.replace("6668", "6677");
    // Whether its middle is meant cannot be told.
    let star = of(json!([[
        [139.9, 37.6],
        [139.8412, 37.4191],
        [139.9951, 37.5309],
        [139.8049, 37.5309],
        [139.9588, 37.4191],
        [139.9, 37.6]
    ]]));
    let cases: [(&str, &[u8], &str); 10] = [
        ("cut.geojson", &good.as_bytes()[..good.len() - 20], "damaged or not understood"),
        ("swapped.geojson", swapped.as_bytes(), "latitude and longitude look exchanged"),
        ("plane.geojson", plane.as_bytes(), "urn:ogc:def:crs:EPSG::6677"),
        (
            "metres.geojson",
            &of(json!([[[5e3, 4e3], [6e3, 4e3], [6e3, 5e3], [5e3, 4e3]]])).into_bytes(),
            "look projected",
        ),
        ("crossed.geojson", star.as_bytes(), "no feature is known as a hazard zone (1 were looked at, 1 refused)"),
        ("cut.zip", b"PK\x03\x04 and nothing more", "cut short or damaged"),
        (
            "garbled.geojson",
            &[b"{\"features\": [{\"properties\": {\"A31a_205\": \"".as_slice(), &[0x90, 0xf3]].concat(),
            "damaged",
        ),
        ("lonely.shp", b"\0\0\x27\x0a", ".shx is missing"),
        ("zones.gpkg", b"SQLite format 3\0", "zones.gpkg is damaged or not understood"),
        ("zones.kml", b"<kml/>", "neither GeoJSON, nor a Shapefile"),
    ];
    for (name, content, reason) in cases {
        let refused = import(&server, name, content).err().with_context(|| format!("{name} was taken"))?.to_string();
        ensure!(refused.contains(reason), "{name}: {refused}");
        ensure!(in_force(&server)? == before, "{name} changed what is in force");
    }
    let left = std::fs::read_dir(server.data().join("hazard"))?.count();
    ensure!(left == 2, "the edition and the lock, nothing else: {left}");
    server.stop()?;
    // A node with an edition that cannot be read must not look as if there were no danger.
    let file = server.data().join("hazard/flood-max.zones");
    if server.database().is_none() {
        std::fs::write(&file, &before[..before.len() - 3])?;
        let said = server.start_refused()?;
        ensure!(said.contains("flood-max.zones is damaged"), "{said}");
        std::fs::write(&file, &before)?;
    }
    server.start_again()?;
    server.finish()
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_file_of_another_place_does_not_take_the_layer_away(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let first = import(&server, "A31a-22_07.geojson", flood(2, (37.5, 139.9)).to_string().as_bytes())?;
    ensure!(first.contains("flood-max: 1 of 1 zones lie in the region; nothing was imported before"), "{first}");
    let in_force = || std::fs::read(server.data().join("hazard/flood-max.zones"));
    let rows = || server.database().map(|known| known.query("SELECT id FROM sokuho.hazard_edition")).transpose();
    let before = (in_force()?, rows()?);
    let far = flood(2, (0.0, 0.1)).to_string();
    let refused = import(&server, "A31a-24_99.geojson", far.as_bytes()).err().context("it was taken")?.to_string();
    let told = "flood-max: 0 of 1 zones lie in the region; before, in A31a 2022, 1 of 1";
    ensure!(refused.contains("nothing was changed, and --anyway") && refused.contains(told), "{refused}");
    ensure!((in_force()?, rows()?) == before, "it is no longer in force");
    let file = server.data().join("A31a-24_99.geojson");
    let said = server.command(&["import", "hazard", "--anyway", &file.to_string_lossy()], "")?;
    ensure!(said.contains(told) && in_force()? != before.0, "{said}");
    server.finish()
}

#[tokio::test]
async fn a_geopackage_is_imported_and_one_in_plane_coordinates_is_refused_by_name() -> Result<()> {
    if !Command::new("ogr2ogr").arg("--version").output().is_ok_and(|done| done.status.success()) {
        skipped("gdal-bin is not installed");
        return Ok(());
    }
    let mut server = Server::start()?;
    let [town] = server.public().region().await?.towns()?.map(|town| town.clone());
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("zones.geojson"), flood(4, town.at).to_string())?;
    for (name, system) in [("A31a-24_07.gpkg", "EPSG:6668"), ("plane.gpkg", "EPSG:6677")] {
        let args = ["-f", "GPKG", &path(name), &path("zones.geojson"), "-nln", "浸水", "-t_srs", system];
        let made = Command::new("ogr2ogr").args(args).output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let said = server.command(&["import", "hazard", &path("A31a-24_07.gpkg")], "")?;
    ensure!(said.contains("flood-max 洪水浸水想定区域（想定最大規模）: A31a 2024, 1 zones, 5 corners"), "{said}");
    let before = std::fs::read(server.data().join("hazard/flood-max.zones"))?;
    let refused = server.command(&["import", "hazard", &path("plane.gpkg")], "").err().context("it was taken")?;
    ensure!(refused.to_string().contains("plane.gpkg: the coordinates are in JGD2011 / Japan Plane"), "{refused}");
    ensure!(std::fs::read(server.data().join("hazard/flood-max.zones"))? == before);
    server.stop()?;
    server.start_again()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let receipt = operator.file(&report(town.at)).await?;
    ensure!(zones(&incident(&operator, &receipt).await?) == ["flood-max 4 A31a 2024"]);
    server.finish()
}

#[tokio::test]
async fn real_files_of_the_ministry_are_imported_and_known_places_lie_in_their_zones() -> Result<()> {
    let Some(tokyo) = shared_file("hazard/ksj-a31/A31-20-21_8303040032.geojson") else { return Ok(()) };
    let Some(numazu) = shared_file("hazard/plateau/A33-schema_numazu-523856.geojson") else { return Ok(()) };
    let mut server = Server::start()?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let refused = server.command(&["import", "hazard", &text(&tokyo), &text(&numazu)], "").err().context("taken")?;
    let refused = refused.to_string();
    ensure!(refused.contains("the region would lose zones") && refused.contains("flood-max: 0 of"), "{refused}");
    let said = server.command(&["import", "hazard", "--anyway", &text(&tokyo), &text(&numazu)], "")?;
    ensure!(said.contains("309 features in"), "{said}");
    ensure!(said.contains("flood-max") && said.contains("landslide") && said.contains("A31 2020, "), "{said}");
    ensure!(!said.contains("(+1)"), "{said}");
    server.stop()?;
    server.start_again()?;
    let wall = server.wall(&server.public().region().await?.towns::<1>()?[0].code).await?;
    let published: Value = serde_json::from_slice(&std::fs::read(&numazu)?)?;
    let mut found = 0;
    for feature in published["features"].as_array().context("no features")?.iter().step_by(23) {
        let ring = &feature["geometry"]["coordinates"][0];
        let ring = if ring[0][0].is_array() { &ring[0] } else { ring };
        let corners: Vec<(f64, f64)> = ring
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|corner| Some((corner[1].as_f64()?, corner[0].as_f64()?)))
            .collect();
        // The middle between two opposite corners lies within most zones.
        let (a, b) = (corners[0], corners[corners.len() / 2]);
        let receipt = server.public().file(&report(((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0))).await?;
        found += usize::from(zones(&incident(&wall, &receipt).await?).iter().any(|zone| zone.starts_with("landslide")));
    }
    ensure!(found >= 8, "{found} of 11");
    server.finish()
}
