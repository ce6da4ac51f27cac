//! A viewer on a WebSocket, generic over the socket.
//!
//! At each moment one owner writes to the socket, named by the [`Phase`]: the reader before the first
//! frame, a writer while the viewer stands at the head, the viewer's own task while it catches up or says
//! goodbye. All others only leave a note. So a frame that went out in part is never interleaved.

mod catch_up;
mod socket;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::io::ReadBuf;
use tokio::time::{sleep, timeout};

pub(super) use self::socket::Phase;
pub use self::socket::Socket;
use self::socket::Wire;
use super::core::Hub;
use super::frame;
use super::gate::Admission;
use super::group::Group;
use super::settings::{FRAME_ENTRIES, LINGER};
use super::ticket::{Refused, Ticket};
use super::writer::{Arrival, Call, Command, Viewer, Written};
use crate::domain::entry::Seq;
use crate::wire::Audience;
use crate::wire::live::GoodbyeReason;

/// A viewer.
pub struct Session<S> {
    hub: Arc<Hub>,
    id: u32,
    /// When it was last heard, seconds of the hub.
    heard: AtomicU32,
    wire: Mutex<Wire<S>>,
}

impl<S: Socket> Session<S> {
    /// A viewer that has not sent its first frame.
    pub fn new(hub: &Arc<Hub>, ticket: Option<Ticket>, socket: S) -> Arc<Self> {
        let wire = Wire {
            socket: Some(socket),
            phase: Phase::Fresh,
            stay: 0,
            rest: Bytes::new(),
            group: None,
            admission: None,
            reader: None,
            wish: None,
            pong: None,
            ending: None,
            ticket: None,
        };
        let id = ticket.as_ref().map_or(0, |ticket| ticket.id);
        let wire = Mutex::new(Wire { ticket, ..wire });
        Arc::new(Self { hub: Arc::clone(hub), id, heard: AtomicU32::new(hub.seconds()), wire })
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    fn wire(&self) -> MutexGuard<'_, Wire<S>> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads; for the reader's task alone, which is woken when the session is gone.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<Phase>> {
        let mut wire = self.wire();
        let phase = wire.phase;
        let socket = wire.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        match Pin::new(socket).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                self.heard.store(self.hub.seconds(), Ordering::Relaxed);
                Poll::Ready(read.map(|()| phase))
            }
            Poll::Pending => {
                if !wire.reader.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                    wire.reader = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    /// Makes known to whom the place belongs.
    ///
    /// # Errors
    /// [`Refused`] where it cannot have one.
    pub(super) fn is_known(&self, audience: Audience) -> Result<(), Refused> {
        self.wire().ticket.as_mut().map_or(Err(Refused), |ticket| ticket.known(audience))
    }

    /// Begins the stream: the first frames, then everything after the cursor.
    pub(super) fn launch(self: &Arc<Self>, first: Bytes, group: Arc<Group>, admission: Admission, cursor: Seq) {
        let mut wire = self.wire();
        if wire.phase != Phase::Fresh {
            return;
        }
        self.hub.meters.viewers(admission.audience).increment(1.0);
        wire.group = Some(group);
        wire.admission = Some(admission);
        let near = self.hub.head().saturating_sub(cursor) <= FRAME_ENTRIES as Seq;
        match wire.poll_shared(&mut Context::from_waker(Waker::noop()), &first) {
            Poll::Ready(Ok(())) if near && !self.hub.stopping.is_cancelled() => self.arrive(&mut wire, cursor, cursor),
            Poll::Ready(Err(_)) => {
                drop(wire);
                self.leave();
            }
            _ => {
                wire.phase = Phase::Aside;
                drop(wire);
                Arc::clone(self).step_aside(cursor, cursor);
            }
        }
    }

    /// Hands the viewer to its writer. Under the lock, so that whoever sees it at the head can leave a
    /// call that comes after the arrival.
    fn arrive(self: &Arc<Self>, wire: &mut Wire<S>, cursor: Seq, told: Seq) {
        let Some(group) = wire.group.clone() else { return };
        wire.phase = Phase::Head;
        wire.stay = wire.stay.wrapping_add(1);
        let viewer: Arc<dyn Viewer> = Arc::clone(self) as Arc<dyn Viewer>;
        let beat = self.hub.beat(self.id);
        let arrival = Arrival { viewer, group, cursor, told, stay: wire.stay, beat };
        self.hub.shard(self.id).command(Command::Arrive(arrival));
    }

    /// Asks for another interest from the present cursor on.
    pub(super) fn change(self: &Arc<Self>, group: Arc<Group>) {
        self.note(|wire| wire.wish.replace(group).is_some());
    }

    /// Asks for the answer to a ping.
    pub(super) fn answer_ping(self: &Arc<Self>, pong: Bytes) {
        self.note(|wire| wire.pong.replace(Box::new(pong)).is_some());
    }

    /// Leaves a note for the owner; `write` tells whether one like it was there already, so that a viewer
    /// has at most two calls waiting.
    fn note(self: &Arc<Self>, write: impl FnOnce(&mut Wire<S>) -> bool) {
        let mut wire = self.wire();
        let waiting = write(&mut wire);
        if wire.phase == Phase::Head && !waiting {
            self.hub.shard(self.id).command(Command::Call(Arc::clone(self) as Arc<dyn Viewer>));
        }
    }

    /// The audience; `None` before the first frame.
    pub(super) fn admission(&self) -> Option<Admission> {
        self.wire().admission
    }

    /// Answers the viewer's own close and ends.
    pub(super) fn close(self: &Arc<Self>, code: u16) {
        let mut frame = Vec::with_capacity(4);
        super::websocket::put_close(&mut frame, code);
        let mut wire = self.wire();
        match wire.phase {
            Phase::Fresh | Phase::Head => self.finish(wire, frame.into()),
            // A frame may be half out; who closes does not wait for its rest.
            Phase::Aside | Phase::Ending | Phase::Gone => {
                wire.phase = Phase::Ending;
                drop(wire);
                self.leave();
            }
        }
    }

    fn goodbye(&self, reason: GoodbyeReason) -> Bytes {
        let retry = match reason {
            GoodbyeReason::Shutdown => Some(Hub::retry_after_stop(self.id)),
            other => frame::retry_after_ms(other),
        };
        frame::farewell(reason, retry)
    }

    /// Writes the last words and leaves it to a task to see them out.
    fn finish(self: &Arc<Self>, mut wire: MutexGuard<'_, Wire<S>>, words: Bytes) {
        if wire.phase == Phase::Head {
            self.hub.shard(self.id).husk();
        }
        wire.phase = Phase::Ending;
        wire.rest = words;
        drop(wire);
        tokio::spawn(Arc::clone(self).see_out());
    }

    /// Sees the last words out, then waits a little for the viewer to close: closing first would throw
    /// the words away where the viewer has sent something that nobody read (RFC 1122, 4.2.2.13).
    async fn see_out(self: Arc<Self>) {
        let said = poll_fn(|cx| {
            let mut wire = self.wire();
            ready!(wire.poll_rest(cx))?;
            match wire.socket.as_mut() {
                Some(socket) => Pin::new(socket).poll_shutdown(cx),
                None => Poll::Ready(Ok(())),
            }
        });
        if matches!(timeout(LINGER, said).await, Ok(Ok(()))) {
            sleep(LINGER).await;
        }
        self.leave();
    }

    /// Closes the socket and makes room. The second time it does nothing.
    pub(super) fn leave(&self) {
        let mut wire = self.wire();
        if wire.phase == Phase::Gone {
            return;
        }
        if wire.phase == Phase::Head {
            self.hub.shard(self.id).husk();
        }
        wire.phase = Phase::Gone;
        wire.rest = Bytes::new();
        let admission = wire.admission.take();
        let held = (wire.socket.take(), wire.ticket.take(), wire.group.take(), wire.wish.take());
        let reader = wire.reader.take();
        drop(wire);
        drop(held);
        if let Some(admission) = admission {
            self.hub.meters.viewers(admission.audience).decrement(1.0);
        }
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<S: Socket> Viewer for Session<S> {
    fn write(&self, stay: u32, bytes: &Bytes) -> Written {
        let mut wire = self.wire();
        if wire.phase != Phase::Head || wire.stay != stay {
            return Written::Stale;
        }
        match wire.poll_shared(&mut Context::from_waker(Waker::noop()), bytes) {
            Poll::Ready(Ok(())) => Written::Sent,
            Poll::Ready(Err(_)) => {
                drop(wire);
                self.leave();
                Written::Stale
            }
            Poll::Pending => {
                wire.phase = Phase::Aside;
                Written::Full
            }
        }
    }

    fn step_aside(self: Arc<Self>, cursor: Seq, told: Seq) {
        tokio::spawn(self.catch_up(cursor, told));
    }

    fn rise(&self, stay: u32) -> bool {
        let mut wire = self.wire();
        let sat = wire.phase == Phase::Head && wire.stay == stay;
        if sat {
            wire.phase = Phase::Aside;
        }
        sat
    }

    fn is_seated(&self, stay: u32) -> bool {
        let wire = self.wire();
        wire.phase == Phase::Head && wire.stay == stay
    }

    fn must_end(&self) -> Option<GoodbyeReason> {
        let silence = self.hub.seconds().saturating_sub(self.heard.load(Ordering::Relaxed));
        if u64::from(silence) >= self.hub.settings.silence.as_secs() {
            return Some(GoodbyeReason::NoPong);
        }
        self.admission()?.check(&*self.hub.gate, self.hub.now()).err()
    }

    fn take_call(&self) -> Option<Call> {
        let mut wire = self.wire();
        if wire.phase != Phase::Head {
            return None;
        }
        let from = wire.group.clone()?;
        let pong = wire.pong.take().map(|pong| *pong);
        let to = wire.wish.take();
        if let Some(to) = &to {
            wire.group = Some(Arc::clone(to));
            wire.stay = wire.stay.wrapping_add(1);
            self.hub.shard(self.id).husk();
        }
        Some(Call { from, to, pong, stay: wire.stay, beat: self.hub.beat(self.id) })
    }

    fn end(self: Arc<Self>, reason: GoodbyeReason) {
        let mut wire = self.wire();
        match wire.phase {
            Phase::Fresh | Phase::Head => {
                let words = self.goodbye(reason);
                self.finish(wire, words);
            }
            Phase::Aside => {
                wire.ending.get_or_insert(reason);
            }
            Phase::Ending | Phase::Gone => {}
        }
    }
}
