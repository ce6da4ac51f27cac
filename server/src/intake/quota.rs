//! How much a resident's address may send. Staff are known and not limited here.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use super::Refusal;

/// Addresses that are remembered; beyond it those that have been quiet are forgotten.
const ADDRESSES: usize = 50_000;

/// Reports a minute and address. A shelter or an office is one address for many people, so the number
/// is generous; what it stops is a machine.
#[derive(Debug)]
pub struct Quota {
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
}

impl Quota {
    /// A quota of so many reports a minute and address; 0 is none.
    pub fn per_minute(reports: u32) -> Self {
        let limiter = NonZeroU32::new(reports).map(|n| RateLimiter::keyed(governor::Quota::per_minute(n)));
        Self { limiter, clock: DefaultClock::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] when the address has none left.
    pub fn take(&self, address: IpAddr) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() > ADDRESSES {
            limiter.retain_recent();
        }
        limiter.check_key(&address).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Refusal::TooMany { retry_after_s: wait.as_secs() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_sends_too_much_is_told_when_to_come_back_and_others_are_not_disturbed() {
        let quota = Quota::per_minute(3);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..3 {
            quota.take(one).unwrap();
        }
        assert!(matches!(quota.take(one), Err(Refusal::TooMany { retry_after_s: 1..=60 })));
        quota.take(other).unwrap();
    }
}
