//! The commands, a file each: what one asks for, and what it says. What it does lies in the rooms.

mod account;
mod audit;
mod backup;
mod check;
mod import;
mod out;
mod place;
mod prefetch;
mod rebuild;
mod retag;
mod token;

use std::sync::Arc;

use clap::Subcommand;
use sokuho::app;
use sokuho::config::Config;
use sokuho::domain::clock::{SystemClock, SystemEntropy};

use self::account::AccountCommand;
use self::audit::Audit;
use self::backup::{Backup, Restore};
use self::check::Check;
use self::import::ImportCommand;
use self::out::say;
use self::place::Place;
use self::prefetch::Prefetch;
use self::token::TokenCommand;

/// What the node's program can be asked for.
#[derive(Subcommand)]
pub enum Command {
    /// Run the node.
    Serve(Config),
    /// Make, list and revoke the tokens of wall displays.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Take data in.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Fetch the tiles of an area ahead, so that the map is there when the line is cut. The source must be one that
    /// the node takes tiles from; a node may run meanwhile.
    Prefetch(Prefetch),
    /// Look through the log and, with --media, all photos and videos, changing nothing; a node may run
    /// meanwhile. Prints one line per finding and ends with 1 if there is any.
    Check(Check),
    /// Write the whole node into one file, while it runs. The file is as secret as the data folder.
    Backup(Backup),
    /// Make a node from a backup, in an empty folder and, if one is given, an empty PostgreSQL database.
    Restore(Restore),
    /// List who read contact details, took data out, or changed accounts and tokens.
    Audit(Audit),
    /// Make the projection (the tables for QGIS and the like, in PostgreSQL) anew from the log. The node must
    /// not run meanwhile.
    Rebuild(Place),
    /// Look at all open incidents again by the hazard zones that are in force, and write down where they lie in
    /// others than before: after an import. The node must not run meanwhile.
    Retag(Place),
    /// Print the OpenAPI document.
    Openapi,
}

/// Does what is asked for.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator.
pub async fn run(command: Command) -> anyhow::Result<()> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    match command {
        Command::Serve(config) => app::serve(config, clock, entropy).await,
        Command::Token(command) => token::run(command, clock, entropy).await,
        Command::Account(command) => account::run(command, clock, entropy).await,
        Command::Import(command) => import::run(command, clock, entropy).await,
        Command::Prefetch(order) => prefetch::run(order, clock).await,
        Command::Check(order) => check::run(order, clock.as_ref()).await,
        Command::Backup(order) => backup::backup(order, clock, entropy).await,
        Command::Restore(order) => backup::restore(order, clock, entropy).await,
        Command::Audit(order) => audit::run(order, clock, entropy).await,
        Command::Rebuild(place) => rebuild::run(place, clock, entropy).await,
        Command::Retag(place) => retag::run(place, clock, entropy).await,
        Command::Openapi => say!("{}", sokuho::http::router::document().to_pretty_json()?),
    }
}
