//! Door: the picture at one position of the log.
