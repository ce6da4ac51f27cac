//! Door: opening and closing operations.
