//! Where a base map came from, and what has to be said of it: of the parts that were imported, and of the sketch that
//! fills the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::Schema;
use super::theme::Theme;

/// The terms of the ministry's download site.
const TERMS: &str = "国土数値情報ダウンロードサイト利用規約";

/// Where a base map came from, and what has to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Which edition, for people.
    pub edition: String,
    /// Who made what it rests on.
    pub source: String,
    /// Under which licence or terms it may be used.
    pub licence: String,
    /// What to write on the map.
    pub attribution: String,
}

/// A file that features were imported from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// What kind of file it is, as its features of this theme say.
    pub schemas: BTreeSet<Schema>,
}

impl SourceFile {
    /// Its name without the ending.
    fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem)
    }
}

/// The editions of files, for people.
pub fn edition_of(files: &[SourceFile]) -> String {
    listed(files.iter().map(SourceFile::stem), ", ")
}

/// What has to be said of a base map that is made of these parts. `sketch`: what the sketch says of itself, and what is
/// drawn of it.
pub(super) fn of(imported: &BTreeMap<Theme, Vec<SourceFile>>, sketch: Option<(&Origin, &[Theme])>) -> Origin {
    let files = || imported.values().flatten();
    let ministry: BTreeSet<&str> = files().flat_map(|file| &file.schemas).filter_map(|schema| schema.name()).collect();
    let ministry = (!ministry.is_empty()).then(|| format!("国土数値情報（{}）（国土交通省）", listed(ministry, "、")));
    let own: Vec<&str> = files().filter(|file| file.schemas.contains(&Schema::Own)).map(SourceFile::stem).collect();
    let own = (!own.is_empty()).then(|| listed(own, ", "));
    let sketched = sketch.filter(|(_, themes)| !themes.is_empty());
    let joined = |parts: [Option<String>; 3]| listed(parts.iter().flatten().map(String::as_str), " / ");
    Origin {
        edition: joined([
            (!imported.is_empty()).then(|| listed(files().map(SourceFile::stem), ", ")),
            None,
            sketched.map(|(sketch, _)| sketch.edition.clone()),
        ]),
        source: joined([ministry.clone(), own.clone(), sketched.map(|(sketch, _)| sketch.source.clone())]),
        licence: joined([
            ministry.as_ref().map(|_| TERMS.to_owned()),
            None,
            sketched.map(|(sketch, _)| sketch.licence.clone()),
        ]),
        attribution: joined([
            ministry.map(|ministry| format!("{ministry}を加工して作成")),
            own.map(|own| format!("背景地図: {own}")),
            sketched.map(|(sketch, themes)| {
                let what = listed(themes.iter().map(|theme| theme.japanese()), "・");
                format!("{}〔{what}〕", sketch.attribution)
            }),
        ]),
    }
}

/// The texts, each once, in their order.
fn listed<'a>(texts: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    let mut seen = BTreeSet::new();
    let once: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty() && seen.insert(*text)).collect();
    once.join(between)
}
