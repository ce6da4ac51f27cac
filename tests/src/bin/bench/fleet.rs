//! Many viewers in few threads: each thread has an epoll of its own, one buffer for all of its viewers,
//! and a tally. A viewer costs a socket and a few numbers.

mod reactor;
mod tally;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::sync::Notify;

use self::reactor::{Reactor, run};
pub use self::tally::{Receipts, Tally};

/// Nanoseconds of the bench's clock: since the first time that anybody asked.
pub fn now_ns() -> u64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// How to become a viewer of a server.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it listens.
    pub address: SocketAddr,
    /// The path of the upgrade.
    pub path: String,
    /// What to send first, one for each group of equal interests; viewers take turns. Empty: nothing.
    pub first: Vec<Vec<u8>>,
    /// What the server says when the subscription stands. Empty: the upgrade is enough.
    pub ready: &'static [u8],
    /// Entries come in the order of their numbers, so that one that came before is told by its number.
    pub in_order: bool,
}

/// How far all threads together are.
#[derive(Debug, Default)]
struct Progress {
    ready: AtomicUsize,
    delivered: AtomicU64,
    changed: Notify,
    goal: AtomicU64,
    failure: Mutex<Option<anyhow::Error>>,
}

/// The viewers.
pub struct Fleet {
    tallies: Vec<Arc<Mutex<Tally>>>,
    progress: Arc<Progress>,
    /// Receipts of what the publisher sends.
    pub receipts: Arc<Receipts>,
    stop: Vec<tokio::sync::oneshot::Sender<()>>,
    threads: Vec<std::thread::JoinHandle<()>>,
    groups: usize,
    count: usize,
}

/// Threads of the fleet: one leaves the other core to the server.
const THREADS: usize = 1;

/// How long the fleet waits for something that ought to happen.
const PATIENCE: Duration = Duration::from_secs(120);

impl Fleet {
    /// Opens the lines and waits until every viewer is subscribed.
    pub async fn open(line: &Line, count: usize) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let receipts = Arc::new(Receipts::new());
        let mut fleet = Self {
            tallies: Vec::new(),
            progress: Arc::clone(&progress),
            receipts: Arc::clone(&receipts),
            stop: Vec::new(),
            threads: Vec::new(),
            groups: line.first.len().max(1),
            count,
        };
        for thread in 0..THREADS {
            let share = (thread..count).step_by(THREADS).count();
            let tally = Arc::new(Mutex::new(Tally::new(share)?));
            fleet.tallies.push(Arc::clone(&tally));
            let (stop, stopped) = tokio::sync::oneshot::channel();
            fleet.stop.push(stop);
            let (line, progress, receipts) = (line.clone(), Arc::clone(&progress), Arc::clone(&receipts));
            fleet.threads.push(std::thread::spawn(move || {
                let reactor = Reactor { line, tally, progress, receipts, buffer: RefCell::new(vec![0; 1 << 18]) };
                run(reactor, share, thread, stopped);
            }));
        }
        fleet
            .wait(|progress| progress.ready.load(Ordering::Acquire) == count, PATIENCE)
            .await
            .context("opening the lines")?;
        Ok(fleet)
    }

    /// The number of viewers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many viewers each group has.
    pub fn group_sizes(&self) -> Vec<u64> {
        (0..self.groups).map(|group| (group..self.count).step_by(self.groups).count() as u64).collect()
    }

    /// Begins a new count.
    pub fn clear(&self) {
        for tally in &self.tallies {
            lock(tally).clear();
        }
        self.receipts.forget();
        self.progress.delivered.store(0, Ordering::Release);
        self.progress.goal.store(u64::MAX, Ordering::Release);
    }

    /// Waits until this many entries have arrived; tells whether they did in time.
    pub async fn delivered(&self, entries: u64, patience: Duration) -> Result<bool> {
        self.progress.goal.store(entries, Ordering::Release);
        match self.wait(|progress| progress.delivered.load(Ordering::Acquire) >= entries, patience).await {
            Ok(()) => Ok(true),
            Err(error) if error.is::<TooSlow>() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn wait(&self, reached: impl Fn(&Progress) -> bool, patience: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let changed = self.progress.changed.notified();
            if let Some(failure) = lock(&self.progress.failure).take() {
                return Err(failure);
            }
            if reached(&self.progress) {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                bail!(TooSlow);
            }
        }
    }

    /// What all viewers got. Viewer `i` of the answer is of group `i` modulo the number of groups.
    pub fn tally(&self) -> Result<Tally> {
        let mut sum = Tally::new(0)?;
        for tally in &self.tallies {
            sum.add(&lock(tally))?;
        }
        Ok(sum)
    }

    /// Ends every line.
    pub fn close(self) {
        drop(self.stop);
        for thread in self.threads {
            // A thread that failed has told so through the progress.
            let _ = thread.join();
        }
    }
}

/// Not everything came in time.
#[derive(Debug)]
struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not everything came in time")
    }
}

impl std::error::Error for TooSlow {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
