//! What is taken out as a feed. A GIS program asks again every few seconds for as long as its map is open: what
//! matters is who reads which collection, and in which hours, not how often they moved their map.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Action, Actor, By, Record, record};
use crate::database::Database;
use crate::domain::clock::Clock;
use crate::domain::office::OfficeCode;

/// For so long a row stands for whatever else the same actor takes of the same thing.
pub const ROW_STANDS_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Rows that are remembered. More at once, and some are written again before their time.
const REMEMBERED: usize = 4_096;

/// Who took what, and for which office.
type Taken = (Actor, Option<OfficeCode>, String);

/// Records exports: the first of an hour by each actor, office and subject.
#[derive(Debug)]
pub struct Exports {
    database: Database,
    rows: Mutex<HashMap<Taken, Timestamp>>,
    /// One row at a time, so that what is asked for at the same moment leaves one.
    writing: tokio::sync::Mutex<()>,
}

impl Exports {
    /// Records in the audit of this database.
    pub fn new(database: Database) -> Self {
        Self { database, rows: Mutex::default(), writing: tokio::sync::Mutex::default() }
    }

    /// Records that `subject` is taken out, unless a row of the last hour says so already. Durable before it
    /// returns.
    ///
    /// # Errors
    /// The database's; nothing must be given out then.
    pub async fn record(&self, by: By, subject: &str, clock: &dyn Clock) -> Result<(), sqlx::Error> {
        let taken = (by.actor.clone(), by.office.clone(), subject.to_owned());
        if self.stands(&taken, clock.now()) {
            return Ok(());
        }
        let _alone = self.writing.lock().await;
        let at = clock.now();
        if self.stands(&taken, at) {
            return Ok(());
        }
        record(&self.database, &Record { at, by, action: Action::Exported, subject: subject.to_owned() }).await?;
        let mut rows = self.rows();
        if rows.len() >= REMEMBERED {
            rows.retain(|_, written| stands(*written, at));
        }
        if rows.len() >= REMEMBERED {
            rows.clear();
        }
        rows.insert(taken, at);
        Ok(())
    }

    fn stands(&self, taken: &Taken, now: Timestamp) -> bool {
        self.rows().get(taken).is_some_and(|written| stands(*written, now))
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<Taken, Timestamp>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was set back makes a new row.
fn stands(written: Timestamp, now: Timestamp) -> bool {
    (SignedDuration::ZERO..ROW_STANDS_FOR).contains(&now.duration_since(written))
}
