//! `sokuho audit`: who read contact details, took data out, or changed accounts and tokens.

use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use sokuho::audit::{self, Filter, Record};
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::domain::office::OfficeCode;

use super::out;
use super::place::Place;

/// Which records.
#[derive(clap::Args)]
pub struct Audit {
    #[command(flatten)]
    place: Place,
    /// From this moment on, RFC 3339: 2026-07-01T00:00:00+09:00.
    #[arg(long)]
    since: Option<Timestamp>,
    /// What was done for this office alone.
    #[arg(long)]
    office: Option<OfficeCode>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints a line for each.
pub async fn run(order: Audit, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let Audit { place, since, office, json } = order;
    let storage = place.open(clock, entropy).await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let each = |record: Record| {
        out::whole(match json {
            true => writeln!(out, "{}", record.to_json()),
            false => writeln!(out, "{record}"),
        })
    };
    audit::list(storage.registry.database(), &Filter { since, office }, each).await?;
    out::whole(out.flush())
}
