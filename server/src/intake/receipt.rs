//! Receipt keys: the unguessable part of the link that shows what became of a report.
//!
//! A key is the report's id and the first 128 bits of an HMAC-SHA-256 over it under a secret of the
//! node, in base64url: the same report always has the same key, nothing is stored, nothing can be
//! guessed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::ids::ReportId;

/// Makes and checks receipt keys.
#[derive(Clone)]
pub struct ReceiptKeys {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for ReceiptKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKeys(redacted)")
    }
}

impl ReceiptKeys {
    /// From the node's secret.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { mac: Hmac::new_from_slice(secret).expect("HMAC takes a key of any length") }
    }

    /// The key of a report: 43 characters.
    pub fn key(&self, report: ReportId) -> String {
        let tag = self.mac.clone().chain_update(report.0.as_bytes()).finalize().into_bytes();
        let mut key = [0_u8; 32];
        key[..16].copy_from_slice(report.0.as_bytes());
        key[16..].copy_from_slice(&tag[..16]);
        URL_SAFE_NO_PAD.encode(key)
    }

    /// The report that a key is for; `None` for a key that this node did not make.
    pub fn report(&self, key: &str) -> Option<ReportId> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
        let (id, tag) = bytes.split_at(16);
        self.mac.clone().chain_update(id).verify_truncated_left(tag).ok()?;
        Some(ReportId(uuid::Uuid::from_slice(id).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_its_report_and_a_changed_one_nothing() {
        let keys = ReceiptKeys::new(&[7; 32]);
        let report = ReportId(uuid::Uuid::from_u128(0x0190_f3a0_0000_7000_8000_0000_0000_0001));
        let key = keys.key(report);
        assert_eq!(key, keys.key(report));
        assert_eq!(keys.report(&key), Some(report));
        for position in 0..key.len() {
            let mut changed = key.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.report(std::str::from_utf8(&changed).unwrap()), None, "character {position}");
        }
        assert_eq!(ReceiptKeys::new(&[8; 32]).report(&key), None);
        assert_eq!(keys.report(""), None);
    }
}
