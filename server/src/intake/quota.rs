//! How much one address may send a minute: reports and uploads of people without an account, each with
//! an allowance of its own. A shelter or an office is one address for many people, so the numbers are
//! generous; what they stop is a machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Addresses that are told apart at the same time. Beyond that, new ones share one allowance.
const MOST_ADDRESSES: usize = 20_000;

/// When it is crowded, those that are done are forgotten once in so many times: it takes a walk over all.
const TIMES_A_WALK: u32 = 1_000;

/// The allowance of each address.
#[derive(Debug)]
pub struct AddressQuota {
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    crowded: AtomicU32,
}

impl AddressQuota {
    /// So many a minute for each address, all of them at once if need be; 0: no limit.
    pub fn per_minute(times: u32) -> Self {
        let limiter = NonZeroU32::new(times).map(|n| RateLimiter::keyed(Quota::per_minute(n)));
        Self { limiter, clock: DefaultClock::default(), crowded: AtomicU32::new(0) }
    }

    /// Takes one from the allowance.
    ///
    /// # Errors
    /// Seconds until the next is allowed.
    pub fn take(&self, address: IpAddr) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() >= MOST_ADDRESSES && self.crowded.fetch_add(1, Ordering::Relaxed).is_multiple_of(TIMES_A_WALK)
        {
            limiter.retain_recent();
        }
        let crowded = limiter.len() >= MOST_ADDRESSES;
        let key = if crowded { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { subscriber(address) };
        limiter.check_key(&key).map_err(|refused| refused.wait_time_from(self.clock.now()).as_secs() + 1)
    }
}

/// A subscriber's line: an IPv4 address, or an IPv6 network of 64 bits, in which a phone picks its address.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_use_up_anothers_allowance() {
        let quota = AddressQuota::per_minute(2);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert!(quota.take(one).is_ok() && quota.take(one).is_ok());
        assert!(quota.take(one).is_err_and(|seconds| (1..=31).contains(&seconds)));
        assert!(quota.take(other).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_share() {
        let quota = AddressQuota::per_minute(1);
        assert!(quota.take("2001:db8::1".parse().unwrap()).is_ok());
        assert!(quota.take("2001:db8::2".parse().unwrap()).is_err());
        assert!(quota.take("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn memory_is_bounded_however_many_addresses_come() {
        let quota = AddressQuota::per_minute(1);
        for n in 0..22_000_u32 {
            let _ = quota.take(IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + n)));
        }
        assert!(quota.limiter.as_ref().unwrap().len() <= MOST_ADDRESSES + 1);
    }

    #[test]
    fn zero_means_no_limit() {
        let quota = AddressQuota::per_minute(0);
        assert!((0..1000).all(|_| quota.take(IpAddr::from([192, 0, 2, 1])).is_ok()));
    }
}
