//! Many viewers in few threads: each thread has an epoll of its own, one buffer for all of its viewers,
//! and a tally. A viewer costs a socket and a few numbers.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

use crate::frames::{self, Kind};

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

/// When each report's receipt came, by its number, so that an arrival can be compared with it.
#[derive(Debug)]
pub struct Receipts(Box<[AtomicU64]>);

impl Receipts {
    const SLOTS: usize = 1 << 17;

    fn new() -> Self {
        Self((0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Takes note of a receipt.
    pub fn came(&self, seq: u64, at_ns: u64) {
        self.slot(seq).store(at_ns, Ordering::Release);
    }

    fn slot(&self, seq: u64) -> &AtomicU64 {
        &self.0[seq as usize % Self::SLOTS]
    }

    fn forget(&self) {
        for slot in &self.0 {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

/// What one viewer got.
#[derive(Clone, Copy, Default, Debug)]
pub struct Got {
    /// Entries.
    pub count: u64,
    /// Sum of their numbers: tells whether they are the right ones.
    pub sum: u64,
    /// The last one's number.
    last: u64,
    /// It was told that it missed something (resync), or its line was ended.
    pub told: bool,
}

/// What the viewers of a thread got.
#[derive(Debug)]
pub struct Tally {
    /// By viewer.
    pub viewers: Vec<Got>,
    /// Entries that a viewer had already.
    pub repeated: u64,
    /// Resyncs.
    pub resyncs: u64,
    /// Lines that ended.
    pub ended: u64,
    /// Frames with entries.
    pub frames: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Nanoseconds from the sending of a report to its arrival.
    pub from_sending: Histogram<u64>,
    /// Nanoseconds from the receipt of a report to its arrival; 0 where it arrived before the receipt.
    pub from_receipt: Histogram<u64>,
}

impl Tally {
    fn new(viewers: usize) -> Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, 600_000_000_000, 3);
        Ok(Self {
            viewers: vec![Got::default(); viewers],
            repeated: 0,
            resyncs: 0,
            ended: 0,
            frames: 0,
            bytes: 0,
            from_sending: histogram()?,
            from_receipt: histogram()?,
        })
    }

    fn clear(&mut self) {
        for got in &mut self.viewers {
            *got = Got { last: got.last, told: got.told, ..Got::default() };
        }
        (self.repeated, self.resyncs, self.frames, self.bytes) = (0, 0, 0, 0);
        self.from_sending.reset();
        self.from_receipt.reset();
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        self.viewers.extend_from_slice(&other.viewers);
        self.repeated += other.repeated;
        self.resyncs += other.resyncs;
        self.ended += other.ended;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.from_sending.add(&other.from_sending)?;
        self.from_receipt.add(&other.from_receipt)?;
        Ok(())
    }

    /// Entries that arrived.
    pub fn delivered(&self) -> u64 {
        self.viewers.iter().map(|got| got.count).sum()
    }
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

/// Lines that are opened at once: more would overrun the server's listen queue.
const OPENING: usize = 64;

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

struct Reactor {
    line: Line,
    tally: Arc<Mutex<Tally>>,
    progress: Arc<Progress>,
    receipts: Arc<Receipts>,
    buffer: RefCell<Vec<u8>>,
}

fn run(reactor: Reactor, viewers: usize, thread: usize, stopped: tokio::sync::oneshot::Receiver<()>) {
    let progress = Arc::clone(&reactor.progress);
    let outcome = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let (reactor, opening) = (Rc::new(reactor), Rc::new(Semaphore::new(OPENING)));
            for index in 0..viewers {
                let (reactor, opening) = (Rc::clone(&reactor), Rc::clone(&opening));
                tokio::task::spawn_local(async move {
                    if let Err(error) = reactor.view(index, thread + index * THREADS, &opening).await {
                        reactor.fail(error);
                    }
                });
            }
            // Whether it is told or the fleet is gone: the end.
            let _ = stopped.await;
        });
    });
    if let Err(error) = outcome {
        *lock(&progress.failure) = Some(error.into());
        progress.changed.notify_one();
    }
}

impl Reactor {
    fn fail(&self, error: anyhow::Error) {
        *lock(&self.progress.failure) = Some(error);
        self.progress.changed.notify_one();
    }

    async fn view(&self, index: usize, number: usize, opening: &Semaphore) -> Result<()> {
        let permit = opening.acquire().await?;
        let mut socket = TcpStream::connect(self.line.address).await.context("connecting a viewer")?;
        socket.set_nodelay(true)?;
        let mut pending = self.upgrade(&mut socket).await?;
        if !self.line.first.is_empty() {
            let first = &self.line.first[number % self.line.first.len()];
            socket.write_all(&frames::masked(1, first)).await?;
        }
        let mut ready = self.line.ready.is_empty();
        if ready {
            self.is_ready();
        }
        let mut permit = Some(permit);
        if ready {
            permit.take();
        }
        loop {
            let mut answer = Vec::new();
            let open = self.take(index, &mut pending, &mut ready, &mut answer);
            if ready && permit.take().is_some() {
                self.is_ready();
            }
            if !answer.is_empty() {
                socket.write_all(&answer).await?;
            }
            if !open || !self.read(index, &mut socket, &mut pending, &mut ready).await {
                let mut tally = lock(&self.tally);
                tally.ended += 1;
                tally.viewers[index].told = true;
                ensure!(ready, "a line ended before its subscription stood");
                return Ok(());
            }
        }
    }

    fn is_ready(&self) {
        self.progress.ready.fetch_add(1, Ordering::AcqRel);
        self.progress.changed.notify_one();
    }

    /// The upgrade (RFC 6455, 4.1); returns what came behind the answer.
    async fn upgrade(&self, socket: &mut TcpStream) -> Result<Vec<u8>> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.line.path, self.line.address
        );
        socket.write_all(request.as_bytes()).await?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 1024]);
        loop {
            if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&answer[..end]).into_owned();
                ensure!(text.starts_with("HTTP/1.1 101"), "no upgrade: {text}");
                return Ok(answer.split_off(end + 4));
            }
            let read = socket.read(&mut chunk).await?;
            ensure!(read > 0, "the line ended during the upgrade");
            answer.extend_from_slice(&chunk[..read]);
        }
    }

    /// Waits for bytes and takes the whole frames among them straight from the shared buffer; tells
    /// whether the line is still open. What is not whole, or needs an answer, is left in `pending`.
    async fn read(&self, index: usize, socket: &mut TcpStream, pending: &mut Vec<u8>, ready: &mut bool) -> bool {
        std::future::poll_fn(|context| {
            let mut buffer = self.buffer.borrow_mut();
            loop {
                let mut space = ReadBuf::new(&mut buffer);
                match Pin::new(&mut *socket).poll_read(context, &mut space) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Ready(Ok(())) if space.filled().is_empty() => return Poll::Ready(false),
                    Poll::Ready(Ok(())) if pending.is_empty() && *ready => {
                        let rest = self.count(index, space.filled());
                        if !rest.is_empty() {
                            pending.extend_from_slice(rest);
                            return Poll::Ready(true);
                        }
                    }
                    Poll::Ready(Ok(())) => {
                        pending.extend_from_slice(space.filled());
                        return Poll::Ready(true);
                    }
                }
            }
        })
        .await
    }

    /// Counts the data frames at the head of the bytes; returns what is something else or not whole.
    fn count<'a>(&self, index: usize, mut bytes: &'a [u8]) -> &'a [u8] {
        let now = now_ns();
        let mut tally = lock(&self.tally);
        let before = tally.viewers[index].count;
        while let Some((frame, rest)) = frames::split(bytes) {
            if frame.kind != Kind::Data {
                break;
            }
            self.count_payload(&mut tally, index, frame.payload, now);
            bytes = rest;
        }
        let fresh = tally.viewers[index].count - before;
        drop(tally);
        if fresh > 0 {
            let delivered = self.progress.delivered.fetch_add(fresh, Ordering::AcqRel) + fresh;
            if delivered >= self.progress.goal.load(Ordering::Acquire) {
                self.progress.changed.notify_one();
            }
        }
        bytes
    }

    fn count_payload(&self, tally: &mut Tally, index: usize, payload: &[u8], now: u64) {
        let mut any = false;
        for (seq, sent) in frames::entries(payload) {
            any = true;
            let got = &mut tally.viewers[index];
            if self.line.in_order && seq <= got.last {
                tally.repeated += 1;
                continue;
            }
            got.last = seq;
            got.count += 1;
            got.sum = got.sum.wrapping_add(seq);
            tally.from_sending.saturating_record(now.saturating_sub(sent).max(1));
            let receipt = self.receipts.slot(seq).load(Ordering::Acquire);
            let since = if receipt == 0 { 1 } else { now.saturating_sub(receipt).max(1) };
            tally.from_receipt.saturating_record(since);
        }
        if any {
            tally.frames += 1;
            tally.bytes += payload.len() as u64;
        } else if payload.starts_with(b"{\"type\":\"resync\"") {
            tally.resyncs += 1;
            tally.viewers[index].told = true;
        }
    }

    /// Takes the whole frames of `pending`; puts answers to pings into `answer`; tells whether the line is
    /// still open.
    fn take(&self, index: usize, pending: &mut Vec<u8>, ready: &mut bool, answer: &mut Vec<u8>) -> bool {
        if pending.is_empty() {
            return true;
        }
        let bytes = std::mem::take(pending);
        let mut rest = bytes.as_slice();
        loop {
            if *ready {
                rest = self.count(index, rest);
            }
            let Some((frame, after)) = frames::split(rest) else { break };
            match frame.kind {
                Kind::Close => return false,
                Kind::Ping => answer.extend(frames::masked(10, frame.payload)),
                Kind::Data if !*ready => *ready = memchr::memmem::find(frame.payload, self.line.ready).is_some(),
                Kind::Data | Kind::Other => {}
            }
            rest = after;
        }
        pending.extend_from_slice(rest);
        true
    }
}
