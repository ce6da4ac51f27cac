//! Time and chance, handed in by argument: the wall clock, randomness, and the hybrid logical clock
//! that orders entries of several nodes.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Tells the time. Only `main` and tests choose which.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Fills buffers with random bytes. Only `main` and tests choose which.
pub trait Entropy: Send + Sync + 'static {
    /// Overwrites the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "a machine without randomness must not make keys or ids")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// A hybrid logical clock reading (Kulkarni et al., "Logical Physical Clocks", 2014): 48 bits of
/// milliseconds since 1970 (UTC) and 16 bits of a counter, so that later always compares greater,
/// across nodes whose clocks disagree a little.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hlc(pub u64);

impl Hlc {
    /// The reading of a wall-clock time with counter 0.
    pub fn at(now: Timestamp) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Self((millis & 0xFFFF_FFFF_FFFF) << 16)
    }

    /// The wall-clock part, to the millisecond.
    pub fn timestamp(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> 16).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}

/// A node's hybrid logical clock.
#[derive(Debug, Default)]
pub struct HlcSource {
    last: AtomicU64,
}

impl HlcSource {
    /// The next reading: after every earlier one of this node and every observed one.
    pub fn tick(&self, now: Timestamp) -> Hlc {
        let wall = Hlc::at(now).0;
        let step = |last: u64| wall.max(last.saturating_add(1));
        let previous = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(step(last)));
        Hlc(step(previous.unwrap_or_else(|last| last)))
    }

    /// Takes note of a reading made elsewhere or before a restart; later ticks come after it.
    pub fn observe(&self, seen: Hlc) {
        self.last.fetch_max(seen.0, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_rise_even_when_the_wall_clock_goes_back() {
        let source = HlcSource::default();
        let later = Timestamp::from_millisecond(2_000).unwrap();
        let earlier = Timestamp::from_millisecond(1_000).unwrap();
        let first = source.tick(later);
        let second = source.tick(earlier);
        assert!(second > first);
        assert_eq!(first.timestamp(), later);
    }

    #[test]
    fn a_tick_comes_after_every_observed_reading() {
        let source = HlcSource::default();
        let ahead = Hlc::at(Timestamp::from_millisecond(9_000).unwrap());
        source.observe(ahead);
        assert!(source.tick(Timestamp::from_millisecond(1_000).unwrap()) > ahead);
    }
}
