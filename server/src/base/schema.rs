//! How the files of 国土数値情報 say what lies on the ground, told by the fields of a feature. Schemas:
//! <https://nlftp.mlit.go.jp/ksj/>, N02 (railways), W05 (rivers), W09 (lakes), N01, N06 and N13 (roads); and our own
//! ([`super::feature`]).

use geo::{Area as _, Centroid as _};
use geo_types::Geometry;
use serde::{Deserialize, Serialize};

use super::{Feature, Kind, Layer};
use crate::geodata::{Fields, NotText};

/// Square degrees to square kilometres at Japan's latitudes, roughly; it decides only how early a lake is drawn.
const KM2: f64 = 111.0 * 111.0 * 0.8;
/// The year in which what still exists ends (N06: `N06_003` of a section, `N06_014` of a joint).
const STILL: &str = "9999";

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Schema {
    /// 鉄道データ.
    N02,
    /// 河川データ.
    W05,
    /// 湖沼データ.
    W09,
    /// 道路データ (1978–1995).
    N01,
    /// 高速道路時系列データ.
    N06,
    /// 道路データ (2024 and later).
    N13,
    /// Sokuho's own.
    Own,
}

impl Schema {
    /// Tells the kind by a feature's fields.
    pub fn of(fields: &Fields) -> Option<Self> {
        let has = |name| fields.has(name);
        match () {
            () if has("N02_003") => Some(Self::N02),
            () if has("W05_004") => Some(Self::W05),
            () if has("W09_001") => Some(Self::W09),
            () if has("N06_007") || has("N06_018") => Some(Self::N06),
            () if has("N13_003") => Some(Self::N13),
            () if has("N01_001") => Some(Self::N01),
            () if has("layer") && has("rank") => Some(Self::Own),
            () => None,
        }
    }

    /// What the ministry calls it; `None` for what is not the ministry's.
    pub const fn name(self) -> Option<&'static str> {
        let name = match self {
            Self::N02 => "鉄道データ",
            Self::W05 => "河川データ",
            Self::W09 => "湖沼データ",
            Self::N01 | Self::N13 => "道路データ",
            Self::N06 => "高速道路時系列データ",
            Self::Own => return None,
        };
        Some(name)
    }

    /// Whether the file says of a feature the year in which it ended: it is kept there as history alone.
    ///
    /// # Errors
    /// [`NotText`]: the year is in no encoding that we know.
    pub fn has_ended(self, fields: &Fields) -> Result<bool, NotText> {
        // 設置期間（終了年）; `N06_004` is the id by which the sections of one road's history belong together.
        let year = if fields.has("N06_018") { "N06_014" } else { "N06_003" };
        Ok(self == Self::N06 && fields.text(year)?.is_some_and(|end| end != STILL))
    }

    /// A feature of such a file as the base map has it; `None` for what is not drawn: shapes that the layer does not
    /// have.
    ///
    /// # Errors
    /// [`NotText`]: a field is in no encoding that we know.
    pub fn feature(self, fields: &Fields, geometry: Geometry<f64>) -> Result<Option<Feature>, NotText> {
        let text = |name: &str| Ok(fields.text(name)?.map(|text| text.into_owned()));
        let one = |layer, name, rank, geometry| Feature {
            layer,
            name,
            english: None,
            reference: None,
            kind: None,
            rank,
            sketch: false,
            geometry,
        };
        let found = match self {
            Self::N02 => match text("N02_005")? {
                // A station is the line of its platform.
                Some(station) => geometry.centroid().map(|at| one(Layer::Station, Some(station), 2, at.into())),
                None => Some(one(Layer::Railway, text("N02_003")?, 1, geometry)),
            },
            Self::W05 => {
                let rank = match text("W05_003")?.as_deref() {
                    Some("1" | "5") => 1, // 一級河川, kept by the state
                    Some("2" | "6") => 2,
                    Some("3" | "7") => 3,
                    _ => 4,
                };
                let name = text("W05_004")?.filter(|name| name != "名称不明");
                Some(one(Layer::Waterway, name, rank, geometry))
            }
            Self::W09 => {
                let km2 = geometry.unsigned_area() * KM2;
                let rank = if km2 >= 10.0 {
                    1
                } else if km2 >= 1.0 {
                    2
                } else {
                    3
                };
                Some(one(Layer::Water, text("W09_001")?, rank, geometry))
            }
            Self::N06 => match (text("N06_007")?, text("N06_018")?) {
                (_, Some(joint)) => {
                    Some(Feature { kind: Some(Kind::Interchange), ..one(Layer::Place, Some(joint), 3, geometry) })
                }
                (road, None) => Some(one(Layer::Road, road, 1, geometry)),
            },
            Self::N01 => {
                let rank = match text("N01_001")?.as_deref() {
                    Some("1") => 1,
                    Some("2") => 2,
                    Some("3") => 3,
                    _ => 4,
                };
                let name = text("N01_002")?;
                let reference = name.as_deref().filter(|_| rank == 2).and_then(number);
                Some(Feature { reference, ..one(Layer::Road, name, rank, geometry) })
            }
            Self::N13 => {
                let rank = match text("N13_003")?.as_deref() {
                    Some("4") => 1, // 高速自動車国道等
                    Some("1") => 2, // 国道
                    Some("2") => 3, // 都道府県道
                    _ => 5,
                };
                Some(one(Layer::Road, None, rank, geometry))
            }
            Self::Own => own(fields, geometry)?,
        };
        Ok(found.filter(|feature| feature.layer.takes(&feature.geometry)))
    }
}

fn own(fields: &Fields, geometry: Geometry<f64>) -> Result<Option<Feature>, NotText> {
    let text = |name: &str| Ok(fields.text(name)?.map(|text| text.into_owned()));
    let layer = text("layer")?.and_then(|name| Layer::ALL.into_iter().find(|layer| layer.name() == name));
    let rank = text("rank")?.and_then(|rank| rank.parse().ok()).filter(|rank| (1..=9).contains(rank));
    let kinds = [Kind::Settlement, Kind::Office, Kind::Interchange, Kind::Peak];
    let kind = text("kind")?.and_then(|name| kinds.into_iter().find(|kind| kind.name() == name));
    let (Some(layer), Some(rank)) = (layer, rank) else { return Ok(None) };
    let (name, english, reference) = (text("name")?, text("name_en")?, text("ref")?);
    let sketch = text("sketch")?.as_deref() == Some("true");
    Ok(Some(Feature { layer, name, english, reference, kind, rank, sketch, geometry }))
}

/// The number in a road's name: `一般国道49号` is 49.
fn number(name: &str) -> Option<String> {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        other => other,
    };
    let digits: String =
        name.chars().map(narrow).skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
