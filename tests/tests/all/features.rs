//! OGC API – Features: every answer is made of the standard's building blocks, and what the standard asks of
//! a server holds.

use std::collections::{BTreeSet, HashSet};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::{Answer, Client};
use sokuho_tests::features::{
    Collection, Collections, Conformance, Feature, FeatureCollection, GEOJSON, LandingPage, Link, check_exception, link,
};
use sokuho_tests::region::Office;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, Server, Start};

/// A page of features, checked.
pub(crate) async fn page(client: &Client, path: &str) -> Result<FeatureCollection> {
    let answer = client.get(path).await?;
    ensure!(answer.header("content-type") == GEOJSON, "{path}: {} {}", answer.status, answer.text());
    let page: FeatureCollection = serde_json::from_value(answer.good()?).with_context(|| path.to_owned())?;
    page.check().with_context(|| path.to_owned())?;
    Ok(page)
}

/// The path of a link on the node.
pub(crate) fn path_of<'a>(client: &Client, link: &'a Link) -> Result<&'a str> {
    link.href.strip_prefix(client.base()).with_context(|| format!("{link:?} leads elsewhere"))
}

async fn answer<T: serde::de::DeserializeOwned>(client: &Client, path: &str) -> Result<T> {
    let answer = client.get(path).await?;
    ensure!(answer.header("cache-control") == "no-store", "{path}");
    serde_json::from_value(answer.good()?).with_context(|| path.to_owned())
}

/// Goes from the landing page to everything that links lead to, and checks it. Returns the collections.
async fn crawl(client: &Client) -> Result<Vec<String>> {
    let landing: LandingPage = answer(client, "/ogc").await?;
    landing.check()?;
    answer::<LandingPage>(client, "/ogc/").await?.check()?;
    for link in &landing.links {
        let found = client.get(path_of(client, link)?).await?;
        ensure!(found.status == 200, "{link:?}: {}", found.status);
        let kind = found.header("content-type");
        ensure!(kind.starts_with(&link.r#type), "{link:?} is of {kind}");
    }
    let conformance: Conformance = answer(client, "/ogc/conformance").await?;
    for class in ["core", "geojson", "oas30"] {
        let class = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        ensure!(conformance.conforms_to.contains(&class), "{conformance:?}");
    }
    let data = link(&landing.links, "data").context("no data")?;
    let collections: Collections = answer(client, path_of(client, data)?).await?;
    collections.check()?;
    for collection in &collections.collections {
        let own = link(&collection.links, "self").context("no self")?;
        let alone: Collection = answer(client, path_of(client, own)?).await?;
        alone.check()?;
        ensure!(alone.id == collection.id, "{alone:?}");
        let items = link(&collection.links, "items").context("no items")?;
        let items = page(client, path_of(client, items)?).await?;
        ensure!(!items.features.is_empty(), "nothing in {}", collection.id);
        for feature in &items.features {
            let path = format!("/ogc/collections/{}/items/{}", collection.id, feature.id);
            let found = client.get(&path).await?;
            ensure!(found.header("content-type") == GEOJSON, "{path}");
            let found: Feature = serde_json::from_value(found.good()?)?;
            found.check_alone()?;
            ensure!(found.id == feature.id && found.properties == feature.properties, "{found:?}");
        }
    }
    Ok(collections.collections.into_iter().map(|collection| collection.id).collect())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn every_answer_is_made_of_the_standards_building_blocks(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town, home] = region.towns()?;
    let staff = server.staff("gis", &town.code, Some(&home.code), "field").await?;
    staff.check_in(&home.code).await?;
    server.public().file(&report(town.at)).await?;
    staff.file(&report(home.at)).await?;
    server.public().file(&report((35.68, 139.76))).await?;

    ensure!(crawl(&server.public()).await? == ["incidents", "offices", "shelters"]);
    let all = ["incidents", "reports", "offices", "check-ins", "shelters"];
    ensure!(crawl(&staff).await? == all);
    ensure!(crawl(&server.wall(&town.code).await?).await? == all);

    let check_ins = page(&staff, "/ogc/collections/check-ins/items").await?;
    ensure!(check_ins.features[0].properties["office"] == json!(home.code), "{check_ins:?}");
    let reports = page(&staff, "/ogc/collections/reports/items").await?;
    let standings: Vec<&Value> = reports.features.iter().map(|feature| &feature.properties["standing"]).collect();
    ensure!(standings == ["outside", "inside", "inside"], "{standings:?}");
    Ok(())
}

#[tokio::test]
async fn the_definition_says_of_the_parameters_what_the_standard_says() -> Result<()> {
    let server = Server::start()?;
    let client = server.public();
    let request = client.request(Method::GET, "/ogc/api");
    let found = client.send(request.header("accept", "application/vnd.oai.openapi+json;version=3.0")).await?;
    ensure!(found.header("content-type") == "application/vnd.oai.openapi+json;version=3.0");
    let document = found.good()?;
    ensure!(document["openapi"] == "3.0.3" && document["servers"][0]["url"] == format!("{}/ogc", server.url()));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        let operation = &item["get"];
        ensure!(ids.insert(operation["operationId"].to_string()), "{path}: its operationId is another's");
        let responses = operation["responses"].as_object().with_context(|| format!("{path} answers nothing"))?;
        ensure!(["200", "400", "401", "406"].iter().all(|status| responses.contains_key(*status)), "{path}");
        let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        for name in named {
            let parameter = json!({ "$ref": format!("#/components/parameters/{name}") });
            let parameters = operation["parameters"].as_array().context("no parameters")?;
            ensure!(parameters.contains(&parameter), "{path}: {name} is not described");
        }
    }
    // /req/core/fc-limit-definition, fc-bbox-definition, fc-time-definition.
    let parameter = |name: &str| &document["components"]["parameters"][name];
    let limit = &parameter("limit")["schema"];
    ensure!(*limit == json!({ "type": "integer", "minimum": 1, "maximum": 10_000, "default": 100 }), "{limit}");
    for name in ["limit", "bbox", "datetime"] {
        let wanted = ["query", "form"];
        let found = [&parameter(name)["in"], &parameter(name)["style"]];
        ensure!(found == wanted && parameter(name)["explode"] == false, "{}", parameter(name));
    }
    // OpenAPI 3.0 knows no list of types; that is 3.1.
    ensure!(!document.to_string().contains("\"type\":["), "3.1 is in it");
    Ok(())
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_by_name() -> Result<()> {
    let server = Server::start()?;
    let town = server.public().region().await?.towns::<1>()?[0].clone();
    let staff = server.wall(&town.code).await?;
    for collection in ["incidents", "reports", "offices", "check-ins", "shelters"] {
        let items = format!("/ogc/collections/{collection}/items");
        for query in [
            "unknown=1",
            "BBOX=1,2,3,4",
            "limit=1&limit=2",
            "limit=0",
            "limit=-1",
            "limit=1.5",
            "limit=x",
            "limit=",
            "bbox=1,2,3",
            "bbox=1,2,3,4,5",
            "bbox=a,b,c,d",
            "bbox=139,38,140,37",
            "bbox=139,37,181,38",
            "bbox=139,37,140,NaN",
            "datetime=yesterday",
            "datetime=2026-11-22",
            "datetime=2026-11-22T00:00:00",
            "datetime=../..",
            "datetime=2026-11-22T00:00:00Z/2026-11-21T00:00:00Z",
            "cursor=x",
            "cursor=",
            "f=html",
            "crs=http://www.opengis.net/def/crs/EPSG/0/6668",
        ] {
            let problem = staff.get(&format!("{items}?{query}")).await?.refused(400, "malformed_request");
            check_exception(&problem.with_context(|| format!("{items}?{query}"))?)?;
        }
        for path in ["x", "00000000-0000-7000-8000-000000000000", "%00", "..%2F.."] {
            let problem = staff.get(&format!("{items}/{path}")).await?.refused(404, "not_found");
            check_exception(&problem.with_context(|| path.to_owned())?)?;
        }
        staff.get(&format!("/ogc/collections/{collection}?limit=1")).await?.refused(400, "malformed_request")?;
        staff.post(&items, &json!({})).await?.refused(405, "method_not_allowed")?;
    }
    for path in ["/ogc", "/ogc/", "/ogc/api", "/ogc/conformance", "/ogc/collections"] {
        staff.get(&format!("{path}?unknown=1")).await?.refused(400, "malformed_request")?;
        let html = staff.request(Method::GET, path).header("accept", "text/html");
        check_exception(&staff.send(html).await?.refused(406, "not_acceptable")?)?;
        ensure!(staff.get(&format!("{path}?f=json")).await?.status == 200, "{path}");
    }
    for path in ["/ogc/collections/hydrants", "/ogc/collections/hydrants/items", "/ogc/nothing"] {
        staff.get(path).await?.refused(404, "not_found")?;
    }
    server.public().with_token("nonsense").get("/ogc").await?.refused(401, "token_invalid")?;
    for host in ["a/b", "user@host", "a\"><b", "h:x"] {
        let named = staff.request(Method::GET, "/ogc").header("host", host);
        staff.send(named).await?.refused(400, "malformed_request").with_context(|| host.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_question_for_the_head_alone_is_answered_without_a_body() -> Result<()> {
    let server = Server::start()?;
    let client = server.public();
    for path in ["/ogc", "/ogc/collections/incidents/items", "/ogc/collections/offices/items?limit=10000"] {
        let head = client.send(client.request(Method::HEAD, path)).await?;
        ensure!(head.status == 200 && head.body.is_empty(), "{path}: {}", head.status);
        ensure!(head.header("content-type").starts_with("application/"), "{path}");
    }
    Ok(())
}

/// Latitude and longitude so many steps of about 11 m from an office.
fn beside(town: &Office, steps: usize) -> (f64, f64) {
    let (row, column) = (steps / 40, steps % 40);
    (town.at.0 + row as f64 * 1e-4, town.at.1 + column as f64 * 1e-4)
}

async fn file_many(client: &Client, town: &Office, count: usize) -> Result<HashSet<String>> {
    let filed = stream::iter(0..count).map(|number| {
        let sent = report(beside(town, number));
        async move {
            client.file(&sent).await?;
            sent["id"].as_str().map(str::to_owned).context("no id")
        }
    });
    filed.buffer_unordered(32).try_collect().await
}

#[tokio::test]
async fn pages_give_each_of_1200_reports_exactly_once_while_new_ones_arrive() -> Result<()> {
    let server = Start::default().arg("--reports-per-minute").arg("0").start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let (wall, public) = (server.wall(&town.code).await?, server.public());
    let before = file_many(&public, town, 1_200).await?;
    ensure!(before.len() == 1_200);

    for question in ["limit=90".to_owned(), format!("limit=90&bbox={},{},180,90", town.at.1 - 0.1, town.at.0 - 0.1)] {
        let mut path = format!("/ogc/collections/reports/items?{question}");
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let (found, _) = tokio::try_join!(page(&wall, &path), file_many(&public, town, 5))?;
            pages += 1;
            seen.extend(found.features.iter().map(|feature| feature.id.clone()));
            let Some(next) = link(&found.links, "next") else { break };
            ensure!(found.number_returned == 90, "{} on page {pages}", found.number_returned);
            path = path_of(&wall, next)?.to_owned();
        }
        let distinct: HashSet<String> = seen.iter().cloned().collect();
        ensure!(distinct.len() == seen.len(), "{} came twice", seen.len() - distinct.len());
        let missing = before.difference(&distinct).count();
        ensure!(missing == 0, "{missing} of those that were there from the start are missing");
        ensure!(pages > 13, "{pages} pages");
    }

    // The public pages through incidents the same way; a page of several slices is whole.
    let all = page(&server.public(), "/ogc/collections/incidents/items?limit=10000").await?;
    ensure!(all.features.len() >= 1_200 && all.number_matched == Some(all.features.len()), "{:?}", all.number_matched);
    ensure!(link(&all.links, "next").is_none());
    let more = page(&server.public(), "/ogc/collections/incidents/items?limit=1000000").await?;
    ensure!(more.features.len() == all.features.len(), "more than the most is the most, no error");
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_box_and_a_span_of_time_select(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let first = server.public().file(&report(town.at)).await?;
    let second = server.public().file(&report(other.at)).await?;
    let filed_at = first["filed_at"].as_str().context("no filed_at")?.to_owned();
    // Times are whole milliseconds; a quick disk files two in one.
    let at_once = if first["filed_at"] == second["filed_at"] { 2 } else { 1 };
    let count = async |client: &Client, collection: &str, query: String| -> Result<usize> {
        Ok(page(client, &format!("/ogc/collections/{collection}/items?{query}")).await?.features.len())
    };
    let around = |(lat, lon): (f64, f64)| format!("{},{},{},{}", lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001);
    for (client, collection) in [(&wall, "reports"), (&wall, "incidents"), (&server.public(), "incidents")] {
        for (query, expected) in [
            (format!("bbox={}", around(town.at)), 1),
            (format!("bbox={}", around((town.at.0 + 0.5, town.at.1))), 0),
            ("bbox=130,30,-170,45".to_owned(), 2),
            ("bbox=170,30,-170,45".to_owned(), 0),
            ("bbox=130,30,0,145,45,100".to_owned(), 2),
            (format!("datetime={filed_at}"), at_once),
            (format!("datetime=../{filed_at}"), at_once),
            (format!("datetime={filed_at}/.."), 2),
            ("datetime=../2020-01-01T00:00:00Z".to_owned(), 0),
            (format!("datetime={filed_at}/..&bbox={}", around(other.at)), 1),
        ] {
            let found = count(client, collection, query.clone()).await?;
            ensure!(found == expected, "{collection}?{query}: {found} for {expected}");
        }
    }
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_drill_is_told_apart(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let admin = server.staff("kanri", &town.code, None, "admin").await?;
    let drill = admin.open_drill("訓練の雨").await?;
    server.public().file(&with(report(town.at), "operation", json!(drill))).await?;
    let found = page(&server.public(), "/ogc/collections/incidents/items").await?;
    let properties = &found.features[0].properties;
    ensure!(properties["operation_kind"] == "drill" && properties["operation_name"] == "訓練の雨", "{properties:?}");
    Ok(())
}

#[tokio::test]
async fn links_are_right_behind_a_proxy_that_is_trusted_and_behind_no_other() -> Result<()> {
    async fn as_forwarded(server: &Server) -> Result<Answer> {
        let client = server.public();
        let request = client.request(Method::GET, "/ogc").header("host", "sokuho.example.jp");
        client.send(request.header("x-forwarded-proto", "https")).await
    }
    for (trusted, scheme) in [("127.0.0.1", "https"), ("192.0.2.1", "http")] {
        let server = Start::default().arg("--trusted-proxies").arg(trusted).start()?;
        let landing: LandingPage = serde_json::from_value(as_forwarded(&server).await?.good()?)?;
        let begin = format!("{scheme}://sokuho.example.jp/");
        ensure!(landing.links.iter().all(|link| link.href.starts_with(&begin)), "{landing:?}");
    }
    Ok(())
}

#[tokio::test]
async fn no_page_of_another_origin_may_read_the_answers() -> Result<()> {
    let server = Server::start()?;
    let client = server.public();
    let request = client.request(Method::GET, "/ogc/collections/incidents/items").header("origin", "http://elsewhere");
    let found = client.send(request).await?;
    ensure!(found.status == 200 && !found.headers.contains_key("access-control-allow-origin"), "{:?}", found.headers);
    Ok(())
}
