//! Locating: a point in, a place out. Infallible once loaded.
