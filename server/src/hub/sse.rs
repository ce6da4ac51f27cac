//! A viewer on server-sent events, for networks that block WebSocket: the same ring, groups, frames and
//! cursor, behind a channel of one frame.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use uuid::Uuid;

use super::core::Hub;
use super::frame::{Plain, retry_after_ms, sse, text};
use super::gate::Admission;
use super::interest::Interest;
use super::ticket::Ticket;
use crate::domain::entry::Seq;
use crate::wire::live::GoodbyeReason;

/// Where and how an SSE stream begins.
#[derive(Debug)]
pub struct Opening {
    /// What the caller may see, and how long.
    pub admission: Admission,
    /// What it wants to hear of.
    pub interest: Interest,
    /// The epoch of its position.
    pub epoch: Option<Uuid>,
    /// It has everything up to this entry.
    pub since: Option<Seq>,
}

impl Hub {
    /// Starts a stream of SSE events in a task of its own, which ends when the receiver is dropped, or
    /// says goodbye and ends.
    pub fn stream(self: &Arc<Self>, ticket: Ticket, opening: Opening) -> mpsc::Receiver<Bytes> {
        let (events, receiver) = mpsc::channel(1);
        let hub = Arc::clone(self);
        tokio::spawn(async move {
            let gauge = hub.meters.viewers(opening.admission.audience).clone();
            gauge.increment(1.0);
            let stream = Stream { hub, events, id: ticket.id, seq: 0, told: 0 };
            stream.run(opening).await;
            gauge.decrement(1.0);
            drop(ticket);
        });
        receiver
    }
}

struct Stream {
    hub: Arc<Hub>,
    events: mpsc::Sender<Bytes>,
    id: u32,
    seq: Seq,
    told: Seq,
}

/// The stream is over; the reason to tell, if there is somebody to tell it to.
struct Over(Option<GoodbyeReason>);

impl Stream {
    async fn run(mut self, opening: Opening) {
        let stopping = self.hub.stopping.clone();
        let Over(reason) = tokio::select! {
            over = self.follow(opening) => over,
            () = stopping.cancelled() => Over(Some(GoodbyeReason::Shutdown)),
        };
        if let Some(reason) = reason {
            let retry_after_ms = match reason {
                GoodbyeReason::Shutdown => Some(Hub::retry_after_stop(self.id)),
                other => retry_after_ms(other),
            };
            let goodbye = sse("goodbye", self.hub.epoch(), None, &text(&Plain::Goodbye { reason, retry_after_ms }));
            // Who does not read now does not hear it; the stream ends all the same.
            let _ = timeout(super::settings::LINGER, self.events.send(goodbye)).await;
        }
    }

    async fn follow(&mut self, opening: Opening) -> Over {
        match self.follow_on(opening).await {
            Ok(never) => match never {},
            Err(over) => over,
        }
    }

    async fn follow_on(&mut self, opening: Opening) -> Result<std::convert::Infallible, Over> {
        let hub = Arc::clone(&self.hub);
        let mut heads = hub.watch_head();
        let group = hub.join(opening.admission.audience, opening.interest);
        let (told, cursor) = hub.start(opening.epoch, opening.since);
        (self.seq, self.told) = (cursor, cursor);
        self.tell("hello", None, &hub.hello()).await?;
        if let Some(told) = told {
            self.tell_start(&told).await?;
        }
        let every = hub.settings.heartbeat;
        let mut beats = interval_at(Instant::now() + every, every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let head = *heads.borrow_and_update();
            while self.seq < head {
                match hub.step(&group, self.seq, self.told, head) {
                    Ok(step) => {
                        self.seq = step.seq;
                        if let Some(frame) = step.frame {
                            self.told = self.seq;
                            self.send(frame.sse(hub.epoch())).await?;
                        }
                    }
                    Err(_) => {
                        hub.meters.resyncs.increment(1);
                        let (resync, head) = hub.too_old();
                        (self.seq, self.told) = (head, head);
                        self.tell_start(&resync).await?;
                    }
                }
            }
            tokio::select! {
                changed = heads.changed() => changed.map_err(|_| Over(Some(GoodbyeReason::Shutdown)))?,
                _ = beats.tick() => {
                    opening.admission.check(&*hub.gate, hub.now()).map_err(|reason| Over(Some(reason)))?;
                    self.told = self.seq;
                    let heartbeat = Plain::Heartbeat { seq: self.seq, now: hub.now() };
                    self.tell("heartbeat", Some(self.seq), &heartbeat).await?;
                }
                () = self.events.closed() => return Err(Over(None)),
            }
        }
    }

    async fn tell_start(&self, frame: &Plain) -> Result<(), Over> {
        // No id: until the snapshot is there, the viewer has no position to come back with.
        let event = if matches!(frame, Plain::Resync { .. }) { "resync" } else { "snapshot" };
        self.tell(event, None, frame).await
    }

    async fn tell(&self, event: &str, position: Option<Seq>, frame: &Plain) -> Result<(), Over> {
        self.send(sse(event, self.hub.epoch(), position, &text(frame))).await
    }

    async fn send(&self, event: Bytes) -> Result<(), Over> {
        match timeout(self.hub.settings.frame_within, self.events.send(event)).await {
            Ok(Ok(())) => {
                self.hub.meters.deliveries.increment(1);
                Ok(())
            }
            Ok(Err(_)) => Err(Over(None)),
            Err(_) => {
                self.hub.meters.slow.increment(1);
                Err(Over(Some(GoodbyeReason::Slow)))
            }
        }
    }
}
