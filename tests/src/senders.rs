//! Senders under load: they report (some with a photo), change statuses and check in, as fast as they are
//! answered, until a request stays unanswered. What was answered, and what was not, they remember.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Answer, Client};
use crate::pictures;
use crate::random::Random;
use crate::region::Office;
use crate::report::{report, with};
use crate::time::new_id;

/// One request that becomes one entry. Sent again it is the same entry.
#[derive(Clone, Debug)]
pub struct Deed {
    client: Client,
    path: String,
    body: Value,
    /// SHA-256 of the photo that the report names.
    photo: Option<String>,
}

/// A deed that was acknowledged.
#[derive(Clone, Debug)]
pub struct Done {
    /// What was sent.
    pub deed: Deed,
    /// What was answered.
    pub receipt: Value,
}

impl Deed {
    /// Sends it; `None`: no answer came.
    ///
    /// # Errors
    /// If it was refused.
    pub async fn send(&self) -> Result<Option<Value>> {
        let Some(answer) = answered(self.client.request(Method::POST, &self.path).json(&self.body), &self.client).await
        else {
            return Ok(None);
        };
        answer.good().map(Some).with_context(|| format!("{} {}", self.path, self.body))
    }

    /// Sends it and wants the answer.
    ///
    /// # Errors
    /// If it was refused or not answered.
    pub async fn send_again(&self) -> Result<Value> {
        self.send().await?.with_context(|| format!("no answer to {}", self.path))
    }

    /// The id that its sender made.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    /// Whether it is a report.
    pub fn is_report(&self) -> bool {
        self.path == "/api/reports"
    }

    /// The id of the photo that it names.
    pub fn photo(&self) -> Option<&str> {
        self.photo.as_deref()
    }
}

async fn answered(request: reqwest::RequestBuilder, client: &Client) -> Option<Answer> {
    client.send(request).await.ok()
}

/// A sender: a resident, a staff member in the field, and an operator of the same town, by turns.
#[derive(Debug)]
pub struct Sender {
    public: Client,
    field: Client,
    operator: Client,
    town: Office,
    others: Vec<Office>,
    random: Random,
    /// Incidents of the town that this sender's reports opened.
    incidents: Vec<String>,
    check_in: Option<String>,
    /// What was acknowledged, in order.
    pub done: Vec<Done>,
    /// What stayed unanswered. It may be in the log or not.
    pub unanswered: Option<Deed>,
}

impl Sender {
    /// A sender at a town; `operator` must be one of that town, `field` nobody else's.
    pub fn new(
        public: Client,
        field: Client,
        operator: Client,
        town: Office,
        others: Vec<Office>,
        random: Random,
    ) -> Self {
        let (incidents, check_in, done, unanswered) = (Vec::new(), None, Vec::new(), None);
        Self { public, field, operator, town, others, random, incidents, check_in, done, unanswered }
    }

    /// Sends until a request stays unanswered.
    ///
    /// # Errors
    /// If the server refuses what it must take, or answers a repetition otherwise than before.
    pub async fn send_until_unanswered(&mut self) -> Result<()> {
        loop {
            if self.random.below(100) < 5 && !self.repeat_one().await? {
                return Ok(());
            }
            let Some(deed) = self.next_deed().await? else { return Ok(()) };
            match deed.send().await? {
                Some(receipt) => self.note(deed, receipt)?,
                None => {
                    self.unanswered = Some(deed);
                    return Ok(());
                }
            }
        }
    }

    /// Sends what stayed unanswered again, with the same id, and wants its receipt.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn repeat_unanswered(&mut self) -> Result<bool> {
        let Some(deed) = self.unanswered.take() else { return Ok(false) };
        let receipt = deed.send_again().await?;
        self.note(deed, receipt)?;
        Ok(true)
    }

    /// Files one more report, which every viewer hears of.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn file_one(&mut self) -> Result<u64> {
        let deed = self.report(None);
        let receipt = deed.send_again().await?;
        let seq = receipt["seq"].as_u64().context("no seq")?;
        self.note(deed, receipt)?;
        Ok(seq)
    }

    fn note(&mut self, deed: Deed, receipt: Value) -> Result<()> {
        if deed.is_report() {
            let incident = receipt["incident"].as_str().with_context(|| format!("no incident in {receipt}"))?;
            self.incidents.push(incident.to_owned());
        }
        if deed.path == "/api/check-ins" {
            self.check_in = Some(deed.id().to_owned());
        } else if deed.path.starts_with("/api/check-ins/") {
            self.check_in = None;
        }
        self.done.push(Done { deed, receipt });
        Ok(())
    }

    async fn next_deed(&mut self) -> Result<Option<Deed>> {
        Ok(Some(match self.random.below(100) {
            0..55 => self.report(None),
            55..70 => {
                let Some(photo) = self.upload().await? else { return Ok(None) };
                self.report(Some(photo))
            }
            70..88 => match self.random.one_of(&self.incidents).cloned() {
                Some(incident) => self.status(&incident),
                None => self.report(None),
            },
            _ => self.duty(),
        }))
    }

    fn report(&mut self, photo: Option<String>) -> Deed {
        let client = if self.random.below(2) == 0 { &self.public } else { &self.field };
        let words = format!("停電の前 {}", self.random.below(1_000_000));
        let media: Vec<&String> = photo.iter().collect();
        let body = with(with(report(self.town.at), "words", json!(words)), "media", json!(media));
        Deed { client: client.clone(), path: "/api/reports".to_owned(), body, photo }
    }

    fn status(&mut self, incident: &str) -> Deed {
        let status = ["in_progress", "resolved", "received", "declined"][self.random.below(4) as usize];
        let body = json!({ "id": new_id(), "status": status });
        let path = format!("/api/incidents/{incident}/status");
        Deed { client: self.operator.clone(), path, body, photo: None }
    }

    fn duty(&mut self) -> Deed {
        let (path, body) = match &self.check_in {
            Some(id) if self.random.below(2) == 0 => {
                (format!("/api/check-ins/{id}/check-out"), json!({ "id": new_id() }))
            }
            _ => {
                let office = self.random.one_of(&self.others).unwrap_or(&self.town);
                ("/api/check-ins".to_owned(), json!({ "id": new_id(), "office": office.code }))
            }
        };
        Deed { client: self.field.clone(), path, body, photo: None }
    }

    /// Uploads a small photo; `None`: no answer came.
    async fn upload(&mut self) -> Result<Option<String>> {
        let bytes = Bytes::from(pictures::jpeg(&pictures::noise(48, 32, self.random.number()))?);
        let hash = hex::encode(Sha256::digest(&bytes));
        let client = if self.random.below(2) == 0 { &self.public } else { &self.field };
        let request = client.request(Method::POST, "/api/media").header("content-type", "image/jpeg").body(bytes);
        let Some(answer) = answered(request, client).await else { return Ok(None) };
        let uploaded = answer.good()?;
        ensure!(uploaded["id"] == hash.as_str(), "another hash than ours: {uploaded}");
        Ok(Some(hash))
    }

    /// Sends something again that was answered before; whether it was answered now.
    async fn repeat_one(&mut self) -> Result<bool> {
        let reports: Vec<&Done> = self.done.iter().rev().take(50).filter(|done| done.deed.is_report()).collect();
        let Some(done) = self.random.one_of(&reports) else { return Ok(true) };
        let Some(receipt) = done.deed.send().await? else { return Ok(false) };
        ensure!(receipt == done.receipt, "again, and another receipt: {receipt} instead of {}", done.receipt);
        Ok(true)
    }
}
