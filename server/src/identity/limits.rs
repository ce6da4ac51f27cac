//! How often one may try: signing in by account name and address, and what strangers send by address.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::domain::clock::Entropy;

/// Attempts in a span of time: all of them may come at once, then they come back one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// How many.
    pub attempts: NonZeroU32,
    /// In which time; at least a microsecond per attempt.
    pub per: Duration,
}

impl Limit {
    /// So many attempts in five minutes.
    pub const fn per_five_minutes(attempts: NonZeroU32) -> Self {
        Self { attempts, per: Duration::from_secs(300) }
    }
}

/// Keys are counted in so many buckets under a secret hash: however many of them come, the memory is
/// bounded (half a megabyte), and nobody can aim at another's bucket.
const BUCKETS: usize = 1 << 16;

/// Counts attempts by key: the generic cell rate algorithm (ITU-T I.371, annex A.1), which keeps one
/// number for each bucket: when it will be empty again. Time is that of a clock that never goes back.
struct Buckets {
    start: Instant,
    secret: [u8; 16],
    /// Microseconds in which one attempt comes back, and in which all do.
    one: u64,
    all: u64,
    /// When each bucket will be empty, microseconds after the start.
    empty_at: Box<[AtomicU64]>,
}

impl Buckets {
    fn new(limit: Limit, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 16];
        entropy.fill(&mut secret);
        let attempts = u64::from(limit.attempts.get());
        let one = (u64::try_from(limit.per.as_micros()).unwrap_or(u64::MAX) / attempts).max(1);
        let empty_at = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { start: Instant::now(), secret, one, all: one.saturating_mul(attempts), empty_at }
    }

    fn bucket(&self, key: &[u8]) -> &AtomicU64 {
        let digest = Sha256::new().chain_update(self.secret).chain_update(key).finalize();
        &self.empty_at[usize::from(u16::from_be_bytes([digest[0], digest[1]]))]
    }

    /// Counts an attempt; an error is the number of seconds until the next one is taken, and counts nothing.
    fn take(&self, key: &[u8]) -> Result<(), u64> {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let with_this = |empty_at: u64| empty_at.max(now).saturating_add(self.one);
        let fits = |empty_at: u64| Some(with_this(empty_at)).filter(|then| then - now <= self.all);
        let taken = self.bucket(key).fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        taken.map(|_| ()).map_err(|empty_at| (with_this(empty_at) - now - self.all) / 1_000_000 + 1)
    }

    /// Counts an attempt less.
    fn give_back(&self, key: &[u8]) {
        let less = |empty_at: u64| Some(empty_at.saturating_sub(self.one));
        let _always_some = self.bucket(key).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// How much one address may send a minute: reports or uploads of people without an account. A shelter or
/// an office is one address for many people, so the numbers are generous; what they stop is a machine.
pub struct AddressLimit(Option<Buckets>);

impl std::fmt::Debug for AddressLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressLimit")
    }
}

impl AddressLimit {
    /// So many a minute for each address, all of them at once if need be; 0: no limit.
    pub fn per_minute(times: u32, entropy: &dyn Entropy) -> Self {
        let limit = |attempts| Limit { attempts, per: Duration::from_secs(60) };
        Self(NonZeroU32::new(times).map(|attempts| Buckets::new(limit(attempts), entropy)))
    }

    /// Takes one from the allowance.
    ///
    /// # Errors
    /// Seconds until the next is allowed.
    pub fn take(&self, address: IpAddr) -> Result<(), u64> {
        self.0.as_ref().map_or(Ok(()), |buckets| buckets.take(address_key(address).as_bytes()))
    }
}

/// Counts attempts to sign in, and refresh tokens that we never gave. What is no mistake is given back, so that many
/// people behind one address can sign in at once.
pub(super) struct SignInLimits {
    per_name_and_address: Buckets,
    per_name: Buckets,
    per_address: Buckets,
    unknown_per_address: Buckets,
}

/// An attempt that was counted.
pub(super) struct Attempt<'a>(Vec<(&'a Buckets, Vec<u8>)>);

impl Attempt<'_> {
    /// It was no mistake: it does not count.
    pub(super) fn give_back(self) {
        for (buckets, key) in self.0 {
            buckets.give_back(&key);
        }
    }
}

impl SignInLimits {
    /// Starts counting. A stranger must not be able to lock a name that they know, so that the limit by
    /// name alone is to be a loose one.
    pub(super) fn new(
        per_name_and_address: Limit,
        per_name: Limit,
        per_address: Limit,
        unknown_per_address: Limit,
        entropy: &Arc<dyn Entropy>,
    ) -> Self {
        let buckets = |limit| Buckets::new(limit, entropy.as_ref());
        Self {
            per_name_and_address: buckets(per_name_and_address),
            per_name: buckets(per_name),
            per_address: buckets(per_address),
            unknown_per_address: buckets(unknown_per_address),
        }
    }

    /// Counts an attempt to sign in; an error is the number of seconds until the next one is taken.
    pub(super) fn sign_in(&self, name: &str, address: Option<IpAddr>) -> Result<Attempt<'_>, u64> {
        let address = address.map(address_key).unwrap_or_default();
        // No name has a line feed.
        let both = format!("{name}\n{address}").into_bytes();
        let mut counted = vec![(&self.per_name_and_address, both), (&self.per_name, name.as_bytes().to_vec())];
        if !address.is_empty() {
            counted.push((&self.per_address, address.into_bytes()));
        }
        Self::count(counted)
    }

    /// Counts a refresh token that we never gave, after it was looked up: who has one of ours is never refused for what
    /// others behind the same address do. An error as above.
    pub(super) fn unknown(&self, address: Option<IpAddr>) -> Result<(), u64> {
        address.map_or(Ok(()), |address| self.unknown_per_address.take(address_key(address).as_bytes()))
    }

    /// Counts everywhere or nowhere.
    fn count(wanted: Vec<(&Buckets, Vec<u8>)>) -> Result<Attempt<'_>, u64> {
        let mut counted = Attempt(Vec::with_capacity(wanted.len()));
        for (buckets, key) in wanted {
            if let Err(wait) = buckets.take(&key) {
                counted.give_back();
                return Err(wait);
            }
            counted.0.push((buckets, key));
        }
        Ok(counted)
    }
}

/// One household or shelter has a whole /64 of IPv6 to itself, so that is what counts as one address.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

fn address_key(address: IpAddr) -> String {
    subscriber(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SystemEntropy;

    fn limits(per_name_and_address: u32, per_name: u32, per_address: u32) -> SignInLimits {
        let limit = |n| Limit::per_five_minutes(NonZeroU32::new(n).unwrap());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        SignInLimits::new(limit(per_name_and_address), limit(per_name), limit(per_address), limit(60), &entropy)
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_come_back_one_by_one() {
        let limits = limits(10, 100, 60);
        for _ in 0..10 {
            assert!(limits.sign_in("abe", None).is_ok());
        }
        let wait = limits.sign_in("abe", None).err().unwrap();
        assert!((29..=31).contains(&wait), "{wait}");
        tokio::time::advance(Duration::from_secs(wait)).await;
        assert!(limits.sign_in("abe", None).is_ok());
        assert!(limits.sign_in("abe", None).is_err());
        tokio::time::advance(Duration::from_secs(86_400)).await;
        assert_eq!((0..20).filter(|_| limits.sign_in("abe", None).is_ok()).count(), 10, "no more than ten wait");
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_cannot_try_every_name() {
        let limits = limits(10, 100, 3);
        for name in ["a", "b", "c"] {
            assert!(limits.sign_in(name, address("2001:db8::1")).is_ok());
        }
        assert!(limits.sign_in("d", address("2001:db8::2")).is_err(), "same /64");
        assert!(limits.sign_in("d", address("2001:db8:0:1::1")).is_ok());
        assert!(limits.sign_in("d", address("192.0.2.1")).is_ok());
        assert_eq!(address_key("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_does_not_lock_a_name_for_its_owner_but_many_strangers_do() {
        let limits = limits(10, 25, 60);
        let tries = |from: &str| (0..20).filter(|_| limits.sign_in("abe", address(from)).is_ok()).count();
        assert_eq!(tries("192.0.2.1"), 10);
        assert!(limits.sign_in("abe", address("192.0.2.2")).is_ok(), "the owner");
        assert_eq!(tries("192.0.2.3"), 10);
        assert_eq!(tries("192.0.2.4"), 4, "the name's own limit");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_out_well_does_not_count_and_what_is_refused_costs_nothing_elsewhere() {
        let limits = limits(2, 100, 3);
        for n in 0..200 {
            limits.sign_in(&format!("staff{n}"), address("192.0.2.1")).ok().unwrap().give_back();
        }
        for _ in 0..50 {
            let _ = limits.sign_in("abe", address("192.0.2.1"));
        }
        assert!(limits.sign_in("ito", address("192.0.2.1")).is_ok(), "48 refusals took nothing from the address");
        assert!(limits.sign_in("mori", address("192.0.2.1")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_does_not_use_up_anothers_allowance_and_networks_share() {
        let limit = AddressLimit::per_minute(2, &SystemEntropy);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert!(limit.take(one).is_ok() && limit.take(one).is_ok());
        assert!(limit.take(one).is_err_and(|seconds| (30..=31).contains(&seconds)));
        assert!(limit.take(other).is_ok());
        assert!(limit.take("2001:db8::1".parse().unwrap()).is_ok());
        assert!(limit.take("2001:db8::2".parse().unwrap()).is_ok());
        assert!(limit.take("2001:db8::3".parse().unwrap()).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_has_an_allowance_also_after_very_many_others() {
        let limit = AddressLimit::per_minute(60, &SystemEntropy);
        for n in 0..100_000_u32 {
            let _ = limit.take(IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0A00_0000 + n)));
        }
        assert!(limit.take(IpAddr::from([192, 0, 2, 1])).is_ok());
        assert!(limit.take(IpAddr::from([192, 0, 2, 1])).is_ok());
    }

    #[test]
    fn zero_means_no_limit() {
        let limit = AddressLimit::per_minute(0, &SystemEntropy);
        assert!((0..1000).all(|_| limit.take(IpAddr::from([192, 0, 2, 1])).is_ok()));
    }
}
