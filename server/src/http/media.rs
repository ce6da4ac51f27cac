//! Door: uploads and files.
