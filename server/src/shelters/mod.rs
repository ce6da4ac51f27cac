//! Shelters (避難所): the list in force, and the import of the official ones.
//!
//! A list that was imported lies in the data folder and is in force from the next start. While there is none, a few
//! invented shelters are ([`demonstration`]), so that every screen has something to show, and says that it is
//! invented (架空・訓練用).

mod columns;
mod gather;
pub mod import;
mod kept;
mod sheet;

use std::collections::HashMap;
use std::path::Path;

pub use self::kept::KeptError;
use self::kept::Stored;
use crate::domain::ids::ShelterId;
use crate::domain::office::OfficeCode;
use crate::domain::shelter::Shelter;
use crate::locate::Locator;
use crate::region::Region;

/// The list in force. It does not change while the node runs.
#[derive(Debug)]
pub struct Shelters {
    shelters: Vec<Shelter>,
    by_id: HashMap<ShelterId, usize>,
    edition: String,
    attribution: String,
    demonstration: bool,
    sha256: String,
}

impl Shelters {
    /// The list that was imported into the data folder, or the demonstration's.
    ///
    /// # Errors
    /// [`KeptError`] if the imported one is damaged: to fall back to invented shelters in silence would be worse
    /// than not to start.
    pub fn in_force(data_dir: &Path, region: &Region, locator: &Locator) -> Result<Self, KeptError> {
        let stored = match kept::load(data_dir, region.code())? {
            Some(stored) => stored,
            None => demonstration(region, locator)?,
        };
        Ok(Self::of(stored, region, locator))
    }

    /// None at all, for who needs no list.
    pub fn none() -> Self {
        Self {
            shelters: Vec::new(),
            by_id: HashMap::new(),
            edition: String::new(),
            attribution: String::new(),
            demonstration: false,
            sha256: String::new(),
        }
    }

    fn of(stored: Stored, region: &Region, locator: &Locator) -> Self {
        let sha256 = stored.sha256();
        // The ground is asked anew, so that boundaries which were imported later count.
        let grounded = stored.shelters.into_iter().filter_map(|kept| {
            let ground = gather::ground(region, locator, kept.shelter.position, kept.said.as_ref())?;
            Some(Shelter { municipality: ground.municipality, ..kept.shelter })
        });
        let mut shelters: Vec<Shelter> = grounded.collect();
        shelters.sort_by(|a, b| (&a.municipality, &a.name, a.id).cmp(&(&b.municipality, &b.name, b.id)));
        let by_id = shelters.iter().enumerate().map(|(at, shelter)| (shelter.id, at)).collect();
        let kept::About { edition, attribution, demonstration, .. } = stored.about;
        Self { shelters, by_id, edition, attribution, demonstration, sha256 }
    }

    /// All, by municipality and name.
    pub fn all(&self) -> &[Shelter] {
        &self.shelters
    }

    /// The shelter with this id.
    pub fn get(&self, id: ShelterId) -> Option<&Shelter> {
        self.by_id.get(&id).map(|at| &self.shelters[*at])
    }

    /// A municipality's.
    pub fn of_office<'a>(&'a self, office: &'a OfficeCode) -> impl Iterator<Item = &'a Shelter> {
        self.shelters.iter().filter(move |shelter| shelter.municipality == *office)
    }

    /// Which edition, for people.
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// Whom to name where it is shown.
    pub fn attribution(&self) -> &str {
        &self.attribution
    }

    /// Whether it is invented (架空・訓練用), which every screen must say.
    pub fn is_demonstration(&self) -> bool {
        self.demonstration
    }

    /// SHA-256 of the list, hexadecimal: another list, another text.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

/// The invented shelters of the built-in region, a list as a town would publish it. Another region has none
/// of the municipalities that it names, and so no shelters.
const DEMONSTRATION: &[u8] = include_bytes!("../../../data/shelters/aizu-demonstration.csv");

fn demonstration(region: &Region, locator: &Locator) -> Result<Stored, KeptError> {
    let name = "aizu-demonstration.csv";
    let mut gathering = gather::Gathering::new(region, locator);
    let read = sheet::csv(name, DEMONSTRATION, &mut |row| gathering.take(row));
    read.map_err(|error| KeptError::Damaged { file: name.into(), reason: error.to_string() })?;
    let about = kept::About {
        edition: "架空・訓練用 2026-11".to_owned(),
        attribution: "架空・訓練用の避難所（実在しません）".to_owned(),
        demonstration: true,
        sources: Vec::new(),
    };
    let mut shelters = gathering.finish().shelters;
    // Another region may lie where this one does; its municipalities are others.
    shelters.retain(|kept| kept.said.is_some());
    Ok(Stored { about, shelters })
}

#[cfg(test)]
mod tests;
