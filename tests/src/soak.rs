//! Rounds of `kill -9` under load. Each begins with senders and viewers at work, ends the node at a random
//! moment, starts it again on the same data, and asks for everything that was promised:
//!
//! - every request that was acknowledged is in the log (`sokuho check` reads it; a repetition is answered from
//!   it with the same receipt), and there is no entry beside them: none twice, no gap;
//! - every viewer comes back by itself and shows the same as a snapshot of the world after the replay;
//! - the photo of every acknowledged report can be fetched and has the hash that it had.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::random::Random;
use crate::screen::{Picture, Screen};
use crate::senders::{Done, Sender};
use crate::server::{Server, Start};
use crate::viewer::PATIENCE;

/// How many work at the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crowd {
    /// Senders.
    pub senders: usize,
    /// Viewers of each audience.
    pub viewers: usize,
}

/// What rounds came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Rounds.
    pub rounds: u64,
    /// Acknowledged requests.
    pub acknowledged: u64,
    /// Those of them that name a photo.
    pub photos: u64,
    /// Requests that the end of the node left unanswered, and that were sent again.
    pub unanswered: u64,
    /// Starts that were killed on their way.
    pub killed_starts: u64,
    /// Times that a viewer came back.
    pub resumed: u64,
    /// Times that it had to take a new snapshot then.
    pub resynced: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.acknowledged += other.acknowledged;
        self.photos += other.photos;
        self.unanswered += other.unanswered;
        self.killed_starts += other.killed_starts;
        self.resumed += other.resumed;
        self.resynced += other.resynced;
    }
}

/// A node with its senders and viewers.
#[derive(Debug)]
pub struct Soak {
    server: Server,
    wall: Client,
    senders: Vec<Sender>,
    screens: Vec<(Client, Screen)>,
    random: Random,
    /// The log's last entry before the first sender began.
    base: u64,
    /// What the rounds came to so far.
    pub tally: Tally,
}

impl Soak {
    /// Starts a node with an empty data folder, and makes accounts and viewers for it.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn begin(start: Start, crowd: Crowd, seed: u64) -> Result<Self> {
        let mut random = Random::new(seed);
        let server = start.arg("--reports-per-minute").arg("0").arg("--uploads-per-minute").arg("0");
        let server = server.arg("--viewers-per-address").arg("0").start()?;
        let public = server.public();
        let region = public.region().await?;
        let towns: Vec<_> = region.municipalities().cloned().collect();
        let [town] = region.towns()?;
        let operator = server.staff("operator", &town.code, None, "operator").await?;
        let mut senders = Vec::new();
        for number in 0..crowd.senders {
            let field = server.staff(&format!("field-{number}"), &town.code, None, "field").await?;
            let others = towns.clone();
            let random = random.branch();
            senders.push(Sender::new(public.clone(), field, operator.clone(), town.clone(), others, random));
        }
        let wall = server.wall(&town.code).await?;
        let mut screens = Vec::new();
        for client in [&wall, &public] {
            for _ in 0..crowd.viewers {
                screens.push((client.clone(), Screen::new(client.clone(), random.branch())));
            }
        }
        let base = head(&wall).await?;
        Ok(Self { server, wall, senders, screens, random, base, tally: Tally::default() })
    }

    /// One round.
    ///
    /// # Errors
    /// What was promised and is not so.
    pub async fn round(&mut self) -> Result<()> {
        let begun = Instant::now();
        let (goal, wanted) = watch::channel(0);
        let mut watching = JoinSet::new();
        for (client, mut screen) in self.screens.drain(..) {
            let wanted = wanted.clone();
            watching.spawn(async move { screen.follow(wanted).await.map(|()| (client, screen)) });
        }
        let done_before: Vec<usize> = self.senders.iter().map(|sender| sender.done.len()).collect();
        let mut sending = JoinSet::new();
        for (number, mut sender) in self.senders.drain(..).enumerate() {
            sending.spawn(async move { sender.send_until_unanswered().await.map(|()| (number, sender)) });
        }

        // The moment is the point: nothing announces it.
        tokio::time::sleep(Duration::from_millis(20 + self.random.below(900))).await;
        self.server.kill();

        let mut senders = Vec::new();
        while let Some(sender) = sending.join_next().await {
            senders.push(sender??);
        }
        senders.sort_by_key(|(number, _)| *number);
        self.senders = senders.into_iter().map(|(_, sender)| sender).collect();
        if self.random.below(4) == 0 {
            self.server.kill_during_start(Duration::from_millis(self.random.below(400)))?;
            self.tally.killed_starts += 1;
        }
        self.server.command(&["check", "--media"], "").context("what the end left behind")?;

        self.server.start_again()?;
        for sender in &mut self.senders {
            self.tally.unanswered += u64::from(sender.repeat_unanswered().await?);
        }
        let last = self.senders.first_mut().context("no senders")?.file_one().await?;
        let told = Instant::now();
        goal.send_replace(last);
        while let Some(watched) =
            tokio::time::timeout(2 * PATIENCE, watching.join_next()).await.context("a viewer hangs")?
        {
            let watched = watched?;
            if watched.is_err() {
                self.say_what_the_hub_does(last, told - begun, told.elapsed()).await?;
            }
            self.screens.push(watched?);
        }

        self.compare_pictures(last).await?;
        for (sender, before) in self.senders.iter().zip(done_before) {
            for done in sender.done.get(before..).unwrap_or_default() {
                self.tally.acknowledged += 1;
                self.tally.photos += u64::from(is_kept(&self.wall, done).await?);
            }
        }
        let entries: HashSet<&str> =
            self.senders.iter().flat_map(|sender| &sender.done).map(|done| done.deed.id()).collect();
        let head = head(&self.wall).await?;
        ensure!(
            head == self.base + entries.len() as u64,
            "{} requests were acknowledged, and the log grew from {} to {head}",
            entries.len(),
            self.base
        );
        self.tally.rounds += 1;
        self.tally.resumed = self.screens.iter().map(|(_, screen)| screen.resumed).sum();
        self.tally.resynced = self.screens.iter().map(|(_, screen)| screen.resynced).sum();
        Ok(())
    }

    /// For whoever looks into a viewer that did not get there.
    async fn say_what_the_hub_does(&self, goal: u64, before: Duration, since: Duration) -> Result<()> {
        let metrics = self.wall.get("/metrics").await?.text();
        let of_the_hub = |line: &&str| line.starts_with("sokuho_viewers") || line.starts_with("sokuho_hub");
        let hub: Vec<_> = metrics.lines().filter(of_the_hub).collect();
        eprintln!("entry {goal} came {before:?} into the round, {since:?} ago; the hub says\n{}", hub.join("\n"));
        Ok(())
    }

    /// Every viewer shows what a newcomer gets from the world after the replay, and every report is in it.
    async fn compare_pictures(&self, at_least: u64) -> Result<()> {
        for (client, screen) in &self.screens {
            let snapshot = client.get(&format!("/api/snapshot?at_least={at_least}")).await?.good()?;
            let difference = screen.picture().difference(&Picture::of(&snapshot)?);
            ensure!(difference.is_none(), "a viewer and the snapshot: {}", difference.unwrap_or_default());
        }
        let snapshot = self.wall.get(&format!("/api/snapshot?at_least={at_least}")).await?.good()?;
        let picture = Picture::of(&snapshot)?;
        let reports = picture.incidents().flat_map(|incident| incident["reports"].as_array().into_iter().flatten());
        let ids: Vec<&str> = reports.filter_map(|report| report["id"].as_str()).collect();
        let kept: HashSet<&str> = ids.iter().copied().collect();
        ensure!(kept.len() == ids.len(), "a report stands in the world twice");
        let sent = self.senders.iter().flat_map(|sender| &sender.done).filter(|done| done.deed.is_report());
        for done in sent {
            ensure!(kept.contains(done.deed.id()), "acknowledged and gone: {}", done.receipt);
        }
        Ok(())
    }

    /// Stops the node and looks at its log.
    ///
    /// # Errors
    /// If it does not end well.
    pub fn finish(self) -> Result<Tally> {
        self.server.finish()?;
        Ok(self.tally)
    }
}

/// Whether what was acknowledged is still the same entry; true if it names a photo.
async fn is_kept(office: &Client, done: &Done) -> Result<bool> {
    if done.deed.is_report() {
        let receipt = done.deed.send_again().await?;
        ensure!(receipt == done.receipt, "another receipt after the restart: {receipt} instead of {}", done.receipt);
    }
    let Some(photo) = done.deed.photo() else { return Ok(false) };
    let file = office.get(&format!("/api/media/{photo}")).await?;
    ensure!(file.status == 200, "the photo of an acknowledged report: {} {}", file.status, file.text());
    ensure!(hex::encode(Sha256::digest(&file.body)) == photo, "the photo of an acknowledged report has other bytes");
    Ok(true)
}

/// The log's last entry.
async fn head(client: &Client) -> Result<u64> {
    client.get("/readyz").await?.good()?["log_head"].as_u64().context("no log_head")
}
