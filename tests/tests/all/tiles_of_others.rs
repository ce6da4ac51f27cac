//! Tiles of other servers: taken, kept, given when the line is cut, and fetched ahead.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, ensure};
use serde_json::json;
use sokuho_tests::server::{Start, command};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server of pictures, as those of the Geospatial Information Authority are, which answers as it is told.
struct Pictures {
    address: String,
    body: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Pictures {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let pictures = Self { address, body: Arc::new(Mutex::new(Some(PNG.to_vec()))), asked: Arc::default() };
        let (body, asked) = (Arc::clone(&pictures.body), Arc::clone(&pictures.asked));
        tokio::spawn(async move {
            while let Ok((mut line, _)) = listener.accept().await {
                let (body, asked) = (Arc::clone(&body), Arc::clone(&asked));
                tokio::spawn(async move {
                    let mut request = [0; 4_096];
                    if line.read(&mut request).await.is_ok_and(|read| read > 0) {
                        asked.fetch_add(1, Ordering::SeqCst);
                        let body = body.lock().ok().and_then(|body| body.clone());
                        // Without one it hangs up: the line is cut.
                        if let Some(body) = body {
                            let head = format!(
                                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                                body.len()
                            );
                            _ = line.write_all(&[head.as_bytes(), &body].concat()).await;
                        }
                    }
                });
            }
        });
        Ok(pictures)
    }

    fn sends(&self, body: Option<&[u8]>) {
        if let Ok(mut sent) = self.body.lock() {
            *sent = body.map(<[u8]>::to_vec);
        }
    }

    /// The list of sources with this one, as a file.
    fn list(&self, folder: &Path) -> Result<String> {
        let list = json!({ "sources": [{ "id": "fake", "name": "偽の写真", "english": "Fake photos", "kind": "raster",
            "url": format!("http://{}/{{z}}/{{x}}/{{y}}.png", self.address), "minzoom": 5, "maxzoom": 14,
            "attribution": "nobody", "terms": "none" }] });
        let file = folder.join("sources.json");
        std::fs::write(&file, list.to_string())?;
        Ok(file.to_string_lossy().into_owned())
    }
}

/// A picture of one grey pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\xdac\xd8\x02\0\0\xb6\0\xb5\xb5._i\0\0\0\0IEND\xaeB`\x82";

#[tokio::test]
async fn pictures_of_another_server_are_kept_and_given_when_the_line_is_cut() -> Result<()> {
    let pictures = Pictures::start().await?;
    let folder = tempfile::tempdir()?;
    let list = pictures.list(folder.path())?;
    let start = Start::default().env("SOKUHO_MAP_SOURCES", "fake").env("SOKUHO_MAP_SOURCE_LIST", &list);
    let mut server = start.start()?;
    // What a source does wrong is told in the log.
    server.allow("a tile cannot be fetched");
    let public = server.public();
    let json = public.get("/tiles/proxy-fake.json").await?.good()?;
    ensure!(json["kind"] == "raster" && json["attribution"] == "nobody" && json["maxzoom"] == 14, "{json}");
    ensure!(!json.to_string().contains(&pictures.address), "the browser is sent elsewhere: {json}");

    let first = public.get("/tiles/proxy-fake/10/910/396").await?;
    ensure!(
        first.status == 200 && first.body == PNG && first.header("content-type") == "image/png",
        "{}",
        first.status
    );
    pictures.sends(Some(b"<html>please sign in</html>"));
    ensure!(public.get("/tiles/proxy-fake/10/910/396").await?.body == PNG, "a tile at hand is given");
    let refused = public.get("/tiles/proxy-fake/10/911/396").await?;
    let problem = refused.refused(502, "map_source_failed")?;
    ensure!(!problem.to_string().contains(&pictures.address) && refused.header("retry-after") == "30", "{problem}");
    let described = public.get("/tiles/proxy-fake.json").await?.good()?;
    let west = described["bounds"][0].as_f64();
    ensure!(west.is_some_and(|west| (130.0..139.5).contains(&west)), "the region and its surroundings: {described}");
    // New York.
    public.get("/tiles/proxy-fake/10/301/385").await?.refused(404, "tile_out_of_range")?;
    pictures.sends(None);
    ensure!(public.get("/tiles/proxy-fake/10/910/396").await?.body == PNG, "a tile at hand is given");
    public.get("/tiles/proxy-fake/15/0/0").await?.refused(404, "tile_out_of_range")?;
    public.get("/tiles/proxy-std/10/910/396").await?.refused(404, "not_found")?;

    server.stop()?;
    server.start_again()?;
    ensure!(server.public().get("/tiles/proxy-fake/10/910/396").await?.body == PNG, "it was kept");
    ensure!(pictures.asked.load(Ordering::SeqCst) == 2, "the source was asked again");
    let style = server.public().get("/styles/proxy-fake.json").await?.good()?;
    ensure!(style["sources"]["proxy-fake"]["type"] == "raster", "{style}");
    Ok(())
}

#[tokio::test]
async fn an_area_is_fetched_ahead_from_the_command_line() -> Result<()> {
    let pictures = Pictures::start().await?;
    let folder = tempfile::tempdir()?;
    let list = pictures.list(folder.path())?;
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let run = async |area: &str, zoom: &str, source: &str| {
        let args = [
            "prefetch",
            "--data",
            &data,
            "--map-source-list",
            &list,
            "--source",
            source,
            "--bounds",
            area,
            "--zoom",
            zoom,
            "--rate",
            "20",
        ]
        .map(str::to_owned);
        tokio::task::spawn_blocking(move || command(&args.each_ref().map(String::as_str), "")).await?
    };
    let said = run("139.9,37.4,140.0,37.5", "5-11", "fake").await?;
    ensure!(said.starts_with("fake: ") && said.contains(" 0 failed"), "{said}");
    let asked = pictures.asked.load(Ordering::SeqCst);
    ensure!(asked >= 7, "{asked} tiles");
    let again = run("139.9,37.4,140.0,37.5", "5-11", "fake").await?;
    ensure!(again.contains(&format!("of which {asked} were at hand")), "{again}");
    ensure!(pictures.asked.load(Ordering::SeqCst) == asked, "what was at hand was fetched again");
    for (area, zoom, source) in [
        ("122,20,154,46", "5-14", "fake"),
        ("140,37,139,38", "5-9", "fake"),
        ("139,37,140", "5-9", "fake"),
        ("139,37,140,38", "9-5", "fake"),
        ("139,37,140,38", "5-9", "nowhere"),
    ] {
        ensure!(run(area, zoom, source).await.is_err(), "{area} {zoom} {source}");
    }
    Ok(())
}
