//! `make soak`: hundreds of rounds of `kill -9` under load; see `sokuho_tests::soak`. The short form is the
//! test `after_kill_9_under_load_nothing_that_was_acknowledged_is_missing`.

use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use sokuho_tests::random::Random;
use sokuho_tests::server::{Edition, Start};
use sokuho_tests::soak::{Crowd, Soak, Tally};
use sokuho_tests::time::new_id;

/// Kills a node under load, again and again, and asks for everything that it had promised.
#[derive(Parser)]
struct Args {
    /// Rounds on each edition.
    #[arg(long, default_value_t = 200)]
    rounds: u64,
    /// Decides who sends what and when the node ends; left out, by chance, and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// This edition alone.
    #[arg(long, value_enum)]
    edition: Option<Edition>,
    /// Senders at the same time.
    #[arg(long, default_value_t = 6)]
    senders: usize,
    /// Viewers of each audience.
    #[arg(long, default_value_t = 3)]
    viewers: usize,
    /// Rounds on the same data, before it begins anew; a snapshot must hold all of their incidents.
    #[arg(long, default_value_t = 20)]
    rounds_on_one_log: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| new_id().as_u64_pair().1);
    println!("soak: {} rounds, --seed {seed}", args.rounds);
    let editions = args.edition.map_or(vec![Edition::Sqlite, Edition::Postgres], |edition| vec![edition]);
    for edition in editions {
        let total = soak(edition, &args, seed).await?;
        println!("{edition:?} is sound: {total:?}");
    }
    Ok(())
}

async fn soak(edition: Edition, args: &Args, seed: u64) -> Result<Tally> {
    let (begun, mut random, mut total) = (Instant::now(), Random::new(seed), Tally::default());
    while total.rounds < args.rounds {
        let crowd = Crowd { senders: args.senders, viewers: args.viewers };
        let start = Start::on(edition)?.context("no PostgreSQL: scripts/with-postgres starts one")?;
        let mut soak = Soak::begin(start, crowd, random.number()).await?;
        for _ in 0..args.rounds_on_one_log.min(args.rounds - total.rounds) {
            soak.round()
                .await
                .with_context(|| format!("round {}, --seed {seed}", total.rounds + soak.tally.rounds + 1))?;
        }
        total += soak.finish()?;
        let seconds = begun.elapsed().as_secs();
        println!(
            "{edition:?}: {} of {} rounds in {seconds} s: {} acknowledged ({} with photos), {} unanswered and sent again, \
             {} starts killed, viewers came back {} times and resynced {}",
            total.rounds,
            args.rounds,
            total.acknowledged,
            total.photos,
            total.unanswered,
            total.killed_starts,
            total.resumed,
            total.resynced
        );
    }
    Ok(total)
}
