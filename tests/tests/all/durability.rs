//! No acknowledgement before the commit: what a phone was told is safe survives the end of the process.

use anyhow::{Result, ensure};
use rstest::rstest;
use sokuho_tests::server::{Edition, Start};
use sokuho_tests::soak::{Crowd, Soak};
use sokuho_tests::time::new_id;

const ROUNDS: u64 = 3;

/// The short form of `make soak`.
#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn after_kill_9_under_load_nothing_that_was_acknowledged_is_missing(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let seed = new_id().as_u64_pair().1;
    println!("seed {seed}");
    let mut soak = Soak::begin(start, Crowd { senders: 4, viewers: 2 }, seed).await?;
    for _ in 0..ROUNDS {
        soak.round().await?;
    }
    let tally = soak.finish()?;
    ensure!(tally.acknowledged > ROUNDS * 10, "the senders hardly came to send: {tally:?}");
    ensure!(tally.resumed >= ROUNDS * 4, "the viewers did not come back: {tally:?}");
    Ok(())
}
