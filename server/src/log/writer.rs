//! The single writer: groups what waits into one commit, has it announced, then gives the receipts.
//!
//! Two tasks form a line, so that a batch is announced while the next one commits; order is kept, and
//! nobody gets a receipt before the entry is durable *and* in the live world. Entries that got into the log
//! without passing here (an append that failed after its rows were in, another process) are read back and
//! announced in their place.
//!
//! After a commit that failed the writer tries the storage every second until it answers, so that the node
//! can say whether it takes reports ([`Pulse::failing`]), and shows what got in all the same, while nobody
//! sends any.

#[cfg(test)]
mod tests;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Appended, Draft, EntryLog, LogError};
use crate::database::told::{Trouble, chain};
use crate::domain::entry::{Entry, Seq};

/// Drafts that may wait for the writer; one more is refused with [`AppendError::Busy`].
pub const QUEUE: usize = 4_096;

/// Drafts in one commit at most.
const BATCH: usize = 256;

/// So many may always go into one commit. Of more, half are left for the next: while it is made ready, the
/// senders of the first get their receipts and send again, so that processor and disk work at the same time.
const SMALL_BATCH: usize = 32;

/// How long to wait between two tries of a storage that has failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);

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
    /// The storage failed. As a rule nothing was written; to ask again with the same id tells.
    #[error(transparent)]
    Log(#[from] Arc<LogError>),
}

/// Learns of every fresh entry, in order, after its commit.
pub trait Announce: Send + 'static {
    /// Takes note of a batch of consecutive entries. Their receipts are given when this returns.
    fn apply(&mut self, entries: &[(Seq, Arc<Entry>)]) -> impl Future<Output = ()> + Send;

    /// Passes on what was applied last, while its receipts are on their way.
    fn publish(&mut self) {}
}

type Reply = oneshot::Sender<Result<Committed, AppendError>>;

/// The way to the log.
#[derive(Clone, Debug)]
pub struct Appender {
    queue: mpsc::Sender<(Draft, Reply)>,
    failing: watch::Receiver<Option<Arc<LogError>>>,
}

impl Appender {
    /// Writes the draft; returns after the commit and the announcement.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn append(&self, draft: Draft) -> Result<Committed, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send((draft, reply)).map_err(|_| AppendError::Busy)?;
        answer.await.unwrap_or(Err(AppendError::Busy))
    }

    /// How the log does, for whoever must not keep it open.
    pub fn pulse(&self) -> Pulse {
        Pulse { queue: self.queue.downgrade(), failing: self.failing.clone() }
    }
}

/// How the log does. Does not keep the writer running.
#[derive(Clone, Debug)]
pub struct Pulse {
    queue: mpsc::WeakSender<(Draft, Reply)>,
    failing: watch::Receiver<Option<Arc<LogError>>>,
}

impl Pulse {
    /// Whether there is still a writer, and somebody who can reach it.
    pub fn is_served(&self) -> bool {
        self.queue.upgrade().is_some_and(|queue| !queue.is_closed())
    }

    /// Why the storage takes nothing at the moment; `None`: as far as the writer knows, it does.
    pub fn failing(&self) -> Option<Arc<LogError>> {
        self.failing.borrow().clone()
    }

    /// Drafts that wait.
    pub fn waiting(&self) -> usize {
        self.queue.upgrade().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }
}

/// Makes the appender and what commits and announces. That ends when every appender is gone and all is written. `head` is
/// the last entry that whoever is announced to knows already.
pub fn writer<L: EntryLog>(
    log: Arc<L>,
    head: Seq,
    announce: impl Announce,
) -> (Appender, impl Future<Output = ()> + Send) {
    let (queue, drafts) = mpsc::channel(QUEUE);
    let (announced, batches) = mpsc::channel(2);
    let (state, failing) = watch::channel(None);
    let committer =
        Committer { log, known: head, queue: drafts, announced, failing: state, trouble: Trouble::default() };
    let tasks = async move {
        // A task of its own, so that one batch is announced while the next is committed. It ends with this.
        let mut telling = JoinSet::new();
        telling.spawn(tell(announce, batches));
        let mut committing = pin!(committer.run());
        // Nothing may be committed that nobody is told of, so that both end with the first that breaks.
        let told = tokio::select! {
            told = telling.join_next() => told,
            () = &mut committing => telling.join_next().await,
        };
        if let Some(Err(error)) = told
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    };
    (Appender { queue, failing }, tasks)
}

#[derive(Default)]
struct Batch {
    fresh: Vec<(Seq, Arc<Entry>)>,
    replies: Vec<(Reply, Result<Committed, AppendError>)>,
}

impl Batch {
    /// Nobody gets a receipt, and nothing is announced.
    fn refused(replies: impl IntoIterator<Item = Reply>, error: &Arc<LogError>) -> Self {
        let refuse = |reply| (reply, Err(AppendError::Log(Arc::clone(error))));
        Self { fresh: Vec::new(), replies: replies.into_iter().map(refuse).collect() }
    }
}

/// The task that commits.
struct Committer<L> {
    log: Arc<L>,
    /// The last entry that was announced, or is about to be.
    known: Seq,
    queue: mpsc::Receiver<(Draft, Reply)>,
    announced: mpsc::Sender<Batch>,
    failing: watch::Sender<Option<Arc<LogError>>>,
    trouble: Trouble,
}

impl<L: EntryLog> Committer<L> {
    async fn run(mut self) {
        let mut waiting = Vec::with_capacity(BATCH);
        while self.next_drafts(&mut waiting).await > 0 {
            let (drafts, replies): (Vec<Draft>, Vec<Reply>) = waiting.drain(..).unzip();
            let mut failure = None;
            let (mut batch, head) = match self.log.append(&drafts).await {
                Ok(answers) => {
                    let head = answers.iter().filter_map(Appended::seq).max();
                    (settle(drafts, replies, answers), head)
                }
                Err(error) => {
                    self.complain("commit failed", &error, drafts.len());
                    let error = failure.insert(Arc::new(error));
                    // An error does not say whether the rows are in. Where the head cannot be had either, the
                    // recovery finds out.
                    (Batch::refused(replies, error), self.log.head().await.ok())
                }
            };
            let head = head.unwrap_or(self.known).max(self.known);
            if self.known + batch.fresh.len() as Seq == head {
                self.known = head;
            } else {
                match self.tell_missed(head).await {
                    Ok(()) => batch.fresh.clear(),
                    Err(error) => {
                        self.complain("what stands in the log cannot be read back", &error, 0);
                        let error = failure.insert(Arc::new(error));
                        batch = Batch::refused(batch.replies.into_iter().map(|(reply, _)| reply), error);
                    }
                }
            }
            self.note(failure);
            if self.announced.send(batch).await.is_err() {
                return;
            }
        }
    }

    /// Waits for drafts; meanwhile tries a storage that has failed. 0: every appender is gone.
    async fn next_drafts(&mut self, waiting: &mut Vec<(Draft, Reply)>) -> usize {
        loop {
            let limit = (self.queue.len() / 2).clamp(SMALL_BATCH, BATCH);
            let drafts = self.queue.recv_many(waiting, limit);
            if self.failing.borrow().is_none() {
                return drafts.await;
            }
            match tokio::time::timeout(TRY_AGAIN, drafts).await {
                Ok(drafts) => return drafts,
                Err(_) => {
                    let outcome = self.recover().await;
                    self.note(outcome.err().map(Arc::new));
                }
            }
        }
    }

    /// Tries the storage. Once it answers, what was written while it seemed to fail is announced.
    async fn recover(&mut self) -> Result<(), LogError> {
        self.log.probe().await?;
        let head = self.log.head().await?;
        if head > self.known { self.tell_missed(head).await } else { Ok(()) }
    }

    /// A storage that fails is told of by its cause, not for every batch that it refuses.
    fn complain(&mut self, what: &str, error: &LogError, entries: usize) {
        let cause = chain(error);
        if let Some(entries) = self.trouble.note(&cause, entries) {
            tracing::error!(error = cause, entries, "{what}");
        }
    }

    fn note(&mut self, failure: Option<Arc<LogError>>) {
        let recovered = failure.is_none();
        let failed_before = self.failing.send_replace(failure).is_some();
        if recovered && failed_before {
            self.trouble.over();
            tracing::info!("the log can be written again");
        }
    }

    /// Has the entries after the last known announced as they stand in the log, up to `head`.
    async fn tell_missed(&mut self, head: Seq) -> Result<(), LogError> {
        tracing::warn!(entries = head - self.known, "entries stand in the log that nobody was told of");
        while self.known < head {
            let limit = u32::try_from(head - self.known).unwrap_or(u32::MAX).min(BATCH as u32);
            let page = self.log.read(self.known, limit).await?;
            let Some((last, _)) = page.last() else {
                let cause = anyhow::anyhow!("the log has no entry after {}, but a head of {head}", self.known);
                return Err(LogError::Storage(cause));
            };
            self.known = *last;
            let fresh = page.into_iter().map(|(seq, entry)| (seq, Arc::new(entry))).collect();
            // Without a listener the writer ends at the next batch.
            let _ = self.announced.send(Batch { fresh, ..Batch::default() }).await;
        }
        Ok(())
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
            announce.apply(&batch.fresh).await;
        }
        for (reply, outcome) in batch.replies {
            // A sender that has gone away asks again with the same id.
            let _ = reply.send(outcome);
        }
        if !batch.fresh.is_empty() {
            announce.publish();
        }
    }
}
