//! Time and ids for clients: a sender makes its own.

use jiff::Timestamp;
use uuid::Uuid;

/// Now, UTC.
#[expect(clippy::disallowed_methods, reason = "a client has no clock to be handed; this is the one place it reads")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A fresh UUIDv7, as every sender makes one for what it posts.
#[expect(clippy::disallowed_methods, reason = "a client has no clock to be handed; this is the one place it reads")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
