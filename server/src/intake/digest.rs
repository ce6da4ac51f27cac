//! Digests of reports: by them "the same again" is told from "something else with the same id".
//!
//! A digest stays in the log for good, where everything else of the report can be read. Contact details may not be
//! found there, and the ten digits of a telephone number are soon tried out; so they enter the digest under a secret
//! of the node, which a backup takes along.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::entry::Actor;
use crate::log::digest_of;
use crate::wire::report::{Contact, NewReport};

/// Makes digests.
#[derive(Clone)]
pub struct Digests {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digests(redacted)")
    }
}

impl Digests {
    /// From a secret of the node.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { mac: Hmac::new_from_slice(secret).expect("HMAC takes a key of any length") }
    }

    /// The digest of a report whose contact details were taken out, and are given beside it. Without any it is the
    /// SHA-256 that everybody can make; else an HMAC-SHA-256 over them and the report's id goes in as well.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which no report should do.
    pub fn of(
        &self,
        report: &NewReport,
        contact: Option<&Contact>,
        actor: &Actor,
    ) -> Result<[u8; 32], serde_json::Error> {
        debug_assert!(report.contact.is_none(), "contact details are given apart");
        let (report_text, actor) = (serde_json::to_vec(report)?, serde_json::to_vec(&who(actor))?);
        let Some(contact) = contact else { return Ok(digest_of(&[&report_text, &actor])) };
        let mac = self.mac.clone().chain_update(report.id.as_bytes()).chain_update(serde_json::to_vec(contact)?);
        Ok(digest_of(&[&report_text, &actor, &mac.finalize().into_bytes()]))
    }
}

/// The digest of a whole report as entries of before have it, contact details and all. Only to recognise those: it
/// must not get into the log any more.
///
/// # Errors
/// As [`Digests::of`].
pub fn of_before(report: &NewReport, actor: &Actor) -> Result<[u8; 32], serde_json::Error> {
    Ok(digest_of(&[&serde_json::to_vec(report)?, &serde_json::to_vec(&who(actor))?]))
}

/// What of the actor belongs to "the same again": who, but not how they are called today.
fn who(actor: &Actor) -> Option<Uuid> {
    match actor {
        Actor::Staff { id, .. } => Some(id.0),
        Actor::Resident | Actor::System => None,
    }
}
