//! `make demo`: ten minutes of a night of heavy rain over the region, played in one minute through the
//! public API as any client would. Everything is marked as a drill (訓練).
//!
//! Starts a node of its own with an empty folder, or uses a running one (`SOKUHO_URL`, with the data
//! folder in `SOKUHO_DATA` so that staff accounts and wall tokens can be made for it). The node of its own
//! goes on after the last event, so that one can look around, until Ctrl-C.

mod night;
mod play;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use sokuho_tests::client::Client;
use sokuho_tests::server::{PASSWORD, Start, command};
use sokuho_tests::time::new_id;

use night::Night;
use play::{Cast, Member};

/// Plays a drill: a night of heavy rain.
#[derive(Parser)]
struct Args {
    /// How many times faster than life.
    #[arg(long, default_value_t = 10.0)]
    speed: f64,
    /// A running node; left out, one is started.
    #[arg(long, env = "SOKUHO_URL")]
    url: Option<String>,
    /// The running node's data folder.
    #[arg(long, env = "SOKUHO_DATA")]
    data: Option<PathBuf>,
    /// Ends after the last event, and does not wait for Ctrl-C.
    #[arg(long)]
    once: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.speed > 0.0 && args.speed.is_finite(), "the speed must be a number above 0");
    let night = Night::read()?;
    let (server, base, data) = match args.url {
        Some(url) => {
            let data = args.data.context("a running node needs its data folder too (SOKUHO_DATA)")?;
            (None, url.trim_end_matches('/').to_owned(), data)
        }
        None => {
            let server = Start::default().start()?;
            let (url, data) = (server.url(), server.data().to_owned());
            (Some(server), url, data)
        }
    };
    let data = data.to_str().context("the data folder's name is not text")?;

    let cast = assemble(&Client::new(&base), data).await?;
    println!("Open one or more walls now; each shows the same within a second:");
    for office in cast.offices.iter().take(3).chain(cast.offices.iter().rev().take(1)) {
        let token = command(&["token", "wall", "--office", &office.code, "--data", data], "")?;
        println!("  {}  {base}/wall#token={}", office.name, token.trim());
    }
    println!("A resident's page: {base}/\n");
    play::play(&night, &cast, args.speed).await?;
    if !args.once && server.is_some() {
        println!("\nThe drill is over; the walls stay. Ctrl-C ends.");
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

/// Makes the accounts that the night needs and signs them in: for each municipality one who lives there
/// and works for the next one, and one operator.
async fn assemble(public: &Client, data: &str) -> Result<Cast> {
    let region = public.region().await?;
    let towns: Vec<_> = region.municipalities().cloned().collect();
    let run = new_id().simple().to_string();
    let account = |name: String, display: String, work: String, home: Option<String>, role: &'static str| async move {
        let mut args = vec!["account", "add", "--name", &name, "--password-stdin", "--display", &display];
        args.extend(["--work", &work, "--role", role, "--data", data]);
        args.extend(home.iter().flat_map(|code| ["--home", code]));
        command(&args, PASSWORD)?;
        public.sign_in(&name, PASSWORD).await
    };
    println!("Making accounts for {} municipalities …", towns.len());
    let first = towns.first().context("a region without municipalities")?;
    let admin =
        account(format!("kunren-{run}-admin"), "訓練 統裁".to_owned(), first.code.clone(), None, "admin").await?;
    let mut members = Vec::new();
    for (number, town) in towns.iter().enumerate() {
        let employer = &towns[(number + 1) % towns.len()];
        let staff = account(
            format!("kunren-{run}-{number}"),
            format!("訓練 職員{}", number + 1),
            employer.code.clone(),
            Some(town.code.clone()),
            "field",
        );
        let operator = account(
            format!("kunren-{run}-{number}-op"),
            format!("訓練 本部{}", number + 1),
            town.code.clone(),
            None,
            "operator",
        );
        members.push(Member { town: town.clone(), staff: staff.await?, operator: operator.await? });
    }
    Ok(Cast { public: public.clone(), admin, members, offices: region.offices })
}
