//! Whether a video or HEIC photo is made of the boxes (ISO/IEC 14496-12, 4.2) that a player cannot do
//! without. A file that is a name of a brand and nothing more, or that was cut short, is told at once, not
//! by whoever opens it in the night.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::MediaError;
use crate::domain::report::MediaKind;

/// Boxes that are looked at; an hour of video in pieces of a second has 7,200.
const MOST_BOXES: usize = 65_536;

/// A box: its type, and where what is in it begins and ends.
struct Found {
    kind: [u8; 4],
    begins: u64,
    ends: u64,
}

/// Checks that the boxes are there and end within the file.
///
/// A video needs `moov` with `mvhd`, and its frames in `mdat` or `moof` (pieces have their own `mdat`); a
/// HEIC photo needs `meta` with `iloc`, which says where its picture lies. What some cameras append behind
/// all that need not be boxes at all.
///
/// # Errors
/// [`MediaError::Damaged`] where something is missing or cut short, [`MediaError::Io`] if the disk fails.
pub(super) fn check<R: Read + Seek>(file: R, kind: MediaKind) -> Result<(), MediaError> {
    let mut file = BufReader::with_capacity(4 << 10, file);
    let size = file.seek(SeekFrom::End(0))?;
    let (index, must_hold, skip) = if kind.is_video() { (*b"moov", *b"mvhd", 0) } else { (*b"meta", *b"iloc", 4) };
    let (mut has_index, mut has_frames) = (false, !kind.is_video());
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let Some(found) = next(&mut file, at, size)? else { break };
        let needed = found.kind == index || matches!(&found.kind, b"mdat" | b"moof");
        if found.ends > size {
            if needed || !has_index {
                return Err(MediaError::Damaged("it is cut short".to_owned()));
            }
            break;
        }
        if found.kind == index {
            has_index = holds(&mut file, found.begins + skip, found.ends, must_hold)?;
        }
        has_frames |= matches!(&found.kind, b"mdat" | b"moof") && found.ends > found.begins;
        at = found.ends;
    }
    match (has_index, has_frames) {
        (true, true) => Ok(()),
        (false, _) => Err(MediaError::Damaged(format!("it has no {}", index.escape_ascii()))),
        (true, false) => Err(MediaError::Damaged("it has no frames".to_owned())),
    }
}

/// Whether a box of this type lies directly between the two places.
fn holds<R: Read + Seek>(file: &mut R, mut at: u64, ends: u64, kind: [u8; 4]) -> io::Result<bool> {
    for _ in 0..MOST_BOXES {
        match next(file, at, ends)? {
            Some(found) if found.ends > ends => return Ok(false),
            Some(found) if found.kind == kind => return Ok(found.ends > found.begins),
            Some(found) => at = found.ends,
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// The box that begins at this place; `None` where none can.
fn next<R: Read + Seek>(file: &mut R, at: u64, ends: u64) -> io::Result<Option<Found>> {
    if ends.saturating_sub(at) < 8 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let [a, b, c, d, kind @ ..] = head;
    let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, ends - at), // to the end
        1 if ends - at < 16 => return Ok(None),
        1 => {
            let mut large = [0; 8];
            file.read_exact(&mut large)?;
            (16, u64::from_be_bytes(large))
        }
        size => (8, u64::from(size)),
    };
    if size < header || kind == [0; 4] {
        return Ok(None);
    }
    Ok(Some(Found { kind, begins: at + header, ends: at.saturating_add(size) }))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rstest::rstest;

    use super::super::samples::{bmff, shared};
    use super::*;

    fn told(file: &[u8], kind: MediaKind) -> Result<(), String> {
        check(Cursor::new(file), kind).map_err(|error| error.to_string())
    }

    fn video() -> Vec<u8> {
        [bmff(b"ftyp", b"mp42\0\0\0\0isom"), bmff(b"moov", &bmff(b"mvhd", &[0; 100])), bmff(b"mdat", &[7; 500])]
            .concat()
    }

    fn photo() -> Vec<u8> {
        let meta = [vec![0; 4], bmff(b"hdlr", &[0; 20]), bmff(b"iloc", &[0; 20])].concat();
        [bmff(b"ftyp", b"heic\0\0\0\0mif1"), bmff(b"meta", &meta), bmff(b"mdat", &[7; 500])].concat()
    }

    #[test]
    fn what_a_player_needs_is_enough_whatever_lies_behind_it() {
        assert_eq!(told(&video(), MediaKind::Mp4), Ok(()));
        assert_eq!(told(&photo(), MediaKind::Heic), Ok(()));
        for behind in [vec![0; 3], vec![0; 64], b"\x7F\xFF\xFF\xFFSEFHxxxx".to_vec(), bmff(b"uuid", &[1; 40])] {
            assert_eq!(told(&[video(), behind.clone()].concat(), MediaKind::Mov), Ok(()));
            assert_eq!(told(&[photo(), behind].concat(), MediaKind::Heic), Ok(()));
        }
        // A large size, as an hour of video has it, and frames that go on to the end of the file.
        let large = [b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x20".as_slice(), &[7; 16]].concat();
        let open = [b"\0\0\0\0mdat".as_slice(), &[7; 16]].concat();
        for frames in [large, open] {
            assert_eq!(told(&[&video()[..136], &frames].concat(), MediaKind::Mp4), Ok(()));
        }
    }

    #[rstest]
    #[case::a_brand_alone(b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".to_vec(), MediaKind::Mp4, "it has no moov")]
    #[case::a_photos_brand_alone(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), MediaKind::Heic, "it has no meta")]
    #[case::an_empty_index([bmff(b"moov", b""), bmff(b"mdat", b"x")].concat(), MediaKind::Mov, "it has no moov")]
    #[case::an_index_of_something_else([bmff(b"meta", &[0; 40])].concat(), MediaKind::Heic, "it has no meta")]
    #[case::no_frames(video()[..136].to_vec(), MediaKind::Mp4, "it has no frames")]
    #[case::cut_in_the_frames(video()[..400].to_vec(), MediaKind::Mp4, "it is cut short")]
    #[case::cut_in_the_index(video()[..100].to_vec(), MediaKind::Mp4, "it is cut short")]
    #[case::a_photo_cut_in_its_picture(photo()[..200].to_vec(), MediaKind::Heic, "it is cut short")]
    #[case::a_size_beyond_all(b"\0\0\0\x01moov\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF".to_vec(), MediaKind::Mp4, "it is cut short")]
    #[case::a_size_below_its_header(b"\0\0\0\x07moov\0\0\0\0".to_vec(), MediaKind::Mp4, "it has no moov")]
    fn what_cannot_be_shown_is_refused_with_its_reason(
        #[case] file: Vec<u8>,
        #[case] kind: MediaKind,
        #[case] reason: &str,
    ) {
        assert_eq!(told(&file, kind), Err(format!("the file is damaged: {reason}")));
    }

    #[test]
    fn real_files_pass_and_half_of_them_does_not() {
        for (name, kind) in [
            ("photos/heic/IMG_5195.HEIC", MediaKind::Heic),
            ("photos/heic/heic-iphone7.heic", MediaKind::Heic),
            ("videos/uuid540.mp4", MediaKind::Mp4),
            ("videos/with-gps.mp4", MediaKind::Mp4),
            ("videos/with-gps.mov", MediaKind::Mov),
        ] {
            let Some(path) = shared(name) else { return };
            let file = std::fs::read(path).unwrap();
            assert_eq!(told(&file, kind), Ok(()), "{name}");
            assert!(told(&file[..file.len() / 2], kind).is_err(), "half of {name}");
        }
    }
}
