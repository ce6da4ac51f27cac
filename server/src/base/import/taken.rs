//! The features that an import takes, by theme, and what it passes over.

use std::collections::{BTreeMap, BTreeSet};

use geo::{BoundingRect as _, CoordsIter as _, Intersects as _};
use geo_types::Rect;

use super::super::schema::Schema;
use super::super::{Feature, SourceFile, Theme};
use super::{ImportError, MAX_CORNERS, MAX_LISTED};
use crate::geodata::{self, FlawedShape};

/// What was taken of all files so far.
pub(super) struct Taken {
    here: Rect,
    /// Of each theme the files that brought it, and its features.
    pub(super) themes: BTreeMap<Theme, (Vec<SourceFile>, Vec<Feature>)>,
    pub(super) corners: usize,
    pub(super) ignored: usize,
    /// Features in the region that exist no more.
    pub(super) ended: usize,
    pub(super) refused: usize,
    pub(super) listed: Vec<String>,
}

impl Taken {
    /// Nothing yet. `here`: outside of it nothing is drawn, degrees.
    pub(super) fn new(here: Rect) -> Self {
        Self { here, themes: BTreeMap::new(), corners: 0, ignored: 0, ended: 0, refused: 0, listed: Vec::new() }
    }

    /// Takes a feature, or counts why not. Whether its kind is known. `file`: name and SHA-256 of the file that is
    /// imported, of which `layer` is a part.
    pub(super) fn take(
        &mut self,
        layer: &str,
        feature: geodata::Feature,
        file: (&str, &str),
    ) -> Result<bool, ImportError> {
        let Some(schema) = Schema::of(&feature.fields) else {
            self.ignored += 1;
            return Ok(false);
        };
        let geometry = match feature.shape {
            Ok(geometry) | Err(FlawedShape::OpenRing(geometry)) => geometry,
            Err(flaw) => {
                self.refused += 1;
                if self.listed.len() < MAX_LISTED {
                    self.listed.push(format!("{layer}, feature {}: {flaw}", feature.index + 1));
                }
                return Ok(true);
            }
        };
        if !geometry.bounding_rect().is_some_and(|reach| reach.intersects(&self.here)) {
            self.ignored += 1;
            return Ok(true);
        }
        let not_text = |_| ImportError::UnknownEncoding { file: layer.to_owned(), feature: feature.index };
        if schema.has_ended(&feature.fields).map_err(not_text)? {
            self.ended += 1;
            return Ok(true);
        }
        let drawn = schema.feature(&feature.fields, geometry).map_err(not_text)?;
        match drawn {
            Some(drawn) => self.keep(drawn, schema, file),
            None => self.ignored += 1,
        }
        if self.corners > MAX_CORNERS { Err(ImportError::TooMuch) } else { Ok(true) }
    }

    fn keep(&mut self, feature: Feature, schema: Schema, (name, sha256): (&str, &str)) {
        self.corners += feature.geometry.coords_count();
        let (sources, features) = self.themes.entry(Theme::of(&feature)).or_default();
        features.push(feature);
        match sources.last_mut().filter(|source| source.sha256 == sha256) {
            Some(source) => drop(source.schemas.insert(schema)),
            None => sources.push(SourceFile {
                name: name.to_owned(),
                sha256: sha256.to_owned(),
                schemas: BTreeSet::from([schema]),
            }),
        }
    }

    /// With one station where lines meet: it is in the file once for each, and one of the same name close by is enough.
    pub(super) fn joined(mut self) -> Self {
        let cell = |feature: &Feature| {
            let at = feature.geometry.coords_iter().next().unwrap_or_default();
            ((at.x * 50.0).round() as i32, (at.y * 50.0).round() as i32)
        };
        if let Some((_, stations)) = self.themes.get_mut(&Theme::Station) {
            let mut seen = BTreeSet::new();
            stations.retain(|station| seen.insert((station.name.clone(), cell(station))));
        }
        self
    }
}
