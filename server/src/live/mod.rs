//! The live world: what is true now, in memory, folded from the log by one `apply`, live and in replay
//! alike. Answers the map's questions without touching the database.
//!
//! `world` is the fold, by concern: `incidents` with what `holdings` there are of each operation, `operations`,
//! `check_ins`, `shelters`. `index` and `sphere` keep what `queries`, `pages`, `map` and `obstacles` answer from.
//! `replay` reads the log at the start; `past` reads in it what has left memory, and how things were.

pub mod check_ins;
mod holdings;
mod incidents;
mod index;
pub mod map;
mod obstacles;
mod operations;
pub mod pages;
pub mod past;
pub mod queries;
pub mod replay;
pub mod shelters;
mod sphere;
#[cfg(test)]
pub(crate) mod tests;
pub mod world;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::world::World;
use crate::domain::check_in::{Acting, Presence};
use crate::domain::ids::StaffId;

/// The world, shared: many readers, one writer (the announcer behind the log).
#[derive(Debug, Default)]
pub struct Live {
    world: RwLock<World>,
}

impl Live {
    /// A live world that starts from a replayed one.
    pub fn new(world: World) -> Self {
        Self { world: RwLock::new(world) }
    }

    /// Reads. Hold it briefly and never across an await.
    pub fn read(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes. Only the announcer does.
    pub fn write(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence for Live {
    fn acting(&self, staff: StaffId) -> Option<Acting> {
        self.read().check_ins.acting(staff)
    }
}
