//! The hub: one ring of encoded entries, and a cursor into it for every viewer.
//!
//! ```text
//! announcer ─► ring ─► writer per core ─► every viewer at the head
//!                 └──► catch-up task ──► one viewer whose socket is full, or who starts behind
//! ```
//!
//! Viewers of the same audience and interest form a [`group`]; a frame is built once per group and its
//! bytes are shared by everybody who stands at the same cursor. The [`writer`]s write them straight to the
//! sockets. Who cannot take a whole frame leaves the writer for a task of its own ([`session`]) and
//! comes back when it has caught up; it has no queue, only an older cursor. Knows the live room's
//! neighbours `domain` and `wire`, and [`sokuho_tiles`].

pub mod encode;
pub mod frame;
pub mod gate;
pub mod group;
pub mod interest;
pub mod metrics;
pub mod reader;
pub mod ring;
pub mod session;
pub mod settings;
pub mod sse;
pub mod websocket;
pub mod writer;

mod core;
#[cfg(test)]
mod tests;
mod ticket;

pub use self::core::Hub;
pub use self::gate::{Admission, Gate};
pub use self::ring::Slot;
pub use self::settings::Settings;
pub use self::ticket::{Refused, Ticket};
