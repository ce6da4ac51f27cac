//! Turns: what a rule saw still holds when the entry that it allowed is committed.

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// One change of a person's duty, or of an incident's office, at a time. Few share a lane by chance; they
/// wait for each other, which harms nobody.
#[derive(Debug)]
pub struct Turns([Mutex<()>; 64]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits for the turn of what has this id; it lasts until the guard is dropped.
    pub async fn of(&self, id: Uuid) -> MutexGuard<'_, ()> {
        let lane = id.as_bytes()[15] % 64;
        self.0[usize::from(lane)].lock().await
    }
}
