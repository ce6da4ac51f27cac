//! Operations: the frame in which reports are handled.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::OperationId;
use super::word::word;

/// What an operation is for. Drills never look like the real thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum OperationKind {
    /// Everyday care (平常時): broken roads, burst pipes, dead street lights.
    Everyday,
    /// A named disaster.
    Disaster,
    /// A drill (訓練).
    Drill,
}

word!(OperationKind);

/// An operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it is for.
    pub kind: OperationKind,
    /// Its name, as people say it: 「令和8年11月大雨」.
    pub name: String,
}

/// Everyday care exists from the start and on every node, so its id is fixed.
pub const EVERYDAY: OperationId = OperationId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));

impl Operation {
    /// Everyday care.
    pub fn everyday() -> Self {
        Self { id: EVERYDAY, kind: OperationKind::Everyday, name: "平常時".to_owned() }
    }
}
