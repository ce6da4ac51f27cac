//! How a node ends: because it is asked to, first softly and then hard, or because a task of its ended that
//! should not.

use std::future::Future;
use std::io;
use std::time::Duration;

use anyhow::anyhow;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};

/// A soft stop may take this long; then the node stops hard.
pub(super) const SOFT_STOP: Duration = Duration::from_secs(9);

/// SIGTERM and SIGINT.
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Listens from now on.
    ///
    /// # Errors
    /// If the system does not let it.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits until one of the tasks ends that should run until the stop, and says which. A task's name is what
/// it returns.
pub(super) async fn first_to_end(tasks: &mut JoinSet<&'static str>, writing: &mut JoinHandle<()>) -> anyhow::Error {
    let ended = tokio::select! {
        ended = writing => ended.map(|()| "the log's writer"),
        Some(ended) = tasks.join_next() => ended,
    };
    match ended {
        Ok(name) => anyhow!("{name} ended by itself"),
        Err(error) => anyhow!(error).context("a task failed"),
    }
}

/// How a soft stop went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stopped {
    /// To its end.
    Softly,
    /// It took too long.
    OutOfTime,
    /// Somebody asked again, and does not want to wait.
    AskedAgain,
}

/// Stops softly, as long as nobody asks again and the time lasts.
pub(super) async fn stop_softly(
    soft: impl Future<Output = ()>,
    asked_again: impl Future<Output = ()>,
    within: Duration,
) -> Stopped {
    tokio::select! {
        () = soft => Stopped::Softly,
        () = asked_again => Stopped::AskedAgain,
        () = tokio::time::sleep(within) => Stopped::OutOfTime,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_writer_that_panics_or_ends_stops_the_node() {
        let mut tasks = JoinSet::new();
        tasks.spawn(pending::<&str>());
        let mut writing = tokio::spawn(async { panic!("the announcer broke") });
        assert!(format!("{:#}", first_to_end(&mut tasks, &mut writing).await).contains("the announcer broke"));
        let mut writing = tokio::spawn(ready(()));
        assert_eq!(first_to_end(&mut tasks, &mut writing).await.to_string(), "the log's writer ended by itself");
    }

    #[tokio::test]
    async fn any_other_task_that_ends_stops_the_node_and_is_named() {
        let mut tasks = JoinSet::new();
        tasks.spawn(ready("the hub"));
        let mut writing = tokio::spawn(pending());
        assert_eq!(first_to_end(&mut tasks, &mut writing).await.to_string(), "the hub ended by itself");
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_again_does_not_wait_for_the_soft_stop() {
        let within = Duration::from_secs(9);
        assert_eq!(stop_softly(pending(), ready(()), within).await, Stopped::AskedAgain);
        assert_eq!(stop_softly(pending(), pending(), within).await, Stopped::OutOfTime);
        assert_eq!(stop_softly(ready(()), pending(), within).await, Stopped::Softly);
    }
}
