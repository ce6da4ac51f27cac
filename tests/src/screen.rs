//! A viewer that keeps a picture as the pages do: snapshot, then entries; back with its position when the
//! line is cut; a new snapshot when it is told to resync (docs/wire.md).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite;

use crate::client::Client;
use crate::random::Random;
use crate::viewer::{LineEnded, Position, Subscribe, Viewer};

/// What a screen shows: the things of the world by id.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Picture(BTreeMap<(&'static str, String), Value>);

const INCIDENT: &str = "incident";
const CHECK_IN: &str = "check-in";
const OPERATION: &str = "operation";

impl Picture {
    /// The picture of a snapshot.
    ///
    /// # Errors
    /// If it leaves something out, or a thing stands in it twice.
    pub fn of(snapshot: &Value) -> Result<Self> {
        ensure!(snapshot["omitted"] == 0, "the snapshot leaves out {}", snapshot["omitted"]);
        let mut picture = Self::default();
        for (kind, list) in [(INCIDENT, "incidents"), (CHECK_IN, "check_ins"), (OPERATION, "operations")] {
            for thing in snapshot[list].as_array().into_iter().flatten() {
                ensure!(picture.put(kind, thing)?, "{kind} stands in the snapshot twice: {thing}");
            }
        }
        Ok(picture)
    }

    /// Puts a thing in place of what there was; whether there was nothing.
    fn put(&mut self, kind: &'static str, thing: &Value) -> Result<bool> {
        let id = thing["id"].as_str().with_context(|| format!("{kind} without an id: {thing}"))?;
        Ok(self.0.insert((kind, id.to_owned()), thing.clone()).is_none())
    }

    fn apply(&mut self, entry: &Value) -> Result<()> {
        if entry["incident"].is_object() {
            self.put(INCIDENT, &entry["incident"])?;
        }
        if entry["operation"].is_object() {
            self.put(OPERATION, &entry["operation"])?;
        }
        for check_in in entry["check_ins"].as_array().into_iter().flatten() {
            self.put(CHECK_IN, check_in)?;
            if check_in["ended"].is_object() {
                // A snapshot holds the open ones alone.
                self.0.remove(&(CHECK_IN, check_in["id"].as_str().unwrap_or_default().to_owned()));
            }
        }
        Ok(())
    }

    /// The incidents.
    pub fn incidents(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(|((kind, _), _)| *kind == INCIDENT).map(|(_, thing)| thing)
    }

    /// The first thing that differs, as a sentence; `None` if the pictures are the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let ids = self.0.keys().chain(other.0.keys());
        let differs = ids.map(|id| (id, self.0.get(id), other.0.get(id))).find(|(_, one, two)| one != two);
        let show = |thing: Option<&Value>| thing.map_or("nothing".to_owned(), Value::to_string);
        differs.map(|((kind, id), one, two)| format!("{kind} {id} is here {} and there {}", show(one), show(two)))
    }
}

/// A screen.
#[derive(Debug)]
pub struct Screen {
    client: Client,
    picture: Picture,
    /// Everything up to here is in the picture; `None`: there is no picture yet.
    position: Option<Position>,
    viewer: Option<Viewer>,
    random: Random,
    /// How often it came back and went on where it was.
    pub resumed: u64,
    /// How often it had to take a new snapshot.
    pub resynced: u64,
}

impl Screen {
    /// A screen that shows nothing yet, with this client's token.
    pub fn new(client: Client, random: Random) -> Self {
        Self { client, picture: Picture::default(), position: None, viewer: None, random, resumed: 0, resynced: 0 }
    }

    /// What it shows.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// Watches, comes back whenever the line is cut, and returns when everything up to the goal is in the
    /// picture; 0 is no goal yet.
    ///
    /// # Errors
    /// If the stream breaks its promises. A line that is cut is no error.
    pub async fn follow(&mut self, mut goal: watch::Receiver<u64>) -> Result<()> {
        let mut failures = 0_u32;
        loop {
            let wanted = *goal.borrow_and_update();
            if wanted > 0 && self.position.as_ref().is_some_and(|position| position.seq >= wanted) {
                return Ok(());
            }
            let stepped = tokio::select! {
                stepped = self.step() => stepped,
                // Frames are read whole or not at all; a start that was under way begins anew.
                _ = goal.changed() => {
                    if self.position.is_none() {
                        self.viewer = None;
                    }
                    continue;
                }
            };
            match stepped {
                Ok(()) => failures = 0,
                Err(error) if is_of_the_line(&error) => {
                    self.viewer = None;
                    // As the pages do, only faster: full jitter.
                    let most = (20_u64 << failures.min(4)).min(300);
                    tokio::time::sleep(Duration::from_millis(self.random.below(most))).await;
                    failures += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens the stream, or reads one frame of it.
    async fn step(&mut self) -> Result<()> {
        let Some(viewer) = &mut self.viewer else {
            let subscribe = self.position.as_ref().map(Subscribe::since).unwrap_or_default();
            let viewer = self.client.watch_as(subscribe).await?;
            let begins = viewer.starts.last().cloned();
            self.resumed += u64::from(self.position.is_some());
            self.viewer = Some(viewer);
            return match begins {
                Some(start) => self.start_over(&start).await,
                None => Ok(()),
            };
        };
        let frame = viewer.read().await.with_context(|| format!("a screen that shows {:?}", self.position))?;
        if matches!(frame["type"].as_str(), Some("snapshot" | "resync")) {
            self.resynced += 1;
            return self.start_over(&frame).await;
        }
        let reached = viewer.position();
        let entries = viewer.take_entries();
        let shown = self.position.as_mut().context("entries before a snapshot")?;
        for entry in entries.iter().filter(|entry| entry["seq"].as_u64() > Some(shown.seq)) {
            self.picture.apply(entry)?;
        }
        shown.seq = shown.seq.max(reached.seq);
        Ok(())
    }

    /// Takes the snapshot that the stream goes on after.
    async fn start_over(&mut self, start: &Value) -> Result<()> {
        self.position = None;
        let snapshot = self.client.get(start["href"].as_str().context("no href")?).await?.good()?;
        self.picture = Picture::of(&snapshot)?;
        let epoch = snapshot["epoch"].as_str().context("no epoch")?.to_owned();
        self.position = Some(Position { epoch, seq: snapshot["seq"].as_u64().context("no seq")? });
        Ok(())
    }
}

/// Whether the line was cut, which is everyday; anything else is a broken promise.
fn is_of_the_line(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<LineEnded>() || cause.is::<tungstenite::Error>() || cause.is::<reqwest::Error>())
}
