//! martin (<https://maplibre.org/martin>) before the same tables, without its cache. It is not in Debian:
//! `cargo install martin --locked --no-default-features --features postgres` installs it; `MARTIN` says where it is, if
//! it is not found by its name.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Ground, Table};
use crate::http::HttpLine;
use crate::postgres::Postgres;
use crate::process::Processes;
use crate::side_by_side::{free_address, wait_for};

/// A running martin.
pub struct Martin {
    server: Child,
    address: SocketAddr,
}

/// What asking it cost.
pub struct Asked {
    /// Milliseconds of CPU a tile, its own and its database's.
    pub cpu_ms: f64,
    /// Tiles a second.
    pub a_second: f64,
    /// Of a tile.
    pub kilobytes: f64,
}

impl Martin {
    /// Starts it before the database of this address.
    pub async fn start(url: &str) -> Result<Self> {
        let address = free_address()?;
        let program = std::env::var_os("MARTIN").unwrap_or_else(|| "martin".into());
        let mut command = Command::new(program);
        command.args(["--listen-addresses", &address.to_string(), "--cache-size", "0", "--auto-bounds", "skip"]);
        let server = command.arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("martin")?;
        let martin = Self { server, address };
        wait_for(address).await?;
        Ok(martin)
    }

    /// Asks for random tiles of the ground over so many lines; each table is a layer.
    pub async fn ask(
        &self,
        postgres: &Postgres,
        tables: &[&Table],
        z: u32,
        ground: Ground,
        clients: usize,
        seconds: u64,
    ) -> Result<Asked> {
        let source = tables.iter().map(|table| table.name).collect::<Vec<_>>().join(",");
        let mut lines = Vec::new();
        for client in 0..clients {
            let mut line = HttpLine::open(self.address, "", "").await?;
            // Its sessions with the database are opened by the first tiles.
            line.get(&address(&source, z, ground, client)).await?;
            lines.push(line);
        }
        let (own, database) = (Processes::with_children(self.server.id())?, postgres.processes()?);
        let cpu = || anyhow::Ok(own.cpu_seconds()? + database.cpu_seconds()?);
        let (before, began) = (cpu()?, Instant::now());
        let asking = lines.into_iter().enumerate().map(|(client, mut line)| {
            let source = source.clone();
            tokio::spawn(async move {
                let (mut tiles, mut bytes) = (0_usize, 0_usize);
                while began.elapsed() < Duration::from_secs(seconds) {
                    tiles += 1;
                    bytes += line.get(&address(&source, z, ground, client + tiles * 97)).await?.len();
                }
                anyhow::Ok((tiles, bytes))
            })
        });
        let (mut tiles, mut bytes) = (0, 0);
        for asked in asking.collect::<Vec<_>>() {
            let asked = asked.await??;
            tiles += asked.0;
            bytes += asked.1;
        }
        let (took, count) = (began.elapsed().as_secs_f64(), tiles as f64);
        Ok(Asked {
            cpu_ms: (cpu()? - before) * 1e3 / count,
            a_second: count / took,
            kilobytes: bytes as f64 / 1e3 / count,
        })
    }
}

impl Drop for Martin {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The address of some tile of the ground, each time another.
fn address(source: &str, z: u32, ground: Ground, number: usize) -> String {
    let ((first_x, last_x), (first_y, last_y)) = ground.tiles(z);
    let columns = (last_x - first_x + 1) as usize;
    // Any step that has no factor in common with the number of tiles visits all of them.
    let tile = number * 7_919 % (columns * (last_y - first_y + 1) as usize);
    format!("/{source}/{z}/{}/{}", first_x as usize + tile % columns, first_y as usize + tile / columns)
}
