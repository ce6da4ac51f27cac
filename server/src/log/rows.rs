//! The row of the `entry` table, and its one conversion in each direction.

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::{Draft, LogError};
use crate::domain::clock::Hlc;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, OperationId};

/// The columns, in the order in which both databases write and [`read`] reads them.
pub(super) const COLUMNS: &str = "seq, id, digest, origin, hlc, actor, office, operation, kind, version, body";

/// The placeholders of one row.
pub(super) const PLACEHOLDERS: &str = "(?,?,?,?,?,?,?,?,?,?,?)";

/// Binds a draft, numbered, to the next placeholders of SQLite.
pub(super) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    seq: Seq,
    draft: &Draft,
) -> Query<'q, Sqlite, SqliteArguments> {
    let Draft { entry, texts, .. } = draft;
    query
        .bind(seq.cast_signed())
        .bind(entry.id.0.as_bytes().to_vec())
        .bind(draft.digest.to_vec())
        .bind(entry.origin.0.as_bytes().to_vec())
        .bind(entry.hlc.0.cast_signed())
        .bind(texts.actor.clone())
        .bind(entry.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(entry.operation.0.as_bytes().to_vec())
        .bind(entry.body.kind())
        .bind(i64::from(entry.body.version()))
        .bind(texts.body.clone())
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

/// A value that can be read from rows of this kind.
pub(super) trait Readable<'r, R: Row>: Decode<'r, R::Database> + Type<R::Database> {}

impl<'r, R: Row, T: Decode<'r, R::Database> + Type<R::Database>> Readable<'r, R> for T {}

/// Reads a row that was selected with [`COLUMNS`], ids as their 16 bytes.
pub(super) fn read<'r, R>(row: &'r R) -> Result<Stored, LogError>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Readable<'r, R>,
    &'r str: Readable<'r, R>,
    Option<&'r str>: Readable<'r, R>,
    &'r [u8]: Readable<'r, R>,
{
    let seq = column::<_, i64>(row, 0, 0, "seq")?.cast_unsigned();
    let inconsistent = |column, cause: anyhow::Error| LogError::Inconsistent { seq, column, cause };
    let kind = column::<_, &str>(row, 8, seq, "kind")?;
    let version = column::<_, i64>(row, 9, seq, "version")?;
    let version = u32::try_from(version).map_err(|cause| inconsistent("version", cause.into()))?;
    let office = column::<_, Option<&str>>(row, 6, seq, "office")?;
    let actor = column::<_, &str>(row, 5, seq, "actor")?;
    let digest = column::<_, &[u8]>(row, 2, seq, "digest")?;
    Ok(Stored {
        seq,
        digest: digest.try_into().map_err(|cause| inconsistent("digest", anyhow::Error::new(cause)))?,
        entry: Entry {
            id: EntryId(uuid(row, 1, seq, "id")?),
            origin: NodeId(uuid(row, 3, seq, "origin")?),
            hlc: Hlc(column::<_, i64>(row, 4, seq, "hlc")?.cast_unsigned()),
            actor: serde_json::from_str(actor).map_err(|cause| inconsistent("actor", cause.into()))?,
            office: office
                .map(str::parse)
                .transpose()
                .map_err(|cause| inconsistent("office", anyhow::Error::new(cause)))?,
            operation: OperationId(uuid(row, 7, seq, "operation")?),
            body: Body::decode(kind, version, column::<_, &str>(row, 10, seq, "body")?)
                .map_err(|cause| LogError::Body { seq, cause })?,
        },
    })
}

fn column<'r, R, T>(row: &'r R, index: usize, seq: Seq, column: &'static str) -> Result<T, LogError>
where
    R: Row,
    usize: ColumnIndex<R>,
    T: Readable<'r, R>,
{
    row.try_get(index).map_err(|cause| LogError::Inconsistent { seq, column, cause: cause.into() })
}

fn uuid<'r, R>(row: &'r R, index: usize, seq: Seq, name: &'static str) -> Result<Uuid, LogError>
where
    R: Row,
    usize: ColumnIndex<R>,
    &'r [u8]: Readable<'r, R>,
{
    let bytes: &[u8] = column(row, index, seq, name)?;
    Uuid::from_slice(bytes).map_err(|cause| LogError::Inconsistent { seq, column: name, cause: cause.into() })
}
