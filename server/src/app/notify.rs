//! Tells the service manager how far the node is, so that `systemctl start` returns when it serves and not before
//! (`Type=notify`, <https://www.freedesktop.org/software/systemd/man/252/sd_notify.html>).

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// The manager's socket, if there is a manager.
pub(super) struct Manager(pub(super) Option<PathBuf>);

impl Manager {
    /// The node serves.
    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The node does not serve, and to start it again would change nothing: `systemctl status` shows why.
    pub(super) fn halted(&self, why: &str) {
        self.tell(&format!("READY=1\nSTATUS=not ready: {why}"));
    }

    /// The node begins to stop.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, state: &str) {
        let Self(Some(socket)) = self else { return };
        if let Err(error) = send(socket, state) {
            tracing::warn!(error = %error, "the service manager cannot be told");
        }
    }
}

fn send(socket: &Path, state: &str) -> std::io::Result<()> {
    UnixDatagram::unbound()?.send_to(state.as_bytes(), socket).map(|_| ())
}
