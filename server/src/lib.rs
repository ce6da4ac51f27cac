//! Sokuho, the node: a disaster bulletin map shared live by a region's offices.
//!
//! Data flows one way, and the modules are the rooms on its way:
//!
//! ```text
//! intake ─► locate ─► log ─► live ─► hub ─► viewers
//! ```
//!
//! `domain` holds the words and knows nobody; `wire` is what travels; `http` is the rim;
//! only `app` sees every room. See ARCHITECTURE.md.

pub mod app;
pub mod audit;
pub mod backup;
pub mod base;
pub mod config;
pub mod database;
pub mod domain;
pub mod geodata;
pub mod hazard;
pub mod http;
pub mod hub;
pub mod identity;
pub mod inspect;
pub mod intake;
pub mod live;
pub mod locate;
pub mod log;
pub mod media;
pub mod region;
#[cfg(test)]
mod rooms;
pub mod shelters;
#[cfg(test)]
#[path = "../../tests/src/skipped.rs"]
mod skipped;
pub mod tiles;
pub mod wire;
