//! A file, by what it is: a zip by its first bytes, the others by their extension.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::geopackage::GeoPackage;
use super::shape_file::{Part, Parts};
use super::{Feature, GeodataError, Limits, geojson_file, shape_file};

/// A file with one or more layers of features.
pub struct Source {
    file: PathBuf,
    size: u64,
    limits: Limits,
    kind: Kind,
    layers: Vec<String>,
}

enum Kind {
    Zip(Box<Archive>),
    GeoJson,
    Shapefile,
    GeoPackage(GeoPackage),
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// [`GeodataError`].
    pub fn open(file: &Path, limits: Limits) -> Result<Self, GeodataError> {
        let (mut opened, size) = open(file, &limits)?;
        let unreadable = |source| GeodataError::Unreadable { file: file.to_owned(), source };
        let mut magic = Vec::new();
        (&mut opened).take(2).read_to_end(&mut magic).map_err(unreadable)?;
        opened.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lower = name.to_ascii_lowercase();
        let kind = if magic == b"PK" {
            Kind::Zip(Box::new(Archive::open(opened, size, &limits)?))
        } else if lower.ends_with(".geojson") || lower.ends_with(".json") {
            Kind::GeoJson
        } else if lower.ends_with(".shp") {
            Kind::Shapefile
        } else if lower.ends_with(".gpkg") {
            Kind::GeoPackage(GeoPackage::open(file)?)
        } else if lower.ends_with(".zip") {
            return Err(GeodataError::DamagedArchive("it does not begin as a zip does".to_owned()));
        } else {
            return Err(GeodataError::UnknownKind(name));
        };
        let layers = match &kind {
            Kind::Zip(archive) => archive.layers(),
            Kind::GeoPackage(package) => package.layers(),
            Kind::GeoJson | Kind::Shapefile => vec![name],
        };
        if layers.is_empty() {
            return Err(GeodataError::UnknownKind("what is in the zip".to_owned()));
        }
        Ok(Self { file: file.to_owned(), size, limits, kind, layers })
    }

    /// The files of features in it, with the archive's folders, or the tables, in the order of their names.
    pub fn layers(&self) -> &[String] {
        &self.layers
    }

    /// Whether one of the [`Source::layers`] is a Shapefile that does not say which coordinates it has: without a
    /// `.prj`. The old Tokyo datum is 400 m off.
    pub fn lacks_crs(&self, layer: &str) -> bool {
        match &self.kind {
            Kind::Zip(archive) => archive.lacks_prj(layer),
            Kind::Shapefile => !["prj", "PRJ"].iter().any(|end| self.file.with_extension(end).is_file()),
            Kind::GeoJson | Kind::GeoPackage(_) => false,
        }
    }

    /// The file's bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file's SHA-256, hexadecimal. Of a Shapefile that of the `.shp`.
    ///
    /// # Errors
    /// [`GeodataError::Unreadable`].
    pub fn sha256(&self) -> Result<String, GeodataError> {
        let (mut file, _) = open(&self.file, &self.limits)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hex::encode(hash.finalize())),
                Ok(read) => hash.update(&buffer[..read]),
                Err(source) => return Err(GeodataError::Unreadable { file: self.file.clone(), source }),
            }
        }
    }

    /// Reads the features of one of the [`Source::layers`], one after the other. What a file says too late (that it
    /// is cut short, or has other coordinates) is told after the features before it.
    ///
    /// # Errors
    /// [`GeodataError`], or what `each` says.
    pub fn read<E: From<GeodataError>>(
        &mut self,
        layer: &str,
        mut each: impl FnMut(Feature) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.kind {
            Kind::Zip(archive) => archive.read(layer, &mut each),
            Kind::GeoPackage(package) => package.read(layer, &mut each),
            Kind::GeoJson => geojson_file::read(layer, open(&self.file, &self.limits)?.0, &mut each),
            Kind::Shapefile => {
                let beside = |extension: &str| {
                    [extension.to_owned(), extension.to_ascii_uppercase()]
                        .iter()
                        .map(|extension| self.file.with_extension(extension))
                        .find(|path| path.is_file())
                        .map(|path| open(&path, &self.limits).map(|(file, _)| Box::new(file) as Part))
                        .transpose()
                };
                let shp = Box::new(open(&self.file, &self.limits)?.0);
                let (shx, dbf, prj, cpg) = (beside("shx")?, beside("dbf")?, beside("prj")?, beside("cpg")?);
                shape_file::read(Parts { name: layer, shp, shx, dbf, prj, cpg }, &mut each)
            }
        }
    }
}

/// Opens a file for reading. What is no regular file is refused: nobody may ever write into a pipe.
///
/// # Errors
/// The file system's, or that it is no regular file.
pub fn open_regular(file: &Path) -> std::io::Result<File> {
    if std::fs::metadata(file)?.is_file() {
        File::open(file)
    } else {
        Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is no regular file"))
    }
}

fn open(file: &Path, limits: &Limits) -> Result<(File, u64), GeodataError> {
    let unreadable = |source| GeodataError::Unreadable { file: file.to_owned(), source };
    let opened = open_regular(file).map_err(unreadable)?;
    let size = opened.metadata().map_err(unreadable)?.len();
    if size > limits.bytes {
        return Err(GeodataError::TooLarge { name: file.display().to_string(), most: limits.bytes });
    }
    Ok((opened, size))
}
