//! The map's tiles: live ones for offices and for everybody, boundaries, and what describes them.

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use serde_json::{Value, json};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;
use sokuho_tests::tiles::{address, column_and_row, features, incidents, only};

#[tokio::test]
async fn each_source_says_where_its_tiles_are_on_this_node() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let sources = public.get("/tiles").await?.good()?;
    let sources = sources["sources"].as_array().context("no list")?;
    for id in ["live", "boundaries"] {
        let source = sources.iter().find(|source| source["id"] == id).context("a source is missing")?;
        let described = source["tilejson"].as_str().context("no address")?;
        let path = described.strip_prefix(public.base()).context("an address elsewhere")?;
        let json = public.get(path).await?.good()?;
        ensure!(json["tilejson"] == "3.0.0" && json["scheme"] == "xyz" && json["kind"] == "vector", "{json}");
        ensure!(json["tiles"] == json!([format!("{}/tiles/{id}/{{z}}/{{x}}/{{y}}", public.base())]), "{json}");
        let bounds: Vec<f64> = serde_json::from_value(json["bounds"].clone())?;
        ensure!(bounds.len() == 4 && bounds[0] < bounds[2] && bounds[1] < bounds[3], "{json}");
        ensure!(json["vector_layers"].as_array().is_some_and(|layers| !layers.is_empty()), "{json}");
    }
    for unknown in ["/tiles/nowhere.json", "/tiles/live", "/tiles/.json", "/tiles/nowhere/3/1/1"] {
        public.get(unknown).await?.refused(404, "not_found")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_report_is_in_the_next_tile_at_every_zoom_as_soon_as_it_has_its_receipt() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town] = public.region().await?.towns()?.map(Clone::clone);
    for n in 1..=12_u64 {
        // Always the same place, so that every tile was asked for and is kept from before.
        public.file(&report(town.at)).await?;
        for z in [0, 5, 11, 12, 16] {
            let asked = Instant::now();
            ensure!(incidents(&public, town.at, z).await? == (n, 0), "report {n} is missing at zoom {z}");
            ensure!(asked.elapsed() < Duration::from_secs(2), "a tile took {:?}", asked.elapsed());
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_report_is_in_the_tile_that_follows_its_receipt_while_many_arrive() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town, other] = public.region().await?.towns()?.map(Clone::clone);
    let sending = (0..8_u64).map(|sender| {
        let public = public.clone();
        let at = if sender % 2 == 0 { town.at } else { other.at };
        tokio::spawn(async move {
            for n in 1..=5_u64 {
                public.file(&report(at)).await?;
                let (seen, _) = incidents(&public, at, 12).await?;
                ensure!(seen >= n, "{seen} incidents after {n} receipts");
            }
            Ok(())
        })
    });
    for sender in sending.collect::<Vec<_>>() {
        sender.await??;
    }
    ensure!(incidents(&public, town.at, 13).await? == (20, 0));
    ensure!(incidents(&public, other.at, 13).await? == (20, 0));
    Ok(())
}

#[tokio::test]
async fn offices_see_danger_and_reports_and_the_public_what_everybody_may_see() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town] = public.region().await?.towns()?.map(Clone::clone);
    // Between two steps of the public's grid, so that exact and coarse differ.
    let exact =
        ((town.at.0 * 10_000.0).round() / 10_000.0 + 0.000_04, (town.at.1 * 10_000.0).round() / 10_000.0 + 0.000_04);
    let sent = with(report(exact), "danger_to_life", Value::Bool(true));
    // Only staff mark danger to life.
    let receipt = server.staff("tile-field", &town.code, None, "field").await?.file(&sent).await?;
    let wall = server.wall(&town.code).await?;

    let seen = features(&wall, "live", exact, 16, "incidents").await?;
    let office = only(&seen)?;
    ensure!(office.text("id")? == receipt["incident"] && office.text("category")? == "road_damage", "{office:?}");
    ensure!(office.text("status")? == "received" && office.flag("danger_to_life"), "{office:?}");
    let seen = features(&wall, "live", exact, 16, "reports").await?;
    let filed = only(&seen)?;
    ensure!(filed.text("id")? == sent["id"] && filed.text("incident")? == receipt["incident"], "{filed:?}");

    let seen = features(&public, "live", exact, 16, "incidents").await?;
    let everybody = only(&seen)?;
    ensure!(everybody.text("id")? == receipt["incident"], "{everybody:?}");
    ensure!(!everybody.properties.contains_key("danger_to_life"), "{everybody:?}");
    ensure!(everybody.at != office.at, "the public is told the exact place: {everybody:?}");
    ensure!(features(&public, "live", exact, 16, "reports").await?.is_empty(), "the public sees reports");
    for z in [3, 11, 12, 14] {
        let tile = public.get(&address("live", exact, z)).await?;
        let holds = |text: &str| tile.body.windows(text.len()).any(|part| part == text.as_bytes());
        ensure!(!holds("danger") && !holds(sent["id"].as_str().context("no id")?), "zoom {z} says too much");
    }
    public.with_token("nonsense").get(&address("live", exact, 16)).await?.refused(401, "token_invalid")?;
    Ok(())
}

#[tokio::test]
async fn a_drill_is_never_in_one_cluster_with_the_real_thing() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town] = public.region().await?.towns()?.map(Clone::clone);
    let admin = server.staff("tile-admin", &town.code, None, "admin").await?;
    public.file(&report(town.at)).await?;
    let drill = admin.open_drill("訓練").await?;
    for _ in 0..3 {
        public.file(&with(report(town.at), "operation", json!(drill))).await?;
    }
    for z in [0, 8, 11, 12, 16] {
        ensure!(incidents(&public, town.at, z).await? == (1, 3), "zoom {z}");
    }
    admin
        .post(&format!("/api/operations/{drill}/close"), &json!({ "id": sokuho_tests::time::new_id() }))
        .await?
        .good()?;
    for z in [0, 8, 11, 12, 16] {
        ensure!(incidents(&public, town.at, z).await? == (1, 0), "zoom {z}: a closed drill is gone");
    }
    Ok(())
}

#[tokio::test]
async fn an_address_out_of_range_is_refused_by_name() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    for address in
        ["17/0/0", "99/0/0", "3/8/0", "3/0/8", "3/4294967296/0", "3/-1/0", "3/a/0", "3/1.0/0", "3/01/0", "3/0x1/0"]
    {
        for source in ["live", "boundaries"] {
            public.get(&format!("/tiles/{source}/{address}")).await?.refused(404, "tile_out_of_range")?;
        }
    }
    public.get("/tiles/live/3/1").await?.refused(404, "not_found")?;
    public.post("/tiles/live/3/1/1", &json!({})).await?.refused(405, "method_not_allowed")?;
    Ok(())
}

#[tokio::test]
async fn a_tile_at_hand_is_right_until_something_changes_at_its_place() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town, other] = public.region().await?.towns()?.map(Clone::clone);
    ensure!(column_and_row(town.at, 13) != column_and_row(other.at, 13), "the towns are too near each other");
    public.file(&report(town.at)).await?;
    let address = address("live", town.at, 13);
    let first = public.get(&address).await?;
    let tag = first.header("etag").to_owned();
    let again = async || public.send(public.request(Method::GET, &address).header(IF_NONE_MATCH, &tag)).await;
    ensure!(again().await?.status == 304, "nothing has changed");
    public.file(&report(other.at)).await?;
    ensure!(again().await?.status == 304, "what happens elsewhere changes nothing here");
    public.file(&report(town.at)).await?;
    let changed = again().await?;
    ensure!(changed.status == 200 && changed.header("etag") != tag, "{} {}", changed.status, changed.header("etag"));
    let wall = server.wall(&town.code).await?;
    let office = wall.get(&address).await?;
    ensure!(office.header("etag") != changed.header("etag"), "two forms under one tag");
    ensure!(office.header("cache-control").contains("private"), "{}", office.header("cache-control"));
    Ok(())
}

#[tokio::test]
async fn the_boundaries_are_drawn_with_codes_and_names_and_kept_by_the_browser() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let [town] = public.region().await?.towns()?.map(Clone::clone);
    for z in [5, 9, 14] {
        let drawn = features(&public, "boundaries", town.at, z, "boundaries").await?;
        let own = drawn.iter().find(|feature| feature.text("code").is_ok_and(|code| code == town.code));
        ensure!(own.context("the town is missing")?.text("name")? == town.name, "zoom {z}");
    }
    let address = address("boundaries", town.at, 9);
    let plain = public.get(&address).await?;
    let tag = plain.header("etag");
    let again = public.send(public.request(Method::GET, &address).header(IF_NONE_MATCH, tag)).await?;
    ensure!(again.status == 304 && again.body.is_empty(), "{}", again.status);
    let packed = public.send(public.request(Method::GET, &address).header(ACCEPT_ENCODING, "gzip")).await?;
    ensure!(
        packed.header("content-encoding") == "gzip" && packed.header("vary").contains("Accept-Encoding"),
        "not packed"
    );
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked)?;
    ensure!(unpacked == plain.body, "packed and plain differ");
    let far = public.get("/tiles/boundaries/9/0/0").await?;
    ensure!(far.status == 204 && far.body.is_empty(), "{}", far.status);
    Ok(())
}

#[tokio::test]
async fn the_sketch_of_the_base_map_is_to_be_had_as_tiles_and_says_that_it_is_one() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let base = public.get("/api/base").await?.good()?;
    ensure!(base["sketch"] == true, "the built-in region has a sketch");
    let features = base["features"]["features"].as_array().context("no features")?;
    let place = features.iter().find(|one| one["properties"]["layer"] == "place").context("no place")?;
    let at = (
        place["geometry"]["coordinates"][1].as_f64().context("no latitude")?,
        place["geometry"]["coordinates"][0].as_f64().context("no longitude")?,
    );
    let drawn = sokuho_tests::tiles::features(&public, "base", at, 12, "place").await?;
    let found = drawn.iter().find(|one| one.text("name").is_ok_and(|name| name == place["properties"]["name"]));
    ensure!(found.context("the place is missing")?.flag("sketch"), "it does not say that it is a sketch");
    Ok(())
}

#[tokio::test]
async fn a_style_names_addresses_of_this_node_alone() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let style = public.get("/styles/standard.json").await?.good()?;
    ensure!(style["version"] == 8, "{style}");
    let sources = style["sources"].as_object().context("no sources")?;
    for id in ["base", "boundaries", "live"] {
        let address = sources.get(id).context("a source is missing")?["url"].as_str().context("no address")?;
        let path = address.strip_prefix(public.base()).context("an address elsewhere")?;
        public.get(path).await?.good()?;
    }
    for layer in style["layers"].as_array().context("no layers")? {
        let source = layer["source"].as_str();
        ensure!(source.is_none_or(|source| sources.contains_key(source)), "{layer}");
    }
    let text = style.to_string();
    ensure!(text.matches("http").count() == sources.len(), "another address: {text}");
    public.get("/styles/boundaries.json").await?.refused(404, "not_found")?;
    public.get("/styles/standard").await?.refused(404, "not_found")?;
    Ok(())
}

#[tokio::test]
async fn each_layer_of_hazard_zones_is_drawn_with_the_classes_of_its_legend() -> Result<()> {
    let server = Server::start()?;
    let public = server.public();
    let layers = public.get("/api/hazard/layers").await?.good()?;
    let layers = layers["layers"].as_array().context("no list")?;
    ensure!(!layers.is_empty(), "the built-in region has zones for drills");
    for layer in layers {
        let id = layer["id"].as_str().context("no id")?;
        let bounds = |edge: &str| layer["bounds"][edge].as_f64().context("no bounds");
        let middle = ((bounds("south")? + bounds("north")?) / 2.0, (bounds("west")? + bounds("east")?) / 2.0);
        let source = format!("hazard-{id}");
        ensure!(layer["tiles"] == format!("/tiles/{source}/{{z}}/{{x}}/{{y}}"), "{layer}");
        let json = public.get(&format!("/tiles/{source}.json")).await?.good()?;
        ensure!(json["vector_layers"][0]["id"] == "zones" && json["kind"] == "vector", "{json}");
        let zones = features(&public, &source, middle, 8, "zones").await?;
        ensure!(!zones.is_empty(), "{id}: nothing is drawn");
        let classes: Vec<&str> =
            layer["classes"].as_array().context("no classes")?.iter().filter_map(|one| one["code"].as_str()).collect();
        for zone in zones {
            ensure!(classes.contains(&zone.text("class")?), "{id}: {zone:?} is not in {classes:?}");
        }
    }
    Ok(())
}
