//! A zip with GeoJSON or Shapefiles inside, as the ministry packs them: more files beside, folders, names in any
//! encoding. GeoJSON is read as it comes out; the parts of a Shapefile are unpacked, one Shapefile at a time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zip::ZipArchive;

use super::shape_file::{Part, Parts};
use super::{Feature, GeodataError, Limits, geojson_file, room, shape_file};

/// What is unpacked may be at most so many times as large as the archive: coordinates as text shrink to a
/// tenth, a bomb to a thousandth …
const MOST_TIMES: u64 = 32;

/// … but so many bytes are never too much (256 MiB): tables with many columns of blanks shrink to a hundredth.
const ALWAYS_BYTES: u64 = 256 << 20;

/// Folders for the same files in another encoding, in lower case.
const ENCODINGS: [&str; 5] = ["utf-8", "utf8", "shift-jis", "shift_jis", "sjis"];

/// Without what differs from another one in nothing but the folder of its encoding; UTF-8 stays.
fn without_twins(names: Vec<String>) -> Vec<String> {
    let mut kept: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for name in names {
        let lower = name.to_ascii_lowercase();
        let folders = lower.split(['/', '\\']);
        let twins = folders.filter(|folder| !ENCODINGS.contains(folder)).map(str::to_owned).collect();
        let best = kept.entry(twins).or_insert_with(|| name.clone());
        if lower.contains("utf") {
            *best = name;
        }
    }
    let mut kept: Vec<String> = kept.into_values().collect();
    kept.sort();
    kept
}

/// An open archive.
pub(super) struct Archive {
    archive: ZipArchive<BufReader<File>>,
    names: Vec<String>,
    /// What may still come out of it.
    left: Rc<Cell<u64>>,
    scratch: Option<PathBuf>,
}

impl Archive {
    /// Opens an archive of `size` bytes.
    pub(super) fn open(file: File, size: u64, limits: &Limits) -> Result<Self, GeodataError> {
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
        if archive.len() > limits.entries {
            return Err(GeodataError::TooManyEntries { found: archive.len(), most: limits.entries });
        }
        let mut names = Vec::with_capacity(archive.len());
        for at in 0..archive.len() {
            let entry = archive.by_index_raw(at).map_err(damaged)?;
            names.push(String::from_utf8_lossy(entry.name_raw()).into_owned());
        }
        let left = limits.bytes.min(size.saturating_mul(MOST_TIMES).max(ALWAYS_BYTES));
        Ok(Self { archive, names, left: Rc::new(Cell::new(left)), scratch: limits.scratch.clone() })
    }

    /// The GeoJSON files if there are any, else the Shapefiles: full names, in order. The ministry packs the same
    /// features as GeoJSON and as Shapefiles in two encodings: one of each is read.
    pub(super) fn layers(&self) -> Vec<String> {
        let ending = |ending: &str| {
            let fits = |name: &&String| {
                let lower = name.to_ascii_lowercase();
                // The Finder packs resource forks of the same names in a folder of its own.
                !lower.starts_with("__macosx") && lower.ends_with(ending)
            };
            let mut names: Vec<String> = self.names.iter().filter(fits).cloned().collect();
            names.sort();
            names
        };
        let kinds = [".geojson", ".json", ".shp"].map(ending);
        without_twins(kinds.into_iter().find(|names| !names.is_empty()).unwrap_or_default())
    }

    /// Whether one of the layers is a Shapefile without its `.prj`.
    pub(super) fn lacks_prj(&self, name: &str) -> bool {
        let stem = name.strip_suffix(".shp").or_else(|| name.strip_suffix(".SHP"));
        stem.is_some_and(|stem| {
            let wanted = format!("{stem}.prj");
            !self.names.iter().any(|name| name.eq_ignore_ascii_case(&wanted))
        })
    }

    /// Reads one of the layers.
    pub(super) fn read<E: From<GeodataError>>(
        &mut self,
        name: &str,
        each: &mut dyn FnMut(Feature) -> Result<(), E>,
    ) -> Result<(), E> {
        if !name.to_ascii_lowercase().ends_with(".shp") {
            return self.read_geojson(name, each);
        }
        let stem = &name[..name.len() - ".shp".len()];
        let mut unpacked = Scratch::default();
        let mut part = |extension: &str| {
            let wanted = format!("{stem}{extension}");
            let found = self.names.iter().find(|name| name.eq_ignore_ascii_case(&wanted)).cloned();
            found.map(|name| self.unpack(&name, &mut unpacked)).transpose()
        };
        let Some(shp) = part(".shp")? else { return Err(GeodataError::MissingPart(".shp".to_owned()).into()) };
        let (shx, dbf, prj, cpg) = (part(".shx")?, part(".dbf")?, part(".prj")?, part(".cpg")?);
        shape_file::read(Parts { name: base_name(name), shp, shx, dbf, prj, cpg }, each)
    }

    fn read_geojson<E: From<GeodataError>>(
        &mut self,
        name: &str,
        each: &mut dyn FnMut(Feature) -> Result<(), E>,
    ) -> Result<(), E> {
        let fault = Fault::default();
        let (mut source, _) = self.entry(name, &fault)?;
        let read = geojson_file::read(base_name(name), &mut source, each);
        if read.is_err() {
            // Whether what came out is what was packed shows at its end; then that is what is wrong.
            drop(std::io::copy(&mut source, &mut std::io::sink()));
        }
        fault.found.take().map_or(read, |error| Err(error.into()))
    }

    /// A file of the archive, as it comes out, and how many bytes it says it has.
    fn entry(&mut self, name: &str, fault: &Fault) -> Result<(impl Read, u64), GeodataError> {
        let at = self.names.iter().position(|candidate| candidate == name).unwrap_or_default();
        let left = Rc::clone(&self.left);
        let entry = self.archive.by_index(at).map_err(damaged)?;
        // The size in the entry's header is only a claim: enough to refuse by; what counts is what comes out.
        let claimed = entry.size();
        if claimed > left.get() {
            return Err(GeodataError::UnpacksTooLarge(name.to_owned()));
        }
        Ok((Bounded { entry, left, name: name.to_owned(), fault: fault.clone() }, claimed))
    }

    fn unpack(&mut self, name: &str, unpacked: &mut Scratch) -> Result<Part, GeodataError> {
        let fault = Fault::default();
        let folder = self.scratch.clone();
        let failed = |source| fault.found.take().unwrap_or(GeodataError::NotUnpacked { name: name.to_owned(), source });
        let (entry, needed) = self.entry(name, &fault)?;
        // One byte more tells that it is longer than it says.
        let mut entry = entry.take(needed.saturating_add(1));
        let honest = |written: u64| {
            let lie = || GeodataError::DamagedArchive(format!("{name} is not as long as it says"));
            if written == needed { Ok(()) } else { Err(lie()) }
        };
        let Some(folder) = folder else {
            let mut content = Vec::new();
            honest(entry.read_to_end(&mut content).map_err(failed)? as u64)?;
            return Ok(Box::new(Cursor::new(content)));
        };
        let free = room(&folder).map_err(failed)?;
        if needed > free {
            return Err(GeodataError::NoRoom { name: name.to_owned(), folder, needed, free });
        }
        let mut file = unpacked.file(&folder).map_err(failed)?;
        honest(std::io::copy(&mut entry, &mut file).map_err(failed)?)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Box::new(file))
    }
}

/// Unpacked files; they go when this goes.
#[derive(Default)]
struct Scratch(Vec<PathBuf>);

impl Scratch {
    fn file(&mut self, folder: &Path) -> std::io::Result<File> {
        let path = folder.join(format!("unpacked-{}-{}.part", std::process::id(), self.0.len()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        self.0.push(path);
        Ok(file)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| drop(std::fs::remove_file(path)));
    }
}

/// Why an entry could not be read to its end, for whoever reads it through something that only knows of I/O.
#[derive(Clone, Default)]
struct Fault {
    found: Rc<Cell<Option<GeodataError>>>,
}

/// An entry of which no more comes out than may.
struct Bounded<R> {
    entry: R,
    left: Rc<Cell<u64>>,
    name: String,
    fault: Fault,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let fail = |error: GeodataError| {
            let told = std::io::Error::other(error.to_string());
            self.fault.found.set(Some(error));
            told
        };
        let read = self
            .entry
            .read(buffer)
            .map_err(|error| fail(GeodataError::DamagedArchive(format!("{}: {error}", self.name))))?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(read)
            }
            None => Err(fail(GeodataError::UnpacksTooLarge(self.name.clone()))),
        }
    }
}

/// A name without the folders of the archive.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn damaged(error: zip::result::ZipError) -> GeodataError {
    GeodataError::DamagedArchive(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_same_shapefiles_in_two_encodings_one_is_read_and_others_of_the_same_name_are_others() {
        let layers = [
            "N02-22_GML/Shift-JIS/N02-22_RailroadSection.shp",
            "N02-22_GML/Shift-JIS/N02-22_Station.shp",
            "N02-22_GML/UTF-8/N02-22_RailroadSection.shp",
            "N02-22_GML/UTF-8/N02-22_Station.shp",
            "10_計画規模/8207.shp",
            "20_想定最大規模/8207.shp",
        ];
        let mut expected = layers[2..].to_vec();
        expected.sort_unstable();
        assert_eq!(without_twins(layers.map(str::to_owned).to_vec()), expected);
    }
}
