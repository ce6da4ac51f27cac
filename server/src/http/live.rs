//! Door: the live stream over WebSocket and SSE.
