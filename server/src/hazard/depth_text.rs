//! Ranges of depths in words, as prefectures write them: 0.3m未満, 1m以上3m未満, 0.5～1.0m, 2m以上 ～ 5m未満, 20m以上.

use crate::domain::zone::DepthRange;

/// The range that a text names, if it names one.
pub(super) fn read(text: &str) -> Option<DepthRange> {
    let plain: String = text.chars().filter_map(plain).collect();
    let numbers: Vec<f64> = plain
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter(|number| !number.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let (min, max) = match numbers.as_slice() {
        [one] if ["未満", "以下"].iter().any(|word| plain.contains(word)) => (0.0, Some(*one)),
        [one] if plain.contains("以上") || plain.ends_with('~') => (*one, None),
        [one] if plain.starts_with('~') => (0.0, Some(*one)),
        [low, high] => (*low, Some(*high)),
        _ => return None,
    };
    DepthRange::new(min, max).ok()
}

/// A character without its width, and without blanks; the many signs for "to" are one.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{FF01}'..='\u{FF5E}' if c != '\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        '〜' | '～' | '-' | '－' | '―' | 'ー' | '–' | '∼' => Some('~'),
        c if c.is_whitespace() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_in_words_are_read_however_they_are_written() {
        let cases = [
            ("0.3m未満", 0.0, Some(0.3)),
            ("0.3m以上0.5m未満", 0.3, Some(0.5)),
            ("1m以上 ～ 3m未満", 1.0, Some(3.0)),
            ("2.0～5.0m", 2.0, Some(5.0)),
            ("５ｍ以上１０ｍ未満", 5.0, Some(10.0)),
            ("10m以上20m未満", 10.0, Some(20.0)),
            ("20m以上", 20.0, None),
            ("～0.3m", 0.0, Some(0.3)),
            ("0.01m以上0.3m未満", 0.01, Some(0.3)),
        ];
        for (text, min, max) in cases {
            assert_eq!(read(text), Some(DepthRange::new(min, max).unwrap()), "{text}");
        }
        for none in ["", "不明", "浸水区域", "3m", "5m以上3m未満", "1 2 3", "1.2.3m未満"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
