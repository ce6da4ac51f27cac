//! Entries: the lines of the log. Everything that happens is one.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::clock::Hlc;
use super::ids::{CheckInId, EntryId, IncidentId, NodeId, OperationId, ShelterId, StaffId};
use super::incident::Status;
use super::office::OfficeCode;
use super::operation::Operation;
use super::report::Report;
use super::shelter::ShelterState;
use super::staff::Role;
use super::zone::Zones;

/// A node's own, gap-free number of an entry, given at the commit; the first is 1.
pub type Seq = u64;

/// One line of the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Made by the sender.
    pub id: EntryId,
    /// The node where it was first written.
    pub origin: NodeId,
    /// When it was first written.
    pub hlc: Hlc,
    /// Who.
    pub actor: Actor,
    /// The office for which the actor acted; for residents none.
    pub office: Option<OfficeCode>,
    /// The operation that it belongs to. All entries about an incident name the same one: that of the report
    /// that opened it.
    pub operation: OperationId,
    /// What happened.
    pub body: Body,
}

impl Entry {
    /// Its place in the one order that all nodes agree on.
    pub fn stamp(&self) -> Stamp {
        Stamp { hlc: self.hlc, origin: self.origin, id: self.id }
    }

    /// When it was first written, UTC.
    pub fn at(&self) -> Timestamp {
        self.hlc.timestamp()
    }
}

/// Who made an entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A staff member.
    Staff {
        /// Id.
        id: StaffId,
        /// Name as shown to colleagues.
        name: String,
        /// The office that employs them.
        employer: OfficeCode,
    },
    /// A resident, unnamed.
    Resident,
    /// The node itself.
    System,
}

/// What happened. Each variant has a name and a version in the log; see [`Body::decode`].
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// An operation began.
    OperationOpened(Operation),
    /// The entry's operation ended.
    OperationClosed,
    /// A report came in and opened its incident.
    ReportFiled(Arc<Report>),
    /// An incident's status changed.
    StatusChanged(StatusChanged),
    /// An office took an incident (引き受け), or handed it over to another (引き継ぎ).
    ResponsibleChanged(ResponsibleChanged),
    /// An incident was looked at again by another edition of the hazard zones.
    ZonesChanged(ZonesChanged),
    /// A staff member reported for duty at an office.
    CheckedIn(CheckedIn),
    /// An operator there confirmed it.
    CheckInConfirmed(CheckInConfirmed),
    /// The check-in ended by check-out.
    CheckedOut(CheckInEnded),
    /// The employer called the person back.
    CalledBack(CheckInEnded),
    /// An office opened or closed a shelter, or counted the people in it.
    ShelterChanged(ShelterChanged),
    /// The same in the drill that is the entry's operation. It is a kind of its own, so that nobody can take it for
    /// the real thing: neither the public encoding, nor a table, nor a program that has never heard of it.
    ShelterDrilled(ShelterChanged),
}

/// An incident's status changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatusChanged {
    /// Which.
    pub incident: IncidentId,
    /// To what.
    pub status: Status,
}

/// An office answers for an incident from now on. The entry's own office took it, or answered for it
/// before and hands it over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResponsibleChanged {
    /// Which.
    pub incident: IncidentId,
    /// The office that answers for it now.
    pub office: OfficeCode,
}

/// An incident lies in these hazard zones from now on: another edition of a layer is in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ZonesChanged {
    /// Which.
    pub incident: IncidentId,
    /// All zones that it lies in.
    pub zones: Zones,
}

/// A staff member reported for duty; the check-in's id is the entry's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckedIn {
    /// Who.
    pub staff: StaffId,
    /// Name as shown to colleagues.
    pub name: String,
    /// Where.
    pub office: OfficeCode,
    /// Who employs them.
    pub employer: OfficeCode,
}

/// An operator confirmed an arrival.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckInConfirmed {
    /// Which.
    pub check_in: CheckInId,
    /// The role at that office until check-out: `field` or `operator`.
    pub role: Role,
}

/// A check-in ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckInEnded {
    /// Which.
    pub check_in: CheckInId,
}

/// What an office says of a shelter from now on; all of it, not only what is new.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShelterChanged {
    /// Which.
    pub shelter: ShelterId,
    /// Its name in the list that was in force, so that the log can be read when another list is.
    pub name: String,
    /// Open, full or closed.
    pub state: ShelterState,
    /// How many people are there, if they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
    /// For colleagues, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A stored body that this version of the program cannot read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Written by a newer program.
    #[error("a newer program wrote it ({kind} version {version} is not known here): start that one")]
    Unknown {
        /// Name.
        kind: String,
        /// Version.
        version: u32,
    },
    /// Known by name, but not of its shape.
    #[error("entry body {kind} version {version} is malformed")]
    Malformed {
        /// Name.
        kind: String,
        /// Version.
        version: u32,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

impl Body {
    /// Its name in the log, the API and the metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OperationOpened(_) => "operation_opened",
            Self::OperationClosed => "operation_closed",
            Self::ReportFiled(_) => "report_filed",
            Self::StatusChanged(_) => "status_changed",
            Self::ResponsibleChanged(_) => "responsible_changed",
            Self::ZonesChanged(_) => "zones_changed",
            Self::CheckedIn(_) => "checked_in",
            Self::CheckInConfirmed(_) => "check_in_confirmed",
            Self::CheckedOut(_) => "checked_out",
            Self::CalledBack(_) => "called_back",
            Self::ShelterChanged(_) => "shelter_changed",
            Self::ShelterDrilled(_) => "shelter_drilled",
        }
    }

    /// The incident that it is about; for a report the one that it opens.
    pub fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::ReportFiled(report) => Some(report.incident),
            Self::StatusChanged(change) => Some(change.incident),
            Self::ResponsibleChanged(change) => Some(change.incident),
            Self::ZonesChanged(change) => Some(change.incident),
            Self::OperationOpened(_)
            | Self::OperationClosed
            | Self::CheckedIn(_)
            | Self::CheckInConfirmed(_)
            | Self::CheckedOut(_)
            | Self::CalledBack(_)
            | Self::ShelterChanged(_)
            | Self::ShelterDrilled(_) => None,
        }
    }

    /// The version of its shape that [`Body::encode`] writes.
    pub fn version(&self) -> u32 {
        1
    }

    /// Its shape as JSON text.
    ///
    /// # Errors
    /// Only if a value cannot be written as JSON, which no value of these types does.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::OperationOpened(body) => serde_json::to_string(body),
            Self::OperationClosed => Ok("{}".to_owned()),
            Self::ReportFiled(body) => serde_json::to_string(body.as_ref()),
            Self::StatusChanged(body) => serde_json::to_string(body),
            Self::ResponsibleChanged(body) => serde_json::to_string(body),
            Self::ZonesChanged(body) => serde_json::to_string(body),
            Self::CheckedIn(body) => serde_json::to_string(body),
            Self::CheckInConfirmed(body) => serde_json::to_string(body),
            Self::CheckedOut(body) | Self::CalledBack(body) => serde_json::to_string(body),
            Self::ShelterChanged(body) | Self::ShelterDrilled(body) => serde_json::to_string(body),
        }
    }

    /// Reads a stored body by name and version. Older versions are lifted here.
    ///
    /// # Errors
    /// [`BodyError`] where the program does not know it or its shape is wrong.
    pub fn decode(kind: &str, version: u32, json: &str) -> Result<Self, BodyError> {
        fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, serde_json::Error> {
            serde_json::from_str(json)
        }
        let body = match (kind, version) {
            ("operation_opened", 1) => read(json).map(Self::OperationOpened),
            ("operation_closed", 1) => read::<&RawValue>(json).map(|_| Self::OperationClosed),
            ("report_filed", 1) => read(json).map(|report| Self::ReportFiled(Arc::new(report))),
            ("status_changed", 1) => read(json).map(Self::StatusChanged),
            ("responsible_changed", 1) => read(json).map(Self::ResponsibleChanged),
            ("zones_changed", 1) => read(json).map(Self::ZonesChanged),
            ("checked_in", 1) => read(json).map(Self::CheckedIn),
            ("check_in_confirmed", 1) => read(json).map(Self::CheckInConfirmed),
            ("checked_out", 1) => read(json).map(Self::CheckedOut),
            ("called_back", 1) => read(json).map(Self::CalledBack),
            ("shelter_changed", 1) => read(json).map(Self::ShelterChanged),
            ("shelter_drilled", 1) => read(json).map(Self::ShelterDrilled),
            _ => return Err(BodyError::Unknown { kind: kind.to_owned(), version }),
        };
        body.map_err(|source| BodyError::Malformed { kind: kind.to_owned(), version, source })
    }
}

/// The order of entries that all nodes agree on: by clock, then node, then id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Stamp {
    /// Clock.
    pub hlc: Hlc,
    /// Node.
    pub origin: NodeId,
    /// Entry.
    pub id: EntryId,
}

/// A field that the last writer wins, whatever the order of arrival.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lww<T> {
    value: T,
    written: Option<Stamp>,
}

impl<T> Lww<T> {
    /// A field that nobody has written yet.
    pub fn unwritten(value: T) -> Self {
        Self { value, written: None }
    }

    /// The value.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// When it was last written, if ever.
    pub fn written(&self) -> Option<Stamp> {
        self.written
    }

    /// Writes if the stamp is later than the last; tells whether it did.
    pub fn write(&mut self, stamp: Stamp, value: T) -> bool {
        if self.written.is_some_and(|written| written >= stamp) {
            return false;
        }
        self.value = value;
        self.written = Some(stamp);
        true
    }
}
