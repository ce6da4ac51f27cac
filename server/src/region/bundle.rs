//! Reads a bundle's files, checks their sums, and puts the region together.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{About, Region, RegionError, boundary, verify};
use crate::domain::office::{Office, OfficeKind};

/// Where a bundle's files come from.
pub trait Source {
    /// A file's bytes. `name` is one of the four that [`load`] asks for.
    ///
    /// # Errors
    /// [`RegionError::Unreadable`].
    fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, RegionError>;
}

/// The bundle inside the binary.
pub struct BuiltIn;

impl Source for BuiltIn {
    fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, RegionError> {
        let bytes: &'static [u8] = match name {
            "region.json" => include_bytes!("../../../data/region/aizu/region.json"),
            "offices.json" => include_bytes!("../../../data/region/aizu/offices.json"),
            "boundaries.geojson" => include_bytes!("../../../data/region/aizu/boundaries.geojson"),
            "SHA256SUMS" => include_bytes!("../../../data/region/aizu/SHA256SUMS"),
            _ => {
                let source = std::io::ErrorKind::NotFound.into();
                return Err(RegionError::Unreadable { file: name.into(), source });
            }
        };
        Ok(Cow::Borrowed(bytes))
    }
}

/// A bundle in a folder.
pub struct Folder<'a>(pub &'a Path);

impl Source for Folder<'_> {
    fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, RegionError> {
        let file = self.0.join(name);
        std::fs::read(&file).map(Cow::Owned).map_err(|source| RegionError::Unreadable { file, source })
    }
}

/// Loads and verifies a bundle.
///
/// # Errors
/// [`RegionError`].
pub fn load(source: &dyn Source) -> Result<Region, RegionError> {
    let sums = source.read("SHA256SUMS")?;
    let sums = String::from_utf8_lossy(&sums);
    let about: About = parse("region.json", &checked(source, "region.json", &sums)?)?;
    let mut offices: Vec<Office> = parse("offices.json", &checked(source, "offices.json", &sums)?)?;
    offices.sort_by_key(|office| (office.kind != OfficeKind::Municipality, office.code.clone()));
    let sheet = boundary::read(&checked(source, "boundaries.geojson", &sums)?)
        .map_err(|reason| RegionError::Malformed { file: "boundaries.geojson".to_owned(), reason })?;
    verify::verify(&about, &offices, &sheet.boundaries)?;
    let attribution = sheet.attribution.unwrap_or_else(|| about.attribution.clone());
    Ok(Region {
        about,
        offices,
        boundaries: sheet.boundaries,
        sketch: sheet.sketch,
        edition: sheet.edition,
        attribution,
    })
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, RegionError> {
    serde_json::from_slice(bytes)
        .map_err(|error| RegionError::Malformed { file: file.to_owned(), reason: error.to_string() })
}

/// Reads a file and compares it with the line of `sha256sum` that names it.
fn checked(source: &dyn Source, name: &str, sums: &str) -> Result<Cow<'static, [u8]>, RegionError> {
    let bytes = source.read(name)?;
    let found = hex::encode(Sha256::digest(&bytes));
    let expected = sums.lines().find_map(|line| {
        let (sum, file) = line.split_once(' ')?;
        (file.trim_start_matches([' ', '*']).trim_end() == name).then_some(sum)
    });
    if expected.is_some_and(|sum| sum.eq_ignore_ascii_case(&found)) {
        Ok(bytes)
    } else {
        let expected = expected.unwrap_or("nothing").to_owned();
        Err(RegionError::Checksum { file: name.to_owned(), expected, found })
    }
}
