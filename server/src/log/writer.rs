//! The single writer: groups what waits into one commit, has it announced, then gives the receipts.
//!
//! Two tasks form a line, so that a batch is announced while the next one commits; order is kept, and
//! nobody gets a receipt before the entry is durable *and* in the live world.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Appended, Draft, EntryLog, LogError};
use crate::domain::entry::{Entry, Seq};

/// Drafts that may wait for the writer; one more is refused with [`AppendError::Busy`].
pub const QUEUE: usize = 4_096;

/// Drafts in one commit at most.
const BATCH: usize = 256;

/// A committed entry with its number.
#[derive(Clone, PartialEq, Debug)]
pub struct Committed {
    /// Its number.
    pub seq: Seq,
    /// The entry as it stands in the log.
    pub entry: Arc<Entry>,
    /// It was there already; this was a repetition.
    pub again: bool,
}

/// Why there is no receipt.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// Something else was written under this id.
    #[error("another entry has this id")]
    IdTaken,
    /// Too many wait, or the writer has stopped.
    #[error("the log takes no more at the moment")]
    Busy,
    /// The storage failed; nothing was written.
    #[error(transparent)]
    Log(#[from] Arc<LogError>),
}

/// Learns of every fresh entry, in order, after its commit and before its receipt.
pub trait Announce: Send + 'static {
    /// Takes note of a batch of consecutive entries.
    fn announce(&mut self, entries: &[(Seq, Arc<Entry>)]);
}

type Reply = oneshot::Sender<Result<Committed, AppendError>>;

/// The way to the log.
#[derive(Clone, Debug)]
pub struct Appender {
    queue: mpsc::Sender<(Draft, Reply)>,
}

impl Appender {
    /// Writes the draft; returns after the commit and the announcement.
    ///
    /// # Errors
    /// [`AppendError`]; nothing was written then.
    pub async fn append(&self, draft: Draft) -> Result<Committed, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send((draft, reply)).map_err(|_| AppendError::Busy)?;
        answer.await.unwrap_or(Err(AppendError::Busy))
    }

    /// Drafts that wait.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// Makes the appender and the two tasks. They end when every appender is gone and all is written.
pub fn writer<L: EntryLog>(log: Arc<L>, announce: impl Announce) -> (Appender, impl Future<Output = ()> + Send) {
    let (queue, drafts) = mpsc::channel(QUEUE);
    let (announced, batches) = mpsc::channel(2);
    let tasks = async move {
        tokio::join!(commit(log, drafts, announced), tell(announce, batches));
    };
    (Appender { queue }, tasks)
}

struct Batch {
    fresh: Vec<(Seq, Arc<Entry>)>,
    replies: Vec<(Reply, Result<Committed, AppendError>)>,
}

async fn commit<L: EntryLog>(log: Arc<L>, mut queue: mpsc::Receiver<(Draft, Reply)>, announced: mpsc::Sender<Batch>) {
    let mut waiting = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut waiting, BATCH).await > 0 {
        let (drafts, replies): (Vec<Draft>, Vec<Reply>) = waiting.drain(..).unzip();
        let batch = match log.append(&drafts).await {
            Ok(answers) => settle(drafts, replies, answers),
            Err(error) => {
                tracing::error!(error = ?error, entries = drafts.len(), "commit failed");
                let error = Arc::new(error);
                let refuse = |reply| (reply, Err(AppendError::Log(Arc::clone(&error))));
                Batch { fresh: Vec::new(), replies: replies.into_iter().map(refuse).collect() }
            }
        };
        if announced.send(batch).await.is_err() {
            return;
        }
    }
}

fn settle(drafts: Vec<Draft>, replies: Vec<Reply>, answers: Vec<Appended>) -> Batch {
    let mut batch = Batch { fresh: Vec::with_capacity(drafts.len()), replies: Vec::with_capacity(drafts.len()) };
    for ((draft, reply), answer) in drafts.into_iter().zip(replies).zip(answers) {
        let outcome = match answer {
            Appended::Fresh(seq) => {
                let entry = Arc::new(draft.entry);
                batch.fresh.push((seq, Arc::clone(&entry)));
                Ok(Committed { seq, entry, again: false })
            }
            Appended::Again(seq, entry) => Ok(Committed { seq, entry: Arc::from(entry), again: true }),
            Appended::Conflict => Err(AppendError::IdTaken),
        };
        batch.replies.push((reply, outcome));
    }
    batch
}

async fn tell(mut announce: impl Announce, mut batches: mpsc::Receiver<Batch>) {
    while let Some(batch) = batches.recv().await {
        if !batch.fresh.is_empty() {
            announce.announce(&batch.fresh);
        }
        for (reply, outcome) in batch.replies {
            // A sender that has gone away asks again with the same id.
            let _ = reply.send(outcome);
        }
    }
}
