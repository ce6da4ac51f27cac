//! `make bench`: what the release binary can do, measured from outside, beside other servers and the
//! database of the same machine, in one run.
//!
//! The load comes from this process and its cheap client ([`fleet`]), the figures of the server from
//! `/proc`. Prints a table and writes `var/bench.json`.

mod cold_start;
mod example;
mod fan_out;
mod findings;
mod fleet;
mod frames;
mod http;
mod memory;
mod nats;
mod nchan;
mod node;
mod postgres;
mod process;
mod publisher;
mod queries;
mod receipts;
mod reconnect;
mod restart;
mod side_by_side;
mod thumbnail;
mod tiles;
mod wall;
mod zones;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;

use findings::Findings;
use node::{Edition, Node};
use postgres::Postgres;

/// Measures the release binary.
#[derive(Parser)]
struct Args {
    /// A short run with a tenth of the load, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Only these phases: receipts, receipts-postgresql, cold-start, restart, queries, memory, reconnect, fan-out,
    /// side-by-side, thumbnail, zones, hazard-tiles, live-tiles, wall.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Viewers of the large runs instead of the usual number.
    #[arg(long)]
    viewers: Option<usize>,
    /// Repetitions instead of the usual number.
    #[arg(long)]
    rounds: Option<usize>,
    /// Reports in the long log instead of the usual number.
    #[arg(long)]
    reports: Option<u64>,
    /// Where to write the figures.
    #[arg(long, default_value = "var/bench.json")]
    json: PathBuf,
}

/// How much to measure.
struct Scale {
    /// Viewers of the large runs.
    viewers: usize,
    /// Viewers of the small runs.
    few_viewers: usize,
    /// Seconds of each timed run.
    seconds: u64,
    /// Repetitions of which the median is told.
    rounds: usize,
    /// Entries of the cold start.
    log_entries: u64,
    /// Reports of the long log.
    long_log: u64,
    /// Open incidents in the picture that viewers come back to.
    open_incidents: u64,
    /// Polygons of hazard layers.
    zones: u32,
    /// Points whose zones are asked for in process.
    zone_points: u32,
    /// Points whose zones are compared with PostGIS's.
    zone_answers: u32,
    /// Incidents on the wall's screen.
    wall_incidents: u32,
    /// Seconds of a round with the wall.
    wall_seconds: u32,
}

const PHASES: [&str; 14] = [
    "receipts",
    "receipts-postgresql",
    "cold-start",
    "restart",
    "queries",
    "memory",
    "reconnect",
    "fan-out",
    "side-by-side",
    "thumbnail",
    "zones",
    "hazard-tiles",
    "live-tiles",
    "wall",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(unknown) = args.only.iter().find(|phase| !PHASES.contains(&phase.as_str())) {
        bail!("there is no phase {unknown}; there are {}", PHASES.join(", "));
    }
    let mut scale = if args.quick {
        Scale {
            viewers: 1_000,
            few_viewers: 200,
            seconds: 2,
            rounds: 1,
            log_entries: 10_000,
            long_log: 100_000,
            open_incidents: 1_000,
            zones: 20_000,
            zone_points: 100_000,
            zone_answers: 10_000,
            wall_incidents: 2_000,
            wall_seconds: 5,
        }
    } else {
        Scale {
            viewers: 10_000,
            few_viewers: 1_000,
            seconds: 10,
            rounds: 3,
            log_entries: 100_000,
            long_log: 1_000_000,
            open_incidents: 10_000,
            zones: 200_000,
            zone_points: 1_000_000,
            zone_answers: 100_000,
            wall_incidents: 20_000,
            wall_seconds: 30,
        }
    };
    scale.viewers = args.viewers.unwrap_or(scale.viewers);
    scale.long_log = args.reports.unwrap_or(scale.long_log);
    scale.rounds = args.rounds.unwrap_or(scale.rounds).max(1);
    let mut findings = Findings::new(&machine());
    raise_descriptor_limit(&mut scale, &mut findings)?;
    let wanted = |phase: &str| args.only.is_empty() || args.only.iter().any(|only| only == phase);

    if wanted("receipts") {
        receipts::measure(&scale, &mut findings).await?;
    }
    if wanted("receipts-postgresql") {
        receipts::measure_on_postgres(&scale, &mut findings).await?;
    }
    if wanted("cold-start") {
        cold_start::measure(&scale, &mut findings).await?;
    }
    if wanted("restart") || wanted("queries") {
        long_log(&scale, wanted("restart"), wanted("queries"), &mut findings).await?;
    }
    if wanted("memory") {
        memory::measure(&scale, &mut findings).await?;
    }
    if wanted("reconnect") {
        reconnect::measure(&scale, &mut findings).await?;
    }
    if wanted("fan-out") {
        fan_out::measure(&scale, &mut findings).await?;
    }
    if wanted("side-by-side") {
        side_by_side::measure(&scale, &mut findings).await?;
    }
    if wanted("thumbnail") {
        thumbnail::measure(&mut findings)?;
    }
    if wanted("zones") {
        zones::measure(&scale, &mut findings).await?;
    }
    if wanted("hazard-tiles") {
        tiles::hazard(&scale, &mut findings).await?;
    }
    if wanted("live-tiles") {
        tiles::live(&scale, &mut findings).await?;
    }
    if wanted("wall") {
        wall::measure(&scale, &mut findings)?;
    }
    findings.write(&args.json)
}

/// The phases that need a long log share it.
async fn long_log(scale: &Scale, restart: bool, queries: bool, findings: &mut Findings) -> Result<()> {
    let reports = scale.long_log;
    findings.phase(&format!("a log with {reports} reports, in either edition"));
    // As anybody sets it who has this much in it.
    let postgres = Postgres::start_with("-c shared_buffers=1GB");
    if let Err(error) = &postgres {
        findings.note(&format!("  no PostgreSQL for the other edition: {error:#}"));
    }
    for edition in Edition::all(postgres.as_ref().ok()) {
        let mut node = Node::start_filled(edition, reports, false).await?;
        if restart {
            restart::measure(&mut node, edition, reports, scale, findings).await?;
        }
        if queries {
            queries::measure(&node, edition, scale, findings).await?;
        }
        node.stop()?;
    }
    Ok(())
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    format!("{cores} cores,{}", model.trim_start_matches(['\t', ' ', ':']).trim_end())
}

/// Each viewer needs a descriptor here and one in the server, which inherits our limit.
fn raise_descriptor_limit(scale: &mut Scale, findings: &mut Findings) -> Result<()> {
    const SPARE: usize = 500;
    let limit = usize::try_from(rlimit::increase_nofile_limit(u64::MAX)?)?;
    findings.note(&format!("open files: up to {limit} in each process (ulimit -n, raised to its hard limit)"));
    if limit < scale.viewers + SPARE {
        scale.viewers = limit.saturating_sub(SPARE);
        let text = format!("the hard limit of open files allows {} viewers; raise it with ulimit -Hn", scale.viewers);
        findings.note(&text);
    }
    Ok(())
}
