//! How often a source is asked, whoever wants its tiles.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// So many at once, then one after each span: the generic cell rate algorithm (ITU-T I.371, annex A.1), which keeps one
/// number, when all of them may come at once again. Time is that of a clock that never goes back.
#[derive(Debug)]
pub(super) struct Pace {
    start: Instant,
    /// Microseconds in which one comes back, and in which all do.
    one: u64,
    all: u64,
    /// Microseconds after the start.
    rested_at: AtomicU64,
}

impl Pace {
    pub(super) fn new(burst: u32, between: Duration) -> Self {
        let one = u64::try_from(between.as_micros()).unwrap_or(u64::MAX);
        Self { start: Instant::now(), one, all: one.saturating_mul(burst.into()), rested_at: AtomicU64::new(0) }
    }

    /// Whether it may be asked now; if so, that is counted.
    pub(super) fn take(&self) -> bool {
        self.take_at(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn take_at(&self, now: u64) -> bool {
        let with_this = |rested_at: u64| rested_at.max(now).saturating_add(self.one);
        let fits = |rested_at: u64| Some(with_this(rested_at)).filter(|then| then - now <= self.all);
        self.rested_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_come_at_once_and_then_one_after_each_span() {
        let pace = Pace::new(200, Duration::from_millis(20));
        let of_1000 = |now: u64| (0..1_000).filter(|_| pace.take_at(now)).count();
        assert_eq!(of_1000(0), 200);
        assert_eq!((of_1000(19_999), of_1000(20_000), of_1000(1_020_000)), (0, 1, 50));
        assert_eq!(of_1000(3_600_000_000), 200, "an hour's rest gives no more than at the beginning");
    }
}
