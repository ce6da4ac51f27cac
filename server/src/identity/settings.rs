//! Numbers of the live side.

use std::num::NonZeroU32;

use super::limits::Limit;
use super::sessions::Lifetimes;

/// Settings of the live side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Wrong attempts to sign in to one account from one address.
    pub per_name_and_address: Limit,
    /// Wrong attempts to sign in to one account, wherever they come from.
    pub per_name: Limit,
    /// Wrong attempts from one address (of IPv6, one /64).
    pub per_address: Limit,
    /// Refresh tokens that we never gave, from one address. Apart from the mistakes in passwords: those of one person
    /// behind a town hall's address must not end the sessions of all others there.
    pub unknown_per_address: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        const fn attempts(n: u32) -> Limit {
            match NonZeroU32::new(n) {
                Some(n) => Limit::per_five_minutes(n),
                None => Limit::per_five_minutes(NonZeroU32::MIN),
            }
        }
        Self {
            lifetimes: Lifetimes::default(),
            per_name_and_address: attempts(10),
            per_name: attempts(100),
            per_address: attempts(60),
            unknown_per_address: attempts(60),
        }
    }
}
