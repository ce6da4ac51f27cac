//! What was found: printed as it comes, and kept as JSON.

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

/// The findings of a run.
pub struct Findings {
    json: Map<String, Value>,
    notes: Vec<Value>,
}

impl Findings {
    /// Begins with what the machine is.
    pub fn new(machine: &str) -> Self {
        println!("machine: {machine}");
        let json = Map::from_iter([("machine".to_owned(), json!(machine))]);
        Self { json, notes: Vec::new() }
    }

    /// A remark.
    pub fn note(&mut self, text: &str) {
        println!("{text}");
        self.notes.push(json!(text));
    }

    /// Begins a phase.
    pub fn phase(&self, title: &str) {
        println!("\n== {title}");
    }

    /// A row: printed as `name: value unit · value unit`, kept under the name.
    pub fn row(&mut self, name: &str, values: &[(&str, f64)]) {
        let text: Vec<_> = values.iter().map(|(unit, value)| format!("{} {unit}", number(*value))).collect();
        println!("  {name:<44} {}", text.join(" · "));
        let values = values.iter().map(|(unit, value)| ((*unit).to_owned(), json!(value)));
        self.json.insert(name.to_owned(), Value::Object(values.collect()));
    }

    /// A figure against its goal.
    pub fn goal(&mut self, name: &str, value: f64, unit: &str, reached: bool, goal: &str) {
        let verdict = if reached { "reached" } else { "NOT REACHED" };
        println!("  {name:<44} {} {unit} · goal {goal}: {verdict}", number(value));
        let finding = json!({ "value": value, "unit": unit, "goal": goal, "reached": reached });
        self.json.insert(name.to_owned(), finding);
    }

    /// Writes the file.
    pub fn write(mut self, path: &Path) -> Result<()> {
        self.json.insert("notes".to_owned(), Value::Array(self.notes));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_string_pretty(&self.json)? + "\n")?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => {
            let digits = format!("{value:.0}");
            let cut = |i: usize| i > 0 && (digits.len() - i).is_multiple_of(3);
            digits.chars().enumerate().flat_map(|(i, c)| cut(i).then_some(',').into_iter().chain([c])).collect()
        }
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The middle value; for an even number the lower of the two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
