//! The writers: one task per core, each of which writes shared frames straight to the sockets of its
//! viewers at the head.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::core::Hub;
use super::frame;
use super::group::Group;
use super::settings::BEATS;
use crate::domain::entry::Seq;
use crate::wire::live::GoodbyeReason;

/// Writes between two yields: some half a millisecond.
const YIELD_AFTER: u32 = 64;

/// Void seats that make a writer clear up before it comes by anyway.
const HUSKS: u32 = 256;

/// What became of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// All of it went out.
    Sent,
    /// The socket is full; the viewer keeps the rest and must step aside.
    Full,
    /// The viewer does not sit here any more.
    Stale,
}

/// A viewer as its writer sees it.
pub trait Viewer: Send + Sync {
    /// Writes if the viewer still sits at the head on this stay.
    fn write(&self, stay: u32, bytes: &Bytes) -> Written;
    /// Starts the catching-up task from this cursor; `told` is the last position that the viewer knows.
    fn step_aside(self: Arc<Self>, cursor: Seq, told: Seq);
    /// Leaves the head without having written; tells whether the viewer sat there on this stay.
    fn rise(&self, stay: u32) -> bool;
    /// Whether the viewer still sits at the head on this stay.
    fn is_seated(&self, stay: u32) -> bool;
    /// Why the viewer must go now, if it must: silence, or its admission has ended.
    fn must_end(&self) -> Option<GoodbyeReason>;
    /// What the viewer's reader has left for the writer, if it sits at the head.
    fn take_call(&self) -> Option<Call>;
    /// Says goodbye.
    fn end(self: Arc<Self>, reason: GoodbyeReason);
}

/// A viewer comes to the head.
pub struct Arrival {
    /// Who.
    pub viewer: Arc<dyn Viewer>,
    /// To which group.
    pub group: Arc<Group>,
    /// With which cursor.
    pub cursor: Seq,
    /// The last position that it was told: at most the cursor, with nothing of interest between.
    pub told: Seq,
    /// Which stay.
    pub stay: u32,
    /// In which beat it has its heartbeat.
    pub beat: u8,
}

/// What a viewer wants of its writer.
pub struct Call {
    /// The group in which it sat.
    pub from: Arc<Group>,
    /// The group it wants to move to.
    pub to: Option<Arc<Group>>,
    /// The answer to its ping.
    pub pong: Option<Bytes>,
    /// Its stay.
    pub stay: u32,
    /// Its beat.
    pub beat: u8,
}

/// A word to a writer.
pub enum Command {
    /// A viewer arrives.
    Arrive(Arrival),
    /// A viewer has something to ask.
    Call(Arc<dyn Viewer>),
}

/// A writer's letter box. Bounded by what viewers may leave: one arrival and two calls each.
#[derive(Default)]
pub struct Shard {
    commands: Mutex<Vec<Command>>,
    bell: Notify,
    husks: AtomicU32,
}

impl Shard {
    /// Tells the writer that the head has moved.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Leaves a command.
    pub(super) fn command(&self, command: Command) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command);
        self.bell.notify_one();
    }

    /// Tells that a seat has become void. It is cleared at the next write or heartbeat, or when many are.
    pub(super) fn husk(&self) {
        if self.husks.fetch_add(1, Ordering::Relaxed) + 1 >= HUSKS {
            self.bell.notify_one();
        }
    }
}

struct Seat {
    viewer: Arc<dyn Viewer>,
    stay: u32,
    beat: u8,
}

struct Row {
    group: Arc<Group>,
    cursor: Seq,
    /// A position that everybody here has been told; nothing of interest lies between it and the cursor.
    told: Seq,
    seats: Vec<Seat>,
}

/// A writer.
pub struct Writer {
    hub: Arc<Hub>,
    index: usize,
    rows: HashMap<u64, Row>,
    pace: Pace,
    beat: u32,
}

/// Lets other tasks run now and then.
#[derive(Default)]
struct Pace {
    writes: u32,
    sent: u64,
}

impl Pace {
    async fn step(&mut self) {
        self.writes += 1;
        if self.writes >= YIELD_AFTER {
            self.writes = 0;
            tokio::task::yield_now().await;
        }
    }
}

impl Row {
    /// Writes to all seats that are chosen, or to all.
    async fn write(&mut self, hub: &Hub, pace: &mut Pace, bytes: &Bytes, beat: Option<u8>) {
        let mut index = 0;
        while let Some(seat) = self.seats.get(index) {
            if beat.is_some_and(|beat| beat != seat.beat) {
                index += 1;
                continue;
            }
            if beat.is_some()
                && let Some(reason) = seat.viewer.must_end()
            {
                self.seats.swap_remove(index).viewer.end(reason);
                continue;
            }
            match seat.viewer.write(seat.stay, bytes) {
                Written::Sent => {
                    pace.sent += 1;
                    index += 1;
                }
                Written::Full => {
                    hub.meters.full.increment(1);
                    self.seats.swap_remove(index).viewer.step_aside(self.cursor, self.cursor);
                }
                Written::Stale => {
                    self.seats.swap_remove(index);
                }
            }
            pace.step().await;
        }
    }

    /// Brings everybody here to the head.
    async fn advance(&mut self, hub: &Hub, pace: &mut Pace) {
        loop {
            let head = hub.head();
            if self.cursor >= head {
                return;
            }
            let bytes = match hub.step(&self.group, self.cursor, self.told, head) {
                Ok(step) => {
                    self.cursor = step.seq;
                    step.frame.map(|frame| frame.websocket.clone())
                }
                Err(_) => {
                    hub.meters.resyncs.increment(self.seats.len() as u64);
                    let (resync, head) = hub.too_old();
                    self.cursor = head;
                    Some(frame::websocket(&resync))
                }
            };
            if let Some(bytes) = bytes {
                // The cursor already stands behind the frame: who takes it only in part keeps the rest.
                self.told = self.cursor;
                self.write(hub, pace, &bytes, None).await;
            }
        }
    }
}

impl Writer {
    pub(super) fn new(hub: Arc<Hub>, index: usize) -> Self {
        Self { hub, index, rows: HashMap::new(), pace: Pace::default(), beat: 0 }
    }

    pub(super) async fn run(mut self) {
        let hub = Arc::clone(&self.hub);
        let shard = &hub.shards[self.index];
        let stopped = hub.is_stopped();
        let mut beats: Interval = interval((hub.settings.heartbeat / BEATS).max(std::time::Duration::from_millis(1)));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let commands = std::mem::take(&mut *shard.commands.lock().unwrap_or_else(PoisonError::into_inner));
            for command in commands {
                match command {
                    Command::Arrive(arrival) => self.seat(arrival).await,
                    Command::Call(viewer) => self.answer(viewer).await,
                }
            }
            for row in self.rows.values_mut() {
                row.advance(&hub, &mut self.pace).await;
            }
            if shard.husks.load(Ordering::Relaxed) >= HUSKS {
                shard.husks.store(0, Ordering::Relaxed);
                self.rows.values_mut().for_each(|row| row.seats.retain(|seat| seat.viewer.is_seated(seat.stay)));
            }
            if hub.stopping.is_cancelled() {
                self.end_all().await;
            }
            hub.meters.deliveries.increment(std::mem::take(&mut self.pace.sent));
            tokio::select! {
                biased;
                () = stopped.cancelled() => return,
                () = hub.stopping.cancelled(), if !hub.stopping.is_cancelled() => {}
                // Before the bell, which may never be silent.
                _ = beats.tick() => self.heartbeat().await,
                () = shard.bell.notified() => {}
            }
        }
    }

    /// Seats a viewer: brings its group to the head, then the viewer to its group.
    async fn seat(&mut self, arrival: Arrival) {
        let Arrival { viewer, group, mut cursor, mut told, stay, beat } = arrival;
        let row = self.rows.entry(group.id).or_insert_with(|| Row { group, cursor, told, seats: Vec::new() });
        if row.seats.is_empty() {
            (row.cursor, row.told) = (cursor, told);
            row.seats.push(Seat { viewer, stay, beat });
            return row.advance(&self.hub, &mut self.pace).await;
        }
        row.advance(&self.hub, &mut self.pace).await;
        let mut frames = 0;
        while cursor < row.cursor {
            let step = match self.hub.step(&row.group, cursor, told, row.cursor) {
                // The way to the group's cursor is short; a long one is not walked on others' time.
                Ok(step) if frames < 2 => step,
                _ => {
                    if viewer.rise(stay) {
                        viewer.step_aside(cursor, told);
                    }
                    return;
                }
            };
            cursor = step.seq;
            if let Some(frame) = step.frame {
                frames += 1;
                told = cursor;
                match viewer.write(stay, &frame.websocket) {
                    Written::Sent => self.pace.sent += 1,
                    Written::Full => {
                        self.hub.meters.full.increment(1);
                        return viewer.step_aside(cursor, told);
                    }
                    Written::Stale => return,
                }
                self.pace.step().await;
            }
        }
        row.told = row.told.min(told);
        row.seats.push(Seat { viewer, stay, beat });
    }

    /// Does what a viewer asks.
    async fn answer(&mut self, viewer: Arc<dyn Viewer>) {
        let Some(call) = viewer.take_call() else { return };
        let Some((cursor, told)) = self.rows.get(&call.from.id).map(|row| (row.cursor, row.told)) else {
            // Its row went when the hub stopped.
            return viewer.end(GoodbyeReason::Shutdown);
        };
        let snapshot = call.to.as_ref().map(|_| frame::websocket(&frame::snapshot(self.hub.epoch(), cursor)));
        let words: Vec<u8> = [call.pong, snapshot].into_iter().flatten().flatten().collect();
        if words.is_empty() {
            return;
        }
        match (viewer.write(call.stay, &words.into()), call.to) {
            (Written::Full, to) => viewer.step_aside(cursor, if to.is_some() { cursor } else { told }),
            (Written::Sent, Some(group)) => {
                // The snapshot frame has told it the cursor.
                self.seat(Arrival { viewer, group, cursor, told: cursor, stay: call.stay, beat: call.beat }).await;
            }
            (Written::Sent, None) | (Written::Stale, _) => {}
        }
    }

    /// One beat: a heartbeat to those whose turn it is, with a ping every second time.
    async fn heartbeat(&mut self) {
        self.beat = (self.beat + 1) % (2 * BEATS);
        let beat = u8::try_from(self.beat % BEATS).unwrap_or(0);
        let ping = self.beat < BEATS;
        let now = self.hub.now();
        self.rows.retain(|_, row| !row.seats.is_empty());
        for row in self.rows.values_mut() {
            row.advance(&self.hub, &mut self.pace).await;
            let bytes = frame::heartbeat(row.cursor, now, ping);
            row.write(&self.hub, &mut self.pace, &bytes, Some(beat)).await;
        }
    }

    async fn end_all(&mut self) {
        for (_, row) in self.rows.drain() {
            for seat in row.seats {
                seat.viewer.end(GoodbyeReason::Shutdown);
                self.pace.step().await;
            }
        }
    }
}
