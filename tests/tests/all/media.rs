//! Photos and videos: kept as they are, shown small and without metadata, played back in parts.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::films;
use sokuho_tests::pictures::{self, GpsTags, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;

use crate::shared_data::shared_file;

fn photo(at: (f64, f64)) -> Result<Vec<u8>> {
    let plain = pictures::jpeg(&pictures::draw(Scene::Road, 5))?;
    pictures::with_gps(&plain, &GpsTags::at(at.0, at.1, 135))
}

#[tokio::test]
async fn a_photos_own_place_is_one_witness_with_its_direction() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;

    let uploaded = server.public().upload(photo(town.at)?, "image/jpeg").await?;

    let evidence = &uploaded["evidence"];
    ensure!(uploaded["kind"] == "jpeg" && evidence["source"] == "media", "{uploaded}");
    let lat = evidence["position"]["lat"].as_f64().context("no latitude")?;
    let lon = evidence["position"]["lon"].as_f64().context("no longitude")?;
    ensure!((lat - town.at.0).abs() < 1e-6 && (lon - town.at.1).abs() < 1e-6, "{evidence}");
    ensure!(evidence["heading_deg"] == 135.0, "{evidence}");
    Ok(())
}

#[tokio::test]
async fn the_same_file_again_has_the_same_id() -> Result<()> {
    let server = Server::start()?;
    let file = photo((37.5, 139.9))?;
    let first = server.public().upload(file.clone(), "image/jpeg").await?;
    ensure!(server.public().upload(file, "application/octet-stream").await? == first);
    Ok(())
}

#[tokio::test]
async fn a_thumbnail_is_small_and_has_no_metadata_and_the_original_is_for_offices_only() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let file = photo(town.at)?;
    let uploaded = server.public().upload(file.clone(), "image/jpeg").await?;
    let id = uploaded["id"].as_str().context("no id")?;
    let receipt = server.public().file(&with(report(town.at), "media", json!([id]))).await?;
    let wall = server.wall(&town.code).await?;

    let thumbnail = wall.get(&format!("/api/media/{id}/thumbnail")).await?;
    ensure!(thumbnail.status == 200 && thumbnail.header("content-type") == "image/jpeg", "{}", thumbnail.text());
    let picture = image::load_from_memory(&thumbnail.body)?;
    ensure!(picture.width().max(picture.height()) == 480, "{}×{}", picture.width(), picture.height());
    ensure!(thumbnail.body.len() < file.len(), "the thumbnail is larger than the photo");
    let key = receipt["key"].as_str().context("no key")?;
    let public = server.public().get(&format!("/api/receipts/{key}/thumbnails/{id}")).await?;
    for small in [&thumbnail, &public] {
        ensure!(small.status == 200, "{}", small.text());
        ensure!(!small.body.windows(4).any(|window| window == b"Exif"), "the thumbnail carries EXIF");
    }
    server.public().get(&format!("/api/media/{id}")).await?.refused(401, "sign_in_required")?;
    server.public().get(&format!("/api/media/{id}/thumbnail")).await?.refused(401, "sign_in_required")?;
    Ok(())
}

#[tokio::test]
async fn parts_of_a_file_can_be_fetched_and_a_ticket_is_as_good_as_a_token() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let file = photo(town.at)?;
    let uploaded = server.public().upload(file.clone(), "image/jpeg").await?;
    let id = uploaded["id"].as_str().context("no id")?;
    server.public().file(&with(report(town.at), "media", json!([id]))).await?;
    let wall = server.wall(&town.code).await?;
    let path = format!("/api/media/{id}");

    let part = |range: &'static str| {
        let (client, request) = (wall.clone(), wall.request(reqwest::Method::GET, &path));
        async move { client.send(request.header("range", range)).await }
    };
    let middle = part("bytes=100-199").await?;
    ensure!(middle.status == 206 && middle.body == file[100..200], "{}", middle.status);
    ensure!(middle.header("content-range") == format!("bytes 100-199/{}", file.len()));
    let end = part("bytes=-50").await?;
    ensure!(end.status == 206 && end.body == file[file.len() - 50..]);
    part("bytes=99999999-").await?.refused(416, "range_not_satisfiable")?;
    let whole = wall.get(&path).await?;
    ensure!(whole.header("accept-ranges") == "bytes" && whole.body == file);

    let ticket = wall.post("/api/media-tickets", &json!({})).await?.good()?;
    let ticket = ticket["ticket"].as_str().context("no ticket")?;
    ensure!(server.public().get(&format!("{path}?ticket={ticket}")).await?.body == file);
    server.public().get(&format!("{path}?ticket=x{ticket}")).await?.refused(401, "token_invalid")?;
    server.public().with_token(ticket).get("/api/snapshot").await?.refused(401, "token_invalid")?;
    Ok(())
}

#[tokio::test]
async fn a_real_phones_jpeg_and_heic_are_taken_and_say_where_they_were_made() -> Result<()> {
    let server = Server::start()?;
    for (name, kind, content_type) in
        [("photos/gps/DSCN0010.jpg", "jpeg", "image/jpeg"), ("photos/heic/IMG_5195.HEIC", "heic", "image/heic")]
    {
        let Some(path) = shared_file(name) else { return Ok(()) };
        let uploaded = server.public().upload(std::fs::read(path)?, content_type).await?;
        ensure!(uploaded["kind"] == kind, "{uploaded}");
        ensure!(uploaded["evidence"]["position"]["lat"].is_number(), "{name}: {uploaded}");
    }
    Ok(())
}

/// A video as it lies on a phone.
struct Video {
    file: Vec<u8>,
    /// As the server names it.
    kind: &'static str,
    content_type: &'static str,
    /// Where it says that it was made, degrees WGS 84.
    at: Option<(f64, f64)>,
}

/// Uploads the video, reports it, and plays it back as a wall does: in parts, first its end, then from the middle on.
async fn goes_through_and_is_played_back(server: &Server, video: &Video) -> Result<()> {
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let Video { file, kind, content_type, at } = video;
    let uploaded = server.public().upload(file.clone(), content_type).await?;
    ensure!(uploaded["kind"] == *kind && uploaded["size"] == file.len(), "{uploaded}");
    let position = &uploaded["evidence"]["position"];
    match at {
        None => ensure!(position.is_null(), "{uploaded}"),
        Some((lat, lon)) => {
            let near = |figure: &Value, stated: f64| figure.as_f64().is_some_and(|f| (f - stated).abs() < 1e-3);
            ensure!(near(&position["lat"], *lat) && near(&position["lon"], *lon), "{uploaded}");
        }
    }
    let id = uploaded["id"].as_str().context("no id")?;
    server.public().file(&with(report(town.at), "media", json!([id]))).await?;
    let wall = server.wall(&town.code).await?;
    let path = format!("/api/media/{id}");
    let size = file.len();
    for (range, from, to) in [
        ("bytes=0-".to_owned(), 0, size),
        (format!("bytes={}-", size / 2), size / 2, size),
        ("bytes=-100".to_owned(), size - 100, size),
        (format!("bytes=100-{}", size * 2), 100, size),
        (format!("bytes={}-{}", size / 3, size / 3), size / 3, size / 3 + 1),
    ] {
        let part = wall.send(wall.request(reqwest::Method::GET, &path).header("range", &range)).await?;
        ensure!(part.status == 206, "{range}: {}", part.status);
        ensure!(part.header("content-range") == format!("bytes {from}-{}/{size}", to - 1), "{range}");
        ensure!(part.header("content-type") == *content_type, "{}", part.header("content-type"));
        ensure!(part.body == file[from..to], "{range}: other bytes");
    }
    let beyond = wall.request(reqwest::Method::GET, &path).header("range", format!("bytes={size}-"));
    let refused = wall.send(beyond).await?;
    ensure!(refused.header("content-range") == format!("bytes */{size}"), "{}", refused.header("content-range"));
    refused.refused(416, "range_not_satisfiable")?;
    ensure!(wall.get(&path).await?.body == *file, "the whole has other bytes");
    server.public().get(&path).await?.refused(401, "sign_in_required")?;
    Ok(())
}

#[tokio::test]
async fn a_film_made_here_goes_through_as_mp4_and_as_mov_and_is_played_back_in_parts() -> Result<()> {
    let server = Server::start()?;
    for (brand, kind, content_type) in [(b"mp42", "mp4", "video/mp4"), (b"qt  ", "mov", "video/quicktime")] {
        let at = (37.4947, 139.9298);
        let video = Video { file: films::film(brand, at, 300_000), kind, content_type, at: Some(at) };
        goes_through_and_is_played_back(&server, &video).await.context(kind)?;
        let cut = server.public().try_upload(video.file[..200_000].to_vec(), content_type).await?;
        cut.refused(422, "media_damaged")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_real_phones_mp4_and_mov_go_through_and_are_played_back_in_parts() -> Result<()> {
    let server = Server::start()?;
    // Where they were made: as ExifTool reads it.
    for (name, kind, content_type, at) in [
        ("videos/with-gps.mp4", "mp4", "video/mp4", Some((51.4169, -0.0806))),
        ("videos/with-gps.mov", "mov", "video/quicktime", Some((32.0929, 34.862))),
        ("videos/uuid540.mp4", "mp4", "video/mp4", None),
    ] {
        let Some(path) = shared_file(name) else { return Ok(()) };
        let video = Video { file: std::fs::read(path)?, kind, content_type, at };
        goes_through_and_is_played_back(&server, &video).await.context(name)?;
    }
    Ok(())
}
