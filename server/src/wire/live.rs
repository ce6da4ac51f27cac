//! The live stream: snapshot, frames from the server, frames from the viewer. See docs/wire.md.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check_in::CheckIn;
use super::incident::{OfficeIncident, PublicIncident, Reporter};
use super::operation::Operation;
use super::shelter::{OfficeShelterStatus, PublicShelterStatus};
use crate::domain::entry::{Entry, Seq};
use crate::domain::position::Bounds;
use crate::domain::report::Category;

/// The world for offices at one position of the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeSnapshot {
    /// The log's epoch: another epoch is another history.
    pub epoch: Uuid,
    /// Everything up to this entry is in here.
    pub seq: u64,
    /// All operations.
    pub operations: Vec<Operation>,
    /// Open incidents and those closed within 24 hours, newest first, at most 20,000.
    pub incidents: Vec<OfficeIncident>,
    /// How many incidents the limit left out.
    pub omitted: u64,
    /// Open check-ins.
    pub check_ins: Vec<CheckIn>,
    /// What offices say of shelters; what is said in open drills stands beside what is real.
    #[serde(default)]
    pub shelters: Vec<OfficeShelterStatus>,
}

/// The world for everybody at one position of the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicSnapshot {
    /// The log's epoch.
    pub epoch: Uuid,
    /// Everything up to this entry is in here.
    pub seq: u64,
    /// All operations.
    pub operations: Vec<Operation>,
    /// Open incidents and those closed within 24 hours, newest first, at most 20,000.
    pub incidents: Vec<PublicIncident>,
    /// How many incidents the limit left out.
    pub omitted: u64,
    /// What offices say of shelters in earnest.
    #[serde(default)]
    pub shelters: Vec<PublicShelterStatus>,
}

/// One entry for offices: what happened, and the things it touched as they are after it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeEntry {
    /// Its sequence number on this node.
    pub seq: u64,
    /// Its id.
    pub id: Uuid,
    /// What happened: `report_filed`, `status_changed` …
    pub kind: String,
    /// When, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: Reporter,
    /// The operation.
    pub operation_id: Uuid,
    /// The incident after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<OfficeIncident>,
    /// The check-ins after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check_ins: Vec<CheckIn>,
    /// What is said of the shelter after it: in earnest, or in the drill of a `shelter_drilled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelter: Option<OfficeShelterStatus>,
    /// The operation after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

impl OfficeEntry {
    /// The entry with the incident after it.
    pub fn of(seq: Seq, entry: &Entry, incident: Option<OfficeIncident>) -> Self {
        Self {
            seq,
            id: entry.id.0,
            kind: entry.body.kind().to_owned(),
            at: entry.at(),
            actor: Reporter::of(&entry.actor, entry.office.as_ref()),
            operation_id: entry.operation.0,
            incident,
            check_ins: Vec::new(),
            shelter: None,
            operation: None,
        }
    }
}

/// One entry for everybody. It has no id, for a report's id is its sender's alone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicEntry {
    /// Its sequence number on this node.
    pub seq: u64,
    /// What happened.
    pub kind: String,
    /// When, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The incident after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<PublicIncident>,
    /// What is said of the shelter after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelter: Option<PublicShelterStatus>,
    /// The operation after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

/// What a viewer wants to hear of. Left-out parts match everything. Entries that carry no incident
/// (operations, check-ins, shelters) match every interest.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// Only incidents here. Widened to whole map tiles, so that like screens share their frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// Only incidents that one of these offices answers for or reported; at most 64 codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 64)]
    pub offices: Option<Vec<String>>,
    /// Only these categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Category>>,
    /// Only this operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Uuid>,
}

/// A frame from a viewer, JSON text. The first must come within 10 seconds.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ViewerFrame {
    /// Starts the stream, or changes the interest of a running one.
    Subscribe {
        /// Access or wall token; without one the public stream. Only the first frame's counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The epoch of the viewer's position.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Uuid>,
        /// The viewer has everything up to this entry; left out, it starts with a snapshot position.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
        /// What it wants to hear of.
        #[serde(default)]
        interest: Interest,
    },
}

/// A frame from the server, JSON text; over SSE the same text as `data:` with the type as `event:`.
///
/// `E` is [`OfficeEntry`] or [`PublicEntry`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<E> {
    /// The first frame.
    Hello {
        /// The node.
        node: Uuid,
        /// The log's epoch.
        epoch: Uuid,
        /// The head of the log.
        seq: u64,
        /// The server's clock, UTC.
        #[schema(value_type = String, format = DateTime)]
        now: Timestamp,
        /// A heartbeat comes at least this often, seconds.
        heartbeat_seconds: u64,
    },
    /// Fetch the snapshot there; entries after `seq` follow on this stream.
    Snapshot {
        /// The log's epoch.
        epoch: Uuid,
        /// The stream goes on after this entry.
        seq: u64,
        /// Where the snapshot is: at `seq` or later.
        href: String,
    },
    /// Everything of interest after entry `after`, up to and including entry `seq`.
    Entries {
        /// Where the frame begins, this entry excluded. Never later than the viewer's position.
        after: u64,
        /// The viewer's position after this frame.
        seq: u64,
        /// The entries, in order.
        entries: Vec<E>,
    },
    /// Nothing new up to `seq`: the picture is as old as this frame.
    Heartbeat {
        /// The viewer's position.
        seq: u64,
        /// The server's clock, UTC.
        #[schema(value_type = String, format = DateTime)]
        now: Timestamp,
    },
    /// The viewer's position cannot be resumed: throw the picture away, fetch the snapshot; entries
    /// after `seq` follow.
    Resync {
        /// Why.
        reason: ResyncReason,
        /// The log's epoch.
        epoch: Uuid,
        /// The stream goes on after this entry.
        seq: u64,
        /// Where the snapshot is: at `seq` or later.
        href: String,
    },
    /// The last frame; the close code says the same.
    Goodbye {
        /// Why.
        reason: GoodbyeReason,
        /// When to come back, milliseconds; left out: do not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

/// Why a viewer must start over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResyncReason {
    /// The position is of another epoch.
    OtherEpoch,
    /// The position lies before what the ring still holds.
    TooOld,
    /// The position lies after the head.
    AheadOfLog,
}

/// Why the server ends a stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoodbyeReason {
    /// The node stops or restarts: come back. 4000
    Shutdown,
    /// The viewer did not read for too long: come back and resume. 4001
    Slow,
    /// The viewer did not answer pings: come back. 4002
    NoPong,
    /// The node has as many viewers as it takes: come back later. 4003
    Full,
    /// The first frame did not come in time: come back. 4004
    NoSubscribe,
    /// The token was made a moment ago and the node does not know it yet: come back. 4005
    TokenNotYetKnown,
    /// A frame was not understood: do not come back with the same. 4500
    BadFrame,
    /// A frame was too large: do not come back with the same. 4501
    FrameTooLarge,
    /// Too many frames in too short a time: do not come back with the same. 4502
    TooManyFrames,
    /// The token is not valid: sign in again first. 4503
    TokenInvalid,
    /// The token has expired: refresh it, then come back. 4504
    TokenExpired,
    /// The token was revoked: sign in again first. 4505
    TokenRevoked,
}

impl GoodbyeReason {
    /// The WebSocket close code: 4000–4499 reconnect, 4500–4999 do not reconnect with the same.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Shutdown => 4000,
            Self::Slow => 4001,
            Self::NoPong => 4002,
            Self::Full => 4003,
            Self::NoSubscribe => 4004,
            Self::TokenNotYetKnown => 4005,
            Self::BadFrame => 4500,
            Self::FrameTooLarge => 4501,
            Self::TooManyFrames => 4502,
            Self::TokenInvalid => 4503,
            Self::TokenExpired => 4504,
            Self::TokenRevoked => 4505,
        }
    }
}
