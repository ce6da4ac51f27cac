//! Locating: a point in, a place out. Infallible once loaded.

mod edges;
mod locator;

pub use locator::Locator;

#[cfg(test)]
mod known_points;
#[cfg(test)]
mod tests;
