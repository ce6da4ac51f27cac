//! Locating: a point in, a place out. Infallible once loaded.

mod edges;
mod locator;
mod zones;

pub use locator::Locator;
pub use zones::{MOST_CORNERS, ZoneIndex, ZonesError};

#[cfg(test)]
mod known_points;
#[cfg(test)]
mod tests;
