//! A node that cannot begin, because of something in its database that it cannot pass over and that is the same at the
//! next try. It does not end, for whoever started it would try again without end, and nobody would see why: it says in
//! `/readyz` what is in the way, and waits until it is stopped. The database is let go, for the program that can read it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use super::ending::{SOFT_STOP, StopSignals, Stopped, stop_softly};
use super::notify::Manager;
use super::rim::listen;
use crate::config::Config;
use crate::database::DatabaseError;
use crate::database::told::chain;
use crate::http::halted::{self, HaltedState};
use crate::http::listener;
use crate::http::places::Places;
use crate::http::request_log::RequestIds;
use crate::http::router;
use crate::inspect::{self, Finding, Findings};
use crate::log::LogError;

/// What a person must mend before any try can succeed.
///
/// # Errors
/// The error itself, if another try may succeed, or if it is about the way in which the node was started.
pub(super) fn in_the_way(error: anyhow::Error) -> anyhow::Result<Finding> {
    use LogError::{Body, Damaged, Inconsistent};
    if let Some(DatabaseError::Newer(..) | DatabaseError::Damaged(..)) = error.downcast_ref() {
        return Ok(Finding::Database(chain(error.as_ref())));
    }
    if !matches!(error.downcast_ref(), Some(Body { .. } | Damaged(_) | Inconsistent { .. })) {
        return Err(error);
    }
    Ok(match error.downcast()? {
        damage @ Damaged(_) => Finding::LogUnreadable(damage),
        row => Finding::LogRow(row),
    })
}

/// Says what is in the way to everybody who asks, until SIGTERM or SIGINT.
///
/// # Errors
/// If it cannot listen.
pub(super) async fn stand(
    config: Config,
    finding: Finding,
    metrics: PrometheusHandle,
    request_ids: RequestIds,
) -> anyhow::Result<()> {
    inspect::log(&finding);
    Findings::default().replace(BTreeMap::from([(finding.code(), 1)]));
    let manager = Manager(config.notify_socket.clone());
    let why = finding.to_string();
    let monitoring = halted::routes(HaltedState { finding: Arc::new(finding), metrics });
    let stopping = CancellationToken::new();
    let serve = async |address, router: Router| {
        let listener = listen(address).await?;
        let address = listener.local_addr()?;
        let serving = listener::serve(listener, router, Places::new(&config.trusted_proxies), stopping.clone());
        anyhow::Ok((address, tokio::spawn(serving)))
    };
    let (public, mut inside) = match config.health_listen {
        None => (router::halted(monitoring, request_ids), None),
        Some(address) => {
            let router = router::halted(monitoring, request_ids.clone());
            (router::halted(crate::http::health::liveness(), request_ids), Some(serve(address, router).await?))
        }
    };
    let (address, mut serving) = serve(config.listen(), public).await?;
    let mut signals = StopSignals::listen().context("signals cannot be heard")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "not begun: {why}\nlistening on http://{address}")?;
    out.flush()?;
    drop(out);
    tracing::error!("the node has not begun: it takes nothing and shows nothing; sokuho check names all that is wrong");
    manager.halted(&why);

    signals.next().await;
    tracing::info!("stopping");
    manager.stopping();
    stopping.cancel();
    let soft = async {
        let _ = (&mut serving).await;
        if let Some((_, inside)) = &mut inside {
            let _ = inside.await;
        }
    };
    if stop_softly(soft, signals.next(), SOFT_STOP).await != Stopped::Softly {
        tracing::warn!("some requests did not end in time");
    }
    tracing::info!("stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::BodyError;

    fn judged(error: impl Into<anyhow::Error>) -> Result<String, String> {
        let judged = in_the_way(error.into().context("the log cannot be replayed"));
        judged.map(|finding| finding.code().to_owned()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn only_what_the_next_try_would_meet_again_is_in_the_way() {
        let newer = BodyError::Unknown { kind: "report_filed".to_owned(), version: 9 };
        assert_eq!(judged(LogError::Body { seq: 2, cause: newer }), Ok("log_row".to_owned()));
        let gap = LogError::Inconsistent { seq: 3, column: "seq", cause: anyhow::anyhow!("follows entry 1") };
        assert_eq!(judged(gap), Ok("log_row".to_owned()));
        assert_eq!(judged(LogError::Damaged(anyhow::anyhow!("a page"))), Ok("log_unreadable".to_owned()));
        let location = crate::database::Location::File("sokuho.sqlite".into());
        assert_eq!(judged(DatabaseError::Newer(location, 99)), Ok("database".to_owned()));
        for passing in [
            LogError::Storage(anyhow::anyhow!("the line is cut")),
            LogError::Full(anyhow::anyhow!("no room")),
            LogError::InUse { by: "another".to_owned() },
        ] {
            let said = passing.to_string();
            let error = judged(passing).unwrap_err();
            assert!(error.starts_with(&format!("the log cannot be replayed: {said}")), "{error}");
        }
    }
}
