//! The rim: HTTP in, the rooms behind. `router` is the table of contents; one door per file, each with
//! its own small state, its handlers and its tests. `access` says who may open which door.

pub mod access;
pub mod assets;
pub mod base;
pub mod base_url;
pub mod check_ins;
pub mod client_address;
pub mod cursor;
pub mod docs;
pub mod error;
pub mod export;
pub mod extract;
pub mod features;
pub mod halted;
pub mod hazard;
pub mod health;
pub mod incidents;
pub mod line;
pub mod listener;
pub mod live;
pub mod media;
pub mod operations;
pub mod places;
pub mod precompressed;
pub mod query;
pub mod region;
pub mod reports;
pub mod request_log;
pub mod router;
pub mod sessions;
pub mod shelters;
pub mod snapshot;
pub mod tiles;
pub mod turns;
