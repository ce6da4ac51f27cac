//! A line between the server and its database that a test can cut: a proxy that passes bytes on.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long somebody may take to try again.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the line does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Works {
    /// Passes everything on.
    Yes,
    /// Closes what is open and what is opened, as where a server was stopped.
    Cut,
    /// Keeps all connections and swallows every byte, as where a cable was pulled. A connection that met
    /// this stays silent for good.
    Silent,
}

/// The proxy; it ends with this value.
#[derive(Debug)]
pub struct Line {
    port: u16,
    works: Arc<watch::Sender<Works>>,
    knocks: watch::Receiver<u64>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Line {
    /// A line to a host and port.
    ///
    /// # Errors
    /// If no port of this machine is free.
    pub async fn to(server: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the line")?;
        let port = listener.local_addr()?.port();
        let works = Arc::new(watch::Sender::new(Works::Yes));
        let (server, state) = (server.to_owned(), Arc::clone(&works));
        let (knocked, knocks) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                knocked.send_modify(|times| *times += 1);
                let (server, state) = (server.clone(), state.subscribe());
                tokio::spawn(async move { pass(near, &server, state).await });
            }
        });
        Ok(Self { port, works, knocks, accepting })
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until somebody has tried to connect so many more times.
    ///
    /// # Errors
    /// If nobody does in time.
    pub async fn knocked(&self, times: u64) -> Result<()> {
        let mut knocks = self.knocks.clone();
        let wanted = *knocks.borrow_and_update() + times;
        let enough = tokio::time::timeout(PATIENCE, knocks.wait_for(|knocks| *knocks >= wanted));
        enough.await.context("nobody tries to connect")??;
        Ok(())
    }

    /// From now on it works so.
    pub fn set(&self, works: Works) {
        self.works.send_replace(works);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut near: TcpStream, server: &str, mut state: watch::Receiver<Works>) {
    let works = *state.borrow_and_update();
    let far = if works == Works::Yes { TcpStream::connect(server).await.ok() } else { None };
    if let Some(mut far) = far {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
            _ = state.wait_for(|works| *works != Works::Yes) => {}
        }
        if *state.borrow() == Works::Silent {
            // Both ends believe that the other one is there.
            std::future::pending::<()>().await;
        }
    } else if works == Works::Silent {
        let _ = state.wait_for(|works| *works != Works::Silent).await;
    }
}
