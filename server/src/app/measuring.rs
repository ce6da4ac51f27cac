//! The node's metrics.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Answer times fall into buckets from half a millisecond to ten seconds.
pub(super) fn record_metrics() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5, 10.0];
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS)?;
    recorder.install_recorder().context("metrics cannot be recorded")
}

/// Samples wait in memory until somebody reads the metrics; where nobody does, this keeps them few.
pub(super) async fn keep_metrics_small(metrics: PrometheusHandle) {
    let mut often = tokio::time::interval(Duration::from_secs(5));
    loop {
        often.tick().await;
        metrics.run_upkeep();
    }
}
