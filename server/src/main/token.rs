//! `sokuho token`: the tokens of wall displays.

use std::sync::Arc;

use anyhow::bail;
use clap::Subcommand;
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::domain::office::OfficeCode;

use super::out::say;
use super::place::{Place, Why};

/// What is done with them.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a read-only, long-lived token for a wall display and print it.
    Wall {
        #[command(flatten)]
        place: Place,
        /// Code of the office.
        #[arg(long)]
        office: OfficeCode,
        /// Where the display hangs.
        #[arg(long, default_value = "")]
        label: String,
        #[command(flatten)]
        why: Why,
    },
    /// List wall tokens.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Revoke a wall token; its display goes dark within seconds.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The token's id, from the list.
        id: uuid::Uuid,
        #[command(flatten)]
        why: Why,
    },
}

/// Does it and says what became of it.
pub async fn run(command: TokenCommand, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let open = async |place: Place| place.open(clock.clone(), entropy.clone()).await;
    match command {
        TokenCommand::Wall { place, office, label, why } => {
            let storage = open(place).await?;
            if storage.region.office(&office).is_none() {
                bail!("no office of the region has the code {office}");
            }
            let (_, token) = storage.registry.make_wall_token(office, &label, &why.into()).await?;
            say!("{token}")?;
        }
        TokenCommand::List { place } => {
            for token in open(place).await?.registry.wall_tokens().await? {
                let state = token.revoked_at.map_or("in force".to_owned(), |at| format!("revoked {at}"));
                let used = token.last_use.map_or("never used".to_owned(), |at| format!("last used {at}"));
                say!("{}  {}  {state}, {used}  {}", token.id, token.office, token.label)?;
            }
        }
        TokenCommand::Revoke { place, id, why } => {
            open(place).await?.registry.revoke_wall_token(id, &why.into()).await?;
            say!("revoked {id}")?;
        }
    }
    Ok(())
}
