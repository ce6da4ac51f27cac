//! Where a page ended: the key of its last thing, as a text that clients hand back as it is.

use uuid::Uuid;

use crate::domain::clock::Hlc;

/// What is said of any other text.
pub const RULE: &str = "cursor is not one of ours; follow the next link";

/// The cursor of a page that ended at this key.
pub fn text(key: (Hlc, Uuid)) -> String {
    format!("{:016x}{}", key.0.0, key.1.simple())
}

/// The key at which the page ended; `None`: the text is no cursor.
pub fn read(text: &str) -> Option<(Hlc, Uuid)> {
    let (hlc, id) = text.split_at_checked(16)?;
    let plain = text.len() == 48 && text.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then_some((Hlc(u64::from_str_radix(hlc, 16).ok()?), id.parse().ok()?))
}
