//! Writes entries, and in the same transaction what the projection says after them.
//!
//! A batch of reports that open their incidents, which is the usual case, is one statement: the node sends the
//! entries and the rows that these reports make ([`Filing`]), and the database reads no body. It refuses the
//! statement whole where such a report is not what it looks like: its id or incident is known already, or a
//! change of that incident came before it. What else entries make is made from the log by `project`, the one
//! function that also rebuilds.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use sqlx::error::ErrorKind;
use sqlx::postgres::{PgArguments, PgBindIterExt};
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, Postgres};
use uuid::Uuid;

use super::SELECTED;
use super::record::{ContactRow, EntryRow, Filing};
use crate::domain::entry::Seq;
use crate::domain::ids::EntryId;
use crate::log::answers::{Answers, answer};
use crate::log::rows::{self, COLUMNS, Stored};
use crate::log::{Appended, Draft, LogError, storage};

/// Writes a batch of any size, with those whom its filings name and contact details.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    inserting(
        ", details AS ( \
             INSERT INTO contact (report, name, phone, email) \
                 SELECT report, name, phone, email FROM unnest($3::contact[]) \
         ), \
         offices AS ( \
             INSERT INTO office (code) SELECT code FROM unnest($4::text[]) AS _ (code) \
                 WHERE code <> ALL (ARRAY(SELECT code FROM office)) ON CONFLICT DO NOTHING \
         ), \
         operations AS ( \
             INSERT INTO operation (id) SELECT id::uuid FROM unnest($5::text[]) AS _ (id) \
                 WHERE id::uuid <> ALL (ARRAY(SELECT id FROM operation)) ON CONFLICT DO NOTHING \
         )",
    )
});

/// Writes a batch without contact details whose filings name nobody new: each table that a statement has to do with
/// costs it as much as a few rows.
static INSERT_KNOWN: LazyLock<String> = LazyLock::new(|| inserting(""));

/// A column that may not be NULL refuses incidents of which the log has heard.
fn inserting(more: &str) -> String {
    format!(
        "WITH entries AS ( \
             INSERT INTO entry ({COLUMNS}) SELECT {COLUMNS} FROM unnest($1::entry[]) \
         ){more}, \
         incidents AS ( \
             INSERT INTO incident (id, first_report, reports, category, danger_to_life, status, status_at, responsible, \
                     operation, drill, filed_at, zones, geom) \
                 SELECT incident, id, 1, category, danger_to_life, \
                     CASE WHEN NOT EXISTS (SELECT FROM entry \
                         WHERE kind IN ('status_changed', 'responsible_changed', 'zones_changed') AND body ->> 'incident' = \
                             ANY (ARRAY(SELECT incident::text FROM unnest($2::filing[])))) THEN 'received' END, \
                     time_of(hlc), coalesce(municipality, office), operation, {DRILL}, time_of(hlc), {ZONES}, {GEOM} \
                 FROM unnest($2::filing[]) \
         ) \
         INSERT INTO report (id, incident, entry, category, words, danger_to_life, observed_at, filed_at, reporter, \
                 office, operation, drill, standing, municipality, boundaries, zones, source, accuracy_m, media, geom) \
             SELECT id, incident, entry, category, words, danger_to_life, observed_at, time_of(hlc), reporter, \
                 office, operation, {DRILL}, standing, municipality, boundaries, {ZONES}, source, accuracy_m, media, {GEOM} \
             FROM unnest($2::filing[])"
    )
}

const DRILL: &str = "operation = ANY (ARRAY(SELECT id FROM operation WHERE kind = 'drill'))";
const ZONES: &str = "coalesce(zones::jsonb, '[]')";
const GEOM: &str = "ST_SetSRID(ST_MakePoint(lon, lat), 4326)";

/// Projects entries, each pair from the first to the last.
const PROJECT: &str = "SELECT project(first, last) FROM unnest($1::bigint[], $2::bigint[]) AS _ (first, last)";

static KNOWN: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {SELECTED} FROM entry WHERE id = ANY ($1::text[]::uuid[])"));

/// Who makes the rows of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reports {
    /// The node sends them: all open their incidents.
    Sent,
    /// They are made from the log, whatever they are.
    Projected,
}

/// Offices and operations of which a session knows that they have rows: they are never deleted.
#[derive(Debug, Default)]
pub(super) struct Present {
    offices: HashSet<Box<str>>,
    operations: HashSet<Uuid>,
}

impl Present {
    fn lacks_nobody_of(&self, filings: &[Filing<'_>]) -> bool {
        filings.iter().all(|filing| {
            filing.offices().all(|office| self.offices.contains(office))
                && self.operations.contains(&filing.operation())
        })
    }

    pub(super) fn learn(&mut self, filings: &[Filing<'_>]) {
        self.offices.extend(filings.iter().flat_map(Filing::offices).map(Box::from));
        self.operations.extend(filings.iter().map(Filing::operation));
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Written {
    /// It is written.
    Yes,
    /// An id was there already, or a report is not what it looked like. Nothing was written; if that was within
    /// a transaction, that can only be rolled back.
    Refused(sqlx::Error),
}

/// Any case: looks up what is known, in one transaction with the writing. Gives the new head too.
pub(super) async fn append_checked(
    connection: &mut PgConnection,
    drafts: &[Draft],
) -> Result<(Seq, Vec<Appended>), LogError> {
    let mut transaction = connection.begin().await.map_err(storage)?;
    let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
        .fetch_one(&mut *transaction)
        .await
        .map_err(storage)?;
    let known = known(&mut transaction, drafts).await?;
    let Answers { head, answers, fresh } = answer(head.cast_unsigned(), drafts, &known);
    if !fresh.is_empty() {
        let mut attempt = transaction.begin().await.map_err(storage)?;
        if let Written::Refused(_) = write(&mut attempt, &fresh, Reports::Sent, &mut Present::default()).await? {
            attempt.rollback().await.map_err(storage)?;
            attempt = transaction.begin().await.map_err(storage)?;
            if let Written::Refused(error) =
                write(&mut attempt, &fresh, Reports::Projected, &mut Present::default()).await?
            {
                return Err(storage(error));
            }
        }
        attempt.commit().await.map_err(storage)?;
    }
    transaction.commit().await.map_err(storage)?;
    Ok((head, answers))
}

/// Writes entries of which none is known: one statement if they are all reports that the node sends. Whom these name
/// is present afterwards.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &[(Seq, &Draft)],
    reports: Reports,
    present: &mut Present,
) -> Result<Written, LogError> {
    let filings: Vec<_> = match reports {
        Reports::Sent => rows.iter().filter_map(|(seq, draft)| Filing::of(*seq, &draft.entry)).collect(),
        Reports::Projected => Vec::new(),
    };
    let knows_all = present.lacks_nobody_of(&filings);
    let insert = insert(rows, &filings, knows_all);
    let written = if filings.len() == rows.len() {
        written(insert.execute(connection).await)?
    } else {
        let (first, last) = others(rows, &filings);
        let mut transaction = connection.begin().await.map_err(storage)?;
        if let refused @ Written::Refused(_) = written(insert.execute(&mut *transaction).await)? {
            return Ok(refused);
        }
        sqlx::query(PROJECT).bind(first).bind(last).execute(&mut *transaction).await.map_err(storage)?;
        written(transaction.commit().await)?
    };
    if !knows_all && matches!(written, Written::Yes) {
        present.learn(&filings);
    }
    Ok(written)
}

fn written<T>(outcome: Result<T, sqlx::Error>) -> Result<Written, LogError> {
    match outcome {
        Ok(_) => Ok(Written::Yes),
        Err(error) if error.as_database_error().is_some_and(|error| error.kind() != ErrorKind::Other) => {
            Ok(Written::Refused(error))
        }
        Err(error) => Err(storage(error)),
    }
}

/// The numbers of all but the filings: of each run the first, and of each the last.
fn others(rows: &[(Seq, &Draft)], filings: &[Filing<'_>]) -> (Vec<i64>, Vec<i64>) {
    let mut filed = filings.iter().map(Filing::seq).peekable();
    let mut runs: Vec<(Seq, Seq)> = Vec::new();
    for (seq, _) in rows {
        if filed.next_if_eq(seq).is_some() {
            continue;
        }
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *seq => *last = *seq,
            _ => runs.push((*seq, *seq)),
        }
    }
    runs.into_iter().map(|(first, last)| (first.cast_signed(), last.cast_signed())).unzip()
}

fn insert(rows: &[(Seq, &Draft)], filings: &[Filing<'_>], knows_all: bool) -> Query<'static, Postgres, PgArguments> {
    let entries = rows.iter().map(|(seq, draft)| EntryRow { seq: *seq, draft });
    if knows_all && rows.iter().all(|(_, draft)| draft.contact.is_none()) {
        return sqlx::query(INSERT_KNOWN.as_str()).bind(entries.bind_iter()).bind(filings);
    }
    let details = rows.iter().filter_map(|(_, draft)| {
        let details = draft.contact.as_ref()?;
        Some(ContactRow { report: draft.entry.id, details })
    });
    let offices: BTreeSet<&str> = filings.iter().flat_map(Filing::offices).collect();
    let operations: BTreeSet<_> = filings.iter().map(Filing::operation).collect();
    sqlx::query(INSERT.as_str())
        .bind(entries.bind_iter())
        .bind(filings)
        .bind(details.bind_iter())
        .bind(offices.into_iter().bind_iter())
        .bind(operations.into_iter().map(|id| id.to_string()).bind_iter())
}

async fn known(connection: &mut PgConnection, drafts: &[Draft]) -> Result<HashMap<EntryId, Stored>, LogError> {
    let ids: Vec<String> = drafts.iter().map(|draft| draft.entry.id.to_string()).collect();
    let rows = sqlx::query(KNOWN.as_str()).bind(ids).fetch_all(connection).await.map_err(storage)?;
    rows.iter().map(|row| rows::read(row).map(|stored| (stored.entry.id, stored))).collect()
}
