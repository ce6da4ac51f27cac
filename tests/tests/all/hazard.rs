//! Hazard zones: the demonstration, imports, the zones that reports and incidents carry, and looking again by another
//! edition.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Server, Start, command};
use sokuho_tests::tiles::{features, only};

/// A square of half a hundredth of a degree around a place.
fn square((lat, lon): (f64, f64)) -> Value {
    let (west, south, east, north) = (lon - 0.0025, lat - 0.0025, lon + 0.0025, lat + 0.0025);
    json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
}

/// A file of the ministry's schema with one zone of this depth rank around a place.
pub fn flood(rank: u8, at: (f64, f64)) -> Value {
    zone(json!({ "A31a_201": "8202010001", "A31a_205": rank }), square(at))
}

pub fn zone(properties: Value, coordinates: Value) -> Value {
    let geometry = json!({ "type": "Polygon", "coordinates": coordinates });
    let crs = json!({ "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::6668" } });
    let feature = json!({ "type": "Feature", "properties": properties, "geometry": geometry });
    json!({ "type": "FeatureCollection", "crs": crs, "features": [feature] })
}

pub fn import(server: &Server, name: &str, content: &[u8]) -> Result<String> {
    let file = server.data().join(name);
    std::fs::write(&file, content)?;
    server.command(&["import", "hazard", &file.to_string_lossy()], "")
}

/// What an incident says of its zones, as `layer class edition`.
pub fn zones(of: &Value) -> Vec<String> {
    let each = of["zones"].as_array().into_iter().flatten();
    let text = |zone: &Value, field: &str| zone[field].as_str().unwrap_or_default().to_owned();
    each.map(|zone| format!("{} {} {}", text(zone, "layer"), text(zone, "class"), text(zone, "edition"))).collect()
}

pub async fn incident(client: &Client, receipt: &Value) -> Result<Value> {
    let all = client.get("/api/incidents?limit=1000").await?.good()?;
    let all = all["incidents"].as_array().context("no incidents")?;
    all.iter().find(|one| one["id"] == receipt["incident"]).cloned().context("the incident is not there")
}

#[tokio::test]
async fn a_node_without_imports_shows_the_demonstration_and_says_that_it_is_invented() -> Result<()> {
    let server = Server::start()?;
    let answer = server.public().get("/api/hazard/layers").await?;
    let tag = answer.header("etag").to_owned();
    let layers = answer.good()?;
    let layers = layers["layers"].as_array().context("no layers")?;
    ensure!(layers.len() >= 4);
    for layer in layers {
        ensure!(layer["demonstration"] == true && layer["imported_at"].is_null(), "{layer}");
        ensure!(layer["edition"].as_str().is_some_and(|edition| edition.contains("架空・訓練用")), "{layer}");
        ensure!(layer["tiles"] == format!("/tiles/hazard-{}/{{z}}/{{x}}/{{y}}", layer["id"].as_str().unwrap_or("")));
        for class in layer["classes"].as_array().context("no classes")? {
            ensure!(class["known"] == true && class["color"].as_str().is_some_and(|color| color.len() == 7), "{class}");
        }
    }
    let again = server.public().request(reqwest::Method::GET, "/api/hazard/layers").header("if-none-match", tag);
    ensure!(server.public().send(again).await?.status == 304);

    // In the middle of the sketched river.
    let [town] = server.public().region().await?.towns()?.map(|town| town.code.clone());
    let wall = server.wall(&town).await?;
    let mut screen = wall.watch().await?;
    let receipt = server.public().file(&report((37.5, 139.895))).await?;
    let seen = screen.expect("the report", |entry| entry["kind"] == "report_filed").await?;
    for told in [&seen["incident"], &seen["incident"]["reports"][0], &incident(&wall, &receipt).await?] {
        let flood = told["zones"].as_array().into_iter().flatten().find(|zone| zone["layer"] == "flood-max");
        let flood = flood.with_context(|| format!("no zone of the flood: {told}"))?;
        ensure!(flood["hazard"] == "flood" && flood["class"] == "4" && flood["demonstration"] == true, "{flood}");
        ensure!(flood["depth"] == json!({ "min_m": 5.0, "max_m": 10.0 }), "{flood}");
        ensure!(flood["name"] == "浸水 5.0〜10.0m", "{flood}");
    }
    // What the public sees tells no more of the exact place than the coarse position.
    ensure!(incident(&server.public(), &receipt).await?["zones"].is_null());
    server.public().get("/api/incidents?zone=flood-max").await?.refused(401, "sign_in_required")?;
    server.public().get("/api/hazard/counts").await?.refused(401, "sign_in_required")?;
    let dry = server.public().file(&report((37.0, 141.0))).await?;
    ensure!(zones(&incident(&wall, &dry).await?).is_empty());
    server.finish()
}

#[tokio::test]
async fn who_reports_as_staff_is_told_at_once_in_which_zones_the_place_lies_and_a_resident_is_not() -> Result<()> {
    let server = Server::start()?;
    let [town] = server.public().region().await?.towns()?.map(|town| town.code.clone());
    let field = server.staff("sato", &town, None, "field").await?;
    let river = report((37.5, 139.895));
    let receipt = field.file(&river).await?;
    ensure!(!zones(&receipt).is_empty(), "{receipt}");
    ensure!(zones(&receipt) == zones(&incident(&field, &receipt).await?), "{receipt}");
    ensure!(field.file(&river).await? == receipt, "the same again");
    let dry = field.file(&report((37.0, 141.0))).await?;
    ensure!(dry["zones"] == json!([]), "{dry}");

    let receipt = server.public().file(&report((37.5, 139.895))).await?;
    ensure!(receipt.get("zones").is_none(), "{receipt}");
    let page = format!("/api/receipts/{}", receipt["key"].as_str().context("no key")?);
    let status = server.public().get(&page).await?.good()?;
    ensure!(status.get("zones").is_none(), "{status}");
    server.public().post("/api/reports", &river).await?.refused(409, "id_taken")?;
    server.finish()
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn an_import_is_in_force_from_the_next_start_and_open_incidents_are_looked_at_again(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let [town] = server.public().region().await?.towns()?.map(|town| town.clone());
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let said = import(&server, "A31a-22_07.geojson", flood(2, town.at).to_string().as_bytes())?;
    ensure!(said.contains("flood-max 洪水浸水想定区域（想定最大規模）: A31a 2022, 1 zones, 5 corners"), "{said}");
    let before = operator.file(&report(town.at)).await?;
    ensure!(!zones(&incident(&operator, &before).await?).iter().any(|zone| zone.contains("A31a 2022")));

    server.stop()?;
    let said = server.command(&["retag"], "")?;
    ensure!(said.starts_with("1 open incidents were looked at; 1 lie in other zones now"), "{said}");
    server.start_again()?;
    let tagged = "flood-max 2 A31a 2022".to_owned();
    let looked_at = incident(&operator, &before).await?;
    ensure!(zones(&looked_at) == [tagged.clone()], "{looked_at}");
    ensure!(!zones(&looked_at["reports"][0]).contains(&tagged), "the report stays as it was filed");
    let after = operator.file(&report(town.at)).await?;
    let filed = incident(&operator, &after).await?;
    ensure!(zones(&filed) == [tagged.clone()] && zones(&filed["reports"][0]) == [tagged.clone()], "{filed}");
    let elsewhere = operator.file(&report((town.at.0 + 0.01, town.at.1))).await?;
    ensure!(zones(&incident(&operator, &elsewhere).await?).is_empty());

    // Filters, counts, and what GIS programs are told.
    operator.set_status(after["incident"].as_str().context("no incident")?, "resolved").await?.good()?;
    let ids = |list: &Value| list["incidents"].as_array().map_or(0, Vec::len);
    for (zone, found) in [("flood-max", 2), ("flood-max:2", 2), ("flood-max:3", 0), ("landslide", 0)] {
        let list = operator.get(&format!("/api/incidents?zone={zone}")).await?.good()?;
        ensure!(ids(&list) == found, "{zone}: {list}");
    }
    let around = |lat: f64| format!("{},{},{},{}", town.at.1 - 0.001, lat - 0.001, town.at.1 + 0.001, lat + 0.001);
    let (here, elsewhere) = (around(town.at.0), around(town.at.0 + 0.01));
    for (narrowed, found) in [
        (format!("zone=flood-max&bbox={here}"), 2),
        (format!("zone=flood-max:2&bbox={here}&limit=1"), 1),
        (format!("zone=flood-max:3&bbox={here}"), 0),
        // There is an incident too, in no zone.
        (format!("zone=flood-max&bbox={elsewhere}"), 0),
        (format!("bbox={elsewhere}"), 1),
        (format!("zone=flood-max&office={}", town.code), 2),
        ("zone=flood-max&office=07423".to_owned(), 0),
    ] {
        let list = operator.get(&format!("/api/incidents?{narrowed}")).await?.good()?;
        ensure!(ids(&list) == found, "{narrowed}: {list}");
    }
    for wrong in ["zone=flood-max&near=37.5,139.9", "office=07202&bbox=139,37,140,38&zone=flood-max"] {
        operator.get(&format!("/api/incidents?{wrong}")).await?.refused(422, "invalid_field")?;
    }
    let public = format!("/api/incidents?zone=flood-max&bbox={here}");
    server.public().get(&public).await?.refused(401, "sign_in_required")?;
    let counts = operator.get("/api/hazard/counts").await?.good()?;
    let count = &counts["zones"][0];
    ensure!(counts["zones"].as_array().is_some_and(|zones| zones.len() == 1), "{counts}");
    ensure!(count["layer"] == "flood-max" && count["open"] == 1 && count["all"] == 2, "{counts}");
    for collection in ["incidents", "reports"] {
        let items = operator.get(&format!("/ogc/collections/{collection}/items")).await?.good()?;
        let items = items["features"].as_array().context("no features")?.clone();
        let tagged = items.iter().filter(|item| item["properties"]["zones"] == "flood-max:2").count();
        ensure!(tagged == if collection == "incidents" { 2 } else { 1 }, "{collection}: {items:?}");
        ensure!(items.iter().any(|item| item["properties"]["zone_names"] == "浸水 0.5〜3.0m"));
    }

    // Another edition of the layer takes the place of the first; what is resolved is left as it was.
    let mut other = flood(4, town.at);
    let ring = other.pointer_mut("/features/0/geometry/coordinates/0").and_then(Value::as_array_mut);
    ring.context("no ring")?.insert(2, json!([town.at.1 + 0.003, town.at.0]));
    import(&server, "A31a-24_07.geojson", other.to_string().as_bytes())?;
    let drawn = features(&operator, "hazard-flood-max", town.at, 14, "zones").await?;
    ensure!(only(&drawn)?.text("class")? == "2", "until the next start nobody is shown the other: {drawn:?}");
    server.stop()?;
    let said = server.command(&["retag"], "")?;
    ensure!(said.starts_with("2 open incidents were looked at; 1 lie in other zones now"), "{said}");
    ensure!(server.command(&["retag"], "")?.contains("; 0 lie in other zones now"), "the second time there is nothing");
    if let Some(database) = server.database() {
        let rows = database.query(
            "SELECT layer, class, depth_min_m, edition, ST_NPoints(geom), ST_IsValid(geom) FROM sokuho.hazard_zone",
        )?;
        ensure!(rows.trim() == "flood-max|4|5|A31a 2024|6|t", "{rows}");
        let rows = database.query(
            "SET ROLE sokuho_reader; SELECT count(*) FROM sokuho.incident i JOIN sokuho.hazard_zone z \
             ON ST_Intersects(i.geom, z.geom) WHERE i.zones @> '[{\"class\": \"4\"}]'",
        )?;
        ensure!(rows.trim() == "1", "{rows}");
        let before = database.query("SELECT id, zones FROM sokuho.incident ORDER BY id")?;
        server.command(&["rebuild"], "")?;
        ensure!(database.query("SELECT id, zones FROM sokuho.incident ORDER BY id")? == before);
        // The files are copies there: without them nothing is lost.
        std::fs::remove_dir_all(server.data().join("hazard"))?;
    }
    server.start_again()?;
    ensure!(zones(&incident(&operator, &before).await?) == ["flood-max 4 A31a 2024"]);
    ensure!(zones(&incident(&operator, &after).await?) == [tagged]);
    let layers = server.public().get("/api/hazard/layers").await?.good()?;
    let layer = &layers["layers"][0];
    ensure!(layer["edition"] == "A31a 2024" && layer["demonstration"] == false && layer["zones"] == 1, "{layers}");
    ensure!(
        layers["layers"].as_array().is_some_and(|layers| layers.len() == 1),
        "the demonstration has gone: {layers}"
    );
    server.finish()
}

#[tokio::test]
async fn a_retag_beside_a_running_node_is_refused() -> Result<()> {
    let server = Server::start()?;
    let refused = server.command(&["retag"], "").err().context("it was not refused")?.to_string();
    ensure!(refused.contains("another node runs on the folder"), "{refused}");
    server.finish()
}

#[tokio::test]
async fn of_the_tables_and_the_folder_the_later_import_counts() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let mut server = start.start()?;
    let [town] = server.public().region().await?.towns()?.map(|town| town.clone());
    let in_force = async |server: &Server| -> Result<String> {
        let layers = server.public().get("/api/hazard/layers").await?.good()?;
        let database = server.database().context("no database")?;
        let rows = database.query("SELECT layer, class, edition FROM sokuho.hazard_zone")?;
        Ok(format!("{} = {}", layers["layers"][0]["edition"], rows.trim()))
    };

    // An import that was not told of the database, as on a node that moves from SQLite.
    let file = server.data().join("A31a-22_07.geojson");
    std::fs::write(&file, flood(2, town.at).to_string())?;
    let data = server.data().to_string_lossy().into_owned();
    server.stop()?;
    command(&["import", "hazard", "--data", &data, &file.to_string_lossy()], "")?;
    server.start_again()?;
    ensure!(in_force(&server).await? == r#""A31a 2022" = flood-max|2|A31a 2022"#);

    // A database that was restored without them.
    server.stop()?;
    let database = server.database().context("no database")?;
    database.query("TRUNCATE sokuho.hazard_edition, sokuho.hazard_zone")?;
    server.start_again()?;
    ensure!(in_force(&server).await? == r#""A31a 2022" = flood-max|2|A31a 2022"#);

    // A folder of before the last import, and one that is damaged.
    let zones = server.data().join("hazard/flood-max.zones");
    let before = std::fs::read(&zones)?;
    import(&server, "A31a-24_07.geojson", flood(4, town.at).to_string().as_bytes())?;
    for old in [&before[..], &before[..20]] {
        server.stop()?;
        std::fs::write(&zones, old)?;
        server.start_again()?;
        ensure!(in_force(&server).await? == r#""A31a 2024" = flood-max|4|A31a 2024"#);
    }
    server.finish()
}
