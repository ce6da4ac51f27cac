//! Uploaded media.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::report::Evidence;
use crate::domain::report::MediaKind;

/// The answer to an upload.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// Content address: SHA-256, hex. The same file again gives the same id.
    pub id: String,
    /// What it is, told by its content.
    pub kind: MediaKind,
    /// Bytes.
    pub size: u64,
    /// Whether a thumbnail could be made.
    pub thumbnail: bool,
    /// What the file itself says of where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// When it was taken, where the file says so with a time zone or UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub taken_at: Option<Timestamp>,
}
