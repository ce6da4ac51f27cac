//! The map's tiles: from the live world, from the region's boundaries, from layers of shapes and from files.
//!
//! `live` draws the world in `drawing`'s words and keeps what was drawn until a change empties its place. `still` draws
//! layers that do not change while the node runs. `desk` says how much is drawn at once.

pub mod desk;
pub mod drawing;
pub mod live;
pub mod sources;
pub mod still;
pub mod styles;
