//! What GIS people use: GDAL's own client against a running node. Needs gdal-bin.

use sokuho_tests::skipped::skipped;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::Value;
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Server, Start};
use tokio::process::Command;

/// Whether GDAL is here; where it is not, the test says so and ends.
async fn gdal_is_here() -> bool {
    let version = Command::new("ogrinfo").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let here = version.is_ok_and(|status| status.success());
    if !here {
        skipped("gdal-bin is not installed");
    }
    here
}

/// Runs a program of GDAL; with a token in its headers, as docs/gis.md says.
async fn gdal(program: &str, token: Option<&str>, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    if let Some(token) = token {
        command.env("GDAL_HTTP_HEADERS", format!("Authorization: Bearer {token}"));
    }
    let output = command.output().await.with_context(|| format!("running {program}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && !errors.contains("ERROR"), "{program} {args:?}: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

fn source(server: &Server) -> String {
    format!("OAPIF:{}/ogc", server.url())
}

/// Features of a GeoJSON file.
fn features(file: &Path) -> Result<Vec<Value>> {
    let read: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    read["features"].as_array().cloned().context("no features")
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn ogrinfo_reads_what_its_caller_may_see(#[case] edition: Edition) -> Result<()> {
    if !gdal_is_here().await {
        return Ok(());
    }
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town, home] = region.towns()?;
    let staff = server.staff("sato", &town.code, Some(&home.code), "field").await?;
    staff.check_in(&home.code).await?;
    for at in [town.at, home.at] {
        server.public().file(&report(at)).await?;
    }

    for slash in ["", "/"] {
        let source = format!("{}{slash}", source(&server));
        let public = gdal("ogrinfo", None, &["-ro", "-al", "-so", &source]).await?;
        for layer in ["Layer name: incidents", "Layer name: offices", "Layer name: shelters"] {
            ensure!(public.contains(layer), "{layer} in {public}");
        }
        for hidden in ["Layer name: reports", "Layer name: check-ins", "words: String"] {
            ensure!(!public.contains(hidden), "{hidden} in {public}");
        }
        ensure!(public.contains("Feature Count: 2"), "{public}");
        ensure!(public.contains("filed_at: DateTime") && public.contains("Geometry: Point"), "{public}");
    }

    let wall = server.wall_token(&town.code).await?;
    for token in [staff.token().context("no token")?, &wall] {
        let office = gdal("ogrinfo", Some(token), &["-ro", "-al", &source(&server)]).await?;
        for wanted in ["Layer name: reports", "Layer name: check-ins", "路肩が崩れています", "sato の人"] {
            ensure!(office.contains(wanted), "{wanted} in {office}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn ogr2ogr_takes_everything_page_by_page_and_what_lies_in_a_box() -> Result<()> {
    if !gdal_is_here().await {
        return Ok(());
    }
    let server = Start::default().arg("--reports-per-minute").arg("0").start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    for at in [town.at, other.at] {
        for step in 0..15 {
            server.public().file(&report((at.0 + f64::from(step) * 1e-4, at.1))).await?;
        }
    }
    let folder = tempfile::tempdir()?;
    let (source, all) = (source(&server), folder.path().join("all.geojson"));
    let path = all.to_string_lossy().into_owned();
    gdal("ogr2ogr", None, &["-f", "GeoJSON", "-oo", "PAGE_SIZE=7", &path, &source, "incidents"]).await?;
    ensure!(features(&all)?.len() == 30, "{}", features(&all)?.len());

    let some = folder.path().join("some.geojson");
    let path = some.to_string_lossy().into_owned();
    let edges = [town.at.1 - 0.002, town.at.0 - 0.002, town.at.1 + 0.002, town.at.0 + 0.002].map(|e| e.to_string());
    let [west, south, east, north] = edges.each_ref().map(String::as_str);
    let args = ["-f", "GeoJSON", "-spat", west, south, east, north, &path, &source, "incidents"];
    gdal("ogr2ogr", None, &args).await?;
    let found = features(&some)?;
    ensure!(found.len() == 15, "{}", found.len());
    ensure!(found.iter().all(|feature| feature["properties"]["responsible"] == town.code.as_str()), "{found:?}");

    let wall = server.wall_token(&town.code).await?;
    let exact = folder.path().join("exact.gpkg");
    gdal("ogr2ogr", Some(&wall), &["-f", "GPKG", &exact.to_string_lossy(), &source, "reports"]).await?;
    let read = gdal("ogrinfo", None, &["-ro", "-al", "-so", &exact.to_string_lossy()]).await?;
    ensure!(read.contains("Feature Count: 30") && read.contains("words: String"), "{read}");
    Ok(())
}

#[tokio::test]
async fn the_boundaries_arrive_as_ground_and_say_that_they_are_a_sketch() -> Result<()> {
    if !gdal_is_here().await {
        return Ok(());
    }
    let server = Server::start()?;
    let region = server.public().region().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("offices.geojson");
    gdal("ogr2ogr", None, &["-f", "GeoJSON", &file.to_string_lossy(), &source(&server), "offices"]).await?;
    let offices = features(&file)?;
    ensure!(offices.len() == region.offices.len(), "{}", offices.len());
    for office in offices {
        let properties = &office["properties"];
        let expected = if properties["kind"] == "municipality" { "MultiPolygon" } else { "Point" };
        ensure!(office["geometry"]["type"] == expected, "{properties}");
        ensure!(expected == "Point" || properties["sketch"] == true, "{properties}");
    }
    Ok(())
}
