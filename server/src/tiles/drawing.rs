//! How a tile of the live world is written: the names of its layers and properties.
//!
//! Layer `incidents`: a point by itself has `id`, `category`, `status`, `filed_at` (seconds since 1970) and `drill`; a
//! cluster has `count`, `drill`, and how many there are of each category and each status, under their words; what is 0
//! is left out. For offices a point has `danger_to_life` if it is, and a cluster how many of it are.
//!
//! Layer `reports`, for offices: `id`, `incident`, `category`, `filed_at`, `drill`, `danger_to_life` if it is; clusters
//! as above.

use sokuho_tiles::Tile;
use sokuho_tiles::mvt::TileWriter;
use sokuho_tiles::points::{self, Spot, Tally, Thing};
use sokuho_tiles::properties::Properties;
use uuid::Uuid;

use crate::domain::report::Category;
use crate::live::map::{DANGER, FIRST_STATUS, MARKS, MapClusters, MapReport, MapTile, STATUSES, Shown};
use crate::wire::Audience;

/// The layer of incidents.
pub const INCIDENTS: &str = "incidents";

/// The layer of reports, for offices.
pub const REPORTS: &str = "reports";

/// Writes a tile; an empty one has no bytes.
pub fn draw(shown: &MapTile, tile: Tile, audience: Audience) -> Vec<u8> {
    let words = Words::new();
    let for_offices = audience == Audience::Office;
    let mut out = TileWriter::default();
    match &shown.incidents {
        Shown::OneByOne(few) => {
            let points = few.iter().map(|one| (one.thing.spot, one));
            points::write(&mut out, INCIDENTS, tile, points, |one, out| {
                words.incident(&one.thing, one.drill, for_offices, out);
            });
        }
        Shown::Gathered(real, drill) => {
            points::write(&mut out, INCIDENTS, tile, tallies(real, drill), |(tally, drill), out| {
                match tally.single() {
                    Some(thing) => words.incident(&thing, drill, for_offices, out),
                    None => words.cluster(tally, drill, for_offices, out),
                }
            });
        }
    }
    match &shown.reports {
        _ if !for_offices => {}
        Shown::OneByOne(few) => {
            let points = few.iter().map(|one| (one.thing.spot, one));
            points::write(&mut out, REPORTS, tile, points, |one, out| words.report(one, out));
        }
        Shown::Gathered(real, drill) => {
            points::write(&mut out, REPORTS, tile, tallies(real, drill), |(tally, drill), out| {
                words.cluster(tally, drill, true, out);
            });
        }
    }
    out.end()
}

/// Clusters with their places, and whether each is a drill's.
fn tallies<'a>(
    real: &'a MapClusters,
    drill: &'a MapClusters,
) -> impl Iterator<Item = (Spot, (&'a Tally<MARKS>, bool))> {
    let all = real.tallies().map(|tally| (tally, false)).chain(drill.tallies().map(|tally| (tally, true)));
    all.map(|(tally, drill)| (tally.middle(), (tally, drill)))
}

/// The words under which a cluster counts: categories, then statuses.
pub fn words() -> Vec<String> {
    Words::new().marks.to_vec()
}

fn text_of(id: Uuid, buffer: &mut [u8; 36]) -> &str {
    id.hyphenated().encode_lower(buffer)
}

/// The words of the marks, in their order.
struct Words {
    marks: [String; DANGER],
}

impl Words {
    fn new() -> Self {
        let word = |value: Result<serde_json::Value, serde_json::Error>| {
            value.ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let categories = Category::ALL.map(|category| word(serde_json::to_value(category)));
        let statuses = STATUSES.map(|status| word(serde_json::to_value(status)));
        let mut marks: [String; DANGER] = Default::default();
        for (place, word) in marks.iter_mut().zip(categories.into_iter().chain(statuses)) {
            *place = word;
        }
        Self { marks }
    }

    fn incident(&self, thing: &Thing, drill: bool, for_offices: bool, out: &mut Properties<'_>) {
        self.thing(thing, drill, out);
        self.first_of(thing, FIRST_STATUS..DANGER, "status", out);
        if for_offices {
            danger(thing, out);
        }
    }

    fn report(&self, report: &MapReport, out: &mut Properties<'_>) {
        out.own_text("incident", text_of(report.incident.0, &mut [0; 36]));
        self.thing(&report.thing, report.drill, out);
        danger(&report.thing, out);
    }

    fn thing(&self, thing: &Thing, drill: bool, out: &mut Properties<'_>) {
        out.own_text("id", text_of(Uuid::from_u128(thing.id), &mut [0; 36]));
        self.first_of(thing, 0..FIRST_STATUS, "category", out);
        out.own_number("filed_at", thing.time);
        out.flag("drill", drill);
    }

    fn first_of(&self, thing: &Thing, mut marks: std::ops::Range<usize>, key: &str, out: &mut Properties<'_>) {
        if let Some(mark) = marks.find(|mark| thing.marks >> mark & 1 == 1) {
            out.text(key, &self.marks[mark]);
        }
    }

    fn cluster(&self, tally: &Tally<MARKS>, drill: bool, for_offices: bool, out: &mut Properties<'_>) {
        out.number("count", tally.count().into());
        out.flag("drill", drill);
        for (word, count) in self.marks.iter().zip(tally.marks()).filter(|(_, count)| **count > 0) {
            out.number(word, (*count).into());
        }
        let dangers = tally.marks()[DANGER];
        if for_offices && dangers > 0 {
            out.number("danger_to_life", dangers.into());
        }
    }
}

fn danger(thing: &Thing, out: &mut Properties<'_>) {
    if thing.marks >> DANGER & 1 == 1 {
        out.flag("danger_to_life", true);
    }
}
