//! Door: the region's offices and boundaries.
