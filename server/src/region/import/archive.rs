//! A zip with GeoJSON or a Shapefile inside, as the ministry packs them: more files beside, folders, names in any
//! encoding. Only what is needed is unpacked, into memory, and never more than the limits.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::{ImportError, MAX_ENTRIES, RawFile, geojson_file, shape_file};

/// What is unpacked may be at most so many times as large as the archive: coordinates as text shrink to a
/// tenth, a bomb to a thousandth …
const MOST_TIMES: u64 = 32;

/// … but so many bytes are never too much (16 MiB): small tables of blanks shrink to almost nothing.
const ALWAYS_BYTES: u64 = 16 << 20;

/// Reads the GeoJSON if there is one, else the Shapefile. Of several the one with the shortest name: the ministry
/// packs `N03-20240101_07.shp` beside `N03-20240101_07_prefecture.shp`.
pub(super) fn read(bytes: &[u8], max_bytes: u64) -> Result<RawFile, ImportError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut left = max_bytes.min((bytes.len() as u64).saturating_mul(MOST_TIMES).max(ALWAYS_BYTES));
    if archive.len() > MAX_ENTRIES {
        return Err(ImportError::TooManyEntries(archive.len()));
    }
    let mut names = Vec::with_capacity(archive.len());
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(damaged)?;
        names.push(String::from_utf8_lossy(entry.name_raw()).into_owned());
    }
    let shortest = |extensions: &[&str]| {
        let fits = |name: &&String| {
            let lower = name.to_ascii_lowercase();
            // The Finder packs resource forks of the same names in a folder of its own.
            !lower.starts_with("__macosx") && extensions.iter().any(|extension| lower.ends_with(extension))
        };
        names.iter().filter(fits).min_by_key(|name| (name.len(), name.as_str()))
    };
    if let Some(name) = shortest(&[".geojson"]).or_else(|| shortest(&[".json"])) {
        let content = unpack(&mut archive, &names, name, &mut left)?;
        return geojson_file::read(base_name(name), &content);
    }
    let Some(name) = shortest(&[".shp"]) else {
        return Err(ImportError::UnknownKind("what is in the zip".to_owned()));
    };
    let shp = unpack(&mut archive, &names, name, &mut left)?;
    let stem = &name[..name.len() - ".shp".len()];
    let mut beside = |extension: &str| {
        let wanted = format!("{stem}{extension}");
        let found = names.iter().find(|name| name.eq_ignore_ascii_case(&wanted));
        found.map(|name| unpack(&mut archive, &names, name, &mut left)).transpose()
    };
    shape_file::read(&shape_file::Files {
        name: base_name(name),
        shp: &shp,
        shx: beside(".shx")?.as_deref(),
        dbf: beside(".dbf")?.as_deref(),
        prj: beside(".prj")?.as_deref(),
        cpg: beside(".cpg")?.as_deref(),
    })
}

/// Unpacks a file of the archive; `left` is what may still come out of it in all, and shrinks.
fn unpack(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    names: &[String],
    name: &str,
    left: &mut u64,
) -> Result<Vec<u8>, ImportError> {
    let at = names.iter().position(|candidate| candidate == name).unwrap_or_default();
    let entry = archive.by_index(at).map_err(damaged)?;
    // The size in the entry's header is only a claim: enough to refuse by, and to save a vector that doubles;
    // what counts is what comes out.
    let claimed = entry.size();
    if claimed > *left {
        return Err(ImportError::UnpacksTooLarge(name.to_owned()));
    }
    let mut content = Vec::with_capacity(usize::try_from(claimed).unwrap_or_default());
    let read = entry.take(*left + 1).read_to_end(&mut content);
    let read = read.map_err(|error| ImportError::DamagedArchive(format!("{name}: {error}")))?;
    *left = left.checked_sub(read as u64).ok_or_else(|| ImportError::UnpacksTooLarge(name.to_owned()))?;
    Ok(content)
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn damaged(error: zip::result::ZipError) -> ImportError {
    ImportError::DamagedArchive(error.to_string())
}
