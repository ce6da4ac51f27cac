//! What most commands ask for: where the node lies, and why something is done to it.

use std::path::PathBuf;
use std::sync::Arc;

use sokuho::app::Storage;
use sokuho::audit::{self, Actor, By};
use sokuho::database::PostgresUrl;
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::intake::check;

/// Where the node keeps its data and which region it serves.
#[derive(clap::Args)]
pub struct Place {
    /// Folder of the log, the media and the keys.
    #[arg(long, env = "SOKUHO_DATA", default_value = "var")]
    pub data: PathBuf,
    /// PostgreSQL database; left out, a SQLite file in the data folder. Best given by the environment.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database: Option<PostgresUrl>,
    /// Folder of the region bundle; left out, the built-in region.
    #[arg(long, env = "SOKUHO_REGION")]
    pub region: Option<PathBuf>,
}

impl Place {
    /// Opens what lies there, or makes it.
    ///
    /// # Errors
    /// Whatever is wrong, as a sentence for the operator.
    pub async fn open(self, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<Storage> {
        Storage::open(self.data, self.database, self.region.as_deref(), clock, entropy).await
    }
}

/// Why it is done.
#[derive(clap::Args)]
pub struct Why {
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

fn reason(text: &str) -> Result<String, String> {
    let text = check::text("reason", text, audit::REASON).map_err(|refusal| refusal.to_string())?;
    if text.is_empty() { Err("say why".to_owned()) } else { Ok(text) }
}
