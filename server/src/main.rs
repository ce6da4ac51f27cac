//! The command line of the node.

#[path = "main/mod.rs"]
mod commands;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use sokuho::database::told::chain;
use tracing_subscriber::EnvFilter;

use self::commands::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sokuho: a disaster bulletin map shared live by every municipality of a region and its prefecture.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
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
    let outcome = runtime.block_on(commands::run(cli.command));
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
