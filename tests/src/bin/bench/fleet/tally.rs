//! What viewers got, and when its receipts came.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use hdrhistogram::Histogram;

/// When each report's receipt came, by its number, so that an arrival can be compared with it.
#[derive(Debug)]
pub struct Receipts(Box<[AtomicU64]>);

impl Receipts {
    const SLOTS: usize = 1 << 17;

    pub(super) fn new() -> Self {
        Self((0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Takes note of a receipt.
    pub fn came(&self, seq: u64, at_ns: u64) {
        self.slot(seq).store(at_ns, Ordering::Release);
    }

    pub(super) fn slot(&self, seq: u64) -> &AtomicU64 {
        &self.0[seq as usize % Self::SLOTS]
    }

    pub(super) fn forget(&self) {
        for slot in &self.0 {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

/// What one viewer got.
#[derive(Clone, Copy, Default, Debug)]
pub struct Got {
    /// Entries.
    pub count: u64,
    /// Sum of their numbers: tells whether they are the right ones.
    pub sum: u64,
    /// The last one's number.
    pub(super) last: u64,
    /// It was told that it missed something (resync), or its line was ended.
    pub told: bool,
}

/// What the viewers of a thread got.
#[derive(Debug)]
pub struct Tally {
    /// By viewer.
    pub viewers: Vec<Got>,
    /// Entries that a viewer had already.
    pub repeated: u64,
    /// Resyncs.
    pub resyncs: u64,
    /// Lines that ended.
    pub ended: u64,
    /// Frames with entries.
    pub frames: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Nanoseconds from the sending of a report to its arrival.
    pub from_sending: Histogram<u64>,
    /// Nanoseconds from the receipt of a report to its arrival; 0 where it arrived before the receipt.
    pub from_receipt: Histogram<u64>,
}

impl Tally {
    pub(super) fn new(viewers: usize) -> Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, 600_000_000_000, 3);
        Ok(Self {
            viewers: vec![Got::default(); viewers],
            repeated: 0,
            resyncs: 0,
            ended: 0,
            frames: 0,
            bytes: 0,
            from_sending: histogram()?,
            from_receipt: histogram()?,
        })
    }

    pub(super) fn clear(&mut self) {
        for got in &mut self.viewers {
            *got = Got { last: got.last, told: got.told, ..Got::default() };
        }
        (self.repeated, self.resyncs, self.frames, self.bytes) = (0, 0, 0, 0);
        self.from_sending.reset();
        self.from_receipt.reset();
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        self.viewers.extend_from_slice(&other.viewers);
        self.repeated += other.repeated;
        self.resyncs += other.resyncs;
        self.ended += other.ended;
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.from_sending.add(&other.from_sending)?;
        self.from_receipt.add(&other.from_receipt)?;
        Ok(())
    }

    /// Entries that arrived.
    pub fn delivered(&self) -> u64 {
        self.viewers.iter().map(|got| got.count).sum()
    }
}
