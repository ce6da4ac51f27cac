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
    /// Says nothing of what is in it.
    silent: AtomicBool,
}

impl Scripted {
    fn with_commits(commits: usize) -> Arc<Self> {
        let commits = Semaphore::new(commits);
        Arc::new(Self {
            lines: Mutex::default(),
            commits,
            failing: false.into(),
            lying: false.into(),
            silent: false.into(),
        })
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
        if self.silent.load(Ordering::SeqCst) {
            return Err(LogError::Storage(anyhow::anyhow!("told to be silent")));
        }
        if self.failing.load(Ordering::SeqCst) {
            return Err(LogError::Full(anyhow::anyhow!("told to fail")));
        }
        Ok(())
    }

    async fn head(&self) -> Result<Seq, LogError> {
        if self.silent.load(Ordering::SeqCst) {
            return Err(LogError::Storage(anyhow::anyhow!("told to be silent")));
        }
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
    async fn apply(&mut self, entries: &[(Seq, Arc<Entry>)]) {
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
    // 256 of 600, then half of what waits, but never fewer than 32: 172, 86, 43, 32 and the last 11.
    log.commits.add_permits(6);
    let answers = tokio::time::timeout(std::time::Duration::from_secs(1), all).await.expect("six commits do");
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

#[tokio::test(start_paused = true)]
async fn what_got_in_before_the_storage_went_silent_is_announced_when_it_answers_though_nobody_sends() {
    let (log, heard) = (Scripted::with_commits(PLENTY), Heard::default());
    let (appender, tasks) = writer(Arc::clone(&log), 0, heard.clone());
    tokio::spawn(tasks);
    log.lying.store(true, Ordering::SeqCst);
    log.silent.store(true, Ordering::SeqCst);
    assert!(matches!(appender.append(draft(filed(1))).await, Err(AppendError::Log(_))));
    tokio::time::sleep(2 * TRY_AGAIN).await;
    assert!(heard.numbers().is_empty() && appender.pulse().failing().is_some(), "nobody knows");
    log.lying.store(false, Ordering::SeqCst);
    log.silent.store(false, Ordering::SeqCst);
    tokio::time::sleep(2 * TRY_AGAIN).await;
    assert!(appender.pulse().failing().is_none());
    assert_eq!(heard.numbers(), [1]);
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
        async fn apply(&mut self, _: &[(Seq, Arc<Entry>)]) {
            panic!("the announcer broke");
        }
    }
    let (appender, tasks) = writer(Scripted::with_commits(PLENTY), 0, Broken);
    let running = tokio::spawn(tasks);
    assert!(matches!(appender.append(draft(filed(1))).await, Err(AppendError::Busy)), "no receipt");
    assert!(running.await.is_err_and(|error| error.is_panic()), "though an appender is left");
}
