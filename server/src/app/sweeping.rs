//! Uploads of which nothing came.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::database::told::chain;
use crate::domain::clock::Clock;
use crate::live::Live;
use crate::media::store::Store;

/// Uploads that no report has named for a day are removed, once an hour. The first round counts what
/// waits since before the start; a start has better things to do, so it comes a minute later. What came before this
/// history of the log stays: another database, or one without its tail, does not know which reports named it.
pub(super) async fn sweep_media(media: Store, live: Arc<Live>, clock: Arc<dyn Clock>, history_began: Timestamp) {
    const KEEP: SignedDuration = SignedDuration::from_hours(24);
    let first = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut hourly = tokio::time::interval_at(first, Duration::from_secs(3_600));
    loop {
        hourly.tick().await;
        let Ok(older_than) = clock.now().checked_sub(KEEP) else { continue };
        match media.sweep(history_began..older_than, |id| live.read().names_media(id)).await {
            Ok(swept) if swept.files > 0 => tracing::info!(files = swept.files, bytes = swept.bytes, "swept uploads"),
            Ok(_) => {}
            Err(error) => tracing::error!(error = chain(&error), "uploads could not be swept"),
        }
    }
}
