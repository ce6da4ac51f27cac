//! Who is calling and what they may do: accounts, sessions, tokens, roles.

pub mod caller;
pub mod permission;
