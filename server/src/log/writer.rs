//! The single writer: groups what waits into one commit, has it announced, then gives the receipts.
//!
//! Two tasks form a line, so that a batch is announced while the next one commits; order is kept, and
//! nobody gets a receipt before the entry is durable *and* in the live world. Entries that got into the log
//! without passing here (an append that failed after its rows were in, another process) are read back and
//! announced in their place.
//!
//! After a commit that failed the writer tries the storage every second until it answers, so that the node
//! can say whether it takes reports ([`Pulse::failing`]) while nobody sends any.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Appended, Draft, EntryLog, LogError};
use crate::domain::entry::{Entry, Seq};

/// Drafts that may wait for the writer; one more is refused with [`AppendError::Busy`].
pub const QUEUE: usize = 4_096;

/// Drafts in one commit at most.
const BATCH: usize = 256;

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
    let tasks = async move {
        // A task of its own, so that one batch is announced while the next is committed. It ends with this.
        let mut telling = JoinSet::new();
        telling.spawn(tell(announce, batches));
        let mut committing = pin!(commit(log, head, drafts, announced, state));
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

async fn commit<L: EntryLog>(
    log: Arc<L>,
    mut known: Seq,
    mut queue: mpsc::Receiver<(Draft, Reply)>,
    announced: mpsc::Sender<Batch>,
    failing: watch::Sender<Option<Arc<LogError>>>,
) {
    let mut waiting = Vec::with_capacity(BATCH);
    while next_drafts(log.as_ref(), &mut queue, &mut waiting, &failing).await > 0 {
        let (drafts, replies): (Vec<Draft>, Vec<Reply>) = waiting.drain(..).unzip();
        let mut failure = None;
        let (mut batch, head) = match log.append(&drafts).await {
            Ok(answers) => {
                let head = answers.iter().filter_map(Appended::seq).max();
                (settle(drafts, replies, answers), head)
            }
            Err(error) => {
                tracing::error!(error = ?error, entries = drafts.len(), "commit failed");
                let error = failure.insert(Arc::new(error));
                // An error does not say whether the rows are in. Where the head cannot be had either, the
                // next commit finds out.
                (Batch::refused(replies, error), log.head().await.ok())
            }
        };
        let head = head.unwrap_or(known).max(known);
        if known + batch.fresh.len() as Seq == head {
            known = head;
        } else {
            tracing::warn!(entries = head - known, "entries stand in the log that nobody was told of");
            match tell_missed(log.as_ref(), &mut known, head, &announced).await {
                Ok(()) => batch.fresh.clear(),
                Err(error) => {
                    tracing::error!(error = ?error, "they cannot be read back");
                    let error = failure.insert(Arc::new(error));
                    batch = Batch::refused(batch.replies.into_iter().map(|(reply, _)| reply), error);
                }
            }
        }
        note(&failing, failure);
        if announced.send(batch).await.is_err() {
            return;
        }
    }
}

/// Waits for drafts; meanwhile tries a storage that has failed. 0: every appender is gone.
async fn next_drafts<L: EntryLog>(
    log: &L,
    queue: &mut mpsc::Receiver<(Draft, Reply)>,
    waiting: &mut Vec<(Draft, Reply)>,
    failing: &watch::Sender<Option<Arc<LogError>>>,
) -> usize {
    loop {
        if failing.borrow().is_none() {
            return queue.recv_many(waiting, BATCH).await;
        }
        match tokio::time::timeout(TRY_AGAIN, queue.recv_many(waiting, BATCH)).await {
            Ok(drafts) => return drafts,
            Err(_) => note(failing, log.probe().await.err().map(Arc::new)),
        }
    }
}

fn note(failing: &watch::Sender<Option<Arc<LogError>>>, failure: Option<Arc<LogError>>) {
    let recovered = failure.is_none();
    let failed_before = failing.send_replace(failure).is_some();
    if recovered && failed_before {
        tracing::info!("the log can be written again");
    }
}

/// Has the entries after `known` announced as they stand in the log, up to `head`.
async fn tell_missed<L: EntryLog>(
    log: &L,
    known: &mut Seq,
    head: Seq,
    announced: &mpsc::Sender<Batch>,
) -> Result<(), LogError> {
    while *known < head {
        let limit = u32::try_from(head - *known).unwrap_or(u32::MAX).min(BATCH as u32);
        let page = log.read(*known, limit).await?;
        let Some((last, _)) = page.last() else {
            let cause = anyhow::anyhow!("the log has no entry after {known}, but a head of {head}");
            return Err(LogError::Storage(cause));
        };
        *known = *last;
        let fresh = page.into_iter().map(|(seq, entry)| (seq, Arc::new(entry))).collect();
        // Without a listener the writer ends at the next batch.
        let _ = announced.send(Batch { fresh, ..Batch::default() }).await;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;
    use uuid::Uuid;

    use super::super::samples::{draft, filed};
    use super::*;

    /// A log in memory that commits when it is let, and fails when it is told to.
    struct Scripted {
        lines: Mutex<Vec<Draft>>,
        commits: Semaphore,
        failing: AtomicBool,
        /// The rows are in, and yet the commit says that it failed.
        lying: AtomicBool,
    }

    impl Scripted {
        fn with_commits(commits: usize) -> Arc<Self> {
            let commits = Semaphore::new(commits);
            Arc::new(Self { lines: Mutex::default(), commits, failing: false.into(), lying: false.into() })
        }
    }

    impl EntryLog for Scripted {
        fn epoch(&self) -> Uuid {
            Uuid::nil()
        }

        async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, LogError> {
            self.commits.acquire().await.unwrap().forget();
            if self.failing.load(Ordering::SeqCst) {
                return Err(LogError::Storage(anyhow::anyhow!("told to fail")));
            }
            let mut lines = self.lines.lock().unwrap();
            let mut answers = Vec::new();
            for draft in drafts {
                let known = lines.iter().position(|line| line.entry.id == draft.entry.id);
                answers.push(match known {
                    Some(place) if lines[place].digest == draft.digest => {
                        Appended::Again(place as Seq + 1, Box::new(lines[place].entry.clone()))
                    }
                    Some(_) => Appended::Conflict,
                    None => {
                        lines.push(draft.clone());
                        Appended::Fresh(lines.len() as Seq)
                    }
                });
            }
            if self.lying.load(Ordering::SeqCst) {
                return Err(LogError::Storage(anyhow::anyhow!("told to lie")));
            }
            Ok(answers)
        }

        async fn probe(&self) -> Result<(), LogError> {
            if self.failing.load(Ordering::SeqCst) {
                return Err(LogError::Full(anyhow::anyhow!("told to fail")));
            }
            Ok(())
        }

        async fn head(&self) -> Result<Seq, LogError> {
            Ok(self.lines.lock().unwrap().len() as Seq)
        }

        async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
            let lines = self.lines.lock().unwrap();
            let numbered = (1..).zip(lines.iter().map(|line| line.entry.clone()));
            Ok(numbered.skip(after as usize).take(limit as usize).collect())
        }
    }

    /// Remembers what was announced.
    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<Numbered>>>);

    type Numbered = (Seq, Arc<Entry>);

    impl Heard {
        fn numbers(&self) -> Vec<Seq> {
            self.0.lock().unwrap().iter().map(|(seq, _)| *seq).collect()
        }
    }

    impl Announce for Heard {
        fn announce(&mut self, entries: &[(Seq, Arc<Entry>)]) {
            self.0.lock().unwrap().extend_from_slice(entries);
        }
    }

    const PLENTY: usize = 10_000;

    #[tokio::test]
    async fn a_receipt_comes_after_commit_and_announcement() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        tokio::spawn(tasks);
        for number in 1..=50 {
            let receipt = appender.append(draft(filed(number))).await.unwrap();
            assert_eq!((receipt.seq, receipt.again), (number, false));
            assert_eq!(heard.numbers().last(), Some(&number), "announced before the receipt");
            assert_eq!(log.lines.lock().unwrap().len() as u64, number, "committed before the receipt");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_together_is_committed_together_in_order() {
        let (log, heard) = (Scripted::with_commits(0), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        tokio::spawn(tasks);
        let mut all = join_all((1..=600).map(|number| appender.append(draft(filed(number)))));
        assert!(futures_util::poll!(&mut all).is_pending(), "all wait");
        // 600 drafts fit into three commits of at most 256.
        log.commits.add_permits(3);
        let answers = tokio::time::timeout(std::time::Duration::from_secs(1), all).await.expect("three commits do");
        let receipts: Vec<Seq> = answers.into_iter().map(|receipt| receipt.unwrap().seq).collect();
        assert_eq!(receipts, (1..=600).collect::<Vec<_>>());
        assert_eq!(heard.numbers(), receipts);
        assert!(heard.0.lock().unwrap().iter().all(|(seq, entry)| entry.id == filed(*seq).id));
    }

    #[tokio::test]
    async fn a_repetition_gets_the_same_receipt_and_is_not_announced() {
        let heard = Heard::default();
        let (appender, tasks) = writer(Scripted::with_commits(PLENTY), 0, heard.clone());
        tokio::spawn(tasks);
        let first = appender.append(draft(filed(1))).await.unwrap();
        let second = appender.append(draft(filed(1))).await.unwrap();
        assert_eq!((second.seq, &second.entry, second.again), (first.seq, &first.entry, true));
        let other = Draft { digest: [0; 32], ..draft(filed(1)) };
        assert!(matches!(appender.append(other).await, Err(AppendError::IdTaken)));
        assert_eq!(heard.numbers(), [1]);
    }

    #[tokio::test]
    async fn a_failing_log_answers_every_sender_and_goes_on() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        tokio::spawn(tasks);
        log.failing.store(true, Ordering::SeqCst);
        let answers = join_all((1..=300).map(|number| appender.append(draft(filed(number))))).await;
        assert_eq!(answers.len(), 300);
        assert!(answers.iter().all(|answer| matches!(answer, Err(AppendError::Log(_)))));
        assert!(heard.numbers().is_empty());
        log.failing.store(false, Ordering::SeqCst);
        assert_eq!(appender.append(draft(filed(1))).await.unwrap().seq, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_storage_that_failed_is_tried_until_it_answers_though_nobody_sends() {
        let log = Scripted::with_commits(PLENTY);
        let (appender, tasks) = writer(Arc::clone(&log), 0, Heard::default());
        tokio::spawn(tasks);
        assert!(appender.pulse().failing().is_none());
        log.failing.store(true, Ordering::SeqCst);
        assert!(appender.append(draft(filed(1))).await.is_err());
        assert!(matches!(appender.pulse().failing().as_deref(), Some(LogError::Storage(_))), "what the append said");
        // The paused clock runs on by itself as long as nothing else happens.
        tokio::time::sleep(2 * TRY_AGAIN).await;
        assert!(matches!(appender.pulse().failing().as_deref(), Some(LogError::Full(_))), "what the tries say");
        log.failing.store(false, Ordering::SeqCst);
        tokio::time::sleep(2 * TRY_AGAIN).await;
        assert!(appender.pulse().failing().is_none());
        assert_eq!(appender.append(draft(filed(1))).await.unwrap().seq, 1);
    }

    #[tokio::test]
    async fn what_got_in_though_its_append_failed_is_announced_and_asking_again_gets_its_receipt() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        tokio::spawn(tasks);
        log.lying.store(true, Ordering::SeqCst);
        assert!(matches!(appender.append(draft(filed(1))).await, Err(AppendError::Log(_))));
        assert_eq!(heard.numbers(), [1], "it is in the log, so the world learns of it");
        log.lying.store(false, Ordering::SeqCst);
        let receipt = appender.append(draft(filed(1))).await.unwrap();
        assert_eq!((receipt.seq, receipt.again), (1, true));
        assert_eq!(appender.append(draft(filed(2))).await.unwrap().seq, 2);
        assert_eq!(heard.numbers(), [1, 2]);
    }

    #[tokio::test]
    async fn what_another_wrote_is_announced_in_its_place() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        tokio::spawn(tasks);
        log.lines.lock().unwrap().extend((1..=600).map(|number| draft(filed(number))));
        // A repetition of one of them tells as much as something fresh.
        assert!(appender.append(draft(filed(600))).await.unwrap().again);
        assert_eq!(heard.numbers(), (1..=600).collect::<Vec<_>>(), "before the receipt, in order");
        log.lines.lock().unwrap().push(draft(filed(601)));
        assert_eq!(appender.append(draft(filed(602))).await.unwrap().seq, 602);
        assert_eq!(heard.numbers(), (1..=602).collect::<Vec<_>>());
        assert!(heard.0.lock().unwrap().iter().all(|(seq, entry)| entry.id == filed(*seq).id));
    }

    #[tokio::test]
    async fn what_was_replayed_at_the_start_is_not_announced_again() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        log.lines.lock().unwrap().extend((1..=3).map(|number| draft(filed(number))));
        let (appender, tasks) = writer(Arc::clone(&log), 3, heard.clone());
        tokio::spawn(tasks);
        assert!(appender.append(draft(filed(2))).await.unwrap().again);
        assert_eq!(appender.append(draft(filed(4))).await.unwrap().seq, 4);
        assert_eq!(heard.numbers(), [4]);
    }

    #[tokio::test]
    async fn a_full_queue_says_busy_and_loses_nothing_that_it_took() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        let mut all = join_all((1..=QUEUE as u64 + 10).map(|number| appender.append(draft(filed(number)))));
        assert!(futures_util::poll!(&mut all).is_pending(), "the writer does not run yet");
        assert_eq!(appender.pulse().waiting(), QUEUE);
        tokio::spawn(tasks);
        let answers = all.await;
        let busy = answers.iter().filter(|answer| matches!(answer, Err(AppendError::Busy))).count();
        assert_eq!(busy, 10);
        assert_eq!(heard.numbers().len(), QUEUE);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), QUEUE);
    }

    #[tokio::test]
    async fn a_writer_that_has_stopped_says_busy() {
        let (appender, tasks) = writer(Scripted::with_commits(0), 0, Heard::default());
        let running = tokio::spawn(tasks);
        let waiting = tokio::spawn({
            let appender = appender.clone();
            async move { appender.append(draft(filed(1))).await }
        });
        tokio::task::yield_now().await;
        running.abort();
        assert!(running.await.is_err_and(|error| error.is_cancelled()));
        assert!(matches!(waiting.await.unwrap(), Err(AppendError::Busy)), "who was waiting");
        assert!(matches!(appender.append(draft(filed(2))).await, Err(AppendError::Busy)), "who comes later");
    }

    #[tokio::test]
    async fn the_writer_ends_when_the_last_appender_is_gone_and_all_is_written() {
        let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
        let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
        let receipt = tokio::spawn(async move { appender.append(draft(filed(1))).await });
        tasks.await;
        assert_eq!(receipt.await.unwrap().unwrap().seq, 1);
        assert_eq!(heard.numbers(), [1]);
    }

    #[tokio::test]
    async fn an_announcer_that_breaks_ends_the_writer_at_once() {
        struct Broken;
        impl Announce for Broken {
            fn announce(&mut self, _: &[(Seq, Arc<Entry>)]) {
                panic!("the announcer broke");
            }
        }
        let (appender, tasks) = writer(Scripted::with_commits(PLENTY), 0, Broken);
        let running = tokio::spawn(tasks);
        assert!(matches!(appender.append(draft(filed(1))).await, Err(AppendError::Busy)), "no receipt");
        assert!(running.await.is_err_and(|error| error.is_panic()), "though an appender is left");
    }
}
