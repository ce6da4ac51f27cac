//! The hub itself: what writers, viewers and the announcer share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::frame::{Frame, Plain, resync, snapshot};
use super::gate::{Admission, Gate};
use super::group::{Group, Groups, Step, StepCache};
use super::interest::Interest;
use super::metrics::Meters;
use super::ring::{FellOff, Ring, Slot};
use super::settings::{BEATS, RETRY_SPREAD_MS, STOP, Settings};
use super::ticket::Places;
use super::writer::{Shard, Writer};
use crate::domain::clock::Clock;
use crate::domain::entry::Seq;
use crate::domain::ids::NodeId;
use crate::wire::Audience;
use crate::wire::live::{GoodbyeReason, ResyncReason};

/// The hub.
pub struct Hub {
    pub(super) settings: Settings,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) meters: Meters,
    pub(super) stopping: CancellationToken,
    pub(super) shards: Box<[Shard]>,
    pub(super) places: Places,
    node: NodeId,
    epoch: Uuid,
    clock: Arc<dyn Clock>,
    started: Instant,
    ring: RwLock<Ring>,
    head: AtomicU64,
    head_changed: watch::Sender<Seq>,
    groups: Arc<Groups>,
    steps: Mutex<StepCache>,
    stopped: CancellationToken,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("head", &self.head()).field("viewers", &self.viewers()).finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub whose ring begins after entry `head` of the history `epoch`.
    pub fn new(
        settings: Settings,
        node: NodeId,
        epoch: Uuid,
        head: Seq,
        clock: Arc<dyn Clock>,
        gate: Arc<dyn Gate>,
    ) -> Arc<Self> {
        Arc::new(Self {
            gate,
            meters: Meters::default(),
            stopping: CancellationToken::new(),
            shards: (0..settings.writers.max(1)).map(|_| Shard::default()).collect(),
            places: Places::default(),
            node,
            epoch,
            clock,
            started: Instant::now(),
            ring: RwLock::new(Ring::new(head, settings.ring_entries, settings.ring_bytes)),
            head: AtomicU64::new(head),
            head_changed: watch::Sender::new(head),
            groups: Arc::new(Groups::default()),
            steps: Mutex::new(StepCache::new(settings.frame_cache_bytes)),
            stopped: CancellationToken::new(),
            settings,
        })
    }

    /// Makes encoded entries known, in the order of the log; returns at once. Only the announcer calls it.
    pub fn publish(&self, slots: Vec<Slot>) {
        self.change(|ring| slots.into_iter().for_each(|slot| ring.push(slot)));
    }

    /// Entry `head` changed more than an entry can tell: every viewer is told to take a new snapshot. Only the
    /// announcer calls it.
    pub fn begin_after(&self, head: Seq) {
        self.change(|ring| ring.begin_after(head));
    }

    fn change(&self, change: impl FnOnce(&mut Ring)) {
        let head = {
            let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
            change(&mut ring);
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            {
                self.meters.ring_entries.set(ring.len() as f64);
                self.meters.ring_bytes.set(ring.bytes() as f64);
                self.meters.head.set(ring.head() as f64);
            }
            self.head.store(ring.head(), Ordering::Release);
            ring.head()
        };
        self.shards.iter().for_each(Shard::ring);
        self.head_changed.send_replace(head);
    }

    /// Runs the writers, one task each, until [`Hub::stop`] is through.
    ///
    /// # Errors
    /// The first writer that failed: its viewers hear nothing any more, so the node must stop.
    pub async fn run(self: Arc<Self>) -> Result<(), JoinError> {
        let mut writers = JoinSet::new();
        for index in 0..self.shards.len() {
            // The writers count their own work and yield by themselves: tokio's budget for a task would
            // feign full sockets after 128 writes.
            writers.spawn(tokio::task::unconstrained(Writer::new(Arc::clone(&self), index).run()));
        }
        while let Some(ended) = writers.join_next().await {
            ended?;
        }
        Ok(())
    }

    /// Says goodbye to everybody, waits until they have gone, 5 seconds at most, and ends the writers.
    pub async fn stop(&self) {
        self.stopping.cancel();
        if timeout(STOP, self.places.empty()).await.is_err() {
            tracing::info!(viewers = self.viewers(), "stopped before all viewers had gone");
        }
        self.stopped.cancel();
    }

    /// Number of the last published entry.
    pub fn head(&self) -> Seq {
        self.head.load(Ordering::Acquire)
    }

    /// The history's name.
    pub fn epoch(&self) -> Uuid {
        self.epoch
    }

    /// Connections that have a place, subscribed or not.
    pub fn viewers(&self) -> usize {
        self.places.taken()
    }

    /// Whom a token lets in now; without a token the public.
    ///
    /// # Errors
    /// Why it does not.
    pub fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason> {
        let admission = self.gate.admit(token)?;
        admission.check(&*self.gate, self.now())?;
        Ok(admission)
    }

    /// The group of this audience and interest.
    pub(super) fn join(&self, audience: Audience, interest: Interest) -> Arc<Group> {
        self.groups.join(audience, interest)
    }

    /// Where a viewer's stream begins: at its own position, or at the head with what it must be told.
    pub(super) fn start(&self, epoch: Option<Uuid>, since: Option<Seq>) -> (Option<Plain>, Seq) {
        let (oldest, head) = {
            let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
            (ring.oldest_cursor(), ring.head())
        };
        let Some(since) = since else {
            return (Some(snapshot(self.epoch, head)), head);
        };
        let reason = match since {
            _ if epoch != Some(self.epoch) => ResyncReason::OtherEpoch,
            since if since > head => ResyncReason::AheadOfLog,
            since if since < oldest => ResyncReason::TooOld,
            since => return (None, since),
        };
        self.meters.resyncs.increment(1);
        (Some(resync(reason, self.epoch, head)), head)
    }

    /// What a viewer that fell off the ring is told, and where it goes on.
    pub(super) fn too_old(&self) -> (Plain, Seq) {
        let head = self.head();
        (resync(ResyncReason::TooOld, self.epoch, head), head)
    }

    /// The first frame.
    pub(super) fn hello(&self) -> Plain {
        let heartbeat_seconds = self.settings.heartbeat.as_secs().max(1);
        Plain::Hello { node: self.node.0, epoch: self.epoch, seq: self.head(), now: self.now(), heartbeat_seconds }
    }

    /// The group's next step from the cursor, not beyond `limit`; built once for all who stand there. The
    /// cursor moves silently over what is of no interest, so a frame begins at what was told last.
    pub(super) fn step(&self, group: &Group, cursor: Seq, told: Seq, limit: Seq) -> Result<Step, FellOff> {
        let cache = || self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(step) = cache().get(group.id, cursor, told, limit) {
            return Ok(step);
        }
        let found = {
            let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
            ring.look(cursor, limit, group.audience, &group.interest)?
        };
        let frame = (!found.texts.is_empty()).then(|| Arc::new(Frame::new(told, found.seq, &found.texts)));
        if frame.is_some() {
            self.meters.frames.increment(1);
        }
        let step = Step { frame, seq: found.seq };
        cache().keep(group.id, cursor, &step);
        Ok(step)
    }

    /// The wall clock.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whole seconds since the hub began, by the steady clock.
    pub(super) fn seconds(&self) -> u32 {
        u32::try_from(self.started.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    /// Wakes whenever the head has moved.
    pub(super) fn watch_head(&self) -> watch::Receiver<Seq> {
        self.head_changed.subscribe()
    }

    /// The writer that serves this viewer.
    pub(super) fn shard(&self, id: u32) -> &Shard {
        &self.shards[id as usize % self.shards.len()]
    }

    /// In which beat of the interval this viewer has its heartbeat.
    pub(super) fn beat(&self, id: u32) -> u8 {
        let beat = id as usize / self.shards.len() % BEATS as usize;
        u8::try_from(beat).unwrap_or(0)
    }

    /// When this viewer should come back after a stop: all of them spread over five seconds. Numbers in
    /// a row times the golden ratio are spread evenly (Knuth, TAOCP 3, 6.4).
    pub(super) fn retry_after_stop(id: u32) -> u64 {
        u64::from(id.wrapping_mul(2_654_435_769) >> 16) * RETRY_SPREAD_MS / 0xFFFF
    }

    pub(super) fn is_stopped(&self) -> CancellationToken {
        self.stopped.clone()
    }
}
