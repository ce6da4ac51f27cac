//! The reading side of a WebSocket viewer: one small task, a future written by hand so that an idle
//! viewer holds no buffer and next to no memory.

use std::future::Future;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::core::Hub;
use super::frame;
use super::interest::Interest;
use super::session::{Phase, Session, Socket};
use super::settings::{FRAMES_LIMIT, FRAMES_WINDOW};
use super::ticket::{Refused, Ticket};
use super::websocket::{Decoder, Event, pong};
use super::writer::Viewer;
use crate::wire::live::{GoodbyeReason, ViewerFrame};

/// Bytes read at once, on the stack.
const READ: usize = 2_048;

/// Reads what a viewer sends until it has gone.
pub struct Reader<S> {
    session: Arc<Session<S>>,
    decoder: Decoder,
    /// Second in which the present window of frames began, and how many came in it.
    window: (u32, u32),
    /// Until the first frame: its deadline, and the hub's stop.
    opening: Option<Box<Opening>>,
}

struct Opening {
    deadline: Pin<Box<Sleep>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Hub {
    /// Serves a viewer whose WebSocket handshake is done, in a task of its own. `early` is what was read
    /// behind the handshake. Without a ticket the viewer is told that the node is full.
    pub fn serve<S: Socket>(self: &Arc<Self>, ticket: Result<Ticket, Refused>, socket: S, early: &[u8]) {
        let turned_away = ticket.is_err();
        let session = Session::new(self, ticket.ok(), socket);
        if turned_away {
            Arc::clone(&session).end(GoodbyeReason::Full);
        }
        let mut decoder = Decoder::default();
        decoder.feed(early);
        let opening = Opening {
            deadline: Box::pin(sleep(self.settings.subscribe_within)),
            stopping: Box::pin(self.stopping.clone().cancelled_owned()),
        };
        tokio::spawn(Reader { session, decoder, window: (0, 0), opening: Some(Box::new(opening)) });
    }
}

impl<S: Socket> Reader<S> {
    /// Takes what is decoded; on an error the viewer must go.
    fn listen(&mut self) -> Result<(), GoodbyeReason> {
        while let Some(event) = self.decoder.next()? {
            self.count()?;
            match event {
                Event::Text(text) => self.obey(&text)?,
                Event::Ping(payload) => self.session.answer_ping(pong(&payload)),
                Event::Pong | Event::Part => {}
                Event::Close(code) => self.session.close(code),
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), GoodbyeReason> {
        let now = self.session.hub().seconds();
        let (began, frames) = &mut self.window;
        if u64::from(now.saturating_sub(*began)) >= FRAMES_WINDOW.as_secs() {
            (*began, *frames) = (now, 0);
        }
        *frames += 1;
        if *frames > FRAMES_LIMIT { Err(GoodbyeReason::TooManyFrames) } else { Ok(()) }
    }

    fn obey(&mut self, text: &str) -> Result<(), GoodbyeReason> {
        let frame: ViewerFrame = serde_json::from_str(text).map_err(|_| GoodbyeReason::BadFrame)?;
        let ViewerFrame::Subscribe { token, epoch, since, interest } = frame;
        let interest = Interest::try_from(&interest).map_err(|_| GoodbyeReason::BadFrame)?;
        let hub = self.session.hub();
        if self.opening.is_none() {
            if let Some(admission) = self.session.admission() {
                self.session.change(hub.join(admission.audience, interest));
            }
            return Ok(());
        }
        let admission = hub.admit(token.as_deref())?;
        self.session.is_known(admission.audience).map_err(|Refused| GoodbyeReason::Full)?;
        self.opening = None;
        let hub = self.session.hub();
        let mut first = Vec::with_capacity(512);
        frame::put(&mut first, &hub.hello());
        let (told, cursor) = hub.start(epoch, since);
        if let Some(told) = told {
            frame::put(&mut first, &told);
        }
        let group = hub.join(admission.audience, interest);
        self.session.launch(first.into(), group, admission, cursor);
        Ok(())
    }

    fn end(&mut self, reason: GoodbyeReason) {
        self.opening = None;
        self.decoder = Decoder::default();
        Arc::clone(&self.session).end(reason);
    }

    fn poll_opening(&mut self, cx: &mut Context<'_>) {
        let Some(opening) = &mut self.opening else { return };
        if opening.stopping.as_mut().poll(cx).is_ready() {
            self.end(GoodbyeReason::Shutdown);
        } else if opening.deadline.as_mut().poll(cx).is_ready() {
            self.end(GoodbyeReason::NoSubscribe);
        }
    }
}

impl<S: Socket> Future for Reader<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.poll_opening(cx);
        // What came behind the handshake is decoded before anything is read.
        if let Err(reason) = this.listen() {
            this.end(reason);
        }
        loop {
            let mut space = [MaybeUninit::<u8>::uninit(); READ];
            let mut buffer = ReadBuf::uninit(&mut space);
            match ready!(this.session.poll_read(cx, &mut buffer)) {
                Ok(_) if buffer.filled().is_empty() => break,
                Err(_) => break,
                // Nobody listens to what comes after the goodbye.
                Ok(Phase::Ending | Phase::Gone) => {}
                Ok(_) => {
                    this.decoder.feed(buffer.filled());
                    if let Err(reason) = this.listen() {
                        this.end(reason);
                    }
                }
            }
        }
        this.session.leave();
        Poll::Ready(())
    }
}
