//! Door: the web app, embedded in the binary.
