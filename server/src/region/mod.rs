//! The region bundle: offices, boundaries, neighbours; loaded and verified at the start. A region is data.
