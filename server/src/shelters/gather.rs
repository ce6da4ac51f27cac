//! From rows to shelters: checks each row, asks whose ground it is, and joins what two lists say of one place.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::columns::{Column, Row, degrees, people, town_code};
use super::kept::Kept;
use crate::domain::ids::ShelterId;
use crate::domain::office::OfficeCode;
use crate::domain::place::Place;
use crate::domain::position::Position;
use crate::domain::shelter::{Shelter, ShelterKind};
use crate::domain::text::is_forbidden;
use crate::locate::Locator;
use crate::region::Region;

/// Shelters of one region at most; all of Fukushima Prefecture has 5,000.
const MOST: usize = 50_000;

/// Characters of a name, and of what else is written of a shelter.
const NAME: usize = 200;
const TEXT: usize = 300;

/// A shelter so near to the border of the municipality that its list names may stand outside the region: water, a
/// boundary drawn anew. Metres.
const NEAR_M: f64 = 500.0;

/// A sketch of the boundaries is never so far off, metres.
const SKETCH_M: f64 = 20_000.0;

/// Refusals and warnings that are kept with their words; all are counted.
const KEPT: usize = 200;

/// Something that a person should know of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The line of a CSV or the number of a GeoJSON feature, from 1.
    pub at: u64,
    /// What is wrong, in English.
    pub reason: String,
}

/// What was read of one file, or of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that name a place.
    pub rows: usize,
    /// Rows that became shelters, or a part of one.
    pub taken: usize,
    /// Rows outside the region.
    pub outside: usize,
    /// Rows that were refused.
    pub refused: usize,
    /// Rows that were taken although something about them is odd.
    pub odd: usize,
    /// The first of the refused ones.
    pub refusals: Vec<Remark>,
    /// The first of the odd ones.
    pub warnings: Vec<Remark>,
}

impl Counts {
    fn refuse(&mut self, at: u64, reason: String) {
        self.refused += 1;
        if self.refusals.len() < KEPT {
            self.refusals.push(Remark { at, reason });
        }
    }

    fn warn(&mut self, at: u64, reason: String) {
        self.odd += 1;
        if self.warnings.len() < KEPT {
            self.warnings.push(Remark { at, reason });
        }
    }
}

/// Whose ground a shelter stands on.
pub(super) struct Ground {
    pub(super) municipality: OfficeCode,
    /// What the list says, where the ground is another's.
    pub(super) contradicts: Option<OfficeCode>,
}

/// The municipality that answers for a shelter, if the region has one: the ground's; where the boundaries are a
/// sketch, kilometres off, the one that the list names.
pub(super) fn ground(
    region: &Region,
    locator: &Locator,
    position: Position,
    said: Option<&OfficeCode>,
) -> Option<Ground> {
    let said = said.filter(|said| region.boundaries().contains_key(*said));
    let place = locator.locate(position);
    let located = match (&place, said) {
        (Place::Outside { nearest, distance_m }, Some(said)) if nearest == said && *distance_m <= NEAR_M => {
            Some(nearest)
        }
        // On a border both answer, and the list may choose.
        (Place::OnBorder { others, .. }, Some(said)) if others.contains(said) => Some(said),
        (place, _) => place.municipality(),
    };
    let is_far = matches!(&place, Place::Outside { distance_m, .. } if *distance_m > SKETCH_M);
    if let Some(said) = said.filter(|_| region.is_sketch() && !is_far) {
        return Some(Ground { municipality: said.clone(), contradicts: None });
    }
    let municipality = located?.clone();
    let contradicts = said.filter(|said| **said != municipality).cloned();
    Some(Ground { municipality, contradicts })
}

/// What a row's place is known by in its list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Key {
    /// GSI's 共通ID: the place with a running digit, and the whole.
    Common { place: String, whole: String },
    /// Everything else.
    Own(String),
}

struct Candidate {
    key: Key,
    kept: Kept,
}

/// Gathers rows.
pub(super) struct Gathering<'a> {
    region: &'a Region,
    locator: &'a Locator,
    /// Municipalities by their names, with and without the prefecture's.
    towns: HashMap<&'a str, &'a OfficeCode>,
    sites: Vec<Candidate>,
    shelters: Vec<Candidate>,
    /// The line that named a place, in the list of sites or in that of shelters; 0: in a file before.
    seen: HashMap<(bool, String), u64>,
    counts: Counts,
    pub(super) has_common_ids: bool,
}

/// What came of it.
pub(super) struct Gathered {
    pub(super) shelters: Vec<Kept>,
    /// Shelters that two lists name.
    pub(super) joined: usize,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(region: &'a Region, locator: &'a Locator) -> Self {
        Self {
            region,
            locator,
            towns: region.municipalities().map(|town| (town.name.as_str(), &town.code)).collect(),
            sites: Vec::new(),
            shelters: Vec::new(),
            seen: HashMap::new(),
            counts: Counts::default(),
            has_common_ids: false,
        }
    }

    /// Takes a row of the file that is being read, or notes why not.
    pub(super) fn take(&mut self, row: Result<Row, (u64, String)>) {
        self.counts.rows += 1;
        let at = row.as_ref().map_or_else(|(at, _)| *at, |row| row.at);
        match row.map_err(|(_, reason)| reason).and_then(|row| self.candidate(&row)) {
            Ok(true) => self.counts.taken += 1,
            Ok(false) => self.counts.outside += 1,
            Err(reason) => self.counts.refuse(at, reason),
        }
    }

    /// The file has ended: what was read of it. Lines count anew.
    pub(super) fn end_file(&mut self) -> Counts {
        self.seen.values_mut().for_each(|line| *line = 0);
        std::mem::take(&mut self.counts)
    }

    /// False: it lies outside the region.
    fn candidate(&mut self, row: &Row) -> Result<bool, String> {
        let name = text(row.get(Column::Name).ok_or("it has no name")?, NAME, "the name")?;
        let position = position(row)?;
        let said = self.said(row);
        let Some(ground) = ground(self.region, self.locator, position, said.as_ref()) else { return Ok(false) };
        let address = text(&row.address(), TEXT, "the address")?;
        let key = key(row, said.as_ref().unwrap_or(&ground.municipality), &name, &address);
        let kinds = kinds(row);
        let (fit, odd_mark) = row.fit();
        let whole = match &key {
            Key::Common { whole, .. } => whole,
            Key::Own(own) => own,
        };
        let is_site = kinds.contains(&ShelterKind::EmergencySite);
        match self.seen.entry((is_site, whole.clone())) {
            Entry::Occupied(seen) if *seen.get() == 0 => return Err("another file has the same place".to_owned()),
            Entry::Occupied(seen) => return Err(format!("line {} has the same place", seen.get())),
            Entry::Vacant(free) => free.insert(row.at),
        };
        if self.sites.len() + self.shelters.len() >= MOST {
            return Err(format!("more than {MOST} shelters"));
        }
        let optional = |column, what| row.get(column).map(|found| text(found, TEXT, what)).transpose();
        let shelter = Shelter {
            id: ShelterId::of_key(whole),
            name,
            english: optional(Column::English, "the English name")?,
            address,
            municipality: ground.municipality.clone(),
            position,
            kinds,
            fit,
            capacity: row.get(Column::Capacity).and_then(people),
            accepts: optional(Column::Accepts, "who is taken in")?,
        };
        if let Some(other) = ground.contradicts {
            let reason = format!("the list says {other}, it stands on the ground of {}", ground.municipality);
            self.counts.warn(row.at, reason);
        }
        if let Some(mark) = odd_mark {
            self.counts.warn(row.at, format!("{mark:?} is no mark of fitness, and does not count"));
        }
        self.has_common_ids |= matches!(key, Key::Common { .. });
        let list = if is_site { &mut self.sites } else { &mut self.shelters };
        list.push(Candidate { key, kept: Kept { shelter, said } });
        Ok(true)
    }

    /// The municipality that the list names, if the region has it: by its code, or by its name.
    fn said(&self, row: &Row) -> Option<OfficeCode> {
        let code = row.get(Column::TownCode).and_then(town_code).and_then(|code| code.parse::<OfficeCode>().ok());
        let code = code.filter(|code| self.region.boundaries().contains_key(code));
        // A name may come with its prefecture and its county: 福島県河沼郡会津坂下町.
        let by_name = || {
            let name = row.get(Column::TownName)?;
            let ends = self.towns.iter().filter(|(town, _)| name.ends_with(**town));
            ends.max_by_key(|(town, _)| town.len()).map(|(_, code)| (*code).clone())
        };
        code.or_else(by_name)
    }

    /// Joins emergency sites and shelters that are the same place, and gives them all.
    pub(super) fn finish(self) -> Gathered {
        let mut by_place: BTreeMap<String, usize> = BTreeMap::new();
        let mut places: HashMap<ShelterId, usize> = HashMap::new();
        let mut all: Vec<Kept> = Vec::new();
        let mut joined = 0;
        for Candidate { key, mut kept } in self.sites {
            if let Key::Common { place, .. } = &key
                && !by_place.contains_key(place)
            {
                kept.shelter.id = ShelterId::of_key(place);
                by_place.insert(place.clone(), all.len());
            }
            places.insert(kept.shelter.id, all.len());
            all.push(kept);
        }
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        for Candidate { key, mut kept } in self.shelters {
            let same = match &key {
                Key::Common { place, .. } => by_place.get(place).copied(),
                Key::Own(_) => places.get(&kept.shelter.id).copied(),
            };
            if let Some(at) = same.filter(|at| taken.insert(*at)) {
                join(&mut all[at].shelter, kept.shelter);
                joined += 1;
                continue;
            }
            if let Key::Common { place, .. } = &key
                && !by_place.contains_key(place)
            {
                // The id that the place has when an edition lists it as an emergency site too.
                kept.shelter.id = ShelterId::of_key(place);
                by_place.insert(place.clone(), all.len());
                taken.insert(all.len());
            }
            all.push(kept);
        }
        Gathered { shelters: all, joined }
    }
}

/// What the second list says of the place, too.
fn join(site: &mut Shelter, shelter: Shelter) {
    let mut kinds: Vec<ShelterKind> = site.kinds.iter().chain(&shelter.kinds).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    site.kinds = kinds.into();
    if shelter.name != site.name && site.name.chars().count() + shelter.name.chars().count() < NAME {
        // The grounds and the building beside them often have names of their own; people look for either.
        site.name = format!("{}（{}）", site.name, shelter.name);
    }
    site.capacity = site.capacity.or(shelter.capacity);
    site.accepts = site.accepts.take().or(shelter.accepts);
    site.english = site.english.take().or(shelter.english);
}

fn text(text: &str, most: usize, what: &str) -> Result<String, String> {
    if text.chars().any(is_forbidden) {
        return Err(format!("{what} has control characters"));
    }
    if text.chars().count() > most {
        return Err(format!("{what} has more than {most} characters"));
    }
    Ok(text.trim().to_owned())
}

fn position(row: &Row) -> Result<Position, String> {
    let read = |column, what: &str| {
        let found = row.get(column).ok_or_else(|| format!("it has no {what}"))?;
        let short = || found.chars().take(20).collect::<String>();
        degrees(found).ok_or_else(|| format!("{:?} is no {what} in degrees", short()))
    };
    let (lat, lon) = (read(Column::Lat, "latitude")?, read(Column::Lon, "longitude")?);
    Position::new(lat, lon).map_err(|error| error.to_string())
}

/// Lists of emergency sites mark dangers or say whether the place is a shelter too; all others are of shelters. Of
/// shelters that were open with so many people in them the marks tell which are emergency sites too.
fn kinds(row: &Row) -> Box<[ShelterKind]> {
    use ShelterKind::{EmergencySite, Shelter};
    let has_dangers = crate::domain::shelter::Danger::ALL.iter().any(|danger| row.has(Column::Fit(*danger)));
    let marked = row.fit().0.is_some();
    if row.has(Column::AlsoSite) {
        if row.is_marked(Column::AlsoSite) && marked { [EmergencySite, Shelter].into() } else { [Shelter].into() }
    } else if row.has(Column::People) {
        if marked { [EmergencySite, Shelter].into() } else { [Shelter].into() }
    } else if row.has(Column::AlsoShelter) || has_dangers {
        if row.is_marked(Column::AlsoShelter) { [EmergencySite, Shelter].into() } else { [EmergencySite].into() }
    } else {
        [Shelter].into()
    }
}

/// What the place is known by. GSI's 共通ID is `E`, five digits of the municipality, five of the place, and three of
/// which the first two say what it is designated as and the last counts the points there; so that the same place in
/// both lists differs in those two alone. An id of the list's own counts within its municipality; without any, the
/// name and the address do.
fn key(row: &Row, town: &OfficeCode, name: &str, address: &str) -> Key {
    if let Some(common) = row.get(Column::CommonId) {
        let regular = common.len() == 14 && common.starts_with('E') && common[1..].bytes().all(|b| b.is_ascii_digit());
        return if regular {
            let place = format!("common {}-{}", &common[..11], &common[13..]);
            Key::Common { place, whole: format!("common {common}") }
        } else {
            Key::Own(format!("common {common}"))
        };
    }
    Key::Own(match row.get(Column::Id) {
        Some(id) => format!("{town} id {id}"),
        None => format!("{town} at {name} {address}"),
    })
}
