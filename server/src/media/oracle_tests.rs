//! Every real file of the shared data, against what ExifTool reads from it.

use std::collections::HashMap;

use super::examine::examine;
use super::samples::shared;
use super::sniff::{HEAD_BYTES, sniff};
use super::{MediaError, exif};

/// Files whose EXIF we read otherwise than ExifTool, and why.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[];

fn manifest() -> Option<Vec<HashMap<String, String>>> {
    let text = std::fs::read_to_string(shared("photos/MANIFEST-exiftool.csv")?).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| names.iter().map(|n| (*n).to_owned()).zip(line.split(',').map(str::to_owned)).collect();
    Some(lines.map(row).collect())
}

#[test]
fn every_real_file_is_read_as_exiftool_reads_it() {
    let Some(rows) = manifest() else { return };
    assert!(rows.len() > 40);
    let mut wrong = Vec::new();
    for row in &rows {
        let name = row["SourceFile"].as_str();
        let path = shared(name).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let kind = sniff(&bytes[..bytes.len().min(HEAD_BYTES)]);
        let want_kind = match row["FileType"].as_str() {
            "JPEG" => Some("image/jpeg"),
            "PNG" => Some("image/png"),
            "HEIC" | "HEIF" => Some("image/heic"),
            "MP4" => Some("video/mp4"),
            "MOV" => Some("video/quicktime"),
            _ => None,
        };
        assert_eq!(kind.map(|k| k.content_type()), want_kind, "{name}");
        let Some(kind) = kind else { continue };
        let examined = examine(&path, kind, &|_| Ok(()));
        if !matches!(&examined, Ok(_) | Err(MediaError::Damaged(_))) {
            panic!("{name}: {examined:?}");
        }
        let examined = examined.unwrap_or_else(|error| panic!("{name} is viewable, but {error}"));
        let decodable = matches!(want_kind, Some("image/jpeg" | "image/png"));
        if examined.thumbnail.is_some() != decodable {
            wrong.push(format!("{name}: thumbnail {}", examined.thumbnail.is_some()));
        }
        let number = |column: &str| row[column].parse::<f64>().ok();
        let want = number("GPSLatitude").zip(number("GPSLongitude")).filter(|at| *at != (0.0, 0.0));
        let evidence = examined.facts.evidence.as_ref();
        let got = evidence.map(|e| (e.position.lat(), e.position.lon()));
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-4;
        let same_place = match (want, got) {
            (Some(want), Some(got)) => near(want.0, got.0) && near(want.1, got.1),
            (want, got) => want.is_none() && got.is_none(),
        };
        if !same_place {
            wrong.push(format!("{name}: place {want:?} {got:?}"));
        }
        // A direction is kept only together with a place, and only from true north.
        if let Some(heading) = evidence.and_then(|e| e.heading_deg)
            && !number("GPSImgDirection").is_some_and(|want| near(want, heading))
        {
            wrong.push(format!("{name}: heading {heading}"));
        }
        let turned = number("Orientation").unwrap_or(1.0);
        // Decoders of HEIC turn the picture themselves; we draw none.
        if kind.content_type() != "image/heic" && f64::from(examined.facts.orientation.number()) != turned {
            wrong.push(format!("{name}: orientation {:?} {turned}", examined.facts.orientation));
        }
    }
    wrong.retain(|line| !KNOWN_DIFFERENCES.iter().any(|(name, _)| line.starts_with(name)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn times_with_a_zone_are_read_and_others_are_not_guessed() {
    let Some(photos) = shared("photos") else { return };
    let taken = |name: &str| {
        let path = photos.join(name);
        let kind = sniff(&std::fs::read(&path).unwrap()).unwrap();
        exif::read(|| std::fs::File::open(&path), kind).taken_at.map(|at| at.to_string())
    };
    assert!(taken("heic/heic-iphone7.heic").is_some_and(|at| at.starts_with("2019-10-20T16:34:30")));
    assert_eq!(taken("gps/IMG_20180725_163423-tiny.jpg").as_deref(), Some("2018-07-25T14:34:23Z"));
    assert_eq!(taken("gps/DSCN0010.jpg").as_deref(), Some("2008-10-23T14:27:07.24Z"));
    assert_eq!(taken("gps/Apple_iPhone_4.jpg"), None, "its time has no zone");
}

#[test]
fn videos_say_where_and_when() {
    let Some(videos) = shared("videos") else { return };
    for name in ["with-gps.mov", "with-gps.mp4"] {
        let facts = super::video::read(std::fs::File::open(videos.join(name)).unwrap());
        assert!(facts.evidence.is_some() && facts.taken_at.is_some(), "{name}: {facts:?}");
    }
}
