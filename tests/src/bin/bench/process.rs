//! CPU time and memory of other processes, from `/proc` (proc(5)).

use anyhow::{Context, Result};

/// The kernel's unit of CPU time in `/proc`, a hundredth of a second on every Linux that we know
/// (`sysconf(_SC_CLK_TCK)`).
const TICKS_A_SECOND: f64 = 100.0;

/// Processes that are measured as one, children included.
#[derive(Clone, Debug)]
pub struct Processes(Vec<u32>);

impl Processes {
    /// A process and all of its descendants as they are now.
    pub fn with_children(pid: u32) -> Result<Self> {
        let mut all = vec![pid];
        let mut next = 0;
        while let Some(parent) = all.get(next).copied() {
            next += 1;
            let children = match std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")) {
                Ok(children) => children,
                // A child that has ended since it was listed.
                Err(_) if parent != pid => continue,
                Err(error) => return Err(error.into()),
            };
            all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        Ok(Self(all))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// CPU seconds used so far, user and system, by them and by children that have ended.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let (parent, children) = self.0.split_first().context("no process")?;
        // What a child used that has ended since it was listed, its parent counts.
        Ok(cpu_seconds(*parent)? + children.iter().filter_map(|child| cpu_seconds(*child).ok()).sum::<f64>())
    }

    /// Resident memory, bytes.
    pub fn resident(&self) -> Result<f64> {
        self.0.iter().map(|pid| status(*pid, "VmRSS:")).sum()
    }

    /// Resident memory at its greatest since [`Processes::forget_peak`], bytes.
    pub fn peak(&self) -> Result<f64> {
        self.0.iter().map(|pid| status(*pid, "VmHWM:")).sum()
    }

    /// Begins a new peak.
    pub fn forget_peak(&self) -> Result<()> {
        // Writing 5 resets the high-water mark (proc(5), clear_refs).
        self.0.iter().try_for_each(|pid| Ok(std::fs::write(format!("/proc/{pid}/clear_refs"), "5")?))
    }
}

fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; user and system time are fields 14 and 15, those of children
    // that were waited for 16 and 17.
    let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks: f64 = rest.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_A_SECOND)
}

fn status(pid: u32, name: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0)
}
