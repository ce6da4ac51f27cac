//! Writes a long log for the bench: reports all over the region, by staff and residents, some of their incidents
//! handled, through the log's own append.
//!
//! `cargo run --release -p sokuho --example fill_log -- --data FOLDER --reports 1000000`; with `DATABASE_URL` set,
//! into that PostgreSQL database. No node may run on the folder. The same numbers give the same places and words.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use sokuho::app::Storage;
use sokuho::database::PostgresUrl;
use sokuho::domain::clock::{Clock, Entropy, HlcSource, SystemClock, SystemEntropy};
use sokuho::domain::entry::{Actor, Body, Entry, StatusChanged};
use sokuho::domain::ids::{EntryId, IncidentId, NodeId, ReportId, StaffId, uuid_v7};
use sokuho::domain::incident::Status;
use sokuho::domain::office::OfficeCode;
use sokuho::domain::operation::EVERYDAY;
use sokuho::domain::position::{Bounds, Evidence, EvidenceSource, Position};
use sokuho::domain::report::{Category, Edition, Report};
use sokuho::domain::zone::Zones;
use sokuho::locate::Locator;
use sokuho::log::{Draft, EntryLog, digest_of};
use sokuho::region::Region;

/// Entries in one commit: what one statement of SQLite takes.
const COMMIT: usize = 256;

/// Over so many days the reports are spread; the last is filed now.
const DAYS: i64 = 90;

/// One incident in so many is handled.
const HANDLED: u64 = 5;

const WORDS: [&str; 8] = [
    "県道の路肩が幅2メートルほど崩れ、片側が通れません",
    "道路に水があふれ、マンホールのふたが浮いています",
    "街路灯が消えています",
    "裏山の斜面に新しいひび割れがあり、小石が落ち続けています。避難した方がよいでしょうか",
    "倒木が電線にかかっています",
    "水道管から漏水しているようです。歩道が濡れて、夜は凍るかもしれません",
    "橋のたもとの土が流され、段差ができています。車は通れますが危険です",
    "用水路があふれそうです",
];

/// Writes a long log.
#[derive(Parser)]
struct Args {
    /// The node's data folder.
    #[arg(long)]
    data: PathBuf,
    /// The node's database, if it is PostgreSQL.
    #[arg(long, env = "DATABASE_URL")]
    database: Option<PostgresUrl>,
    /// Reports to write.
    #[arg(long)]
    reports: u64,
    /// Leave every incident as it came.
    #[arg(long)]
    untouched: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let storage = Storage::open(args.data, args.database, None, clock.clone(), entropy.clone()).await?;
    storage.log.claim().await?;
    ensure!(storage.log.head().await? == 0, "the log is not empty");
    let mut author = Author::new(&storage.region, storage.log.node(), clock.now(), args.reports)?;
    let mut drafts = Vec::with_capacity(COMMIT);
    for number in 0..args.reports {
        let filed = author.report(number, entropy.as_ref())?;
        let incident = filed.1;
        drafts.push(filed.0);
        if !args.untouched && number % HANDLED == 0 {
            drafts.push(author.status(incident, number, entropy.as_ref())?);
        }
        if drafts.len() + 2 > COMMIT || number + 1 == args.reports {
            storage.log.append(&drafts).await?;
            drafts.clear();
        }
    }
    println!("{} entries", storage.log.head().await?);
    storage.log.close().await;
    storage.database.close().await;
    Ok(())
}

/// Who writes it all.
struct Author<'a> {
    region: &'a Region,
    locator: Locator,
    towns: Vec<(OfficeCode, Position)>,
    node: NodeId,
    hlc: HlcSource,
    end: Timestamp,
    step: SignedDuration,
    reports: u64,
    dice: Dice,
}

impl<'a> Author<'a> {
    fn new(region: &'a Region, node: NodeId, end: Timestamp, reports: u64) -> Result<Self> {
        let towns: Vec<_> = region.municipalities().map(|town| (town.code.clone(), town.label)).collect();
        ensure!(!towns.is_empty(), "a region without municipalities");
        let days = SignedDuration::from_hours(24 * DAYS);
        let step = days / i32::try_from(reports.max(1)).context("too many reports")?;
        let locator = Locator::new(region);
        Ok(Self { region, locator, towns, node, hlc: HlcSource::default(), end, step, reports, dice: Dice(1) })
    }

    fn report(&mut self, number: u64, entropy: &dyn Entropy) -> Result<(Draft, IncidentId)> {
        let at = self.time_of(number);
        let town = self.dice.below(self.towns.len() as u64) as usize;
        let position = self.position(town);
        let id = ReportId(uuid_v7(at, entropy));
        let incident = IncidentId::opened_by(id);
        let evidence = Evidence {
            source: EvidenceSource::Device,
            position,
            accuracy_m: Some(4.0 + self.dice.below(60) as f64),
            heading_deg: None,
            at: Some(at),
        };
        let pick = self.dice.below(WORDS.len() as u64) as usize;
        let report = Report {
            id,
            incident,
            category: Category::ALL[pick % Category::ALL.len()],
            words: format!("{}（{}番地付近）", WORDS[pick], self.dice.below(3_000)),
            danger_to_life: self.dice.below(50) == 0,
            observed_at: at,
            evidence: [evidence].into(),
            chosen: 0,
            place: self.locator.locate(position),
            boundaries: Edition::named(self.region.edition()),
            media: Box::default(),
            zones: Zones::none(),
            has_contact: false,
        };
        // Residents and staff in equal parts.
        let (actor, office) = if number.is_multiple_of(2) { self.staff(town) } else { (Actor::Resident, None) };
        Ok((self.draft(EntryId(id.0), at, actor, office, Body::ReportFiled(Arc::new(report)))?, incident))
    }

    fn status(&mut self, incident: IncidentId, number: u64, entropy: &dyn Entropy) -> Result<Draft> {
        let at = self.time_of(number);
        let status = match self.dice.below(4) {
            0 => Status::InProgress,
            1 => Status::Declined,
            _ => Status::Resolved,
        };
        let town = self.dice.below(self.towns.len() as u64) as usize;
        let (actor, office) = self.staff(town);
        let body = Body::StatusChanged(StatusChanged { incident, status });
        self.draft(EntryId(uuid_v7(at, entropy)), at, actor, office, body)
    }

    fn draft(&self, id: EntryId, at: Timestamp, actor: Actor, office: Option<OfficeCode>, body: Body) -> Result<Draft> {
        let digest = digest_of(&[id.0.as_bytes()]);
        let hlc = self.hlc.tick(at);
        let entry = Entry { id, origin: self.node, hlc, actor, office, operation: EVERYDAY, body };
        Ok(Draft::new(entry, digest, None)?)
    }

    fn staff(&self, town: usize) -> (Actor, Option<OfficeCode>) {
        let (code, _) = &self.towns[town];
        // Always the same few people.
        let id = StaffId(uuid::Uuid::from_u128((0x7000 << 64) | (0x8000 << 48) | town as u128));
        let actor = Actor::Staff { id, name: format!("職員{town}"), employer: code.clone() };
        (actor, Some(code.clone()))
    }

    fn time_of(&self, number: u64) -> Timestamp {
        let before = i32::try_from(self.reports - number).unwrap_or(i32::MAX);
        self.end.checked_sub(self.step * before).unwrap_or(self.end)
    }

    /// Two of three around a town, the more the nearer; the others anywhere in the region's box.
    fn position(&mut self, town: usize) -> Position {
        let label = self.towns[town].1;
        let (lat, lon) = if self.dice.below(3) > 0 {
            // The sum of three even dice is nearly a bell; within some 10 km.
            let mut bell = || (self.dice.unit() + self.dice.unit() + self.dice.unit()) / 1.5 - 1.0;
            (label.lat() + 0.09 * bell(), label.lon() + 0.11 * bell())
        } else {
            let Bounds { west, south, east, north } = self.region.bounds();
            (south + (north - south) * self.dice.unit(), west + (east - west) * self.dice.unit())
        };
        // To a centimetre, as phones say it. A region's places lie off the null island.
        let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Position::new(rounded(lat), rounded(lon)).unwrap_or(label)
    }
}

/// Even dice: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
