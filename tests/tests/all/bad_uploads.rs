//! Files that are not what they say, or would burst the server.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use sokuho_tests::pictures::{self, GpsTags, Scene};
use sokuho_tests::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bystander::Bystander;

/// The head of a PNG file that says it is 60,000 × 60,000 pixels of eight-bit grey (PNG 3.0, 11.2.1 IHDR).
fn huge_png() -> Vec<u8> {
    let side = 60_000_u32.to_be_bytes();
    let header = [b"IHDR".as_slice(), &side, &side, &[8, 0, 0, 0, 0]].concat();
    let crc = crc32(&header).to_be_bytes();
    let end = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82];
    [b"\x89PNG\r\n\x1a\n".as_slice(), &[0, 0, 0, 13], &header, &crc, &end].concat()
}

/// CRC-32 as PNG wants it (PNG 3.0, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// An empty ZIP archive: its end record alone (APPNOTE 6.3.10, 4.3.16).
fn zip() -> Vec<u8> {
    [b"PK\x05\x06".as_slice(), &[0; 18]].concat()
}

fn jpeg() -> Result<Vec<u8>> {
    pictures::jpeg(&pictures::draw(Scene::Slope, 4))
}

#[rstest]
#[case::a_zip_called_jpeg(zip(), 415, "media_unsupported")]
#[case::text_called_jpeg(b"hello".to_vec(), 415, "media_unsupported")]
#[case::a_script_called_jpeg(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), 415, "media_unsupported")]
#[case::nothing(Vec::new(), 415, "media_unsupported")]
#[case::a_png_of_sixty_thousand_pixels_a_side(huge_png(), 422, "picture_too_large")]
#[tokio::test]
async fn a_file_that_is_not_what_it_says_is_refused(
    #[case] file: Vec<u8>,
    #[case] status: u16,
    #[case] code: &str,
) -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    server.public().try_upload(file, "image/jpeg").await?.refused(status, code)?;
    ensure!(stored_files(&server)?.is_empty(), "a refused file was kept: {:?}", stored_files(&server)?);
    bystander.is_undisturbed().await
}

#[tokio::test]
async fn a_truncated_jpeg_is_refused() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let mut file = jpeg()?;
    file.truncate(file.len() / 2);
    server.public().try_upload(file, "image/jpeg").await?.refused(422, "media_damaged")?;
    ensure!(stored_files(&server)?.is_empty(), "a refused file was kept: {:?}", stored_files(&server)?);
    bystander.is_undisturbed().await
}

#[rstest]
#[case::beyond_the_pole(GpsTags { lat: [(400, 1), (0, 1), (0, 1)], ..GpsTags::at(37.5, 139.9, 0) })]
#[case::divided_by_nothing(GpsTags { lat: [(0, 0), (0, 0), (0, 0)], ..GpsTags::at(37.5, 139.9, 0) })]
#[case::null_island(GpsTags::at(0.0, 0.0, 0))]
#[case::no_such_hemisphere(GpsTags { lat_ref: b'Q', ..GpsTags::at(37.5, 139.9, 0) })]
#[tokio::test]
async fn a_photo_with_an_absurd_place_is_kept_without_evidence(#[case] gps: GpsTags) -> Result<()> {
    let server = Server::start()?;
    let uploaded = server.public().upload(pictures::with_gps(&jpeg()?, &gps)?, "image/jpeg").await?;
    ensure!(uploaded["evidence"].is_null(), "{uploaded}");
    Ok(())
}

#[tokio::test]
async fn an_upload_that_says_it_is_too_large_is_refused_before_it_is_sent() -> Result<()> {
    let server = Server::start()?;
    let answer = raw_upload(&server, "Content-Length: 700000000\r\n", &jpeg()?[..1000]).await?;
    ensure!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    ensure!(answer.contains("media_too_large"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_behind() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let file = jpeg()?;
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).await?;
    let head = format!("POST /api/media HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", file.len());
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(&file[..file.len() / 2]).await?;
    files_come_to(&server, |files| !files.is_empty()).await.context("the half is nowhere")?;
    drop(socket);
    files_come_to(&server, <[_]>::is_empty).await.context("the half stays")?;
    bystander.is_undisturbed().await?;
    // Whole again: the broken half must not stand in its way.
    server.public().upload(file, "image/jpeg").await?;
    Ok(())
}

async fn raw_upload(server: &Server, header: &str, start: &[u8]) -> Result<String> {
    let mut socket = TcpStream::connect(("127.0.0.1", server.port())).await?;
    let head = format!("POST /api/media HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n{header}\r\n");
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(start).await?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&answer).contains("\"code\"") {
        let read =
            tokio::time::timeout(Duration::from_secs(30), socket.read(&mut buffer)).await.context("no answer")??;
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Looks again and again until the files in the media folder are as wanted: the server says nothing about them.
async fn files_come_to(server: &Server, wanted: impl Fn(&[std::path::PathBuf]) -> bool) -> Result<()> {
    let looking = async {
        while !wanted(&stored_files(server)?) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), looking).await.context("not in time")?
}

/// Files in the media folder.
fn stored_files(server: &Server) -> Result<Vec<std::path::PathBuf>> {
    let (mut folders, mut files) = (vec![server.data().join("media")], Vec::new());
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for item in std::fs::read_dir(folder)? {
            let path = item?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}
