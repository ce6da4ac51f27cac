//! How much one address may have decoded: a few bytes of a picture can be a second's work, and pictures are decoded
//! one after another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::MediaError;
use super::ledger::Sender;

/// Pixels that strangers may have decoded, each address for itself; a bucket that runs empty at a steady rate.
#[derive(Debug)]
pub(super) struct Allowance {
    /// All of them may come at once, and are back after a minute.
    a_minute: u64,
    /// What each address has had decoded that has not come back yet. Whoever is in here had a picture decoded within
    /// the last minute, so that it stays small.
    owed: Mutex<HashMap<IpAddr, Owed>>,
}

#[derive(Clone, Copy, Debug)]
struct Owed {
    pixels: u64,
    at: Instant,
}

impl Allowance {
    pub fn new(a_minute: u64) -> Self {
        Self { a_minute, owed: Mutex::default() }
    }

    /// Takes a picture's pixels. Staff have no limit, and for whom nobody knows an address there is no decoding.
    ///
    /// # Errors
    /// [`MediaError::TooManyPixels`] if the address has to wait; nothing is taken then.
    pub fn take(&self, sender: Sender, pixels: u64) -> Result<(), MediaError> {
        let Sender::Stranger(Some(address)) = sender else { return Ok(()) };
        let now = Instant::now();
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        owed.retain(|_, owed| self.left(*owed, now) > 0);
        let before = owed.get(&address).map_or(0, |owed| self.left(*owed, now));
        let after = before.saturating_add(pixels);
        // The largest picture that is taken at all is taken from who has nothing to wait for.
        if before > 0 && after > self.a_minute {
            let over = u128::from(after - self.a_minute) * 60;
            let retry_after_s = u64::try_from(over / u128::from(self.a_minute.max(1))).unwrap_or(u64::MAX);
            return Err(MediaError::TooManyPixels { retry_after_s: retry_after_s.clamp(1, 60) });
        }
        owed.insert(address, Owed { pixels: after, at: now });
        Ok(())
    }

    /// What of it has not come back yet.
    fn left(&self, owed: Owed, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(owed.at).min(Duration::from_secs(86_400)).as_millis();
        let back = u128::from(self.a_minute) * passed / 60_000;
        owed.pixels.saturating_sub(u64::try_from(back).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(n: u8) -> Sender {
        Sender::Stranger(Some(IpAddr::from([192, 0, 2, n])))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_its_pixels_at_once_and_then_as_they_come_back() {
        let allowance = Allowance::new(600);
        for _ in 0..3 {
            allowance.take(from(1), 200).unwrap();
        }
        let refused = allowance.take(from(1), 100);
        assert!(matches!(refused, Err(MediaError::TooManyPixels { retry_after_s: 10 })), "{refused:?}");
        allowance.take(from(2), 600).unwrap();
        for _ in 0..100 {
            allowance.take(Sender::Staff, 600).unwrap();
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        allowance.take(from(1), 100).unwrap();
        assert!(allowance.take(from(1), 1).is_err());
        tokio::time::advance(Duration::from_secs(60)).await;
        allowance.take(from(1), 10_000).unwrap();
        assert_eq!(allowance.owed.lock().unwrap().len(), 1, "who owes nothing is forgotten");
    }
}
