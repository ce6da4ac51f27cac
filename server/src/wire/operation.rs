//! Operations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

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
