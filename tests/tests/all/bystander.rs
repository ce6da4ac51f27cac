//! Somebody else, who must not be disturbed by what a test does.

use anyhow::{Result, ensure};
use serde_json::Value;
use sokuho_tests::client::Client;
use sokuho_tests::report::report;
use sokuho_tests::server::Server;
use sokuho_tests::viewer::Viewer;

/// A wall that watches, and a resident who reports on its ground.
pub struct Bystander {
    wall: Viewer,
    resident: Client,
    at: (f64, f64),
}

impl Bystander {
    /// Begins to watch.
    pub async fn new(server: &Server) -> Result<Self> {
        let region = server.public().region().await?;
        let [town] = region.towns()?;
        let wall = server.wall(&town.code).await?.watch().await?;
        Ok(Self { wall, resident: server.public(), at: town.at })
    }

    /// A place on the wall's own ground.
    pub fn at(&self) -> (f64, f64) {
        self.at
    }

    /// The last entry's number.
    pub fn head(&self) -> u64 {
        self.wall.position().seq
    }

    /// Checks that nothing was written since, and that the next good report comes through: it gets the
    /// very next number and arrives as the very next entry.
    pub async fn is_undisturbed(&mut self) -> Result<()> {
        let head = self.head();
        let sent = report(self.at);
        let receipt = self.resident.file(&sent).await?;
        ensure!(receipt["seq"] == head + 1, "something was written after {head}: {receipt}");
        self.receives(&sent["id"]).await
    }

    /// Waits for the next entry, which must be the report of this id.
    pub async fn receives(&mut self, id: &Value) -> Result<()> {
        let entry = self.wall.next_entry().await?;
        ensure!(entry["incident"]["reports"][0]["id"] == *id, "not the report {id} came next, but {entry}");
        Ok(())
    }
}
