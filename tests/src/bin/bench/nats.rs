//! NATS over WebSocket, from Debian's packages (`nats-server`).

use std::net::SocketAddr;
use std::process::{Child, Command};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::fleet::Line;
use crate::process::Processes;
use crate::side_by_side::{Broadcaster, free_address, message, wait_for};

/// A running nats-server.
pub struct Nats {
    server: Child,
    viewers: SocketAddr,
    publisher: TcpStream,
    sent: u64,
    size: usize,
    _folder: TempDir,
}

impl Nats {
    /// Starts it; messages of `size` bytes.
    pub async fn start(size: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sokuho-nats-").tempdir()?;
        let (plain, viewers) = (free_address()?, free_address()?);
        let config = format!(
            "listen: \"{plain}\"\nmax_connections: 30000\nping_interval: \"30m\"\nlogfile: \"{}/log\"\n\
             websocket {{ listen: \"{viewers}\", no_tls: true, compression: false }}\n",
            folder.path().display()
        );
        let file = folder.path().join("nats.conf");
        std::fs::write(&file, config)?;
        let server = Command::new("nats-server").arg("-c").arg(&file).spawn().context("nats-server")?;
        wait_for(plain).await?;
        wait_for(viewers).await?;
        let mut publisher = TcpStream::connect(plain).await?;
        publisher.set_nodelay(true)?;
        publisher.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n").await?;
        Ok(Self { server, viewers, publisher, sent: 0, size, _folder: folder })
    }
}

impl Broadcaster for Nats {
    fn name(&self) -> &'static str {
        "nats-server"
    }

    fn line(&self) -> Line {
        let first = b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB x 1\r\nPING\r\n".to_vec();
        Line { address: self.viewers, path: "/".to_owned(), first: vec![first], ready: b"PONG", in_order: true }
    }

    fn processes(&self) -> Result<Processes> {
        Processes::with_children(self.server.id())
    }

    async fn publish(&mut self, count: usize) -> Result<()> {
        let mut text = String::new();
        for _ in 0..count {
            self.sent += 1;
            let body = message(self.sent, self.size);
            text.push_str(&format!("PUB x {}\r\n{body}\r\n", body.len()));
        }
        Ok(self.publisher.write_all(text.as_bytes()).await?)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
