//! Hazard zones as a report carries them: which layers' zones its place lies in.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word::word;

/// What threatens in a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Hazard {
    /// 洪水
    Flood,
    /// 内水
    InlandFlood,
    /// 高潮
    StormSurge,
    /// 津波
    Tsunami,
    /// 土砂災害
    Landslide,
    /// 雪崩
    Avalanche,
    /// 火山
    Volcano,
    /// その他
    Other,
}

word!(Hazard);

impl Hazard {
    /// All of them, in the order in which people see them.
    pub const ALL: [Self; 8] = [
        Self::Flood,
        Self::InlandFlood,
        Self::StormSurge,
        Self::Tsunami,
        Self::Landslide,
        Self::Avalanche,
        Self::Volcano,
        Self::Other,
    ];
}

/// How deep the water may stand: from one depth, inclusive, to another, exclusive, or without a limit. Kept in whole
/// centimetres, so that two ranges are the same or not; read and written as `{"min_m": …, "max_m": …}` in metres.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "Metres", try_from = "Metres")]
pub struct DepthRange {
    min_cm: u32,
    max_cm: Option<u32>,
}

/// What is no range of depths.
#[derive(Debug, thiserror::Error)]
#[error("{min_m} m to {max_m:?} m is no range of depths")]
pub struct NotADepthRange {
    min_m: f64,
    max_m: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Metres {
    min_m: f64,
    max_m: Option<f64>,
}

impl DepthRange {
    /// A range in metres.
    ///
    /// # Errors
    /// [`NotADepthRange`] if it does not rise, or a depth is not between 0 and 10,000 m.
    pub fn new(min_m: f64, max_m: Option<f64>) -> Result<Self, NotADepthRange> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        let whole = |metres: f64| (0.0..=10_000.0).contains(&metres).then(|| (metres * 100.0).round() as u32);
        let range = || {
            let max_cm = match max_m {
                Some(metres) => Some(whole(metres)?),
                None => None,
            };
            let min_cm = whole(min_m)?;
            max_cm.is_none_or(|max| max > min_cm).then_some(Self { min_cm, max_cm })
        };
        range().ok_or(NotADepthRange { min_m, max_m })
    }

    /// Metres; the water may stand so high at least.
    pub fn min_m(self) -> f64 {
        f64::from(self.min_cm) / 100.0
    }

    /// Metres; the water stays below. `None`: there is no limit.
    pub fn max_m(self) -> Option<f64> {
        self.max_cm.map(|cm| f64::from(cm) / 100.0)
    }
}

impl From<DepthRange> for Metres {
    fn from(range: DepthRange) -> Self {
        Self { min_m: range.min_m(), max_m: range.max_m() }
    }
}

impl TryFrom<Metres> for DepthRange {
    type Error = NotADepthRange;

    fn try_from(Metres { min_m, max_m }: Metres) -> Result<Self, NotADepthRange> {
        Self::new(min_m, max_m)
    }
}

/// One zone that a place lies in, in the words of the edition by which it was found. It names itself, so that an
/// entry can be read when the edition has long been replaced.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ZoneTag {
    /// Id of the layer.
    pub layer: String,
    /// What threatens.
    pub hazard: Hazard,
    /// Code of the class within the layer.
    pub class: String,
    /// What the class is called in Japanese, understood without its layer's name: 浸水 3.0〜5.0m.
    pub name: String,
    /// The same in English.
    pub english: String,
    /// How deep the water may stand, if the class is one of depths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<DepthRange>,
    /// The edition of the layer.
    pub edition: String,
    /// Invented, for demonstration and drills (架空・訓練用).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demonstration: bool,
}

/// The zones that a report's place lies in, by layer; mostly none.
///
/// A region has few classes and few combinations of them, and a million reports may name them: each tag and each
/// list is kept in memory once, and a report holds eight bytes.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Zones(Option<Arc<Vec<Arc<ZoneTag>>>>);

impl Zones {
    /// No zones.
    pub const fn none() -> Self {
        Self(None)
    }

    /// These zones. The order in which they are given does not matter, nor does a repetition: by layer, then class.
    pub fn of(tags: impl IntoIterator<Item = ZoneTag>) -> Self {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tags: Vec<Arc<ZoneTag>> = tags.into_iter().map(|tag| once(&mut kept.tags, tag)).collect();
        if tags.is_empty() {
            return Self(None);
        }
        tags.sort_by(|a, b| (&a.layer, &a.class, &a.edition).cmp(&(&b.layer, &b.class, &b.edition)));
        tags.dedup();
        tags.shrink_to_fit();
        Self(Some(once(&mut kept.lists, tags)))
    }
}

impl Deref for Zones {
    type Target = [Arc<ZoneTag>];

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl Serialize for Zones {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Arc::as_ref))
    }
}

impl<'de> Deserialize<'de> for Zones {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<ZoneTag>::deserialize(deserializer).map(Self::of)
    }
}

/// What is kept once.
struct Kept {
    tags: HashSet<Arc<ZoneTag>>,
    lists: HashSet<Arc<Vec<Arc<ZoneTag>>>>,
}

static KEPT: std::sync::LazyLock<Mutex<Kept>> =
    std::sync::LazyLock::new(|| Mutex::new(Kept { tags: HashSet::new(), lists: HashSet::new() }));

/// Values of a kind that are kept once; if so many are in use, further ones are kept as often as they are named.
const MOST_KEPT: usize = 16_384;

/// The one copy of a value. When the room is used up, what nobody holds any more makes way.
fn once<T: Hash + Eq>(kept: &mut HashSet<Arc<T>>, value: T) -> Arc<T> {
    if let Some(known) = kept.get(&value) {
        return Arc::clone(known);
    }
    if kept.len() >= MOST_KEPT {
        kept.retain(|known| Arc::strong_count(known) > 1);
    }
    let value = Arc::new(value);
    if kept.len() < MOST_KEPT {
        kept.insert(Arc::clone(&value));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(layer: &str, class: &str) -> ZoneTag {
        ZoneTag {
            layer: layer.to_owned(),
            hazard: Hazard::Flood,
            class: class.to_owned(),
            name: "浸水 3.0〜5.0m".to_owned(),
            english: "Flood depth 3 to 5 m".to_owned(),
            depth: Some(DepthRange::new(3.0, Some(5.0)).unwrap()),
            edition: "A31a-22".to_owned(),
            demonstration: false,
        }
    }

    #[test]
    fn the_same_zones_are_kept_once_in_whatever_order_they_come() {
        let one = Zones::of([tag("flood", "3"), tag("landslide", "21"), tag("flood", "3")]);
        let other = Zones::of([tag("landslide", "21"), tag("flood", "3")]);
        assert_eq!(one.len(), 2);
        assert!(Arc::ptr_eq(one.0.as_ref().unwrap(), other.0.as_ref().unwrap()));
        assert_eq!(size_of::<Zones>(), size_of::<usize>());
    }

    #[test]
    fn no_zones_take_no_memory_and_are_the_same_as_an_empty_list() {
        assert_eq!(Zones::of([]), Zones::default());
        assert_eq!(serde_json::from_str::<Zones>("[]").unwrap(), Zones::default());
        assert_eq!(Zones::default().len(), 0);
    }

    #[test]
    fn zones_are_read_as_they_were_written() {
        let zones = Zones::of([tag("flood", "3"), ZoneTag { depth: None, demonstration: true, ..tag("snow", "1") }]);
        let text = serde_json::to_string(&zones).unwrap();
        assert!(text.contains(r#""depth":{"min_m":3.0,"max_m":5.0}"#), "{text}");
        assert_eq!(serde_json::from_str::<Zones>(&text).unwrap(), zones);
    }

    #[test]
    fn depths_that_do_not_rise_or_are_none_are_refused() {
        for (min, max) in
            [(3.0, Some(3.0)), (5.0, Some(3.0)), (-1.0, None), (f64::NAN, None), (0.0, Some(f64::INFINITY))]
        {
            assert!(DepthRange::new(min, max).is_err(), "{min} {max:?}");
        }
        let open = DepthRange::new(20.0, None).unwrap();
        assert_eq!((open.min_m(), open.max_m()), (20.0, None));
        assert!(serde_json::from_str::<DepthRange>(r#"{"min_m":5,"max_m":3}"#).is_err());
    }

    #[test]
    fn what_nobody_holds_makes_way_and_the_room_is_bounded() {
        let mut kept = HashSet::new();
        let held: Vec<_> = (0..10).map(|n| once(&mut kept, n)).collect();
        (10..MOST_KEPT * 2).for_each(|n| drop(once(&mut kept, n)));
        assert!(kept.len() <= MOST_KEPT);
        assert!(held.iter().all(|value| Arc::ptr_eq(value, &once(&mut kept, **value))));
    }
}
