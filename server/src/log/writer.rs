//! The single writer: groups what waits into one commit, has it announced, then gives the receipts.
//!
//! Three steps form a line, each a batch ahead of the next: one is written, the one before it becomes durable, the
//! one before that is announced. Order is kept, and nobody gets a receipt before the entry is durable *and* in the
//! live world. Entries that got into the log
//! without passing here (an append that failed after its rows were in, another process) are read back and
//! announced in their place.
//!
//! After a commit that failed the writer tries the storage every second until it answers, so that the node
//! can say whether it takes reports ([`Pulse::failing`]), and shows what got in all the same, while nobody
//! sends any.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Appended, Draft, EntryLog, LogError, Written};
use crate::domain::entry::{Entry, Seq};
use crate::domain::text::chain;

/// Drafts that may wait for the writer; one more is refused with [`AppendError::Busy`].
pub const QUEUE: usize = 4_096;

/// Drafts in one commit at most.
const BATCH: usize = 256;

/// So many may always go into one commit. Of more, half are left for the next: while it is made ready, the
/// senders of the first get their receipts and send again, so that processor and disk work at the same time.
const SMALL_BATCH: usize = 32;

/// How long to wait between two tries of a storage that has failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A storage that goes on failing is told of again after so long; sooner, if the cause is another one.
const SAME_CAUSE_AGAIN: Duration = Duration::from_secs(60);
const OTHER_CAUSE_AGAIN: Duration = TRY_AGAIN;

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

/// Makes the appender and what commits and announces. That ends when every appender is gone and all is written.
/// `head` is the last entry that whoever is announced to knows already.
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

/// A batch that was written, and is told of once it is durable.
struct Unsettled {
    batch: Batch,
    durable: BoxFuture<'static, Result<(), LogError>>,
}

/// What commits.
struct Committer<L> {
    log: Arc<L>,
    /// The last entry that was announced, or is about to be.
    known: Seq,
    queue: mpsc::Receiver<(Draft, Reply)>,
    announced: mpsc::Sender<Batch>,
    failing: watch::Sender<Option<Arc<LogError>>>,
    trouble: Trouble,
}

/// What was told of a storage that fails: its cause once, not for every batch that it refuses.
#[derive(Default)]
struct Trouble {
    told: Option<(String, Instant)>,
    /// Refused since then.
    entries: usize,
}

impl Trouble {
    fn tell(&mut self, what: &str, error: &LogError, entries: usize) {
        self.entries += entries;
        let cause = chain(error);
        if self.told.as_ref().is_some_and(|(before, at)| {
            at.elapsed() < if *before == cause { SAME_CAUSE_AGAIN } else { OTHER_CAUSE_AGAIN }
        }) {
            return;
        }
        tracing::error!(error = cause, entries = self.entries, "{what}");
        *self = Self { told: Some((cause, Instant::now())), entries: 0 };
    }
}

impl<L: EntryLog> Committer<L> {
    async fn run(mut self) {
        let mut waiting = Vec::with_capacity(BATCH);
        while !waiting.is_empty() || self.next_drafts(&mut waiting).await > 0 {
            let (drafts, replies): (Vec<Draft>, Vec<Reply>) = waiting.drain(..).unzip();
            let written = self.log.write(&drafts).await;
            let mut unsettled = self.take(drafts, replies, written).await;
            while let Some(batch) = unsettled {
                unsettled = self.settle(batch, &mut waiting).await;
            }
        }
    }

    /// Has a batch told of once it is durable. Meanwhile the next gathers and is written, if any comes.
    async fn settle(&mut self, unsettled: Unsettled, waiting: &mut Vec<(Draft, Reply)>) -> Option<Unsettled> {
        let Unsettled { mut batch, durable } = unsettled;
        let (mut drafts, mut replies) = (Vec::new(), Vec::new());
        let (disk, disk_works) = oneshot::channel::<Infallible>();
        let settling = async {
            durable.await?;
            drop(disk);
            self.known += batch.fresh.len() as Seq;
            tell_of(&self.announced, std::mem::take(&mut batch)).await;
            Ok(())
        };
        let writing = async {
            gather_while(&mut self.queue, waiting, disk_works).await;
            if waiting.is_empty() && gather(&mut self.queue, waiting).await == 0 {
                return Ok(None);
            }
            (drafts, replies) = waiting.drain(..).unzip();
            Ok(Some(self.log.write(&drafts).await))
        };
        match tokio::try_join!(settling, writing) {
            Ok(((), None)) => None,
            Ok(((), Some(written))) => self.take(drafts, replies, written).await,
            Err(error) => {
                // What was written after it stands or falls with it. What only gathered waits for the next try.
                let replies = batch.replies.into_iter().map(|(reply, _)| reply).chain(replies).collect();
                self.fail(replies, error).await;
                None
            }
        }
    }

    /// Takes note of what became of a batch; gives it if it need only become durable.
    async fn take(
        &mut self,
        drafts: Vec<Draft>,
        replies: Vec<Reply>,
        written: Result<Written, LogError>,
    ) -> Option<Unsettled> {
        let Written { answers, durable } = match written {
            Ok(written) => written,
            Err(error) => {
                self.fail(replies, error).await;
                return None;
            }
        };
        let head = answers.iter().filter_map(Appended::seq).max().unwrap_or(self.known).max(self.known);
        let mut batch = answer(drafts, replies, answers);
        if self.known + batch.fresh.len() as Seq == head {
            self.note(None);
            return Some(Unsettled { batch, durable });
        }
        let told = async {
            durable.await?;
            self.tell_missed(head).await
        };
        match told.await {
            Ok(()) => {
                batch.fresh.clear();
                self.note(None);
                tell_of(&self.announced, batch).await;
            }
            Err(error) => self.fail(batch.replies.into_iter().map(|(reply, _)| reply).collect(), error).await,
        }
        None
    }

    /// Refuses a batch of which nobody knows whether it is in, and has announced what got in all the same. Where the
    /// log does not say, the recovery finds out.
    async fn fail(&mut self, replies: Vec<Reply>, error: LogError) {
        self.trouble.tell("commit failed", &error, replies.len());
        let mut error = Arc::new(error);
        if let Ok(head) = self.log.head().await
            && head > self.known
            && let Err(unread) = self.tell_missed(head).await
        {
            self.trouble.tell("what stands in the log cannot be read back", &unread, 0);
            error = Arc::new(unread);
        }
        tell_of(&self.announced, Batch::refused(replies, &error)).await;
        self.note(Some(error));
    }

    /// Waits for drafts; meanwhile tries a storage that has failed. 0: every appender is gone.
    async fn next_drafts(&mut self, waiting: &mut Vec<(Draft, Reply)>) -> usize {
        loop {
            let drafts = gather(&mut self.queue, waiting);
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

    fn note(&mut self, failure: Option<Arc<LogError>>) {
        let recovered = failure.is_none();
        let failed_before = self.failing.send_replace(failure).is_some();
        if recovered && failed_before {
            self.trouble = Trouble::default();
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
            tell_of(&self.announced, Batch { fresh, ..Batch::default() }).await;
        }
        Ok(())
    }
}

/// Takes what waits; 0: every appender is gone. What it has not returned it has not taken.
async fn gather(queue: &mut mpsc::Receiver<(Draft, Reply)>, waiting: &mut Vec<(Draft, Reply)>) -> usize {
    let limit = (queue.len() / 2).clamp(SMALL_BATCH, BATCH);
    queue.recv_many(waiting, limit).await
}

/// Takes what comes while the disk works, until it is a batch worth writing: a commit costs as much as some reports,
/// and could not be made durable any sooner. What was taken stays, whoever goes on waiting.
async fn gather_while(
    queue: &mut mpsc::Receiver<(Draft, Reply)>,
    waiting: &mut Vec<(Draft, Reply)>,
    mut disk_works: oneshot::Receiver<Infallible>,
) {
    while waiting.len() < SMALL_BATCH {
        let limit = (queue.len() / 2).max(SMALL_BATCH - waiting.len()).min(BATCH);
        tokio::select! {
            biased;
            _ = &mut disk_works => return,
            taken = queue.recv_many(waiting, limit) => {
                if taken == 0 {
                    return;
                }
            }
        }
    }
}

/// Passes a batch on. Without a listener the writer ends.
async fn tell_of(announced: &mpsc::Sender<Batch>, batch: Batch) {
    let _ = announced.send(batch).await;
}

fn answer(drafts: Vec<Draft>, replies: Vec<Reply>, answers: Vec<Appended>) -> Batch {
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
