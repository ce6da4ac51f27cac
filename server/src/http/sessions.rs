//! Door: signing in and out, refresh, who one is, media tickets.
