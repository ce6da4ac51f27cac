//! Identifiers. Each is its own type, so that a report cannot be looked up by an incident's id.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::clock::Entropy;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// An entry's id: a UUIDv7 (RFC 9562) made by the sender, so that sending twice is harmless.
    EntryId
}
uuid_id! {
    /// A report's id; equal to the id of the entry that filed it. Known to its sender and to staff,
    /// never to the public: the public sees the incident.
    ReportId
}
uuid_id! {
    /// An incident's id.
    IncidentId
}
uuid_id! {
    /// An operation's id.
    OperationId
}
uuid_id! {
    /// A staff member's id.
    StaffId
}
uuid_id! {
    /// A check-in's id; equal to the id of the entry that recorded the arrival.
    CheckInId
}
uuid_id! {
    /// A shelter's id, the same in every edition of the list that names it.
    ShelterId
}
uuid_id! {
    /// A node's id, made on its first start.
    NodeId
}

/// Makes a UUIDv7 from a time (milliseconds since 1970, UTC) and ten random bytes.
pub fn uuid_v7(now: jiff::Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0_u8; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// When a UUIDv7 was made, to the millisecond; `None` for another kind.
pub fn time_of(id: Uuid) -> Option<jiff::Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    jiff::Timestamp::new(seconds.try_into().ok()?, nanos.try_into().ok()?).ok()
}

impl IncidentId {
    /// The incident that a report opens. It is derived with SHA-256, so that two nodes agree on it
    /// without talking, and so that nobody can get from the public incident to the report's id.
    pub fn opened_by(report: ReportId) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sokuho incident opened by report\0");
        hash.update(report.0.as_bytes());
        let digest = hash.finalize();
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl ShelterId {
    /// The id of the shelter that its list knows by this key. Derived with SHA-256, so that every node and every
    /// edition of the list agree on it.
    pub fn of_key(key: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"sokuho shelter\0");
        hash.update(key.as_bytes());
        let digest = hash.finalize();
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// The content address of a photo or video: the SHA-256 of its bytes, as 64 lowercase hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaId(String);

/// The text is not 64 lowercase hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a media id is the SHA-256 of the file as 64 lowercase hex digits")]
pub struct NotAMediaId;

impl MediaId {
    /// The id of a file with this SHA-256.
    pub fn from_sha256(digest: [u8; 32]) -> Self {
        Self(hex::encode(digest))
    }

    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SHA-256 itself, for whoever keeps very many.
    pub fn sha256(&self) -> [u8; 32] {
        let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        let digits = self.0.as_bytes();
        std::array::from_fn(|place| value(digits[2 * place]) << 4 | value(digits[2 * place + 1]))
    }
}

impl TryFrom<String> for MediaId {
    type Error = NotAMediaId;
    fn try_from(text: String) -> Result<Self, NotAMediaId> {
        let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(lower_hex) { Ok(Self(text)) } else { Err(NotAMediaId) }
    }
}

impl From<MediaId> for String {
    fn from(id: MediaId) -> Self {
        id.0
    }
}

impl std::str::FromStr for MediaId {
    type Err = NotAMediaId;
    fn from_str(text: &str) -> Result<Self, NotAMediaId> {
        Self::try_from(text.to_owned())
    }
}

impl std::fmt::Display for MediaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_of_version_seven_says_when_it_was_made_and_no_other_does() {
        let made = jiff::Timestamp::from_millisecond(1_795_392_000_123).unwrap();
        assert_eq!(time_of(uuid_v7(made, &crate::domain::clock::SystemEntropy)), Some(made));
        assert_eq!(time_of(Uuid::from_u128(7)), None);
    }
}
