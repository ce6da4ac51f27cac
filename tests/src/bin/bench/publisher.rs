//! Publishes real reports: POST /api/reports as a staff member, over kept-alive lines.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use sokuho_tests::time::{new_id, now};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::fleet::{Receipts, now_ns};
use crate::frames;
use crate::http::HttpLine;
use crate::node::Node;

/// A report that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Its number.
    pub seq: u64,
    /// The town on whose ground it lies, an index into the node's towns.
    pub town: usize,
}

/// Lines that the publisher keeps.
pub const LINES: usize = 64;

/// The publisher. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    lines: Arc<Mutex<Vec<HttpLine>>>,
    free: Arc<Semaphore>,
    towns: Arc<[(f64, f64)]>,
}

async fn line(node: &Node, token: &str) -> Result<HttpLine> {
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    HttpLine::open(node.address(), "/api/reports", &headers).await
}

/// Lines to the door for reports, all with the same fresh token.
pub async fn report_lines(node: &Node, count: usize) -> Result<Vec<HttpLine>> {
    let token = node.token().await?;
    let mut lines = Vec::with_capacity(count);
    for _ in 0..count {
        lines.push(line(node, &token).await?);
    }
    Ok(lines)
}

/// A report as a phone sends it.
pub struct Written {
    /// Its id.
    pub id: String,
    /// Where: latitude and longitude.
    pub at: (f64, f64),
    /// As JSON.
    pub body: String,
}

/// A report that says in its words when it was sent, from somewhere within 300 m.
pub fn report_body(at: (f64, f64)) -> String {
    let sent = now_ns();
    // The last digits of the time are as good as dice.
    let off = |dice: u64| (dice % 512) as f64 * 1e-5 - 0.002_56;
    report_at((at.0 + off(sent), at.1 + off(sent / 512))).body
}

/// A report that says in its words when it was sent, from here.
pub fn report_at(at: (f64, f64)) -> Written {
    let (id, sent) = (new_id().to_string(), now_ns());
    let body = format!(
        r#"{{"id":"{id}","category":"road_damage","words":"t{sent:020} 県道の路肩が崩れ、片側が通れません","danger_to_life":false,"observed_at":"{}","evidence":[{{"source":"device","position":{{"lat":{:.6},"lon":{:.6}}},"accuracy_m":12.0}}],"chosen":0,"media":[]}}"#,
        now(),
        at.0,
        at.1
    );
    Written { id, at, body }
}

impl Publisher {
    /// Opens its lines.
    pub async fn open(node: &Node) -> Result<Self> {
        let lines = report_lines(node, LINES).await?;
        Ok(Self {
            free: Arc::new(Semaphore::new(lines.len())),
            lines: Arc::new(Mutex::new(lines)),
            towns: node.towns().into_iter().map(|town| town.at).collect(),
        })
    }

    /// Sends one report and waits for its receipt.
    pub async fn send(&self, number: usize, receipts: Option<&Receipts>) -> Result<Sent> {
        let _permit = self.free.acquire().await?;
        let mut line = self.lines.lock().await.pop().context("no free line")?;
        let town = number % self.towns.len();
        let answer = line.post(report_body(self.towns[town]).as_bytes()).await?;
        let seq = frames::field(answer, b"\"seq\":");
        if let Some(receipts) = receipts {
            receipts.came(seq, now_ns());
        }
        self.lines.lock().await.push(line);
        Ok(Sent { seq, town })
    }

    /// Sends reports at once and waits for all receipts.
    pub async fn burst(&self, count: usize, receipts: Option<&Arc<Receipts>>) -> Result<Vec<Sent>> {
        let mut sending = JoinSet::new();
        for number in 0..count {
            self.spawn(&mut sending, number, receipts);
        }
        collect(sending).await
    }

    /// Sends so many a second for a while, whether or not the receipts keep up.
    pub async fn at_rate(&self, rate: u64, seconds: u64, receipts: Option<&Arc<Receipts>>) -> Result<Vec<Sent>> {
        let mut ticks = tokio::time::interval(Duration::from_nanos(1_000_000_000 / rate));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut sending = JoinSet::new();
        for number in 0..usize::try_from(rate * seconds)? {
            ticks.tick().await;
            self.spawn(&mut sending, number, receipts);
        }
        collect(sending).await
    }

    fn spawn(&self, sending: &mut JoinSet<Result<Sent>>, number: usize, receipts: Option<&Arc<Receipts>>) {
        let (publisher, receipts) = (self.clone(), receipts.map(Arc::clone));
        sending.spawn(async move { publisher.send(number, receipts.as_deref()).await });
    }
}

async fn collect(mut sending: JoinSet<Result<Sent>>) -> Result<Vec<Sent>> {
    let mut sent = Vec::with_capacity(sending.len());
    while let Some(outcome) = sending.join_next().await {
        sent.push(outcome??);
    }
    Ok(sent)
}
