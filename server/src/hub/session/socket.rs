//! The socket of a viewer, who may write to it, and what is left over.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::hub::gate::Admission;
use crate::hub::group::Group;
use crate::hub::ticket::Ticket;
use crate::wire::live::GoodbyeReason;

/// What a session runs on: TCP, TLS, or a pipe in a test.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for S {}

/// Who may write to the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::hub) enum Phase {
    /// The reader: no first frame yet.
    Fresh,
    /// The writer: at the head. Nothing is unwritten.
    Head,
    /// The viewer's own task: it catches up.
    Aside,
    /// The viewer's own task: it says goodbye.
    Ending,
    /// Nobody: the socket is closed.
    Gone,
}

/// The socket, and what its owner must know.
pub(super) struct Wire<S> {
    pub(super) socket: Option<S>,
    pub(super) phase: Phase,
    /// Which stay at the head this is; a writer's seat of an earlier stay is void.
    pub(super) stay: u32,
    /// What must go out before anything else.
    pub(super) rest: Bytes,
    pub(super) group: Option<Arc<Group>>,
    pub(super) admission: Option<Admission>,
    pub(super) reader: Option<Waker>,
    pub(super) ticket: Option<Ticket>,
    /// Left for the owner: another interest …
    pub(super) wish: Option<Arc<Group>>,
    /// … the answer to a ping, the latest …
    pub(super) pong: Option<Box<Bytes>>,
    /// … and the end.
    pub(super) ending: Option<GoodbyeReason>,
}

impl<S: Socket> Wire<S> {
    /// Writes what is left over.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = self.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        while !self.rest.is_empty() {
            match ready!(Pin::new(&mut *socket).poll_write(cx, &self.rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.rest.advance(written),
            }
        }
        // Lets go of the shared frame.
        self.rest = Bytes::new();
        Pin::new(socket).poll_flush(cx)
    }

    /// Writes shared bytes; what does not go out becomes the rest. The owner has nothing unwritten.
    pub(super) fn poll_shared(&mut self, cx: &mut Context<'_>, bytes: &Bytes) -> Poll<io::Result<()>> {
        let socket = self.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let written = match Pin::new(&mut *socket).poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(written) => written?,
            Poll::Pending => 0,
        };
        if written == bytes.len() {
            return Pin::new(socket).poll_flush(cx);
        }
        self.rest = bytes.slice(written..);
        if written == 0 { Poll::Pending } else { self.poll_rest(cx) }
    }
}
