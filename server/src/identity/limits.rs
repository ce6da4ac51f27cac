//! How often one may try to sign in: per account name and per address.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::domain::clock::Entropy;

/// Attempts in a span of time: all of them may come at once, then they come back one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// How many.
    pub attempts: NonZeroU32,
    /// In which time; at least a millisecond per attempt.
    pub per: Duration,
}

impl Limit {
    /// So many attempts in five minutes.
    pub const fn per_five_minutes(attempts: NonZeroU32) -> Self {
        Self { attempts, per: Duration::from_secs(300) }
    }

    fn quota(self) -> Quota {
        let one = (self.per / self.attempts.get()).max(Duration::from_millis(1));
        // The period is never zero, so there always is a quota.
        Quota::with_period(one).unwrap_or(Quota::per_minute(self.attempts)).allow_burst(self.attempts)
    }
}

/// A clock that never goes back: setting the machine's clock must not shut anybody out.
#[derive(Clone, Copy, Debug)]
struct Steady {
    start: Instant,
}

impl governor::clock::Clock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Names and addresses are counted in 65,536 buckets under a secret hash: however many of them come,
/// the memory is bounded, and nobody can aim at another's bucket.
type Buckets = RateLimiter<u16, HashMapStateStore<u16>, Steady, NoOpMiddleware<Duration>>;

/// Counts attempts to sign in.
pub(super) struct SignInLimits {
    clock: Steady,
    secret: [u8; 16],
    per_name: Buckets,
    per_address: Buckets,
}

impl SignInLimits {
    /// Starts counting.
    pub(super) fn new(per_name: Limit, per_address: Limit, entropy: &Arc<dyn Entropy>) -> Self {
        let clock = Steady { start: Instant::now() };
        let mut secret = [0; 16];
        entropy.fill(&mut secret);
        Self {
            clock,
            secret,
            per_name: RateLimiter::hashmap_with_clock(per_name.quota(), clock),
            per_address: RateLimiter::hashmap_with_clock(per_address.quota(), clock),
        }
    }

    /// Counts an attempt; an error is the number of seconds until the next one is taken.
    pub(super) fn attempt(&self, name: &str, address: Option<IpAddr>) -> Result<(), u64> {
        if let Some(address) = address {
            self.count(&self.per_address, address_key(address).as_bytes())?;
        }
        self.count(&self.per_name, name.as_bytes())
    }

    fn count(&self, buckets: &Buckets, key: &[u8]) -> Result<(), u64> {
        let digest = Sha256::new().chain_update(self.secret).chain_update(key).finalize();
        let bucket = u16::from_be_bytes([digest[0], digest[1]]);
        buckets.check_key(&bucket).map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
    }
}

/// One household or shelter has a whole /64 of IPv6 to itself, so that is what counts as one address.
fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SystemEntropy;

    fn limits(per_name: u32, per_address: u32) -> SignInLimits {
        let limit = |n| Limit::per_five_minutes(NonZeroU32::new(n).unwrap());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        SignInLimits::new(limit(per_name), limit(per_address), &entropy)
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_come_back_one_by_one() {
        let limits = limits(10, 60);
        for _ in 0..10 {
            limits.attempt("abe", None).unwrap();
        }
        let wait = limits.attempt("abe", None).unwrap_err();
        assert!((29..=31).contains(&wait), "{wait}");
        tokio::time::advance(Duration::from_secs(wait)).await;
        limits.attempt("abe", None).unwrap();
        assert!(limits.attempt("abe", None).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_cannot_try_every_name() {
        let limits = limits(10, 3);
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for name in ["a", "b", "c"] {
            limits.attempt(name, address("2001:db8::1")).unwrap();
        }
        assert!(limits.attempt("d", address("2001:db8::2")).is_err(), "same /64");
        limits.attempt("d", address("2001:db8:0:1::1")).unwrap();
        limits.attempt("d", address("192.0.2.1")).unwrap();
        assert_eq!(address_key("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
    }
}
