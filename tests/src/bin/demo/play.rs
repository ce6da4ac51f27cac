//! Plays the story with people who sign in, upload and file like anybody else.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::pictures::{self, GpsTags};
use sokuho_tests::region::Office;
use sokuho_tests::report::report;
use sokuho_tests::time::new_id;
use tokio::time::Instant;
use uuid::Uuid;

use crate::night::{Night, Report, What};

/// Who plays.
pub struct Cast {
    /// Residents.
    pub public: Client,
    /// Opens the drill.
    pub admin: Client,
    /// One of each municipality.
    pub members: Vec<Member>,
    /// All offices.
    pub offices: Vec<Office>,
}

/// The people of a municipality.
pub struct Member {
    /// The municipality.
    pub town: Office,
    /// Lives there and works elsewhere.
    pub staff: Client,
    /// Works there.
    pub operator: Client,
}

impl Cast {
    /// The people of a town of the story; a region with fewer towns takes turns.
    fn of(&self, town: usize) -> Result<&Member> {
        self.members.get(town % self.members.len().max(1)).context("nobody plays")
    }
}

struct Stage<'a> {
    night: &'a Night,
    cast: &'a Cast,
    drill: Option<Uuid>,
    check_ins: Vec<(usize, String)>,
    /// Incident and responsible office of each report.
    filed: Vec<(String, Option<String>)>,
}

/// Plays to the end.
///
/// # Errors
/// If the node refuses something.
pub async fn play(night: &Night, cast: &Cast, speed: f64) -> Result<()> {
    let mut stage = Stage { night, cast, drill: None, check_ins: Vec::new(), filed: Vec::new() };
    let start = Instant::now();
    for event in &night.events {
        tokio::time::sleep_until(start + Duration::from_secs_f64(event.at_s / speed)).await;
        let line = stage.happen(&event.what).await.with_context(|| format!("at {} s of the story", event.at_s))?;
        println!("{:>2}:{:02}  {line}", event.at_s as u64 / 60, event.at_s as u64 % 60);
    }
    Ok(())
}

impl Stage<'_> {
    async fn happen(&mut self, what: &What) -> Result<String> {
        match what {
            What::Drill => {
                self.drill = Some(self.cast.admin.open_drill(&self.night.operation).await?);
                Ok(self.night.operation.clone())
            }
            What::Arrive { town } => {
                let member = self.cast.of(*town)?;
                let check_in = member.staff.check_in(&member.town.code).await?;
                let id = check_in["id"].as_str().context("no check-in id")?;
                self.check_ins.push((*town, id.to_owned()));
                let confirm = json!({ "id": new_id(), "role": "field" });
                member.operator.post(&format!("/api/check-ins/{id}/confirm"), &confirm).await?.good()?;
                Ok(format!("参集 {}", member.town.name))
            }
            What::Leave { town } => {
                let member = self.cast.of(*town)?;
                let found = self.check_ins.iter().find(|(of, _)| of == town);
                let (_, id) = found.context("who leaves must have arrived")?;
                let body = json!({ "id": new_id() });
                member.staff.post(&format!("/api/check-ins/{id}/check-out"), &body).await?.good()?;
                Ok(format!("参集解除 {}", member.town.name))
            }
            What::Resident(report) => self.file(report, &self.cast.public.clone(), "住民").await,
            What::Staff(report) => self.file(report, &self.cast.of(report.town)?.staff.clone(), "職員").await,
            What::Status { report, status } => {
                let (incident, responsible) = self.filed.get(*report).context("no such report")?;
                let of_office = |member: &&Member| Some(&member.town.code) == responsible.as_ref();
                let Some(member) = self.cast.members.iter().find(of_office) else {
                    return Ok(format!("{report}: nobody answers for it"));
                };
                member.operator.set_status(incident, status).await?.good()?;
                Ok(format!("{} {status}", member.town.name))
            }
        }
    }

    async fn file(&mut self, part: &Report, by: &Client, who: &str) -> Result<String> {
        let town = &self.cast.of(part.town)?.town;
        let at = (town.at.0 + part.north_deg, town.at.1 + part.east_deg);
        let picture = pictures::jpeg(&pictures::draw(part.scene, self.filed.len() as u64 + 1))?;
        let direction = (self.filed.len() as u32 * 47) % 360;
        let photo = pictures::with_gps(&picture, &GpsTags::at(at.0, at.1, direction))?;
        let uploaded = by.upload(photo, "image/jpeg").await?;
        let mut sent: Value = report(at);
        sent["category"] = json!(part.category);
        sent["words"] = json!(format!("{}{}", self.night.mark, part.words));
        sent["danger_to_life"] = json!(part.danger_to_life);
        sent["media"] = json!([uploaded["id"]]);
        if let Some(drill) = self.drill {
            sent["operation"] = json!(drill);
        }
        if uploaded["evidence"].is_object() {
            let evidence = sent["evidence"].as_array_mut().context("a report without evidence")?;
            evidence.push(uploaded["evidence"].clone());
        }
        let receipt = by.file(&sent).await?;
        let incident = receipt["incident"].as_str().context("no incident")?.to_owned();
        self.filed.push((incident, receipt["responsible"].as_str().map(str::to_owned)));
        Ok(format!("{who} {}: {}{}", town.name, self.night.mark, part.words))
    }
}
