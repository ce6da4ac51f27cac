//! The row of the `entry` table, and its one conversion in each direction.

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Decode, Row, Type};
use uuid::Uuid;

use super::{Draft, LogError};
use crate::domain::clock::Hlc;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, OperationId};

/// The columns, in the order in which [`bind`] writes and [`read`] reads them.
pub(super) const COLUMNS: &str = "seq, id, digest, origin, hlc, actor, office, operation, kind, version, body";

/// The placeholders of one row.
pub(super) const PLACEHOLDERS: &str = "(?,?,?,?,?,?,?,?,?,?,?)";

/// Binds a draft, numbered, to the next placeholders.
pub(super) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    seq: Seq,
    draft: &Draft,
) -> Result<Query<'q, Sqlite, SqliteArguments>, LogError> {
    let entry = &draft.entry;
    let unwritable =
        |column| move |cause: serde_json::Error| LogError::Inconsistent { seq, column, cause: cause.into() };
    let actor = serde_json::to_string(&entry.actor).map_err(unwritable("actor"))?;
    let body = entry.body.encode().map_err(unwritable("body"))?;
    Ok(query
        .bind(seq.cast_signed())
        .bind(entry.id.0.as_bytes().to_vec())
        .bind(draft.digest.to_vec())
        .bind(entry.origin.0.as_bytes().to_vec())
        .bind(entry.hlc.0.cast_signed())
        .bind(actor)
        .bind(entry.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(entry.operation.0.as_bytes().to_vec())
        .bind(entry.body.kind())
        .bind(i64::from(entry.body.version()))
        .bind(body))
}

/// A stored row, read.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its number.
    pub(super) seq: Seq,
    /// SHA-256 of what its sender sent.
    pub(super) digest: [u8; 32],
    /// The entry.
    pub(super) entry: Entry,
}

/// Reads a row that was selected with [`COLUMNS`].
pub(super) fn read(row: &SqliteRow) -> Result<Stored, LogError> {
    let seq = column::<i64>(row, 0, 0, "seq")?.cast_unsigned();
    let kind = column::<&str>(row, 8, seq, "kind")?;
    let version = column::<u32>(row, 9, seq, "version")?;
    let office = column::<Option<&str>>(row, 6, seq, "office")?;
    let actor = column::<&str>(row, 5, seq, "actor")?;
    let digest = column::<&[u8]>(row, 2, seq, "digest")?;
    let inconsistent = |column, cause: anyhow::Error| LogError::Inconsistent { seq, column, cause };
    Ok(Stored {
        seq,
        digest: digest.try_into().map_err(|cause| inconsistent("digest", anyhow::Error::new(cause)))?,
        entry: Entry {
            id: EntryId(uuid(row, 1, seq, "id")?),
            origin: NodeId(uuid(row, 3, seq, "origin")?),
            hlc: Hlc(column::<i64>(row, 4, seq, "hlc")?.cast_unsigned()),
            actor: serde_json::from_str(actor).map_err(|cause| inconsistent("actor", cause.into()))?,
            office: office
                .map(str::parse)
                .transpose()
                .map_err(|cause| inconsistent("office", anyhow::Error::new(cause)))?,
            operation: OperationId(uuid(row, 7, seq, "operation")?),
            body: Body::decode(kind, version, column::<&str>(row, 10, seq, "body")?)
                .map_err(|cause| LogError::Body { seq, cause })?,
        },
    })
}

fn column<'r, T>(row: &'r SqliteRow, index: usize, seq: Seq, column: &'static str) -> Result<T, LogError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(index).map_err(|cause| LogError::Inconsistent { seq, column, cause: cause.into() })
}

fn uuid(row: &SqliteRow, index: usize, seq: Seq, name: &'static str) -> Result<Uuid, LogError> {
    Uuid::from_slice(column(row, index, seq, name)?).map_err(|cause| LogError::Inconsistent {
        seq,
        column: name,
        cause: cause.into(),
    })
}
