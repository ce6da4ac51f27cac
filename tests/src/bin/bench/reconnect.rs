//! After a power cut: many viewers come back at once, each on a line of its own, and each wants the picture.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::Scale;
use crate::findings::Findings;
use crate::node::{Edition, Node};
use crate::publisher::Publisher;

const MIB: f64 = 1_048_576.0;

/// What counts the snapshots that were written as JSON.
const ENCODINGS: &str = "sokuho_snapshot_encodings_total";

/// How long all may take together, seconds.
const WITHIN_S: f64 = 15.0;

/// Longest that the bench waits for one viewer's picture.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the viewers got.
struct Served {
    seconds: f64,
    took: Histogram<u64>,
    bytes: usize,
}

/// Measures: first with nothing else going on, then while reports come in.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    let (viewers, incidents) = (scale.viewers, scale.open_incidents);
    findings.phase(&format!("{viewers} viewers come back at once, {incidents} open incidents"));
    let mut node = Node::start_filled(Edition::Sqlite, incidents, true).await?;
    let (served, encodings) = wave("nothing else going on", &node, viewers, findings).await?;
    let name = format!("{viewers} viewers come back");
    findings.goal(&name, served.seconds, "s until all are served", served.seconds <= WITHIN_S, "≤ 15");
    findings.goal(&format!("{name}: encodings"), encodings, "", encodings <= 1.0, "1");

    let publisher = Publisher::open(&node).await?;
    let reporting = tokio::spawn(async move { publisher.at_rate(10, 10, None).await });
    wave("with 10 reports/s", &node, viewers, findings).await?;
    reporting.await??;
    node.stop()
}

async fn wave(name: &str, node: &Node, viewers: usize, findings: &mut Findings) -> Result<(Served, f64)> {
    let processes = node.processes()?;
    let (encodings, cpu, resident) = (node.metric(ENCODINGS).await?, processes.cpu_seconds()?, processes.resident()?);
    processes.forget_peak()?;
    let (address, request) = (node.address(), request(node));
    let served = tokio::task::spawn_blocking(move || serve_all(address, &request, viewers)).await??;
    let encodings = node.metric(ENCODINGS).await? - encodings;
    let seconds = |quantile| served.took.value_at_quantile(quantile) as f64 / 1e9;
    findings.row(
        name,
        &[
            ("s until all are served", served.seconds),
            ("s p50", seconds(0.5)),
            ("s p99", seconds(0.99)),
            ("encodings", encodings),
            ("KiB a picture", served.bytes as f64 / viewers as f64 / 1024.0),
            ("s of server CPU", processes.cpu_seconds()? - cpu),
            ("MiB more at the peak", (processes.peak()? - resident) / MIB),
        ],
    );
    Ok((served, encodings))
}

/// As a browser asks for the picture.
fn request(node: &Node) -> String {
    format!(
        "GET /api/snapshot HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept-Encoding: gzip\r\n\r\n",
        node.address(),
        node.wall()
    )
}

/// All viewers in one thread, which leaves the other core to the server.
fn serve_all(address: SocketAddr, request: &str, viewers: usize) -> Result<Served> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let buffer = Rc::new(RefCell::new(vec![0; 1 << 18]));
    LocalSet::new().block_on(&runtime, async {
        let start = Instant::now();
        let mut coming = JoinSet::new();
        for _ in 0..viewers {
            let (request, buffer) = (request.to_owned(), Rc::clone(&buffer));
            coming.spawn_local(async move {
                let got = tokio::time::timeout(PATIENCE, picture(address, &request, &buffer)).await?;
                let (line, bytes) = got?;
                anyhow::Ok((line, bytes, start.elapsed()))
            });
        }
        let (mut took, mut sum) = (Histogram::new_with_bounds(1, 600_000_000_000, 3)?, 0);
        // As browsers do, everybody keeps the line to the end.
        let mut lines = Vec::with_capacity(viewers);
        while let Some(outcome) = coming.join_next().await {
            let (line, bytes, elapsed) = outcome?.context("a viewer was not served")?;
            lines.push(line);
            sum += bytes;
            took.saturating_record(u64::try_from(elapsed.as_nanos())?);
        }
        Ok(Served { seconds: start.elapsed().as_secs_f64(), took, bytes: sum })
    })
}

/// Gets the picture; returns the line, still open, and the picture's size on it.
async fn picture(address: SocketAddr, request: &str, buffer: &RefCell<Vec<u8>>) -> Result<(TcpStream, usize)> {
    let mut line = TcpStream::connect(address).await.context("connecting")?;
    line.write_all(request.as_bytes()).await?;
    let (mut head, mut body, mut length) = (Vec::new(), 0, None);
    while length.is_none_or(|length| body < length) {
        line.readable().await?;
        let mut buffer = buffer.borrow_mut();
        let read = match line.try_read(&mut buffer) {
            Ok(0) => bail!("the line ended after {body} bytes of the picture"),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        };
        if length.is_some() {
            body += read;
            continue;
        }
        head.extend_from_slice(&buffer[..read]);
        if let Some(end) = memmem::find(&head, b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
            ensure!(text.starts_with("http/1.1 200"), "refused: {text}");
            let value = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
            length = Some(value.context("no length")?.trim().parse::<usize>()?);
            body = head.len() - end - 4;
        }
    }
    Ok((line, body))
}
