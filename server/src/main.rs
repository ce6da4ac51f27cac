//! The command line of the node.

#[path = "main/import.rs"]
mod import;
#[path = "main/out.rs"]
mod out;

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use sokuho::app::keeping::{self, Target};
use sokuho::app::maps::{self, Remotes};
use sokuho::app::{self, Storage, zoning};
use sokuho::audit::{self, Actor, By, Filter, Record};
use sokuho::backup::{KEY, Progress};
use sokuho::config::Config;
use sokuho::database::PostgresUrl;
use sokuho::database::told::chain;
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::domain::office::OfficeCode;
use sokuho::domain::staff::Role;
use sokuho::identity::registry::NewAccount;
use sokuho::inspect::Finding;
use sokuho::intake::check;
use sokuho_tiles::proxy::prefetch;
use tracing_subscriber::EnvFilter;

use self::out::say;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sokuho: a disaster bulletin map shared live by every municipality of a region and its prefecture.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
    Import(import::ImportCommand),
    /// Fetch the tiles of an area ahead, so that the map is there when the line is cut. The source must be one that
    /// the node takes tiles from; a node may run meanwhile.
    Prefetch {
        /// Folder of the log, the media and the keys.
        #[arg(long, env = "SOKUHO_DATA", default_value = "var")]
        data: PathBuf,
        /// The source: std, pale, photo, hillshade, flood-max, …
        #[arg(long)]
        source: String,
        /// The area: west, south, east and north, degrees, comma-separated: 139.15,36.85,140.25,37.85
        #[arg(long, value_parser = bounds)]
        bounds: [f64; 4],
        /// The zooms: 5-15
        #[arg(long, value_parser = zooms)]
        zoom: (u8, u8),
        /// Tiles a second at most; public servers ask to be spared.
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
        rate: u32,
        /// A list of tile sources of one's own, instead of the built-in one.
        #[arg(long, env = "SOKUHO_MAP_SOURCE_LIST")]
        map_source_list: Option<PathBuf>,
        /// Mebibytes of the disk that tiles may take.
        #[arg(long, env = "SOKUHO_MAP_CACHE_MIB", default_value_t = 1_024)]
        map_cache_mib: u64,
        /// Mebibytes of the disk that are left free.
        #[arg(long, env = "SOKUHO_KEEP_FREE_MIB", default_value_t = 256)]
        keep_free_mib: u64,
    },
    /// Look through the log and, with --media, all photos and videos, changing nothing; a node may run
    /// meanwhile. Prints one line per finding and ends with 1 if there is any.
    Check {
        #[command(flatten)]
        place: Place,
        /// Read every photo and video that a report names, and compare it with its SHA-256.
        #[arg(long)]
        media: bool,
        /// Say that you have seen that the log lost its tail, so that the node tells of it no more (the only thing that
        /// is written).
        #[arg(long)]
        acknowledge: bool,
    },
    /// Write the whole node into one file, while it runs. The file is as secret as the data folder.
    Backup {
        #[command(flatten)]
        place: Place,
        /// The file to be made; one that is there is not replaced.
        file: PathBuf,
        /// Pack the photos and videos too.
        #[arg(long)]
        media: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Make a node from a backup, in an empty folder and, if one is given, an empty PostgreSQL database.
    Restore {
        #[command(flatten)]
        place: Place,
        /// The backup.
        file: PathBuf,
        #[command(flatten)]
        why: Why,
    },
    /// List who read contact details, took data out, or changed accounts and tokens.
    Audit {
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
    },
    /// Make the projection (the tables for QGIS and the like, in PostgreSQL) anew from the log. The node must
    /// not run meanwhile.
    Rebuild {
        #[command(flatten)]
        place: Place,
    },
    /// Look at all open incidents again by the hazard zones that are in force, and write down where they lie in
    /// others than before: after an import. The node must not run meanwhile.
    Retag {
        #[command(flatten)]
        place: Place,
    },
    /// Print the OpenAPI document.
    Openapi,
}

/// Where the node keeps its data and which region it serves.
#[derive(clap::Args)]
struct Place {
    /// Folder of the log, the media and the keys.
    #[arg(long, env = "SOKUHO_DATA", default_value = "var")]
    data: PathBuf,
    /// PostgreSQL database; left out, a SQLite file in the data folder. Best given by the environment.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database: Option<PostgresUrl>,
    /// Folder of the region bundle; left out, the built-in region.
    #[arg(long, env = "SOKUHO_REGION")]
    region: Option<PathBuf>,
}

/// Why it is done.
#[derive(clap::Args)]
struct Why {
    /// Why; it stands in the audit. At most 200 characters.
    #[arg(long, value_parser = reason)]
    reason: Option<String>,
}

impl From<Why> for By {
    /// Whoever is at the command line, as far as the environment tells.
    fn from(why: Why) -> Self {
        let named = |name| std::env::var(name).ok().filter(|user: &String| !user.is_empty());
        let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(named);
        let user = user.map(|user| user.chars().filter(|c| !c.is_control()).take(64).collect());
        Self { actor: Actor::CommandLine { user }, office: None, reason: why.reason }
    }
}

fn bounds(text: &str) -> Result<[f64; 4], String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let bounds: Option<[f64; 4]> = numbers.try_into().ok().filter(|_| text.split(',').count() == 4);
    let good = |[west, south, east, north]: &[f64; 4]| {
        west < east
            && south < north
            && west.abs() <= 180.0
            && east.abs() <= 180.0
            && south.abs() <= 90.0
            && north.abs() <= 90.0
    };
    bounds.filter(good).ok_or_else(|| "west,south,east,north in degrees".to_owned())
}

fn zooms(text: &str) -> Result<(u8, u8), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let zooms = least.trim().parse::<u8>().ok().zip(most.trim().parse::<u8>().ok());
    zooms.filter(|(least, most)| least <= most).ok_or_else(|| "5-15".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    let text = check::text("reason", text, audit::REASON).map_err(|refusal| refusal.to_string())?;
    if text.is_empty() { Err("say why".to_owned()) } else { Ok(text) }
}

#[derive(Subcommand)]
enum TokenCommand {
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

#[derive(Subcommand)]
enum AccountCommand {
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

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(matches!(cli.command, Command::Serve(_)));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sokuho: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(cli.command));
    // Whoever had to be waited for was; a thumbnail that is being drawn holds nobody up.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sokuho: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Libraries that are not to speak in our log, whatever the filter says.
const QUIET: [&str; 3] = ["nom_exif=off", "sqlx::postgres::notice=warn", "sqlx_core::pool=off"];

/// JSON for machines, text for a person: whoever is at a terminal, or gives a command. Both to standard error.
fn start_logging(is_node: bool) {
    let filter = std::env::var("SOKUHO_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|error| {
        eprintln!("sokuho: SOKUHO_LOG is not a filter, taking info: {error}");
        EnvFilter::new("info")
    });
    // The video reader logs what it stumbles over at ERROR, with the file's bytes: residents' files must
    // not get into the log, and a broken one is no error of ours. PostgreSQL notes at every start that the
    // tables are there already. A connection that is given up is no news: whoever misses one says so.
    let filter = QUIET.iter().filter_map(|rule| rule.parse().ok()).fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match (is_node, std::io::stderr().is_terminal()) {
        (false, is_terminal) => builder.with_target(false).without_time().with_ansi(is_terminal).init(),
        (true, true) => builder.with_target(false).init(),
        // `spans` has the span that `span` would name once more.
        (true, false) => builder.json().flatten_event(true).with_current_span(false).init(),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let open = async |place: Place| {
        Storage::open(place.data, place.database, place.region.as_deref(), clock.clone(), entropy.clone()).await
    };
    match command {
        Command::Serve(config) => app::serve(config, clock, entropy).await,
        Command::Openapi => {
            say!("{}", sokuho::http::router::document().to_pretty_json()?)
        }
        Command::Check { place, media, acknowledge } => {
            if acknowledge {
                for seen in app::inspection::acknowledge(&place.data, clock.as_ref())? {
                    say!("acknowledged: {seen}")?;
                }
            }
            let (mut findings, mut told) = (0_u64, Ok(()));
            let tell = |finding: Finding| {
                findings += 1;
                if told.is_ok() {
                    told = say!("{}: {finding}", finding.code());
                }
            };
            let looked = app::inspection::check(&place.data, place.database, media, clock.as_ref(), tell).await;
            told?;
            let entries = looked.entries;
            match (findings, media) {
                (0, true) => say!("sound: {entries} entries, {} media of {} bytes", looked.media, looked.bytes),
                (0, false) => say!("sound: {entries} entries, media not read (--media reads them)"),
                (_, true) => bail!("{findings} findings in {entries} entries and {} media", looked.media),
                (_, false) => bail!("{findings} findings in {entries} entries; media not read"),
            }
        }
        Command::Prefetch { data, source, bounds, zoom, rate, map_source_list, map_cache_mib, keep_free_mib } => {
            let remotes = Remotes { data, ids: vec![], list: map_source_list, cache_mib: map_cache_mib, keep_free_mib };
            let mut last = Instant::now();
            let tell = move |progress: prefetch::Progress| {
                if last.elapsed() >= Duration::from_secs(1) || progress.done == progress.of {
                    last = Instant::now();
                    eprintln!("{} of {} tiles, {} bytes fetched", progress.done, progress.of, progress.bytes);
                }
            };
            let done = maps::prefetch(remotes, &source, bounds, zoom, rate, clock, tell).await?;
            say!(
                "{source}: {} tiles, of which {} were at hand and {} are empty; {} failed; {} bytes fetched",
                done.done,
                done.at_hand,
                done.nothing,
                done.failed,
                done.bytes
            )?;
            if done.failed > 0 {
                bail!("{} tiles failed; run it again to fetch them", done.failed)
            }
            Ok(())
        }
        Command::Rebuild { place } => {
            let storage = open(place).await?;
            let waits = |holder: &str| eprintln!("waiting for {holder}, which holds the tables");
            let Some(made) = keeping::rebuild(&storage, waits).await? else {
                bail!("SQLite has no projection; it comes with PostgreSQL (--database)");
            };
            say!("{} reports, {} incidents, {} check-ins", made.reports, made.incidents, made.check_ins)
        }
        Command::Retag { place } => {
            let storage = open(place).await?;
            let looked = zoning::retag(&storage, clock.as_ref(), entropy.as_ref()).await;
            storage.log.close().await;
            let zoning::Retagged { open, changed } = looked?;
            say!("{open} open incidents were looked at; {changed} lie in other zones now")
        }
        Command::Token(command) => token(command, open).await,
        Command::Account(command) => account(command, open).await,
        Command::Backup { place, file, media, why } => {
            if !place.data.join(KEY).exists() {
                bail!("there is no node in {}", place.data.display());
            }
            let storage = open(place).await?;
            let made = keeping::backup(&storage, &file, media, why.into(), clock.as_ref(), &mut teller()).await?;
            let photos = match (media, made.media.named) {
                (_, 0) => "no report names a photo or video".to_owned(),
                (true, named) => format!("{} of {named} photos and videos", made.media.packed),
                (false, named) => format!("none of the {named} photos and videos: copy the folder media as well"),
            };
            say!(
                "{}: {} entries, {} accounts, {} wall tokens, {} rows of the audit; {photos}",
                file.display(),
                made.head,
                made.rows("account"),
                made.rows("wall_token"),
                made.rows("audit"),
            )?;
            if made.media.missing > 0 {
                eprintln!("sokuho: {} photos and videos are missing or damaged in the store", made.media.missing);
            }
            Ok(())
        }
        Command::Restore { place, file, why } => {
            let Place { data, database, .. } = place;
            let target = Target { data, postgres: database, by: why.into(), clock, entropy };
            let restored = keeping::restore(&file, target, &mut teller()).await?;
            say!(
                "restored {} entries of {}; the history is called {} now, everybody signs in anew",
                restored.head,
                restored.manifest.made_at,
                restored.epoch
            )?;
            Ok(())
        }
        Command::Audit { place, since, office, json } => {
            let storage = open(place).await?;
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
        Command::Import(command) => import::run(command, clock, entropy).await,
    }
}

/// Says once a second how far it is.
fn teller() -> impl FnMut(Progress<'_>) + Send {
    let mut last = Instant::now();
    move |progress: Progress<'_>| {
        if last.elapsed() >= Duration::from_secs(1) {
            last = Instant::now();
            let of = progress.of.map_or(String::new(), |of| format!(" of {of}"));
            eprintln!("{}: {}{of}", progress.step, progress.done);
        }
    }
}

async fn token(command: TokenCommand, open: impl AsyncFn(Place) -> anyhow::Result<Storage>) -> anyhow::Result<()> {
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

async fn account(command: AccountCommand, open: impl AsyncFn(Place) -> anyhow::Result<Storage>) -> anyhow::Result<()> {
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
