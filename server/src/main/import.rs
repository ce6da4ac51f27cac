//! `sokuho import`: what official data a node takes in, and what is said of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Subcommand;
use sokuho::app;
use sokuho::app::zoning::{self, Order};
use sokuho::base::import::{self as base, Said};
use sokuho::base::{Base, Theme};
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::hazard::catalogue::Mapping;
use sokuho::hazard::import::{self as hazard, Origin};

use super::out::say;
use super::place::Place;

/// What is taken in.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Replace the sketch by the official boundaries (国土数値情報 行政区域 N03): GeoJSON or Shapefile,
    /// zipped or not. All or nothing; a running node takes them at its next start.
    Region {
        #[command(flatten)]
        place: Place,
        /// The file.
        file: PathBuf,
    },
    /// Replace the list of shelters by the official ones (指定緊急避難場所・指定避難所): GSI's lists or a town's, CSV in
    /// UTF-8 or Shift_JIS, or GeoJSON. All files together are the new list, all or nothing; a running node takes it at
    /// its next start.
    Shelters {
        #[command(flatten)]
        place: Place,
        /// The files: one list, or both of them, or those of several towns.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Whom to name where the list is shown, if its publisher wants it; GSI's lists need none.
        #[arg(long)]
        attribution: Option<String>,
        /// Take the list although it has fewer than half as many shelters as the one before.
        #[arg(long)]
        anyway: bool,
    },
    /// Replace the sketch of waters, railways and roads: files of 国土数値情報 (N02, W05, W09, N01, N06, N13), GeoJSON
    /// or Shapefile, zipped or not, which replace what they bring (railways, stations, lakes, …) and nothing else; or one
    /// PMTiles or MBTiles file, which is the whole map. All or nothing; a running node takes them at its next start.
    Base {
        #[command(flatten)]
        place: Place,
        /// The files; all files of one kind at once.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What the maker of an archive of tiles asks to be written on the map.
        #[arg(long)]
        attribution: Option<String>,
        /// Under which licence or terms an archive of tiles may be used.
        #[arg(long)]
        licence: Option<String>,
        /// Take the files in although they bring fewer than half as many features of a kind as were imported before, or
        /// take the place of an archive of tiles.
        #[arg(long)]
        anyway: bool,
    },
    /// Take in hazard zones: 国土数値情報 A31, A31a, A31b (洪水), A33 (土砂), A40 (津波), A48 (災害危険区域), A49 (高潮),
    /// and files of other schemas by --layer; GeoJSON or Shapefile, zipped or not, or GeoPackage. All files together
    /// make one edition of each layer that is in them, which takes the place of the one before; a running node takes
    /// it at its next start.
    Hazard {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        schema: Schema,
        /// Name of the edition, for people; left out, what the first file's name says.
        #[arg(long)]
        edition: Option<String>,
        /// Who made the data; left out, the files' names.
        #[arg(long)]
        source: Option<String>,
        /// Under which terms; left out, those of the official data of the layer, if it is such.
        #[arg(long)]
        licence: Option<String>,
        /// What to write on the map; left out, what official data ask for, and for all others the source.
        #[arg(long)]
        attribution: Option<String>,
        /// Take the files in although none of their zones lies in the region, or fewer than half as many as before.
        #[arg(long)]
        anyway: bool,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// What files of other schemas are.
#[derive(clap::Args)]
pub struct Schema {
    /// The layer that all features belong to, whatever their fields.
    #[arg(long)]
    layer: Option<String>,
    /// The field that names their class; left out, `class`.
    #[arg(long, requires = "layer")]
    class_field: Option<String>,
    /// The class of all of them.
    #[arg(long, requires = "layer", conflicts_with = "class_field")]
    class: Option<String>,
}

/// Takes it in and says what became of it, and last of all, on standard error and whether it went well or not, how much
/// memory it took.
pub async fn run(command: ImportCommand, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let done = take_in(command, clock, entropy).await;
    if let Some(mebibytes) = memory_at_most() {
        eprintln!("memory: {mebibytes} MiB at most");
    }
    done
}

/// The most memory that this process has had so far, MiB: `VmHWM` of proc_pid_status(5). `None` where no system tells.
fn memory_at_most() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))?;
    Some(kib.parse::<u64>().ok()?.div_ceil(1 << 10))
}

async fn take_in(command: ImportCommand, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    match command {
        ImportCommand::Hazard { place, schema, edition, source, licence, attribution, anyway, files } => {
            let Schema { layer, class_field, class } = schema;
            let mapping = Mapping { layer, class_field, class };
            let origin = Origin { edition, source, licence, attribution };
            let region = app::region_of(place.region.as_deref())?.bounds();
            let order = Order { files, mapping, origin, region, anyway };
            let clocks = (clock as _, entropy as _);
            say!("{}", zoning::import(place.database, &place.data, order, clocks, import_teller()).await?)?;
            say!("in force from the node's next start; `sokuho retag` before it looks at open incidents again")?;
            Ok(())
        }
        ImportCommand::Region { place, file } => {
            let region = app::region_of(place.region.as_deref())?;
            let report = sokuho::region::import::import(&file, &region, &place.data)?;
            say!(
                "{}: {} municipalities from {} features ({} ignored), {} corners, written to {}",
                report.edition,
                report.municipalities,
                report.features,
                report.ignored,
                report.vertices,
                report.written.display()
            )?;
            for (municipality, flaw) in &report.repaired {
                say!("mended in {municipality}: {flaw}")?;
            }
            if report.without_crs {
                say!("note: the file has no .prj, and is taken as degrees of JGD2011")?;
            }
            say!("sha256 {}; in force from the node's next start", report.source_sha256)?;
            Ok(())
        }
        ImportCommand::Base { place, files, attribution, licence, anyway } => {
            let region = app::region_of(place.region.as_deref())?;
            let said = Said { attribution, licence };
            let order =
                base::Order { files: &files, region: region.code(), bounds: region.about().bounds, said, anyway };
            let report = base::import(&order, &place.data).await?;
            tell_base(&report)?;
            if !report.replacing.is_empty() {
                tell_drawn(&Base::in_force(place.region.as_deref(), region.code(), &place.data)?)?;
            }
            say!("written to {}; in force from the node's next start", report.written.display())
        }
        ImportCommand::Shelters { place, files, attribution, anyway } => {
            let region = app::region_of(place.region.as_deref())?.with_imported(&place.data)?;
            let report = sokuho::shelters::import::import(&files, &region, &place.data, attribution, anyway)?;
            tell_shelters(&report)
        }
    }
}

/// Says once a second how far an import is, and how quick.
fn import_teller() -> impl FnMut(hazard::Progress<'_>) + Send {
    let begun = Instant::now();
    let mut last = begun;
    move |hazard::Progress { file, features, zones }| {
        if last.elapsed() >= Duration::from_secs(1) {
            last = Instant::now();
            let rate = features as f64 / begun.elapsed().as_secs_f64();
            eprintln!("{file}: {features} features, {zones} zones, {rate:.0} features/s");
        }
    }
}

/// Says what an import of a base map did, and what it took the place of.
fn tell_base(report: &base::ImportReport) -> anyhow::Result<()> {
    for theme in &report.replacing {
        say!("{theme}")?;
    }
    if !report.replacing.is_empty() {
        say!("{} corners, {} features ignored, {} that exist no more", report.corners, report.ignored, report.ended)?;
    }
    for refused in &report.listed {
        say!("refused: {refused}")?;
    }
    if report.refused > report.listed.len() {
        say!("refused: {} more", report.refused - report.listed.len())?;
    }
    for (file, sum) in &report.sha256 {
        say!("sha256 {sum}  {file}")?;
    }
    for layer in &report.without_crs {
        say!("note: {layer} has no .prj, and is taken as degrees of JGD2011")?;
    }
    if let Some(archive) = &report.archive {
        say!("{}: {}; on the map: {}", archive.edition, archive.source, archive.attribution)?;
    }
    if let Some(before) = &report.instead_of {
        say!("in the place of {before}")?;
    }
    if let Some(reason) = &report.lost {
        say!("note: what was imported before is gone, for it cannot be read: {reason}")?;
    }
    Ok(())
}

/// Says what the map is made of now.
fn tell_drawn(base: &Base) -> anyhow::Result<()> {
    for (sketch, what) in [(false, "imported"), (true, "as sketched (略図)")] {
        let drawn = base.features().iter().filter(|feature| feature.sketch == sketch).map(Theme::of);
        let drawn: BTreeSet<&str> = drawn.map(Theme::name).collect();
        if !drawn.is_empty() {
            say!("{what}: {}", drawn.into_iter().collect::<Vec<_>>().join(", "))?;
        }
    }
    say!("on the map: {}", base.origin.attribution)
}

/// Says what an import of shelters did, and what it refused.
fn tell_shelters(report: &sokuho::shelters::import::ImportReport) -> anyhow::Result<()> {
    for (sheet, counts) in &report.files {
        say!(
            "{}: {}, {} rows, {} taken, {} outside the region, {} refused; sha256 {}",
            sheet.name,
            sheet.form,
            counts.rows,
            counts.taken,
            counts.outside,
            counts.refused,
            sheet.sha256
        )?;
        for refusal in &counts.refusals {
            say!("{}:{}: refused: {}", sheet.name, refusal.at, refusal.reason)?;
        }
        for warning in &counts.warnings {
            say!("{}:{}: {}", sheet.name, warning.at, warning.reason)?;
        }
        let untold = (counts.refused - counts.refusals.len()) + (counts.odd - counts.warnings.len());
        if untold > 0 {
            say!("{}: and {untold} more", sheet.name)?;
        }
    }
    for (municipality, shelters) in &report.by_municipality {
        say!("{municipality}: {shelters}")?;
    }
    if let Some((edition, shelters)) = &report.before {
        say!("in the place of {edition}, {shelters} shelters")?;
    }
    if report.trusted_list {
        say!("the boundaries are a sketch, so each shelter is of the municipality that its list names")?;
    }
    say!(
        "{} shelters ({} emergency sites, {} of them for staying too; {} joined from two rows), written to {}; in \
         force from the node's next start",
        report.shelters,
        report.emergency_sites,
        report.both,
        report.joined,
        report.written.display()
    )
}
