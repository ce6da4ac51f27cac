//! What texts that people send may be made of, and how errors are told in one line.

use std::error::Error;

/// Whether a character can make a line on a screen read as something else, or do something to a terminal:
/// control characters but line breaks and tabs, and the marks that turn the writing direction (Unicode
/// Standard Annex 9, table 4; also LRM, RLM and ALM, which nobody sees).
pub fn is_forbidden(c: char) -> bool {
    let is_direction_mark =
        matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_direction_mark || (c.is_control() && c != '\n' && c != '\t')
}

/// An error with its causes, on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    one_line(&causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}")))
}

/// The text without line breaks.
pub fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
