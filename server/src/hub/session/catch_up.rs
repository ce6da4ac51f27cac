//! A viewer that is not at the head: a task of its own takes it there.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::{Phase, Session, Socket};
use crate::domain::entry::Seq;
use crate::hub::frame;
use crate::hub::websocket::PING;
use crate::wire::live::GoodbyeReason;

impl<S: Socket> Session<S> {
    /// Finishes what is half out, sends what lies between the cursor and the head, and hands the viewer
    /// back to its writer. It has no queue: the next frame is built when the last has gone.
    pub(super) async fn catch_up(self: Arc<Self>, mut cursor: Seq, mut told: Seq) {
        let mut checked = Instant::now();
        loop {
            let before = self.wire().rest.len();
            let within = self.hub.settings.frame_within;
            match timeout(within, poll_fn(|cx| self.wire().poll_rest(cx))).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return self.leave(),
                Err(_) => {
                    self.hub.meters.slow.increment(1);
                    let mut wire = self.wire();
                    if wire.rest.len() == before || wire.ending.is_some() {
                        drop(wire);
                        return self.leave();
                    }
                    // It reads, but too slowly: it may finish this frame to hear why it must go.
                    wire.ending = Some(GoodbyeReason::Slow);
                    continue;
                }
            }
            if before > 0 {
                // Who takes what is sent is there, even where its pong waits behind a long queue of bytes.
                self.heard.store(self.hub.seconds(), Ordering::Relaxed);
            }
            if checked.elapsed() >= self.hub.settings.heartbeat {
                checked = Instant::now();
                let over = self.admission().and_then(|a| a.check(&*self.hub.gate, self.hub.now()).err());
                let mut wire = self.wire();
                wire.ending = wire.ending.or(over);
                // A ping, but no heartbeat: that would call the picture fresh.
                wire.rest = Bytes::from_static(&PING);
                continue;
            }
            let Some(next) = self.next_aside(&mut cursor, &mut told) else { return };
            match next {
                Some(bytes) => self.wire().rest = bytes,
                None => tokio::task::yield_now().await,
            }
        }
    }

    /// What the catching-up task does next: `None`: it is done, `Some(None)`: look again, else: write.
    fn next_aside(self: &Arc<Self>, cursor: &mut Seq, told: &mut Seq) -> Option<Option<Bytes>> {
        let mut wire = self.wire();
        if wire.phase != Phase::Aside {
            return None;
        }
        let stopping = self.hub.stopping.is_cancelled().then_some(GoodbyeReason::Shutdown);
        if let Some(reason) = wire.ending.take().or(stopping) {
            let words = self.goodbye(reason);
            self.finish(wire, words);
            return None;
        }
        if let Some(pong) = wire.pong.take() {
            return Some(Some(*pong));
        }
        if let Some(group) = wire.wish.take() {
            wire.group = Some(group);
            *told = *cursor;
            return Some(Some(frame::websocket(&frame::snapshot(self.hub.epoch(), *cursor))));
        }
        let head = self.hub.head();
        if *cursor >= head {
            self.arrive(&mut wire, *cursor, *told);
            return None;
        }
        let group = wire.group.clone()?;
        drop(wire);
        match self.hub.step(&group, *cursor, *told, head) {
            Ok(step) => {
                *cursor = step.seq;
                let bytes = step.frame.map(|frame| frame.websocket.clone());
                if bytes.is_some() {
                    *told = *cursor;
                }
                self.hub.meters.deliveries.increment(u64::from(bytes.is_some()));
                Some(bytes)
            }
            Err(_) => {
                self.hub.meters.resyncs.increment(1);
                let (resync, head) = self.hub.too_old();
                (*cursor, *told) = (head, head);
                Some(Some(frame::websocket(&resync)))
            }
        }
    }
}
