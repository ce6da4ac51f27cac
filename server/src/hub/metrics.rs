//! What the hub counts, for `/metrics`.

use metrics::{Counter, Gauge, counter, gauge};

use crate::wire::Audience;

/// The hub's counters. Made after the recorder is installed, or they count into the void.
pub struct Meters {
    office: Gauge,
    public: Gauge,
    /// Frames handed to sockets, heartbeats included.
    pub deliveries: Counter,
    /// Distinct `entries` frames built.
    pub frames: Counter,
    /// Viewers told to start over.
    pub resyncs: Counter,
    /// Viewers whose socket was full and who went to catch up.
    pub full: Counter,
    /// Viewers let go because they did not read.
    pub slow: Counter,
    /// Viewers turned away because the node was full.
    pub refused: Counter,
    /// Entries in the ring.
    pub ring_entries: Gauge,
    /// Bytes of encoded entries in the ring.
    pub ring_bytes: Gauge,
    /// Number of the last entry.
    pub head: Gauge,
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            office: gauge!("sokuho_viewers", "audience" => "office"),
            public: gauge!("sokuho_viewers", "audience" => "public"),
            deliveries: counter!("sokuho_hub_deliveries_total"),
            frames: counter!("sokuho_hub_frames_total"),
            resyncs: counter!("sokuho_hub_resyncs_total"),
            full: counter!("sokuho_hub_full_total"),
            slow: counter!("sokuho_hub_slow_total"),
            refused: counter!("sokuho_hub_refused_total"),
            ring_entries: gauge!("sokuho_hub_ring_entries"),
            ring_bytes: gauge!("sokuho_hub_ring_bytes"),
            head: gauge!("sokuho_hub_head"),
        }
    }
}

impl Meters {
    /// The gauge of viewers of this audience.
    pub fn viewers(&self, audience: Audience) -> &Gauge {
        match audience {
            Audience::Office => &self.office,
            Audience::Public => &self.public,
        }
    }
}
