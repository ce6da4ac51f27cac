//! The rim: HTTP in, the rooms behind. `router` is the table of contents; one door per file, each with
//! its own small state, its handlers and its tests. `access` says who may open which door.

pub mod access;
pub mod error;
