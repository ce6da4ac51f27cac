//! Door: check-in, confirmation, check-out, call-back, rosters.
