//! Operations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::incident::OfficeIncident;
use super::live::OfficeEntry;
use crate::domain;
use crate::domain::operation::OperationKind;

/// An operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Id.
    pub id: Uuid,
    /// What it is for. A drill must never look like the real thing.
    pub kind: OperationKind,
    /// Its name.
    pub name: String,
    /// Whether it still takes reports.
    pub open: bool,
}

impl Operation {
    /// The operation as it travels.
    pub fn of(operation: &domain::operation::Operation, open: bool) -> Self {
        Self { id: operation.id.0, kind: operation.kind, name: operation.name.clone(), open }
    }
}

/// Operations.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Operations {
    /// All of them, in the order in which they were opened; everyday care first.
    pub operations: Vec<Operation>,
}

/// An operation as it was after an entry of the log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PastOperation {
    /// The operation as it was then; left out: it had not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// After this entry of the log; for a time: the last of the operation's entries by then, 0 if there was none.
    pub at: u64,
    /// When the last of the operation's entries up to then was written, UTC; left out: there was none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Incidents on all pages.
    pub matched: u64,
    /// Incidents as they were then, newest first, a page of them.
    pub incidents: Vec<OfficeIncident>,
    /// Where the next page is, of the same moment; left out: this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// If one incident was asked for: the entries about it up to then, in order, each with the incident as it was
    /// after it. The latest 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<OfficeEntry>,
    /// How many entries about it came before these.
    #[serde(default)]
    pub omitted: u64,
}

/// Opens an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOperation {
    /// A UUIDv7 made by the sender; becomes the operation's id.
    pub id: Uuid,
    /// `disaster` or `drill`; everyday care exists already.
    pub kind: OperationKind,
    /// Its name, 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}
