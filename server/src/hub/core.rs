//! The hub itself: what writers, viewers and the announcer share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
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
    node: NodeId,
    epoch: Uuid,
    clock: Arc<dyn Clock>,
    started: Instant,
    ring: RwLock<Ring>,
    head: AtomicU64,
    head_changed: watch::Sender<Seq>,
    groups: Arc<Groups>,
    steps: Mutex<StepCache>,
    last_id: AtomicU32,
    viewers: AtomicUsize,
    /// Of them the public.
    public: AtomicUsize,
    nobody_left: Notify,
    addresses: Mutex<HashMap<IpAddr, OfAddress>>,
    stopped: CancellationToken,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("head", &self.head()).field("viewers", &self.viewers()).finish_non_exhaustive()
    }
}

/// The node has as many viewers as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has as many viewers as it takes")]
pub struct Refused;

/// What one address has; offices do not count.
#[derive(Debug, Default, PartialEq, Eq)]
struct OfAddress {
    /// Connections that have not said who they are.
    unknown: usize,
    public: usize,
}

/// As whom a ticket counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    /// Not known yet: a token comes with the first frame.
    Unknown,
    Public,
    Office,
}

/// A viewer's place among the viewers; dropping it makes room.
#[derive(Debug)]
pub struct Ticket {
    hub: Arc<Hub>,
    /// Where addresses are counted, and the holder counts.
    address: Option<Box<IpAddr>>,
    holder: Holder,
    /// The viewer's number.
    pub id: u32,
}

impl Ticket {
    /// Makes known whose place it is. The public has its share of all places, so that it never takes those kept for
    /// offices, and each address a part of that share.
    ///
    /// # Errors
    /// [`Refused`] where the public, or this address of it, has as many places as it gets; the ticket should then be
    /// dropped.
    pub fn known(&mut self, audience: Audience) -> Result<(), Refused> {
        match audience {
            _ if self.holder != Holder::Unknown => {}
            Audience::Office => {
                self.leave_address();
                self.holder = Holder::Office;
            }
            Audience::Public => {
                self.become_public().inspect_err(|Refused| self.hub.meters.refused.increment(1))?;
                self.holder = Holder::Public;
            }
        }
        Ok(())
    }

    fn become_public(&self) -> Result<(), Refused> {
        let settings = &self.hub.settings;
        let share = settings.max_viewers.saturating_sub(settings.kept_for_offices);
        let take = |public: usize| (public < share).then_some(public + 1);
        let public = &self.hub.public;
        public.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).map_err(|_| Refused)?;
        if let (Some(max), Some(address)) = (settings.max_public_per_address, &self.address) {
            let mut addresses = self.hub.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let of_address = addresses.entry(**address).or_default();
            if of_address.public >= max {
                drop(addresses);
                public.fetch_sub(1, Ordering::AcqRel);
                return Err(Refused);
            }
            of_address.public += 1;
            of_address.unknown -= 1;
        }
        Ok(())
    }

    fn leave_address(&mut self) {
        let Some(address) = self.address.take() else { return };
        let mut addresses = self.hub.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_address) = addresses.get_mut(&address) {
            match self.holder {
                Holder::Unknown => of_address.unknown -= 1,
                Holder::Public => of_address.public -= 1,
                Holder::Office => {}
            }
            if *of_address == OfAddress::default() {
                addresses.remove(&address);
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.leave_address();
        if self.holder == Holder::Public {
            self.hub.public.fetch_sub(1, Ordering::AcqRel);
        }
        if self.hub.viewers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.hub.nobody_left.notify_one();
        }
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
            node,
            epoch,
            clock,
            started: Instant::now(),
            ring: RwLock::new(Ring::new(head, settings.ring_entries, settings.ring_bytes)),
            head: AtomicU64::new(head),
            head_changed: watch::Sender::new(head),
            groups: Arc::new(Groups::default()),
            steps: Mutex::new(StepCache::new(settings.frame_cache_bytes)),
            last_id: AtomicU32::new(0),
            viewers: AtomicUsize::new(0),
            public: AtomicUsize::new(0),
            nobody_left: Notify::new(),
            addresses: Mutex::new(HashMap::new()),
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
        let all_gone = async {
            while self.viewers() > 0 {
                self.nobody_left.notified().await;
            }
        };
        if timeout(STOP, all_gone).await.is_err() {
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
        self.viewers.load(Ordering::Acquire)
    }

    /// A place for one more viewer, of whom nothing is known yet; see [`Ticket::known`]. `address` is the viewer's (of
    /// IPv6, its /64), as far as it is known.
    ///
    /// # Errors
    /// [`Refused`] where there is none, or too many from this address have not said yet who they are.
    pub fn ticket(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Ticket, Refused> {
        let max = self.settings.max_viewers;
        let take = |viewers: usize| (viewers < max).then_some(viewers + 1);
        let refused = |_| {
            self.meters.refused.increment(1);
            Refused
        };
        self.viewers.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).map_err(refused)?;
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let mut ticket = Ticket { hub: Arc::clone(self), address: None, holder: Holder::Unknown, id };
        if let (Some(max), Some(address)) = (self.settings.max_public_per_address, address) {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            let of_address = addresses.entry(address).or_default();
            if of_address.unknown >= max {
                drop(addresses);
                return Err(refused(max));
            }
            of_address.unknown += 1;
            ticket.address = Some(Box::new(address));
        }
        Ok(ticket)
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
