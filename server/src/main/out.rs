//! Standard output of the commands.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::Context;

/// Prints a line.
macro_rules! say {
    ($($text:tt)*) => { $crate::commands::out::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Prints a line. Whoever reads may have gone away (`sokuho check | head`): what is left is said to nobody then, and
/// what the command ends with stays the same.
///
/// # Errors
/// If standard output cannot be written for another reason.
pub fn line(text: impl Display) -> anyhow::Result<()> {
    whole(writeln!(io::stdout().lock(), "{text}"))
}

/// The outcome of a writing to standard output, for which it is no error that nobody reads any more.
///
/// # Errors
/// Any other.
pub fn whole(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}
