//! Reports at several rates to many viewers in a dozen groups of interest: is everything delivered, once,
//! how soon, and at what cost?

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Scale;
use crate::findings::Findings;
use crate::fleet::{Fleet, Tally};
use crate::node::Node;
use crate::publisher::{Publisher, Sent};

/// Reports a second.
const RATES: [u64; 3] = [10, 100, 1_000];

/// How long stragglers may take after the last report.
const PATIENCE: Duration = Duration::from_secs(60);

/// What did not come as it should.
#[derive(Clone, Copy, Default, Debug)]
pub struct Faults {
    /// Entries that should have come and did not, of viewers that were told nothing.
    pub lost: u64,
    /// Entries that came again.
    pub twice: u64,
    /// Viewers that were told that they missed something.
    pub told: u64,
}

/// Compares what the viewers got with what was sent; `wants` gives the town that each group wants.
pub fn faults(tally: &Tally, sent: &[Sent], wants: &[Option<usize>]) -> Faults {
    let expected: Vec<(u64, u64)> = wants
        .iter()
        .map(|want| {
            let of_interest = sent.iter().filter(|report| want.is_none_or(|town| town == report.town));
            of_interest.fold((0, 0), |(count, sum), report| (count + 1, sum + report.seq))
        })
        .collect();
    let mut faults = Faults { twice: tally.repeated, ..Faults::default() };
    for (viewer, got) in tally.viewers.iter().enumerate() {
        let (count, sum) = expected[viewer % expected.len()];
        if got.told {
            faults.told += 1;
        } else if got.count < count {
            faults.lost += count - got.count;
        } else if (got.count, got.sum) != (count, sum) {
            // As many as expected or more, and not the same: some came that should not.
            faults.twice += got.count - count + u64::from(got.count == count);
        }
    }
    faults
}

/// Measures.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase("fan-out: reports at a rate, viewers in a dozen groups of interest");
    let mut node = Node::start().await?;
    let processes = node.processes()?;
    let publisher = Publisher::open(&node).await?;
    let mut own_cost = Vec::new();
    for rate in RATES {
        let before = processes.cpu_seconds()?;
        let sent = publisher.at_rate(rate, scale.seconds, None).await?;
        own_cost.push((processes.cpu_seconds()? - before) / sent.len() as f64);
    }
    let (line, wants) = node.walls_of_many_minds();
    for viewers in [scale.few_viewers, scale.viewers] {
        let fleet = Fleet::open(&line, viewers).await?;
        for (rate, own_cost) in RATES.into_iter().zip(&own_cost) {
            fleet.clear();
            let (cpu, start) = (processes.cpu_seconds()?, Instant::now());
            let sent = publisher.at_rate(rate, scale.seconds, Some(&fleet.receipts)).await?;
            let expected = expected_deliveries(&fleet, &sent, &wants);
            fleet.delivered(expected, PATIENCE).await?;
            let seconds = start.elapsed().as_secs_f64();
            let cpu = processes.cpu_seconds()? - cpu;
            let tally = fleet.tally()?;
            let run = Run { viewers, rate, expected, seconds, cpu, own_cpu: own_cost * sent.len() as f64 };
            tell(&run, &tally, faults(&tally, &sent, &wants), findings);
        }
        fleet.close();
    }
    node.stop()
}

fn expected_deliveries(fleet: &Fleet, sent: &[Sent], wants: &[Option<usize>]) -> u64 {
    let of_interest =
        |want: &Option<usize>| sent.iter().filter(|s| want.is_none_or(|town| town == s.town)).count() as u64;
    fleet.group_sizes().iter().zip(wants).map(|(size, want)| size * of_interest(want)).sum()
}

struct Run {
    viewers: usize,
    rate: u64,
    expected: u64,
    seconds: f64,
    cpu: f64,
    own_cpu: f64,
}

fn tell(run: &Run, tally: &Tally, faults: Faults, findings: &mut Findings) {
    let ms = |ns: u64| ns as f64 / 1e6;
    let delivered = tally.delivered();
    let name = format!("{} viewers, {} reports/s", run.viewers, run.rate);
    findings.row(
        &name,
        &[
            ("delivered", delivered as f64),
            ("expected", run.expected as f64),
            ("lost", faults.lost as f64),
            ("twice", faults.twice as f64),
            ("viewers that were told to start over", faults.told as f64),
            ("resyncs", tally.resyncs as f64),
            ("lines ended", tally.ended as f64),
            ("deliveries/s", delivered as f64 / run.seconds),
        ],
    );
    let of = |histogram: &hdrhistogram::Histogram<u64>| {
        [histogram.value_at_quantile(0.5), histogram.value_at_quantile(0.99), histogram.max()].map(ms)
    };
    let ([r50, r99, rmax], [s50, s99, smax]) = (of(&tally.from_receipt), of(&tally.from_sending));
    findings.row(&format!("{name}: from receipt"), &[("ms p50", r50), ("ms p99", r99), ("ms max", rmax)]);
    findings.row(&format!("{name}: from sending"), &[("ms p50", s50), ("ms p99", s99), ("ms max", smax)]);
    let per_delivery = (run.cpu - run.own_cpu).max(0.0) * 1e6 / delivered.max(1) as f64;
    findings.row(
        &format!("{name}: server CPU"),
        &[("s", run.cpu), ("s for the reports themselves", run.own_cpu), ("µs/delivery", per_delivery)],
    );
    if run.rate == RATES[0] && run.viewers <= 1_000 {
        // Sent before the commit: what it takes from there is less.
        findings.goal(&format!("{name}: reaches all"), s99, "ms p99 from sending", s99 <= 50.0, "≤ 50");
    }
    let missed = faults.lost + faults.twice + faults.told;
    findings.goal(&format!("{name}: whole"), missed as f64, "lost, twice or told to start over", missed == 0, "0");
}

/// A burst of reports to viewers that all want it; waits until all have it.
pub async fn burst(fleet: &Fleet, publisher: &Publisher, count: usize) -> Result<Vec<Sent>> {
    let already = fleet.tally()?.delivered();
    let sent = publisher.burst(count, Some(&Arc::clone(&fleet.receipts))).await?;
    fleet.delivered(already + (sent.len() * fleet.count()) as u64, PATIENCE).await?;
    Ok(sent)
}
