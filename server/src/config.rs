//! Typed settings of `sokuho serve`. Each has a default that is right for a single node; each can be
//! given as an option or by the environment.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::database::PostgresUrl;

/// Settings of a node. Secrets lie in files below `data`/keys; only the database's address may hold one, and it
/// is never printed.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Address to listen on.
    #[arg(long, env = "SOKUHO_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub address: IpAddr,

    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "SOKUHO_PORT", default_value_t = 8080)]
    pub port: u16,

    /// Folder of the log, the media and the keys.
    #[arg(long, env = "SOKUHO_DATA", default_value = "var")]
    pub data: PathBuf,

    /// PostgreSQL database with PostGIS for the log and the accounts, postgres://user:password@host:port/name;
    /// left out, a SQLite file in the data folder. Give it by the environment: others on the machine can read
    /// a command line.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database: Option<PostgresUrl>,

    /// Folder of the region bundle; left out, the built-in region.
    #[arg(long, env = "SOKUHO_REGION")]
    pub region: Option<PathBuf>,

    /// Make demonstration accounts on the first start and print them once.
    #[arg(long, env = "SOKUHO_DEMO")]
    pub demo: bool,

    /// Reports that one address may send in a minute without an account; 0 is no limit. A shelter is
    /// one address for many people.
    #[arg(long, env = "SOKUHO_REPORTS_PER_MINUTE", default_value_t = 60)]
    pub reports_per_minute: u32,

    /// Uploads that one address may send in a minute; 0 is no limit.
    #[arg(long, env = "SOKUHO_UPLOADS_PER_MINUTE", default_value_t = 60)]
    pub uploads_per_minute: u32,

    /// Mebibytes of the disk that photos and videos leave free, so that the log never stops for want of
    /// room; a tenth of the disk where that is less.
    #[arg(long, env = "SOKUHO_KEEP_FREE_MIB", default_value_t = 256)]
    pub keep_free_mib: u64,

    /// Address and port of a second listener for `/healthz`, `/readyz` and `/metrics`, which then are not
    /// on the public one.
    #[arg(long, env = "SOKUHO_HEALTH_LISTEN")]
    pub health_listen: Option<SocketAddr>,

    /// Seconds from the start to the first look through the log and all photos and videos; later ones
    /// follow once a day.
    #[arg(long, env = "SOKUHO_INSPECT_AFTER", default_value_t = 60)]
    pub inspect_after: u64,

    /// Viewers that the node takes at the same time. A fifth of the places is kept for whoever shows a token.
    #[arg(long, env = "SOKUHO_VIEWERS", default_value_t = 20_000)]
    pub viewers: usize,

    /// Viewers without a token that one address may have at the same time; 0 is no limit. A shelter is one
    /// address for many people. Screens that show a token do not count.
    #[arg(long, env = "SOKUHO_VIEWERS_PER_ADDRESS", default_value_t = 1_000)]
    pub viewers_per_address: usize,

    /// Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma-separated.
    #[arg(long, env = "SOKUHO_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// Sources of map tiles on the internet that this node takes tiles from and keeps, comma-separated: std, pale,
    /// photo, hillshade (国土地理院) and flood-max, debris-flow and others (重ねるハザードマップ). None, unless they
    /// are named here: a node without the internet must not try.
    #[arg(long, env = "SOKUHO_MAP_SOURCES", value_delimiter = ',')]
    pub map_sources: Vec<String>,

    /// A list of tile sources of one's own (JSON as in data/tiles/sources.json), instead of the built-in one.
    #[arg(long, env = "SOKUHO_MAP_SOURCE_LIST")]
    pub map_source_list: Option<PathBuf>,

    /// Mebibytes of the disk that tiles of these sources may take; those used longest ago go first.
    #[arg(long, env = "SOKUHO_MAP_CACHE_MIB", default_value_t = 1_024)]
    pub map_cache_mib: u64,

    /// Where the service manager wants to hear that the node serves; systemd sets it.
    #[arg(long, env = "NOTIFY_SOCKET", hide = true)]
    pub notify_socket: Option<PathBuf>,
}

impl Config {
    /// Where to listen.
    pub fn listen(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }
}
