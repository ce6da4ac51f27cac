//! What texts that people send may be made of, and how one is told on one line.

/// Whether a character can make a line on a screen read as something else, or do something to a terminal:
/// control characters but line breaks and tabs, and the marks that turn the writing direction (Unicode
/// Standard Annex 9, table 4; also LRM, RLM and ALM, which nobody sees).
pub fn is_forbidden(c: char) -> bool {
    let is_direction_mark =
        matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_direction_mark || (c.is_control() && c != '\n' && c != '\t')
}

/// The text without line breaks.
pub fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
