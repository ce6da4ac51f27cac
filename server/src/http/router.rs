//! Door: the table of contents.
