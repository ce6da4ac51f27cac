//! The hub: one ring of encoded entries, and a cursor into it for every viewer.
