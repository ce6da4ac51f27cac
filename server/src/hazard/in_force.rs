//! What is in force: the layers with their editions, and the index by which a place is asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::edition::{About, Edition};
use super::{HazardError, demo, folder};
use crate::domain::position::Position;
use crate::domain::zone::{ZoneTag, Zones};
use crate::locate::ZoneIndex;

/// The hazard zones that a node knows. Made at its start; an import is in force from the next one.
pub struct InForce {
    layers: Vec<LayerInForce>,
    index: ZoneIndex,
}

/// A layer of which there is an edition.
pub struct LayerInForce {
    /// Its edition, from which its zones can be read.
    pub edition: Edition,
    /// The number of its first zone in the index.
    first: u32,
    /// The class of each zone.
    class_of: Vec<u16>,
    /// What a report in a zone of each class carries.
    tags: Vec<ZoneTag>,
}

impl LayerInForce {
    /// What must be known about the edition.
    pub fn about(&self) -> &Arc<About> {
        &self.edition.about
    }
}

impl InForce {
    /// The editions in the data folder; if there are none, the demonstration of the built-in region, if it has one.
    /// Reads all zones once; the index uses all cores.
    ///
    /// # Errors
    /// [`HazardError`] with the edition that cannot be read.
    pub fn load(data: &Path, region: &str) -> Result<Self, HazardError> {
        let mut editions = folder::editions(data)?;
        if editions.is_empty() {
            editions = demo::editions(region)?;
        }
        Self::of(editions)
    }

    /// These editions.
    ///
    /// # Errors
    /// [`HazardError`] with the edition that cannot be read.
    pub fn of(editions: Vec<Edition>) -> Result<Self, HazardError> {
        let mut layers = Vec::new();
        let mut first = 0;
        for edition in editions {
            let tag = |legend: &super::edition::Legend| ZoneTag {
                layer: edition.about.layer.clone(),
                hazard: edition.about.hazard,
                class: legend.class.code.clone(),
                name: legend.class.name.clone(),
                english: legend.class.english.clone(),
                depth: legend.class.depth,
                edition: edition.about.edition.clone(),
                demonstration: edition.about.demonstration,
            };
            let tags = edition.about.classes.iter().map(tag).collect();
            let zones = edition.about.zones;
            let class_of = Vec::with_capacity(zones as usize);
            layers.push(LayerInForce { edition, first, class_of, tags });
            first += zones;
        }
        let mut failed = None;
        let streams: Vec<_> = layers.iter().map(|layer| layer.edition.zones()).collect();
        // The index takes an iterator of zones; the first that cannot be read ends it, and is told after it.
        let all = streams.into_iter().zip(&mut layers).flat_map(|(zones, layer)| {
            let (first, class_of) = (layer.first, &mut layer.class_of);
            zones.map(move |zone| {
                zone.map(|(class, shape)| {
                    class_of.push(class);
                    (first + class_of.len() as u32 - 1, shape)
                })
            })
        });
        let index = ZoneIndex::build(all.map_while(|zone| zone.map_err(|error| failed = Some(error)).ok()))?;
        match failed {
            Some(error) => Err(error),
            None => Ok(Self { layers, index }),
        }
    }

    /// The layers, in the order of their ids.
    pub fn layers(&self) -> &[LayerInForce] {
        &self.layers
    }

    /// How many zones there are in all.
    pub fn len(&self) -> usize {
        self.layers.iter().map(|layer| layer.class_of.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The zones that a position lies in, on their edges too. Of several zones of one layer that tell of the same
    /// thing (flood depths of two rivers) the most severe.
    pub fn at(&self, position: Position) -> Zones {
        let mut found = Vec::new();
        self.index.at(position.lon(), position.lat(), &mut found);
        if found.is_empty() {
            return Zones::none();
        }
        let mut severest: BTreeMap<(usize, &str), (u32, usize)> = BTreeMap::new();
        for number in found {
            let at = self.layers.partition_point(|layer| layer.first <= number) - 1;
            let layer = &self.layers[at];
            let Some(class) = layer.class_of.get((number - layer.first) as usize).map(|class| usize::from(*class))
            else {
                continue;
            };
            let legend = &layer.edition.about.classes[class];
            let worst = severest.entry((at, legend.class.group.as_str())).or_insert((legend.severity, class));
            *worst = (*worst).max((legend.severity, class));
        }
        Zones::of(severest.into_iter().map(|((at, _), (_, class))| self.layers[at].tags[class].clone()))
    }
}
