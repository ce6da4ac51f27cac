//! nginx with nchan, from Debian's packages (`nginx libnginx-mod-nchan`).

use std::net::SocketAddr;
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::fleet::Line;
use crate::http::HttpLine;
use crate::process::Processes;
use crate::side_by_side::{Broadcaster, free_address, message, wait_for};

/// A running nginx.
pub struct Nchan {
    nginx: Child,
    address: SocketAddr,
    lines: Vec<HttpLine>,
    sent: u64,
    size: usize,
    _folder: TempDir,
}

const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

impl Nchan {
    /// Starts it, one worker per core; messages of `size` bytes.
    pub async fn start(size: usize) -> Result<Self> {
        ensure!(std::path::Path::new(MODULE).is_file(), "libnginx-mod-nchan is not installed");
        let folder = tempfile::Builder::new().prefix("sokuho-nchan-").tempdir()?;
        let address = free_address()?;
        let place = folder.path().display();
        let config = format!(
            "load_module {MODULE};\ndaemon off;\nworker_processes auto;\nworker_rlimit_nofile 20000;\n\
             pid {place}/pid;\nerror_log {place}/error.log error;\n\
             events {{ worker_connections 18000; }}\n\
             http {{\n access_log off;\n client_body_temp_path {place}/body;\n proxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi;\n uwsgi_temp_path {place}/uwsgi;\n scgi_temp_path {place}/scgi;\n\
             keepalive_requests 1000000;\n nchan_shared_memory_size 256M;\n\
             server {{\n listen {address} backlog=4096;\n\
             location = /sub {{ nchan_subscriber websocket; nchan_channel_id x; nchan_subscriber_first_message newest; }}\n\
             location = /pub {{ nchan_publisher http; nchan_channel_id x; nchan_message_buffer_length 100; }}\n }}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config)?;
        let nginx = Command::new("nginx").arg("-c").arg(&file).arg("-p").arg(folder.path()).spawn().context("nginx")?;
        let mut server = Self { nginx, address, lines: Vec::new(), sent: 0, size, _folder: folder };
        wait_for(address).await?;
        for _ in 0..32 {
            server.lines.push(HttpLine::open(address, "/pub", "Content-Type: application/json\r\n").await?);
        }
        Ok(server)
    }
}

impl Broadcaster for Nchan {
    fn name(&self) -> &'static str {
        "nginx + nchan"
    }

    fn line(&self) -> Line {
        // What is published at the same time may arrive in any order.
        Line { address: self.address, path: "/sub".to_owned(), first: Vec::new(), ready: b"", in_order: false }
    }

    fn processes(&self) -> Result<Processes> {
        Processes::with_children(self.nginx.id())
    }

    async fn publish(&mut self, count: usize) -> Result<()> {
        let mut posts = Vec::with_capacity(count);
        for line in self.lines.iter_mut().take(count) {
            self.sent += 1;
            let body = message(self.sent, self.size);
            posts.push(async move { line.post(body.as_bytes()).await.map(|_| ()) });
        }
        futures_util::future::try_join_all(posts).await?;
        Ok(())
    }
}

impl Drop for Nchan {
    fn drop(&mut self) {
        // The master ends its workers on SIGTERM; it may be gone already.
        let _ = Command::new("kill").args(["-TERM", &self.nginx.id().to_string()]).status();
        let _ = self.nginx.wait();
    }
}
