//! The past: what has left memory, and how an operation was after any of its entries. Read from the log and
//! folded by the same [`World::apply`], into a world of its own that is thrown away after.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, TryStreamExt, stream};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Live;
use super::world::World;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{EntryId, IncidentId, OperationId, ReportId};
use crate::log::{History, LogError};
use crate::wire::incident::OfficeIncident;
use crate::wire::live::OfficeEntry;

/// Rows of the log that one statement looks at.
const STRETCH: Seq = 4_096;

/// Statements under way for one look. The database has four connections for everybody.
const AHEAD: usize = 2;

/// Looks at the same time: each holds a whole operation in memory.
const AT_ONCE: usize = 2;

/// Looks under way and waiting.
const PLACES: usize = 16;

/// How long a look may take, its waiting included.
const PATIENCE: Duration = Duration::from_secs(20);

/// Incidents that one look holds: with a report of 1.5 KB each, 150 MB.
pub const MOST_INCIDENTS: usize = 100_000;

/// Entries about one incident that a look lists, the latest of them.
const MOST_ENTRIES: usize = 200;

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// After this entry; left out: after the last.
    pub at: Option<Seq>,
    /// By this time, as the clocks of those said who wrote.
    pub by: Option<Timestamp>,
    /// Only this incident, with the entries about it.
    pub incident: Option<IncidentId>,
}

/// How an operation was.
#[derive(Debug)]
pub struct Then {
    /// Nothing but that operation.
    pub world: World,
    /// After this entry of the log. If a time was asked for: the last of the operation's entries by then, 0 if there
    /// was none.
    pub at: Seq,
    /// When the last of the operation's entries up to then was written; `None`: there was none yet.
    pub as_of: Option<Timestamp>,
    /// The latest entries about the incident, if one was named, in order.
    pub entries: VecDeque<OfficeEntry>,
    /// Entries about it that came before these.
    pub omitted: u64,
}

/// Why one cannot look.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// No operation of this id.
    #[error("no operation has this id")]
    UnknownOperation,
    /// The entry is yet to come.
    #[error("the log ends with entry {0}")]
    AheadOfLog(Seq),
    /// Too many look at the past already.
    #[error("too many look at the past")]
    Busy,
    /// It took too long.
    #[error("the look at the past took too long")]
    TooSlow,
    /// The operation has more incidents than one look holds.
    #[error("the operation has more than {MOST_INCIDENTS} incidents: ask for one of them")]
    TooMany,
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The way to the past.
#[derive(Debug)]
pub struct Past {
    history: History,
    live: Arc<Live>,
    places: Semaphore,
    turns: Semaphore,
}

impl Past {
    /// The past of this world, as its log has it.
    pub fn new(history: History, live: Arc<Live>) -> Self {
        Self { history, live, places: Semaphore::new(PLACES), turns: Semaphore::new(AT_ONCE) }
    }

    /// The operation as it was then.
    ///
    /// # Errors
    /// [`PastError`].
    pub async fn operation(&self, id: OperationId, moment: Moment) -> Result<Then, PastError> {
        let (head, span) = {
            let world = self.live.read();
            world.operation(id).ok_or(PastError::UnknownOperation)?;
            (world.head(), world.span(id))
        };
        let at = moment.at.unwrap_or(head);
        if at > head {
            return Err(PastError::AheadOfLog(head));
        }
        let _place = self.places.try_acquire().map_err(|_| PastError::Busy)?;
        let look = async {
            let _turn = self.turns.acquire().await.map_err(|_| PastError::Busy)?;
            let mut look = Look::new(moment, at);
            // Without any entry the stretch is empty.
            let (first, last) = span.unwrap_or((1, 0));
            let mut stretches = std::pin::pin!(stretches(&self.history, id, (first, last.min(at))));
            while let Some(entries) = stretches.try_next().await? {
                look.take(&entries)?;
            }
            Ok(look.end())
        };
        timeout(PATIENCE, look).await.unwrap_or(Err(PastError::TooSlow))
    }

    /// The incident as it is, when its operation is closed. Goes through all of that operation's entries.
    ///
    /// # Errors
    /// [`PastError`].
    pub async fn incident(&self, operation: OperationId, id: IncidentId) -> Result<World, PastError> {
        let moment = Moment { incident: Some(id), ..Moment::default() };
        Ok(self.operation(operation, moment).await?.world)
    }

    /// The report as it was filed, whatever became of its operation; `None`: nobody filed it.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn filed(&self, id: ReportId) -> Result<Option<(Seq, Entry)>, LogError> {
        let entry = self.history.entry(EntryId(id.0)).await?;
        Ok(entry.filter(|(_, entry)| matches!(&entry.body, Body::ReportFiled(report) if report.id == id)))
    }

    /// The change of an incident that was written under this id, whatever became of its operation.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn change(&self, id: EntryId) -> Result<Option<Entry>, LogError> {
        let entry = self.history.entry(id).await?.map(|(_, entry)| entry);
        Ok(entry.filter(|entry| {
            matches!(entry.body, Body::StatusChanged(_) | Body::ResponsibleChanged(_) | Body::ZonesChanged(_))
        }))
    }

    /// Whether an entry was written under this id.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn has(&self, id: EntryId) -> Result<bool, LogError> {
        Ok(self.history.entry(id).await?.is_some())
    }

    /// A world that holds the report and what became of its incident; `None`: nobody filed it. Two look-ups,
    /// however long the log is.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn report(&self, id: ReportId) -> Result<Option<World>, LogError> {
        let Some((seq, filed)) = self.filed(id).await? else { return Ok(None) };
        let changes = match filed.body.incident() {
            Some(incident) => self.history.latest_changes(incident).await?,
            None => Vec::new(),
        };
        let mut world = World::of_the_past();
        for (seq, entry) in std::iter::once(&(seq, filed)).chain(&changes) {
            world.apply(*seq, entry);
        }
        world.complete();
        Ok(Some(world))
    }
}

/// A look under way.
struct Look {
    moment: Moment,
    then: Then,
}

impl Look {
    fn new(moment: Moment, at: Seq) -> Self {
        let at = if moment.by.is_some() { 0 } else { at };
        let then = Then { world: World::of_the_past(), at, as_of: None, entries: VecDeque::new(), omitted: 0 };
        Self { moment, then }
    }

    fn take(&mut self, entries: &[(Seq, Entry)]) -> Result<(), PastError> {
        let then = &mut self.then;
        for (seq, entry) in entries {
            if self.moment.by.is_some_and(|by| entry.at() > by) {
                continue;
            }
            then.as_of = then.as_of.max(Some(entry.at()));
            if self.moment.by.is_some() {
                then.at = *seq;
            }
            let about = entry.body.incident();
            if about.is_some() && self.moment.incident.is_some_and(|wanted| about != Some(wanted)) {
                continue;
            }
            then.world.apply(*seq, entry);
            if let Some(id) = about.filter(|_| self.moment.incident.is_some()) {
                let after = then.world.incident(id).and_then(|view| OfficeIncident::of(&view));
                then.entries.push_back(OfficeEntry::of(*seq, entry, after));
                if then.entries.len() > MOST_ENTRIES {
                    then.entries.pop_front();
                    then.omitted += 1;
                }
            }
        }
        if then.world.incidents.len() > MOST_INCIDENTS { Err(PastError::TooMany) } else { Ok(()) }
    }

    fn end(mut self) -> Then {
        self.then.world.complete();
        self.then
    }
}

/// An operation's entries from the first of the two to the last, in order.
fn stretches(
    history: &History,
    operation: OperationId,
    (first, last): (Seq, Seq),
) -> impl Stream<Item = Result<Vec<(Seq, Entry)>, LogError>> {
    use futures_util::StreamExt;
    let begins = (first.saturating_sub(1)..last).step_by(STRETCH as usize);
    let read = move |after: Seq| {
        let history = history.clone();
        async move { history.of_operation(operation, after, last.min(after + STRETCH)).await }
    };
    stream::iter(begins.map(read)).buffered(AHEAD)
}

/// The whole operation as its entries from the first of the two to the last have made it, for
/// [`World::reopen`].
///
/// # Errors
/// [`LogError`].
pub async fn whole(history: &History, operation: OperationId, span: (Seq, Seq)) -> Result<World, LogError> {
    let mut world = World::of_the_past();
    let mut stretches = std::pin::pin!(stretches(history, operation, span));
    while let Some(entries) = stretches.try_next().await? {
        entries.iter().for_each(|(seq, entry)| drop(world.apply(*seq, entry)));
    }
    Ok(world)
}

#[cfg(test)]
#[path = "past_tests.rs"]
mod tests;
