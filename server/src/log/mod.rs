//! The log: durable, append-only, one gap-free number per entry. The log is the system; everything else
//! is derived from it.
//!
//! [`EntryLog`] is what a storage backend gives; [`writer`] is the single task that groups appends into
//! commits; [`sqlite`] is the embedded backend, [`postgres`] the one of a prefecture, [`backend`] whichever of
//! them this node has; [`contact`] is what lies beside the log, and [`history`] looks single things up in it. Knows
//! the domain and the database, and the audit for what lies beside.

mod answers;
pub mod backend;
#[cfg(test)]
mod conformance;
pub mod contact;
pub mod history;
mod losses;
pub mod postgres;
mod remembered;
mod rows;
#[cfg(test)]
pub(crate) mod samples;
pub mod sqlite;
pub mod writer;

use std::future::Future;

use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::contact::ContactBook;
pub use self::history::History;
pub use self::losses::Losses;
pub use self::remembered::Lost;
use crate::database::{is_damaged, is_full};
use crate::domain::entry::{BodyError, Entry, Seq};

/// An entry that asks to be written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The entry; its `hlc` already ticked.
    pub entry: Entry,
    /// SHA-256 of what the sender sent, so that "the same again" can be told from "something else with
    /// the same id".
    pub digest: [u8; 32],
    /// Contact details, which lie in their own table and never in the log; written in the same commit.
    pub contact: Option<ContactDetails>,
    /// The entry's actor and body as they are stored.
    pub(crate) texts: Texts,
}

/// What lies in a row of the log as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    /// Who.
    pub(crate) actor: String,
    /// What happened.
    pub(crate) body: String,
}

impl Draft {
    /// A draft. What is stored is encoded here, by whoever sends, for the writer's turn is everybody's.
    ///
    /// # Errors
    /// Only if a value cannot be written as JSON, which no value of these types does.
    pub fn new(entry: Entry, digest: [u8; 32], contact: Option<ContactDetails>) -> Result<Self, serde_json::Error> {
        let texts = Texts { actor: serde_json::to_string(&entry.actor)?, body: entry.body.encode()? };
        Ok(Self { entry, digest, contact, texts })
    }
}

/// A [`Draft::digest`]: the SHA-256 of the parts, each preceded by its length (64 bits, big-endian), so
/// that no two lists of parts are the same bytes.
pub fn digest_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// How to reach a resident. Never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactDetails {
    /// Name.
    pub name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl std::fmt::Debug for ContactDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactDetails(redacted)")
    }
}

/// What became of a draft.
#[derive(Clone, PartialEq, Debug)]
pub enum Appended {
    /// Written, with this number.
    Fresh(Seq),
    /// The same was written before: its number, and the entry as it stands in the log.
    Again(Seq, Box<Entry>),
    /// Something else was written under this id before. Nothing was written now.
    Conflict,
}

impl Appended {
    /// The entry's number; `None` after a conflict.
    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::Fresh(seq) | Self::Again(seq, _) => Some(*seq),
            Self::Conflict => None,
        }
    }
}

/// Why the log could not do it. A failed append has written its batch whole or, as a rule, nothing of it:
/// a storage can fail after it has committed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The storage failed (line cut, lock, I/O).
    #[error("the log's storage failed")]
    Storage(#[source] anyhow::Error),
    /// The storage is full.
    #[error("the log's storage is full")]
    Full(#[source] anyhow::Error),
    /// What is stored is damaged, and not by us: the disk has changed it.
    #[error("the log's storage is damaged")]
    Damaged(#[source] anyhow::Error),
    /// Another node writes to this log; this one does not.
    #[error("another node writes to this database: {by}. Only one may, so stop that one first")]
    InUse {
        /// What the database says of that node's session.
        by: String,
    },
    /// A stored row is not what we promised.
    #[error("log row {seq}, column {column}, is not what was promised")]
    Inconsistent {
        /// Row.
        seq: Seq,
        /// Column.
        column: &'static str,
        /// How.
        #[source]
        cause: anyhow::Error,
    },
    /// A stored body cannot be read by this program.
    #[error("log row {seq} cannot be read")]
    Body {
        /// Row.
        seq: Seq,
        /// Why.
        #[source]
        cause: BodyError,
    },
}

fn storage(error: sqlx::Error) -> LogError {
    match error {
        full if is_full(&full) => LogError::Full(full.into()),
        damaged if is_damaged(&damaged) => LogError::Damaged(damaged.into()),
        other => LogError::Storage(other.into()),
    }
}

/// A storage backend of the log.
pub trait EntryLog: Send + Sync + 'static {
    /// Names this history; a restored or new log has another.
    fn epoch(&self) -> Uuid;

    /// Writes the drafts in order, in one commit, durable on return. Drafts whose id is known, or that
    /// repeat an id within the batch, are answered and not written.
    fn append(&self, drafts: &[Draft]) -> impl Future<Output = Result<Vec<Appended>, LogError>> + Send;

    /// Whether an append could succeed now; asked again and again after one has failed. A backend whose
    /// reads go on while its writes fail must try a write.
    fn probe(&self) -> impl Future<Output = Result<(), LogError>> + Send {
        async { self.head().await.map(drop) }
    }

    /// The number of the last entry, 0 for an empty log.
    fn head(&self) -> impl Future<Output = Result<Seq, LogError>> + Send;

    /// At most `limit` entries after `after`, in order.
    fn read(&self, after: Seq, limit: u32) -> impl Future<Output = Result<Vec<(Seq, Entry)>, LogError>> + Send;
}
