//! What a file is, told by its first bytes. Names and declared types are not believed.

use crate::domain::report::MediaKind;

/// As many first bytes as are needed to tell.
pub const HEAD_BYTES: usize = 128;

/// Major brands of the `ftyp` box (ISO/IEC 14496-12, registered at mp4ra.org) that mean a HEIC photo.
/// `mif1` and `msf1` say only "HEIF"; what lies within is told by the compatible brands.
const HEIC: &[&[u8; 4]] = &[b"heic", b"heix", b"heim", b"heis"];
const HEIF: &[&[u8; 4]] = &[b"mif1", b"msf1"];
const AVIF: &[&[u8; 4]] = &[b"avif", b"avis"];
/// Brands of MP4 video. `M4A `, `M4B `, `3gp*`, `3g2*`, `crx ` and the like are left out on purpose.
const MP4: &[&[u8; 4]] = &[
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"avc1",
    b"hvc1", b"M4V ", b"MSNV", b"XAVC", b"mp71", b"dash",
];

/// Tells the kind by content; `None`: not accepted.
pub fn sniff(head: &[u8]) -> Option<MediaKind> {
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Some(MediaKind::Jpeg)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(MediaKind::Png)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(MediaKind::Webp)
    } else {
        by_brand(head)
    }
}

/// Reads the `ftyp` box: size, `ftyp`, major brand, version, compatible brands.
fn by_brand(head: &[u8]) -> Option<MediaKind> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let size = u32::from_be_bytes(head.get(..4)?.try_into().ok()?);
    let end = usize::try_from(size).ok()?.min(head.len());
    let major: &[u8; 4] = head.get(8..12)?.try_into().ok()?;
    let compatible: Vec<&[u8]> = head.get(16..end).unwrap_or_default().chunks_exact(4).collect();
    let any_of = |brands: &[&[u8; 4]]| compatible.iter().any(|c| brands.iter().any(|b| b.as_slice() == *c));

    if HEIC.contains(&major) {
        Some(MediaKind::Heic)
    } else if AVIF.contains(&major) {
        None
    } else if HEIF.contains(&major) {
        (any_of(HEIC) || !any_of(AVIF)).then_some(MediaKind::Heic)
    } else if major == b"qt  " {
        Some(MediaKind::Mov)
    } else if MP4.contains(&major) {
        Some(MediaKind::Mp4)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn ftyp(major: &[u8; 4], compatible: &[&[u8; 4]]) -> Vec<u8> {
        let mut bytes = u32::try_from(16 + 4 * compatible.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(b"ftyp");
        bytes.extend_from_slice(major);
        bytes.extend_from_slice(&[0; 4]);
        compatible.iter().for_each(|brand| bytes.extend_from_slice(*brand));
        bytes
    }

    #[rstest]
    #[case::jpeg(b"\xFF\xD8\xFF\xE1".to_vec(), Some(MediaKind::Jpeg))]
    #[case::png(b"\x89PNG\r\n\x1a\n".to_vec(), Some(MediaKind::Png))]
    #[case::webp(b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), Some(MediaKind::Webp))]
    #[case::heic(ftyp(b"heic", &[b"mif1"]), Some(MediaKind::Heic))]
    #[case::heif_that_holds_heic(ftyp(b"mif1", &[b"mif1", b"heic"]), Some(MediaKind::Heic))]
    #[case::mp4(ftyp(b"mp42", &[b"isom"]), Some(MediaKind::Mp4))]
    #[case::mov(ftyp(b"qt  ", &[]), Some(MediaKind::Mov))]
    #[case::heif_that_holds_avif(ftyp(b"mif1", &[b"avif", b"miaf"]), None)]
    #[case::avif(ftyp(b"avif", &[b"mif1"]), None)]
    #[case::three_gp(ftyp(b"3gp5", &[b"3gp4", b"isom"]), None)]
    #[case::audio(ftyp(b"M4A ", &[b"mp42"]), None)]
    #[case::zip(b"PK\x03\x04\x14\0\0\0".to_vec(), None)]
    #[case::gif(b"GIF89a".to_vec(), None)]
    #[case::svg(b"<svg xmlns=\"http://www.w3.org/2000/svg\">".to_vec(), None)]
    #[case::html(b"<!doctype html><script>".to_vec(), None)]
    #[case::wav(b"RIFF\x10\0\0\0WAVEfmt ".to_vec(), None)]
    #[case::nothing(Vec::new(), None)]
    #[case::half_a_signature(b"\xFF\xD8".to_vec(), None)]
    #[case::ftyp_that_lies_about_its_size(b"\xFF\xFF\xFF\xFFftypheic".to_vec(), Some(MediaKind::Heic))]
    fn tells_kinds_by_content(#[case] head: Vec<u8>, #[case] kind: Option<MediaKind>) {
        assert_eq!(sniff(&head), kind);
    }
}
