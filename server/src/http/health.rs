//! Door: liveness, readiness, metrics.
