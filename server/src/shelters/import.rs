//! Import of the official lists: 指定緊急避難場所 and 指定避難所 as CSV or GeoJSON (`columns` says which).
//!
//! All files of one import together are the new list. Rows are checked one by one, and what is refused is told with
//! its line and the reason; everything is read before anything is written, and one rename puts it in force, so that
//! an error leaves the old list as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::gather::Gathering;
pub use super::gather::{Counts, Remark};
use super::kept::{self, About, Stored};
pub use super::sheet::Sheet;
use super::sheet::{NOT_PUBLISHED, read};
use crate::domain::office::OfficeCode;
use crate::domain::shelter::ShelterKind;
use crate::geodata::{GeodataError, is_loss};
use crate::locate::Locator;
use crate::region::Region;

/// Files of one import at most: two lists of each municipality of a prefecture.
pub const MAX_FILES: usize = 256;

/// What is written where the list is shown, as GSI's terms of use ask for.
const GSI: &str = "指定緊急避難場所・指定避難所データ（国土地理院）を加工して作成";

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Each file, and what was read of it.
    pub files: Vec<(Sheet, Counts)>,
    /// Shelters in the new list.
    pub shelters: usize,
    /// Emergency sites (指定緊急避難場所) among them.
    pub emergency_sites: usize,
    /// Of them those that are shelters (指定避難所) too.
    pub both: usize,
    /// Shelters that two rows were joined to.
    pub joined: usize,
    /// How many each municipality has.
    pub by_municipality: BTreeMap<OfficeCode, usize>,
    /// Whether rows went to the municipality that their list names, because the boundaries are a sketch.
    pub trusted_list: bool,
    /// Edition and number of shelters of the list that it took the place of; `None` if none was imported.
    pub before: Option<(String, usize)>,
    /// Where it was written.
    pub written: PathBuf,
}

/// Why nothing was imported. The list that was in force stays so.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No file, or more than [`MAX_FILES`].
    #[error("1 to 256 files are needed")]
    FileCount,
    /// A file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than we read.
    #[error("{0} is larger than 128 MiB")]
    TooLarge(String),
    /// A file has no columns that say what a shelter is called and where it is.
    #[error("{0} has no columns for a name, a latitude and a longitude (名称・緯度・経度) in its first ten lines")]
    NoColumns(String),
    /// The content is not what the name says.
    #[error("{file} is damaged or not understood: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of GeoJSON cannot be read.
    #[error("{}", .cause.told_of(.file))]
    Geodata {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: GeodataError,
    },
    /// No row of any file is a shelter of the region.
    #[error(
        "no row is a shelter of the region: of {} rows {} lie outside it and {} were refused{}",
        .0.rows, .0.outside, .0.refused, first(.0)
    )]
    Nothing(Counts),
    /// The region would lose more than half of its shelters.
    #[error(
        "the new list has {now} shelters, and the one in force, {edition}, has {before}; nothing was changed, and \
         --anyway takes the files in all the same{}", first(.counts)
    )]
    Loss {
        /// Shelters in the new list.
        now: usize,
        /// The edition in force.
        edition: String,
        /// Its shelters.
        before: usize,
        /// What was read.
        counts: Box<Counts>,
    },
    /// The data folder cannot be written.
    #[error("cannot write {}", .file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn first(counts: &Counts) -> String {
    counts.refusals.first().map_or(String::new(), |first| format!("; line {}: {}", first.at, first.reason))
}

/// Makes the files the list of shelters in `data_dir`, in force from the node's next start. `attribution` is what the
/// publisher wants named; left out, GSI's for GSI's lists, and the files' names for others. A list of fewer than half as
/// many shelters as the imported one before is refused, if not `anyway`.
///
/// # Errors
/// [`ImportError`]; the list that was in force stays so.
pub fn import(
    files: &[PathBuf],
    region: &Region,
    data_dir: &Path,
    attribution: Option<String>,
    anyway: bool,
) -> Result<ImportReport, ImportError> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(ImportError::FileCount);
    }
    let locator = Locator::new(region);
    let mut gathering = Gathering::new(region, &locator);
    let mut sheets = Vec::with_capacity(files.len());
    for file in files {
        let sheet = read(file, &mut |row| gathering.take(row))?;
        sheets.push((sheet, gathering.end_file()));
    }
    let has_common_ids = gathering.has_common_ids;
    let gathered = gathering.finish();
    if gathered.shelters.is_empty() {
        return Err(ImportError::Nothing(all(sheets)));
    }
    // One that is damaged is no reason against a new one.
    let before = kept::load(data_dir, region.code()).ok().flatten();
    let before = before.map(|stored| (stored.about.edition, stored.shelters.len()));
    let now = gathered.shelters.len();
    if let Some((edition, before)) = before.clone().filter(|(_, before)| !anyway && is_loss(now, Some(*before))) {
        return Err(ImportError::Loss { now, edition, before, counts: Box::new(all(sheets)) });
    }
    let lists = || sheets.iter().map(|(sheet, _)| sheet).filter(|sheet| sheet.form != NOT_PUBLISHED);
    let names: Vec<&str> = lists().map(|sheet| sheet.name.as_str()).collect();
    let edition = if names.len() > 3 { format!("{} 他{}件", names[0], names.len() - 1) } else { names.join("・") };
    let by_name = || if has_common_ids { GSI.to_owned() } else { edition.clone() };
    let about = About {
        attribution: attribution.unwrap_or_else(by_name),
        edition,
        demonstration: false,
        sources: lists().map(Into::into).collect(),
    };
    let stored = Stored { about, shelters: gathered.shelters };
    let written = kept::path(data_dir, region.code());
    kept::store(&written, &stored).map_err(|source| ImportError::Unwritable { file: written.clone(), source })?;

    let shelters = || stored.shelters.iter().map(|kept| &kept.shelter);
    let mut by_municipality = BTreeMap::new();
    for shelter in shelters() {
        *by_municipality.entry(shelter.municipality.clone()).or_default() += 1;
    }
    let sites = || shelters().filter(|shelter| shelter.kinds.contains(&ShelterKind::EmergencySite));
    Ok(ImportReport {
        files: sheets,
        shelters: stored.shelters.len(),
        emergency_sites: sites().count(),
        both: sites().filter(|site| site.kinds.contains(&ShelterKind::Shelter)).count(),
        joined: gathered.joined,
        by_municipality,
        trusted_list: region.is_sketch() && stored.shelters.iter().any(|kept| kept.said.is_some()),
        before,
        written,
    })
}

/// What was read of all files.
fn all(sheets: Vec<(Sheet, Counts)>) -> Counts {
    let mut all = Counts::default();
    for (_, counts) in sheets {
        all.rows += counts.rows;
        all.outside += counts.outside;
        all.refused += counts.refused;
        all.refusals.extend(counts.refusals);
    }
    all
}
