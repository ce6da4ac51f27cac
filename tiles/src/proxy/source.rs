//! The sources that tiles may be taken from: a list, as data. An address is made of a template from the list and three
//! whole numbers, and of nothing else that anybody sends; so nobody can have this node ask another host.

use serde::Deserialize;

use crate::format::Format;
use crate::{MAX_ZOOM, Tile};

/// The list that comes with the program: 地理院タイル and 重ねるハザードマップ.
const BUILT_IN: &str = include_str!("../../../data/tiles/sources.json");

/// Characters of an id at most: it names a folder and stands in addresses.
const ID: usize = 40;

/// What is wrong with a list of sources.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is no JSON, or has other fields.
    #[error("the list of tile sources cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A source is not what it should be.
    #[error("tile source {id}: {what}")]
    Source {
        /// Its id.
        id: String,
        /// What is wrong.
        what: &'static str,
    },
}

/// What a source's tiles are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pictures.
    Raster,
    /// Vector tiles.
    Vector,
}

/// A source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Id: lower-case letters, digits and hyphens.
    pub id: String,
    /// Name, Japanese.
    pub name: String,
    /// Name, English.
    pub english: String,
    /// What its tiles are.
    pub kind: Kind,
    /// The outermost and the deepest zoom.
    pub zooms: (u8, u8),
    /// What must be shown beside the map.
    pub attribution: String,
    /// Where its terms are written.
    pub terms: String,
    template: Template,
}

/// An address with places for zoom, column and row: what stands before, between and behind them.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Template {
    parts: Vec<String>,
    order: [Place; 3],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Zoom,
    Column,
    Row,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    sources: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    id: String,
    name: String,
    english: String,
    kind: Kind,
    url: String,
    minzoom: u8,
    maxzoom: u8,
    attribution: String,
    terms: String,
}

/// The sources of the list that comes with the program: all by TLS.
///
/// # Errors
/// [`ListError`]; a test reads the list.
pub fn built_in() -> Result<Vec<Source>, ListError> {
    read(BUILT_IN, false)
}

/// Reads a list of sources. An operator's own list may name hosts without TLS, such as a mirror in the prefecture's
/// network.
///
/// # Errors
/// [`ListError`]
pub fn read(json: &str, without_tls: bool) -> Result<Vec<Source>, ListError> {
    let list: List = serde_json::from_str(json)?;
    let mut sources: Vec<Source> = Vec::new();
    for listed in list.sources {
        let id = listed.id.clone();
        let source = Source::of(listed, without_tls).map_err(|what| ListError::Source { id: id.clone(), what })?;
        if sources.iter().any(|other| other.id == id) {
            return Err(ListError::Source { id, what: "stands in the list twice" });
        }
        sources.push(source);
    }
    Ok(sources)
}

impl Source {
    fn of(listed: Listed, without_tls: bool) -> Result<Self, &'static str> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if listed.id.is_empty() || listed.id.len() > ID || !listed.id.bytes().all(plain) {
            return Err("the id must be lower-case letters, digits and hyphens, at most 40");
        }
        if listed.minzoom > listed.maxzoom || listed.maxzoom > MAX_ZOOM {
            return Err("the zooms do not rise, or go too deep");
        }
        if listed.attribution.trim().is_empty() {
            return Err("the attribution is missing");
        }
        Ok(Self {
            template: Template::parse(&listed.url, without_tls)?,
            id: listed.id,
            name: listed.name,
            english: listed.english,
            kind: listed.kind,
            zooms: (listed.minzoom, listed.maxzoom),
            attribution: listed.attribution,
            terms: listed.terms,
        })
    }

    /// The address of a tile.
    pub fn address(&self, tile: Tile) -> String {
        let mut address = String::new();
        let numbers = self.template.order.map(|place| match place {
            Place::Zoom => u32::from(tile.z),
            Place::Column => tile.x,
            Place::Row => tile.y,
        });
        for (n, part) in self.template.parts.iter().enumerate() {
            address.push_str(part);
            if let Some(number) = numbers.get(n) {
                address.push_str(&number.to_string());
            }
        }
        address
    }

    /// Whether a tile of this source may be of this format.
    pub fn takes(&self, format: Format) -> bool {
        format.is_raster() == (self.kind == Kind::Raster)
    }
}

impl Template {
    fn parse(url: &str, without_tls: bool) -> Result<Self, &'static str> {
        let after_scheme = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => rest,
            (None, Some(rest)) if without_tls => rest,
            _ => return Err("the address must begin with https://"),
        };
        let (host, path) = after_scheme.split_once('/').ok_or("the address has no path")?;
        let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
        // A place, a user or a bracket among these would let numbers or a list's maker choose another host.
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if name.is_empty() || !name.bytes().all(is_name) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err("the address has no plain host name");
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/{}?=&%".contains(&b);
        if !path.bytes().all(plain) {
            return Err("the address has characters that are not written in one");
        }
        let places = [("{z}", Place::Zoom), ("{x}", Place::Column), ("{y}", Place::Row)];
        let mut found: Vec<(usize, Place)> = Vec::new();
        for (word, place) in places {
            let mut at = url.match_indices(word).map(|(at, _)| at);
            found.push((at.next().ok_or("the address lacks {z}, {x} or {y}")?, place));
            if at.next().is_some() {
                return Err("the address has {z}, {x} or {y} twice");
            }
        }
        found.sort_by_key(|(at, _)| *at);
        let (mut parts, mut from) = (Vec::new(), 0);
        for (at, _) in &found {
            parts.push(url[from..*at].to_owned());
            from = at + "{z}".len();
        }
        parts.push(url[from..].to_owned());
        if parts.iter().any(|part| part.contains(['{', '}'])) {
            return Err("the address has places other than {z}, {x} and {y}");
        }
        Ok(Self { parts, order: [found[0].1, found[1].1, found[2].1] })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(url: &str) -> String {
        format!(
            r#"{{"sources":[{{"id":"a","name":"い","english":"A","kind":"raster","url":"{url}","minzoom":5,"maxzoom":18,
                "attribution":"GSI","terms":"https://example.jp/"}}]}}"#
        )
    }

    #[test]
    fn the_list_that_comes_with_the_program_is_sound_and_by_tls_alone() {
        let sources = built_in().unwrap();
        for id in ["std", "pale", "photo", "hillshade", "flood-max", "debris-flow", "steep-slope", "landslide"] {
            assert!(sources.iter().any(|source| source.id == id), "{id}");
        }
        for source in &sources {
            let address = source.address(Tile { z: 10, x: 910, y: 396 });
            let hosts = ["https://cyberjapandata.gsi.go.jp/xyz/", "https://disaportaldata.gsi.go.jp/raster/"];
            assert!(hosts.iter().any(|host| address.starts_with(host)), "{address}");
            assert!(address.contains("/10/910/396."), "{address}");
            assert!(!source.attribution.is_empty() && source.terms.starts_with("https://"));
        }
    }

    #[test]
    fn numbers_stand_where_the_template_has_their_places() {
        let sources = read(&list("https://a.example.jp:8443/{z}/{y}/{x}?v=1"), false).unwrap();
        assert_eq!(sources[0].address(Tile { z: 3, x: 7, y: 5 }), "https://a.example.jp:8443/3/5/7?v=1");
    }

    #[test]
    fn a_template_that_could_name_another_host_is_refused() {
        for url in [
            "http://a.example.jp/{z}/{x}/{y}",
            "ftp://a.example.jp/{z}/{x}/{y}",
            "file:///{z}/{x}/{y}",
            "https://{z}.example.jp/{x}/{y}",
            "https://a.example.jp{z}/{x}/{y}",
            "https://user@a.example.jp/{z}/{x}/{y}",
            "https://a.example.jp:{z}/{x}/{y}",
            "https://a.example.jp:port/{z}/{x}/{y}",
            "https:///{z}/{x}/{y}",
            "https://a.example.jp/{z}/{x}",
            "https://a.example.jp/{z}/{z}/{x}/{y}",
            "https://a.example.jp/{s}/{z}/{x}/{y}",
            "https://a.example.jp/{z}/{x}/{y}#@b.example.jp",
            "https://a.example.jp\\\\@b.example.jp/{z}/{x}/{y}",
        ] {
            assert!(matches!(read(&list(url), false), Err(ListError::Source { .. })), "{url}");
        }
        assert!(read(&list("http://a.example.jp/{z}/{x}/{y}"), true).is_ok(), "an operator's own mirror");
    }

    #[test]
    fn a_list_that_is_not_one_is_refused() {
        let good = list("https://a.example.jp/{z}/{x}/{y}");
        for (from, to) in [
            (r#""id":"a""#, r#""id":"../a""#),
            (r#""id":"a""#, r#""id":"""#),
            (r#""minzoom":5"#, r#""minzoom":19"#),
            (r#""maxzoom":18"#, r#""maxzoom":31"#),
            (r#""GSI""#, r#""""#),
            (r#""raster""#, r#""sound""#),
            (r#""terms""#, r#""host""#),
        ] {
            assert!(good.contains(from));
            assert!(read(&good.replace(from, to), false).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn whatever_tile_is_asked_for_the_host_stays(z in 0_u8..=30, x in any::<u32>(), y in any::<u32>()) {
            for source in built_in().unwrap() {
                let address = source.address(Tile { z, x, y });
                prop_assert!(address.starts_with("https://cyberjapandata.gsi.go.jp/") || address.starts_with("https://disaportaldata.gsi.go.jp/"));
                prop_assert!(!address.contains("..") && !address.contains('@'));
            }
        }
    }
}
