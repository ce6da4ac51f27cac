//! `sokuho account`: who may sign in.

use std::io::{BufRead, IsTerminal, Read};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::domain::office::OfficeCode;
use sokuho::domain::staff::Role;
use sokuho::identity::registry::NewAccount;

use super::out::say;
use super::place::{Place, Why};

/// What is done with them.
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Add an account. The password is read from standard input.
    Add {
        #[command(flatten)]
        place: Place,
        /// Account name.
        #[arg(long)]
        name: String,
        /// Name as shown to colleagues.
        #[arg(long)]
        display: String,
        /// Code of the office that employs them.
        #[arg(long)]
        work: OfficeCode,
        /// Code of the office of the municipality where they live.
        #[arg(long)]
        home: Option<OfficeCode>,
        /// viewer, field, operator or admin.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Read the password from standard input (the only way).
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        why: Why,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Shut an account and end its sessions.
    Disable {
        #[command(flatten)]
        place: Place,
        /// Account name.
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Open a shut account again.
    Enable {
        #[command(flatten)]
        place: Place,
        /// Account name.
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Set a new password, read from standard input, and end the account's sessions.
    Password {
        #[command(flatten)]
        place: Place,
        /// Account name.
        name: String,
        /// Read the password from standard input (the only way).
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        why: Why,
    },
    /// End all sessions of an account.
    SignOut {
        #[command(flatten)]
        place: Place,
        /// Account name.
        name: String,
        #[command(flatten)]
        why: Why,
    },
}

fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|_| "viewer, field, operator or admin".to_owned())
}

/// Does it and says what became of it.
pub async fn run(command: AccountCommand, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let open = async |place: Place| place.open(clock.clone(), entropy.clone()).await;
    match command {
        AccountCommand::Add { place, name, display, work, home, role, password_stdin: _, why } => {
            let storage = open(place).await?;
            for code in [Some(&work), home.as_ref()].into_iter().flatten() {
                if storage.region.office(code).is_none() {
                    bail!("no office of the region has the code {code}");
                }
            }
            let password = password()?;
            let new = NewAccount { name, display_name: display, work_office: work, home_office: home, role, password };
            let account = storage.registry.add_account(new, &why.into()).await?;
            say!("added {} {}", account.staff.id, account.name)?;
        }
        AccountCommand::List { place } => {
            for account in open(place).await?.registry.accounts().await? {
                let staff = &account.staff;
                let home = staff.home_office.as_ref().map_or("-", |home| home.as_str());
                let state = if account.disabled { "  (disabled)" } else { "" };
                say!(
                    "{}  {}  {:?} at {}, lives in {home}  {}{state}",
                    staff.id,
                    account.name,
                    staff.role,
                    staff.work_office,
                    staff.name
                )?;
            }
        }
        AccountCommand::Disable { place, name, why } => {
            let changed = open(place).await?.registry.set_disabled(&name, true, &why.into()).await?;
            say!("{} {name}", if changed { "disabled" } else { "disabled before:" })?;
        }
        AccountCommand::Enable { place, name, why } => {
            let changed = open(place).await?.registry.set_disabled(&name, false, &why.into()).await?;
            say!("{} {name}", if changed { "enabled" } else { "enabled before:" })?;
        }
        AccountCommand::Password { place, name, password_stdin: _, why } => {
            let storage = open(place).await?;
            storage.registry.set_password(&name, &password()?, &why.into()).await?;
            say!("password of {name} set")?;
        }
        AccountCommand::SignOut { place, name, why } => {
            open(place).await?.registry.revoke_sessions(&name, &why.into()).await?;
            say!("sessions of {name} ended")?;
        }
    }
    Ok(())
}

/// The first line of standard input, so that no password stands in a command line or its history.
fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprintln!("password (ends with Enter):");
    }
    let mut line = String::new();
    std::io::stdin().lock().take(4_096).read_line(&mut line).context("standard input cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("no password on standard input");
    }
    Ok(password)
}
