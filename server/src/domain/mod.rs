//! The words of the field, without I/O: what a report, an incident, an operation, a check-in is,
//! and the entry that records each change. Knows no other room.

pub mod check_in;
pub mod clock;
pub mod entry;
pub mod ids;
pub mod incident;
pub mod office;
pub mod operation;
pub mod place;
pub mod position;
pub mod report;
pub mod shelter;
pub mod staff;
pub mod text;
mod word;
pub mod zone;
