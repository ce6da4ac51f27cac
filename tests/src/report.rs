//! Reports as a phone sends them, as plain JSON, so that a test can also send what no honest phone would.

use serde_json::{Value, json};

use crate::time::{new_id, now};

/// A good report: one witness, the device's position (latitude, longitude), which lies there.
pub fn report(at: (f64, f64)) -> Value {
    json!({
        "id": new_id(),
        "category": "road_damage",
        "words": "路肩が崩れています",
        "danger_to_life": false,
        "observed_at": now(),
        "evidence": [{
            "source": "device",
            "position": { "lat": at.0, "lon": at.1 },
            "accuracy_m": 12.0,
            "heading_deg": 270.0,
            "at": now(),
        }],
        "chosen": 0,
        "media": [],
    })
}

/// The same JSON object with one field set.
#[must_use]
pub fn with(mut value: Value, field: &str, to: Value) -> Value {
    value[field] = to;
    value
}

/// The same report with its only position replaced, whatever that may be.
#[must_use]
pub fn at(mut report: Value, lat: Value, lon: Value) -> Value {
    report["evidence"][0]["position"] = json!({ "lat": lat, "lon": lon });
    report
}
