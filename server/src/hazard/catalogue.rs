//! Which layers of hazard zones there are, their classes with the official colours, and by which fields of whose files
//! they are known: data, in `data/hazard/layers.json`. No layer is named in code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::depth_text;
use crate::domain::zone::{DepthRange, Hazard};
use crate::geodata::{Fields, NotText};

const BUILT_IN: &str = include_str!("../../../data/hazard/layers.json");

/// All layers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Where names and colours come from, for people.
    pub about: String,
    /// Documents of the schemas.
    pub references: Vec<String>,
    /// The layers, in the order in which people see them.
    pub layers: Vec<Layer>,
}

/// One kind of zones from one kind of source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Short name for addresses and files: a-z, 0-9 and '-'.
    pub id: String,
    /// Japanese name.
    pub name: String,
    /// English name.
    pub english: String,
    /// What threatens in its zones.
    pub hazard: Hazard,
    /// The terms under which the official data may be used.
    pub licence: String,
    /// What to write on the map for the official data.
    pub attribution: String,
    /// Its classes, the least severe first.
    pub classes: Vec<Class>,
    /// By what its features are known in official files.
    pub sources: Vec<Rule>,
}

/// One entry of a layer's legend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Code within the layer.
    pub code: String,
    /// Japanese name, understood without the layer's.
    pub name: String,
    /// English name.
    pub english: String,
    /// `#rrggbb`
    pub color: String,
    /// Drawn over the colour, so that nobody needs to tell colours apart.
    pub pattern: Pattern,
    /// How deep the water may stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<DepthRange>,
    /// Of the classes of a group the most severe counts where several zones lie upon each other; classes of different
    /// groups tell of different things.
    #[serde(default)]
    pub group: String,
}

/// What is drawn over a class's colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Nothing.
    None,
    /// Slanted lines.
    Hatch,
    /// Slanted lines both ways.
    Cross,
    /// Dots.
    Dots,
    /// Level lines.
    Lines,
}

impl Pattern {
    /// Its name on the wire and in the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hatch => "hatch",
            Self::Cross => "cross",
            Self::Dots => "dots",
            Self::Lines => "lines",
        }
    }
}

/// By what the features of a layer are known in a kind of files: they have these fields. Their values, joined by `|`,
/// name the class.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    fields: Vec<String>,
    /// What values mean; left out, they are the classes' codes.
    #[serde(default)]
    codes: BTreeMap<String, String>,
    /// The value is a range of depths in words.
    #[serde(default)]
    depths: bool,
    /// Only in files whose name, folders included, holds one of these.
    #[serde(default)]
    in_name: Vec<String>,
    /// The class, whatever the value.
    #[serde(default)]
    class: Option<String>,
    /// Only features with one of these values.
    #[serde(default)]
    only: Vec<String>,
    /// Features with one of these values belong to another layer.
    #[serde(default)]
    without: Vec<String>,
}

/// What a feature is in a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Index of the layer.
    pub layer: usize,
    /// The class's code, or the value that is none; `None` where the file says nothing.
    pub class: Option<String>,
    /// The depth that the value names, whether a class has it or not.
    pub depth: Option<DepthRange>,
    /// Whether the fields of an official file say so, and no word of the operator or of our own.
    pub official: bool,
}

/// What the operator says of files that follow none of the official schemas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// Id of the layer to which all features belong.
    pub layer: Option<String>,
    /// The field that names their class.
    pub class_field: Option<String>,
    /// The class of all of them.
    pub class: Option<String>,
}

impl Catalogue {
    /// The catalogue that the program carries.
    ///
    /// # Errors
    /// If it is malformed, which a test excludes.
    pub fn built_in() -> Result<Self, serde_json::Error> {
        serde_json::from_str(BUILT_IN)
    }

    /// The layer of this id.
    pub fn layer(&self, id: &str) -> Option<(usize, &Layer)> {
        self.layers.iter().enumerate().find(|(_, layer)| layer.id == id)
    }

    /// What a feature of a file is. Features of our own making say it themselves by `layer` and `class`.
    ///
    /// # Errors
    /// [`NotText`] if a field that names it is in no encoding that we know.
    pub fn meaning(&self, fields: &Fields, file: &str, mapping: &Mapping) -> Result<Vec<Found>, NotText> {
        let own = || Ok::<_, NotText>(fields.text("layer")?.and_then(|id| self.layer(&id).map(|(at, _)| at)));
        let named = match &mapping.layer {
            Some(id) => self.layer(id).map(|(at, _)| at),
            None => own()?,
        };
        if let Some(layer) = named {
            let field = mapping.class_field.as_deref().unwrap_or("class");
            let class = match &mapping.class {
                Some(class) => Some(class.clone()),
                None => fields.text(field)?.map(Cow::into_owned),
            };
            return Ok(vec![Found { official: false, ..self.of_code(layer, class) }]);
        }
        let mut found = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            if let Some(rule) = layer.sources.iter().find(|rule| rule.fits(fields, file)) {
                found.extend(self.by_rule(at, rule, fields)?);
            }
        }
        Ok(found)
    }

    /// What the rule says of a feature that has its fields; `None`, if by their values it is of another layer.
    fn by_rule(&self, layer: usize, rule: &Rule, fields: &Fields) -> Result<Option<Found>, NotText> {
        let mut values = Vec::new();
        for field in &rule.fields {
            match fields.text(field)? {
                Some(text) => values.push(text),
                None if rule.only.is_empty() => {
                    return Ok(Some(Found { layer, class: None, depth: None, official: true }));
                }
                None => return Ok(None),
            }
        }
        let value = values.join("|");
        if rule.without.contains(&value) || !rule.only.is_empty() && !rule.only.contains(&value) {
            return Ok(None);
        }
        if let Some(class) = &rule.class {
            return Ok(Some(self.of_code(layer, Some(class.clone()))));
        }
        if rule.depths {
            let depth = depth_text::read(&value);
            let class = depth.and_then(|depth| {
                self.layers[layer]
                    .classes
                    .iter()
                    .find(|class| class.depth == Some(depth))
                    .map(|class| class.code.clone())
            });
            return Ok(Some(Found { layer, class: Some(class.unwrap_or(value)), depth, official: true }));
        }
        let value = rule.codes.get(&value).cloned().unwrap_or(value);
        Ok(Some(self.of_code(layer, Some(value))))
    }

    fn of_code(&self, layer: usize, class: Option<String>) -> Found {
        let known = class.as_deref().and_then(|code| self.layers[layer].class(code));
        Found { layer, depth: known.and_then(|(_, class)| class.depth), class, official: true }
    }
}

impl Layer {
    /// The class of this code, and how severe it is among the layer's: the place in the list.
    pub fn class(&self, code: &str) -> Option<(usize, &Class)> {
        self.classes.iter().enumerate().find(|(_, class)| class.code == code)
    }

    /// What stands in the legend for a value that is no class of ours.
    pub fn unknown(&self, code: &str, depth: Option<DepthRange>) -> Class {
        Class {
            code: code.to_owned(),
            name: format!("{}（区分不明: {code}）", self.name),
            english: format!("{} (unknown class {code})", self.english),
            color: "#9e9e9e".to_owned(),
            pattern: Pattern::Cross,
            depth,
            group: String::new(),
        }
    }
}

impl Rule {
    fn fits(&self, fields: &Fields, file: &str) -> bool {
        self.fields.iter().all(|field| fields.has(field))
            && (self.in_name.is_empty() || self.in_name.iter().any(|mark| file.contains(mark.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_is_sound() {
        let catalogue = Catalogue::built_in().unwrap();
        let ids: BTreeSet<&str> = catalogue.layers.iter().map(|layer| layer.id.as_str()).collect();
        assert_eq!(ids.len(), catalogue.layers.len());
        for layer in &catalogue.layers {
            assert!(
                layer.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                layer.id
            );
            let codes: BTreeSet<&str> = layer.classes.iter().map(|class| class.code.as_str()).collect();
            assert!(!codes.is_empty() && codes.len() == layer.classes.len(), "{}", layer.id);
            for class in &layer.classes {
                let hex = class
                    .color
                    .strip_prefix('#')
                    .is_some_and(|hex| hex.len() == 6 && u32::from_str_radix(hex, 16).is_ok());
                assert!(hex, "{} {}", layer.id, class.code);
            }
            for rule in &layer.sources {
                let named = rule.codes.values().chain(&rule.class);
                assert!(named.into_iter().all(|code| codes.contains(code.as_str())), "{}", layer.id);
                // What one layer leaves to another, that one takes.
                for value in &rule.without {
                    let takes = |other: &Rule| other.fields == rule.fields && other.only.contains(value);
                    assert!(catalogue.layers.iter().any(|other| other.sources.iter().any(takes)), "{}", layer.id);
                }
            }
        }
    }

    #[test]
    fn the_ministrys_depth_ranks_have_the_ministrys_colours() {
        let catalogue = Catalogue::built_in().unwrap();
        let (_, layer) = catalogue.layer("flood-max").unwrap();
        let ranks: Vec<_> = layer.classes.iter().map(|class| (class.color.as_str(), class.depth.unwrap())).collect();
        let depth = |min, max| DepthRange::new(min, max).unwrap();
        let official = [
            ("#f7f5a9", depth(0.0, Some(0.5))),
            ("#ffd8c0", depth(0.5, Some(3.0))),
            ("#ffb7b7", depth(3.0, Some(5.0))),
            ("#ff9191", depth(5.0, Some(10.0))),
            ("#f285c9", depth(10.0, Some(20.0))),
            ("#dc7adc", depth(20.0, None)),
        ];
        assert_eq!(ranks, official);
    }
}
