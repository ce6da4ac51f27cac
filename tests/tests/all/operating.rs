//! What the people need who run it: health, metrics, documents, headers, a log without surprises.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use sokuho_tests::client::Client;
use sokuho_tests::report::report;
use sokuho_tests::server::{Server, Start, command};

#[tokio::test]
async fn health_readiness_and_metrics_answer() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    for path in ["/healthz", "/readyz"] {
        ensure!(server.public().get(path).await?.status == 200, "{path}");
    }
    let metrics = server.public().get("/metrics").await?;
    ensure!(metrics.status == 200 && metrics.header("content-type").starts_with("text/plain"), "{}", metrics.status);
    ensure!(metrics.text().lines().any(|line| line.starts_with("sokuho_")), "{}", metrics.text());
    Ok(())
}

#[test]
fn the_openapi_document_in_the_project_is_the_binarys() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let printed: Value = serde_json::from_str(&command(&["openapi"], "")?)?;
    ensure!(committed == printed, "docs/openapi.json is out of date: run make generate");
    Ok(())
}

#[tokio::test]
async fn the_openapi_document_is_served_and_names_every_door() -> Result<()> {
    let server = Server::start()?;
    let document: Value = serde_json::from_str(&command(&["openapi"], "")?)?;
    for path in ["/api/reports", "/api/media", "/api/live", "/api/snapshot", "/api/check-ins"] {
        ensure!(document["paths"][path].is_object(), "{path} is not documented");
    }
    let served = server.public().get("/api/openapi.json").await?.good()?;
    ensure!(served == document, "another document is served than printed");
    Ok(())
}

#[tokio::test]
async fn every_page_has_strict_security_headers() -> Result<()> {
    let server = Server::start()?;
    for path in ["/", "/wall", "/field", "/console", "/api/region"] {
        let answer = server.public().get(path).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        ensure!(answer.header("x-content-type-options") == "nosniff", "{path}");
        ensure!(!answer.header("referrer-policy").is_empty(), "{path}");
        let policy = answer.header("content-security-policy");
        ensure!(policy.contains("default-src 'self'") || policy.contains("default-src 'none'"), "{path}: {policy}");
        for weak in ["unsafe-eval", "script-src 'unsafe-inline'", "http:", "https:", "*"] {
            ensure!(!policy.contains(weak), "{path}: {weak} in {policy}");
        }
        ensure!(!answer.header("x-request-id").is_empty(), "{path}: no request id");
    }
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_data_does_not_start() -> Result<()> {
    let server = Server::start()?;
    let data = server.data().to_string_lossy().into_owned();
    let refused = command(&["serve", "--port", "0", "--data", &data], "").map_err(|error| format!("{error:#}"));
    let Err(refused) = refused else { bail!("two servers wrote to one log") };
    ensure!(refused.contains("another node runs"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn half_a_data_folder_is_noticed_and_not_begun_anew() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    server.stop()?;
    let data = server.data().to_path_buf();
    let start = |data: &Path| {
        let data = data.to_string_lossy().into_owned();
        command(&["account", "list", "--data", &data], "").map(|_| ()).map_err(|error| format!("{error:#}"))
    };

    let (keys, away) = (data.join("keys"), data.join("keys-away"));
    std::fs::rename(&keys, &away)?;
    let refused = start(&data).err().unwrap_or_default();
    ensure!(refused.contains("the log has entries"), "without keys: {refused}");
    ensure!(!keys.exists(), "a new key was made beside the old log");
    std::fs::rename(&away, &keys)?;

    let (log, away) = (data.join("sokuho.sqlite"), data.join("log-away"));
    std::fs::rename(&log, &away)?;
    let refused = start(&data).err().unwrap_or_default();
    ensure!(refused.contains("put the log back"), "without the log: {refused}");
    std::fs::rename(&away, &log)?;
    start(&data).map_err(anyhow::Error::msg)
}

#[tokio::test]
async fn a_listener_of_their_own_takes_readiness_and_metrics_off_the_public_port() -> Result<()> {
    // The log says which port it took.
    let server = Start::default().arg("--health-listen").arg("127.0.0.1:0").start()?;
    let line = server.until_logged("health has a listener of its own").await?;
    let line: Value = serde_json::from_str(&line.text)?;
    let inside = Client::new(format!("http://{}", line["address"].as_str().context("no address")?));
    for path in ["/healthz", "/readyz", "/metrics"] {
        ensure!(inside.get(path).await?.status == 200, "{path} inside");
    }
    inside.get("/api/region").await?.refused(404, "not_found")?;
    ensure!(server.public().get("/healthz").await?.status == 200);
    for path in ["/readyz", "/metrics"] {
        server.public().get(path).await?.refused(404, "not_found")?;
    }
    Ok(())
}
