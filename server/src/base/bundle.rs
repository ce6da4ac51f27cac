//! The sketch that a region's bundle carries: `about.json`, a GeoJSON file for each layer, and `SHA256SUMS`. The
//! built-in region's lies under `data/base/aizu`; another region's in the folder `base` of its bundle, if it has one.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Base, BaseError, Content, Feature, Layer, Origin, feature};

const SUMS: &str = "SHA256SUMS";
const ABOUT: &str = "about.json";

/// Where the files come from: a folder, or the binary.
fn bytes_of(folder: Option<&Path>, name: &str) -> Result<Cow<'static, [u8]>, BaseError> {
    if let Some(folder) = folder {
        let file = folder.join(name);
        return std::fs::read(&file).map(Cow::Owned).map_err(|source| BaseError::Unreadable { file, source });
    }
    let bytes: &'static [u8] = match name {
        ABOUT => include_bytes!("../../../data/base/aizu/about.json"),
        SUMS => include_bytes!("../../../data/base/aizu/SHA256SUMS"),
        "water.geojson" => include_bytes!("../../../data/base/aizu/water.geojson"),
        "waterway.geojson" => include_bytes!("../../../data/base/aizu/waterway.geojson"),
        "railway.geojson" => include_bytes!("../../../data/base/aizu/railway.geojson"),
        "road.geojson" => include_bytes!("../../../data/base/aizu/road.geojson"),
        "station.geojson" => include_bytes!("../../../data/base/aizu/station.geojson"),
        "place.geojson" => include_bytes!("../../../data/base/aizu/place.geojson"),
        _ => return Err(BaseError::Unreadable { file: name.into(), source: std::io::ErrorKind::NotFound.into() }),
    };
    Ok(Cow::Borrowed(bytes))
}

/// Loads and verifies the sketch of the bundle in `folder`, or the built-in one; [`Base::nothing`], if a bundle of
/// somebody's own carries none.
///
/// # Errors
/// [`BaseError`].
pub fn load(folder: Option<&Path>) -> Result<Base, BaseError> {
    let folder = folder.map(|folder| folder.join("base"));
    if folder.as_deref().is_some_and(|folder| !folder.is_dir()) {
        return Ok(Base::nothing());
    }
    let folder = folder.as_deref();
    let sums = bytes_of(folder, SUMS)?;
    let sums = String::from_utf8_lossy(&sums);
    let malformed = |file: &str, reason: String| BaseError::Malformed { file: file.to_owned(), reason };
    let origin: Origin =
        serde_json::from_slice(&checked(folder, ABOUT, &sums)?).map_err(|error| malformed(ABOUT, error.to_string()))?;
    let mut features = Vec::new();
    for layer in Layer::ALL {
        let name = format!("{}.geojson", layer.name());
        let sheet = feature::read(&checked(folder, &name, &sums)?).map_err(|reason| malformed(&name, reason))?;
        if let Some(other) = sheet.iter().find(|feature| feature.layer != layer) {
            return Err(malformed(&name, format!("it holds a feature of the layer {}", other.layer.name())));
        }
        // Whatever its files say: a bundle's base map is a sketch.
        features.extend(sheet.into_iter().map(|feature| Feature { sketch: true, ..feature }));
    }
    Ok(Base { origin, content: Content::Sketch(Arc::new(features)) })
}

/// Reads a file and compares it with the line of `sha256sum` that names it.
fn checked(folder: Option<&Path>, name: &str, sums: &str) -> Result<Cow<'static, [u8]>, BaseError> {
    let bytes = bytes_of(folder, name)?;
    let found = hex::encode(Sha256::digest(&bytes));
    let expected = sums.lines().find_map(|line| {
        let (sum, file) = line.split_once(' ')?;
        (file.trim_start_matches([' ', '*']).trim_end() == name).then_some(sum)
    });
    if expected.is_some_and(|sum| sum.eq_ignore_ascii_case(&found)) {
        Ok(bytes)
    } else {
        let expected = expected.unwrap_or("nothing").to_owned();
        Err(BaseError::Checksum { file: name.to_owned(), expected, found })
    }
}
