//! Our own node under load.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sokuho_tests::postgres::Database;
use sokuho_tests::region::{Office, Region};
use sokuho_tests::server::{PASSWORD, Server, Start};
use sokuho_tests::viewer::Subscribe;

use crate::example;
use crate::fleet::Line;
use crate::http::HttpLine;
use crate::postgres::Postgres;
use crate::process::Processes;

/// Where a node has its log.
#[derive(Clone, Copy)]
pub enum Edition<'a> {
    /// In a file.
    Sqlite,
    /// In a database of this server.
    Postgres(&'a Postgres),
}

impl<'a> Edition<'a> {
    /// Both, or the one that can be had.
    pub fn all(postgres: Option<&'a Postgres>) -> Vec<Self> {
        std::iter::once(Self::Sqlite).chain(postgres.map(Self::Postgres)).collect()
    }

    /// What it is called in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    fn start(self) -> Result<Start> {
        let start = match self {
            Self::Sqlite => Start::default(),
            Self::Postgres(postgres) => Start::with_database(postgres.database()?),
        };
        // All of the bench's viewers come from one address.
        Ok(start.arg("--viewers-per-address").arg("0"))
    }
}

/// A node with a staff member who reports and a wall token for the viewers.
pub struct Node {
    server: Server,
    region: Region,
    wall: String,
}

const REPORTER: &str = "bench";

impl Node {
    /// Starts one with an empty log, on the disk of the temporary folder.
    pub async fn start() -> Result<Self> {
        Self::start_on(Edition::Sqlite).await
    }

    /// Starts one of this edition with an empty log.
    pub async fn start_on(edition: Edition<'_>) -> Result<Self> {
        Self::equip(edition.start()?.start()?).await
    }

    /// Starts one whose log was filled with so many reports before, a fifth of them handled unless they are to be
    /// left as they came.
    pub async fn start_filled(edition: Edition<'_>, reports: u64, untouched: bool) -> Result<Self> {
        let start = edition.start()?;
        let data = tempfile::Builder::new().prefix("sokuho-").tempdir()?;
        let (folder, reports) = (data.path().to_string_lossy().into_owned(), reports.to_string());
        let mut args = vec!["--data", &folder, "--reports", &reports];
        args.extend(untouched.then_some("--untouched"));
        let address = start.database().map(Database::url);
        let env: Vec<_> = address.iter().map(|url| ("DATABASE_URL", url.as_str())).collect();
        example::run("fill_log", &args, &env)?;
        Self::equip(start.start_in(data)?).await
    }

    async fn equip(server: Server) -> Result<Self> {
        let region = server.public().region().await?;
        let [town] = region.towns()?;
        server.account(REPORTER, &town.code, None, "field")?;
        let wall = server.wall_token(&town.code).await?;
        Ok(Self { server, region, wall })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.server.port()))
    }

    /// Its process.
    pub fn processes(&self) -> Result<Processes> {
        Processes::with_children(self.server.pid()?)
    }

    /// A fresh access token of the reporter.
    pub async fn token(&self) -> Result<String> {
        let client = self.server.public().sign_in(REPORTER, PASSWORD).await?;
        client.token().map(str::to_owned).context("no token")
    }

    /// The municipalities.
    pub fn towns(&self) -> Vec<&Office> {
        self.region.municipalities().collect()
    }

    /// A line for a wall's questions.
    pub async fn asking(&self) -> Result<HttpLine> {
        HttpLine::open(self.address(), "", &format!("Authorization: Bearer {}\r\n", self.wall)).await
    }

    /// A wall's token.
    pub fn wall(&self) -> &str {
        &self.wall
    }

    /// Its database, if it is PostgreSQL.
    pub fn database(&self) -> Option<&Database> {
        self.server.database()
    }

    /// A counter or gauge of its metrics; 0 where it has not counted yet.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.server.public().get("/metrics").await?.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.map_or(Ok(0.0), str::parse)?)
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.server.data()
    }

    /// Walls in twelve groups of different interests, all of which match every report of the publisher.
    pub fn walls_for_everything(&self) -> Line {
        let codes: Vec<_> = self.towns().into_iter().map(|town| &town.code).collect();
        let all = ["road_damage", "water_leak", "street_light", "hazard", "other"];
        let world = |edge: f64| json!({ "west": -edge, "south": -80.0, "east": edge, "north": 80.0 });
        let mut interests = vec![Value::Null, json!({ "offices": codes })];
        interests.extend((1..=5).map(|n| json!({ "categories": all[..n] })));
        interests.extend((0..5).map(|n| json!({ "bounds": world(170.0 + f64::from(n) * 2.0) })));
        self.walls(&interests)
    }

    /// Walls in twelve groups: six want everything, six the incidents of one town each. Also tells which
    /// town a group wants, as an index into the towns.
    pub fn walls_of_many_minds(&self) -> (Line, Vec<Option<usize>>) {
        let towns = self.towns();
        let wants: Vec<_> = (0..12).map(|group| (group >= 6).then_some(group % towns.len())).collect();
        let interests: Vec<_> = wants
            .iter()
            .enumerate()
            .map(|(group, town)| match town {
                Some(town) => json!({ "offices": [towns[*town].code] }),
                None if group == 0 => Value::Null,
                None => {
                    json!({ "bounds": { "west": -175.0 + group as f64, "south": -80.0, "east": 175.0, "north": 80.0 } })
                }
            })
            .collect();
        (self.walls(&interests), wants)
    }

    fn walls(&self, interests: &[Value]) -> Line {
        let first = |interest: &Value| {
            let subscribe = Subscribe { token: Some(self.wall.clone()), ..Subscribe::to(interest.clone()) };
            subscribe.frame().to_string().into_bytes()
        };
        Line {
            address: self.address(),
            path: "/api/live".to_owned(),
            first: interests.iter().map(first).collect(),
            ready: b"\"type\":\"snapshot\"",
            in_order: true,
        }
    }

    /// Stops it.
    pub fn stop(&mut self) -> Result<()> {
        self.server.stop()
    }

    /// Starts it again on the same data.
    pub fn start_again(&mut self) -> Result<()> {
        self.server.start_again()
    }

    /// Whether it says that it is ready.
    pub async fn is_ready(&self) -> Result<bool> {
        Ok(self.server.public().get("/readyz").await?.status == 200)
    }
}
