//! The story: data, not code (`tests/demo/night.json`).

use anyhow::Result;
use serde::Deserialize;
use sokuho_tests::pictures::Scene;

/// A night.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Name of the drill.
    pub operation: String,
    /// What every word begins with.
    pub mark: String,
    /// What it is, for readers.
    #[serde(rename = "about")]
    _about: String,
    /// What happens, in order.
    pub events: Vec<Event>,
}

/// Something happens.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Seconds from the beginning, in the story's time.
    pub at_s: f64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happens.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The drill begins.
    Drill,
    /// The town's staff member reports for duty at home.
    Arrive {
        /// Index of the town.
        town: usize,
    },
    /// The town's staff member checks out.
    Leave {
        /// Index of the town.
        town: usize,
    },
    /// A resident reports.
    Resident(Report),
    /// The town's staff member reports.
    Staff(Report),
    /// The responsible office changes a status.
    Status {
        /// Index of the report.
        report: usize,
        /// The new status.
        status: String,
    },
}

/// A report of the story.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// Index of the town.
    pub town: usize,
    /// Degrees north of where the town's name is written.
    pub north_deg: f64,
    /// Degrees east of it.
    pub east_deg: f64,
    /// Category, as on the wire.
    pub category: String,
    /// What the photo shows.
    pub scene: Scene,
    /// Marked as danger to life.
    pub danger_to_life: bool,
    /// The words, without the mark.
    pub words: String,
}

impl Night {
    /// Reads the story that is built in.
    ///
    /// # Errors
    /// If it is not of this shape.
    pub fn read() -> Result<Self> {
        Ok(serde_json::from_str(include_str!("../../../demo/night.json"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_is_in_order_and_its_statuses_name_earlier_reports() {
        let night = Night::read().unwrap();
        assert!(night.events.is_sorted_by(|a, b| a.at_s <= b.at_s));
        let mut filed = 0;
        for event in &night.events {
            match &event.what {
                What::Resident(_) | What::Staff(_) => filed += 1,
                What::Status { report, .. } => assert!(*report < filed, "at {} s", event.at_s),
                _ => {}
            }
        }
    }

    #[test]
    fn every_one_of_thirteen_towns_has_a_part() {
        let night = Night::read().unwrap();
        let mut towns: Vec<_> = night
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Resident(report) | What::Staff(report) => Some(report.town),
                _ => None,
            })
            .collect();
        towns.sort_unstable();
        towns.dedup();
        assert_eq!(towns, (0..13).collect::<Vec<_>>());
    }
}
