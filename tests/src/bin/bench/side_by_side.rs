//! The hub beside other servers: the same number of viewers, the same client, messages of the same size,
//! one by one (the next is sent when all have got the last) and in bursts of 32.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpStream;

use crate::Scale;
use crate::findings::{Findings, median};
use crate::fleet::{Fleet, Line, Receipts, now_ns};
use crate::nats::Nats;
use crate::nchan::Nchan;
use crate::node::Node;
use crate::process::Processes;
use crate::publisher::Publisher;

/// Messages sent at once.
const BURST: usize = 32;

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that tells many viewers what one publisher says.
pub trait Broadcaster {
    /// What it is called in the table.
    fn name(&self) -> &'static str;
    /// How to become a viewer.
    fn line(&self) -> Line;
    /// Its processes.
    fn processes(&self) -> Result<Processes>;
    /// Publishes so many messages at once, at most 32.
    async fn publish(&mut self, count: usize) -> Result<()>;
    /// Takes note of where receipts are to be told.
    fn tell_receipts(&mut self, _receipts: Option<Arc<Receipts>>) {}
}

/// Our own node.
struct Own {
    node: Node,
    publisher: Publisher,
    receipts: Option<Arc<Receipts>>,
}

impl Broadcaster for Own {
    fn name(&self) -> &'static str {
        "sokuho"
    }

    fn line(&self) -> Line {
        self.node.walls_for_everything()
    }

    fn processes(&self) -> Result<Processes> {
        self.node.processes()
    }

    async fn publish(&mut self, count: usize) -> Result<()> {
        self.publisher.burst(count, self.receipts.as_ref()).await?;
        Ok(())
    }

    fn tell_receipts(&mut self, receipts: Option<Arc<Receipts>>) {
        self.receipts = receipts;
    }
}

/// What one server needed.
#[derive(Clone, Copy, Debug)]
struct Needed {
    single_us: f64,
    burst_us: f64,
    single_p99_ms: f64,
    bytes: f64,
    kib_per_viewer: f64,
}

/// Measures.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("side by side: {} viewers, server CPU a delivery", scale.viewers));
    let (mut own, mut nchan, mut nats) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let node = Node::start().await?;
        let publisher = Publisher::open(&node).await?;
        let mut server = Own { node, publisher, receipts: None };
        own.push(run(&mut server, scale, findings).await?);
        server.node.stop()?;
        let size = own.last().map_or(600, |needed| needed.bytes as usize);
        match Nchan::start(size).await {
            Ok(mut server) => nchan.push(run(&mut server, scale, findings).await?),
            Err(error) => findings.note(&format!("  nginx with nchan is absent: {error:#}")),
        }
        match Nats::start(size).await {
            Ok(mut server) => nats.push(run(&mut server, scale, findings).await?),
            Err(error) => findings.note(&format!("  nats-server is absent: {error:#}")),
        }
    }
    let middle = |all: &[Needed], of: fn(&Needed) -> f64| median(&mut all.iter().map(of).collect::<Vec<_>>());
    if !nchan.is_empty() {
        let ratio = middle(&own, |n| n.single_us) / middle(&nchan, |n| n.single_us);
        findings.goal("one by one, against nchan", ratio, "times its CPU a delivery", ratio <= 0.9, "≤ 0.9");
        findings.row(
            "bursts, against nchan",
            &[("times its CPU", middle(&own, |n| n.burst_us) / middle(&nchan, |n| n.burst_us))],
        );
    }
    if !nats.is_empty() {
        let ratio = middle(&own, |n| n.burst_us) / middle(&nats, |n| n.burst_us);
        findings.goal("bursts, against NATS", ratio, "times its CPU a delivery", ratio <= 1.0 / 3.0, "≤ 0.33");
        findings.row(
            "one by one, against NATS",
            &[("times its CPU", middle(&own, |n| n.single_us) / middle(&nats, |n| n.single_us))],
        );
    }
    Ok(())
}

async fn run(server: &mut impl Broadcaster, scale: &Scale, findings: &mut Findings) -> Result<Needed> {
    let (singles, bursts) = if scale.viewers >= 5_000 { (30, 10) } else { (100, 20) };
    let processes = server.processes()?;
    // What publishing costs without viewers is not the delivery's.
    let own_single = publishing(server, &processes, 200, 1).await?;
    let own_burst = publishing(server, &processes, 20, BURST).await?;

    let resident = processes.resident()?;
    let fleet = Fleet::open(&server.line(), scale.viewers).await?;
    server.tell_receipts(Some(Arc::clone(&fleet.receipts)));
    warm_up(server, &fleet).await?;
    let kib_per_viewer = (processes.resident()? - resident) / fleet.count() as f64 / 1024.0;
    let (single_us, single) = deliveries(server, &processes, &fleet, singles, 1, own_single).await?;
    let (burst_us, _) = deliveries(server, &processes, &fleet, bursts, BURST, own_burst).await?;
    let p99 = |histogram: &hdrhistogram::Histogram<u64>| histogram.value_at_quantile(0.99) as f64 / 1e6;
    let needed = Needed {
        single_us,
        burst_us,
        single_p99_ms: p99(&single.from_sending),
        bytes: single.bytes as f64 / single.delivered().max(1) as f64,
        kib_per_viewer,
    };
    server.tell_receipts(None);
    fleet.close();
    findings.row(
        server.name(),
        &[
            ("µs one by one", needed.single_us),
            ("µs in bursts of 32", needed.burst_us),
            ("ms p99 from sending", needed.single_p99_ms),
            ("KiB/viewer", needed.kib_per_viewer),
            ("bytes a message", needed.bytes),
        ],
    );
    Ok(needed)
}

/// CPU seconds a message, published `rounds` times `count` at once to nobody.
async fn publishing(server: &mut impl Broadcaster, processes: &Processes, rounds: usize, count: usize) -> Result<f64> {
    let before = processes.cpu_seconds()?;
    for _ in 0..rounds {
        server.publish(count).await?;
    }
    Ok((processes.cpu_seconds()? - before) / (rounds * count) as f64)
}

/// A subscription may stand a moment after the server says so: until a message has reached all.
async fn warm_up(server: &mut impl Broadcaster, fleet: &Fleet) -> Result<()> {
    for _ in 0..10 {
        fleet.clear();
        server.publish(1).await?;
        if fleet.delivered(fleet.count() as u64, Duration::from_secs(5)).await? {
            return Ok(());
        }
    }
    anyhow::bail!("{}: no message reached all viewers", server.name())
}

/// Server CPU microseconds a delivery, without the publishing itself.
async fn deliveries(
    server: &mut impl Broadcaster,
    processes: &Processes,
    fleet: &Fleet,
    rounds: usize,
    count: usize,
    own: f64,
) -> Result<(f64, crate::fleet::Tally)> {
    fleet.clear();
    let before = processes.cpu_seconds()?;
    for round in 1..=rounds {
        server.publish(count).await?;
        let expected = (round * count * fleet.count()) as u64;
        ensure!(fleet.delivered(expected, PATIENCE).await?, "{}: a message did not reach all", server.name());
    }
    let cpu = processes.cpu_seconds()? - before - own * (rounds * count) as f64;
    let tally = fleet.tally()?;
    let (delivered, expected) = (tally.delivered(), (rounds * count * fleet.count()) as u64);
    ensure!(tally.repeated == 0, "{}: {} messages came twice", server.name(), tally.repeated);
    ensure!(delivered == expected, "{}: {delivered} deliveries instead of {expected}", server.name());
    Ok((cpu * 1e6 / tally.delivered() as f64, tally))
}

/// A message of this size that our client counts as an entry.
pub fn message(seq: u64, size: usize) -> String {
    let mut text = format!("{{\"seq\":{seq},\"words\":\"t{:020}", now_ns());
    let filler = size.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n('x', filler));
    text.push_str("\"}");
    text
}

/// An address that nobody listens at.
pub fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits until somebody listens there.
pub async fn wait_for(address: SocketAddr) -> Result<()> {
    let knock = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), knock).await.with_context(|| format!("nobody listens at {address}"))
}
