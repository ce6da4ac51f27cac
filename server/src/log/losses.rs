//! Losses of the log's tail, written down when a start has found one, until somebody says that they have seen it.
//! A start that finds the next entry in its place could not tell any more.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use super::remembered::Lost;
use crate::domain::entry::Seq;

const FILE: &str = "sokuho.lost";

/// Bytes of the file that are read: some hundred losses.
const READ: u64 = 16 * 1024;

/// What stands behind a loss that somebody has seen, and then when.
const SEEN: &str = "acknowledged";

/// The file in a node's folder: a line a loss, its epoch, the last entry that was written, the last that was there.
#[derive(Clone, Debug)]
pub struct Losses(PathBuf);

/// A line of the file that can be read.
struct Line {
    epoch: Uuid,
    lost: Lost,
    seen: bool,
}

impl Losses {
    /// Those of the node in this folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join(FILE))
    }

    /// Writes a loss down, durably, unless it stands there.
    pub(super) fn note(&self, epoch: Uuid, lost: Lost) -> io::Result<()> {
        if read(&self.text()?).any(|line| line.epoch == epoch && line.lost == lost) {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.0)?;
        // Of one length, so that what a power cut left of another line cannot be taken for it.
        file.write_all(format!("{epoch} {:020} {:020}\n", lost.remembered, lost.head).as_bytes())?;
        file.sync_all()?;
        self.0.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// Those that nobody has said to have seen.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn unseen(&self) -> io::Result<Vec<Lost>> {
        Ok(read(&self.text()?).filter(|line| !line.seen).map(|line| line.lost).collect())
    }

    /// Takes note that somebody has seen them; gives those. They stay in the file, with the time.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn acknowledge(&self, at: Timestamp) -> io::Result<Vec<Lost>> {
        let text = self.text()?;
        let unseen: Vec<Lost> = read(&text).filter(|line| !line.seen).map(|line| line.lost).collect();
        if unseen.is_empty() {
            return Ok(unseen);
        }
        let mark = |line: &str| match Line::read(line) {
            Some(read) if !read.seen => format!("{line} {SEEN} {at}\n"),
            _ => format!("{line}\n"),
        };
        let marked: String = text.lines().map(mark).collect();
        let beside = self.0.with_extension("lost.new");
        let mut file = File::create(&beside)?;
        file.write_all(marked.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.0)?;
        Ok(unseen)
    }

    fn text(&self) -> io::Result<String> {
        let mut text = String::new();
        match File::open(&self.0) {
            Ok(file) => file.take(READ).read_to_string(&mut text).map(|_| text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(text),
            Err(error) => Err(error),
        }
    }
}

fn read(text: &str) -> impl Iterator<Item = Line> {
    text.lines().filter_map(Line::read)
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let epoch = words.next()?.parse().ok()?;
        let mut number = || words.next().filter(|word| word.len() == 20)?.parse::<Seq>().ok();
        let lost = Lost { remembered: number()?, head: number()? };
        Some(Self { epoch, lost, seen: words.next() == Some(SEEN) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::samples::{time, uuid};

    #[test]
    fn a_loss_stands_until_it_is_acknowledged_and_is_noted_once() {
        let folder = tempfile::tempdir().unwrap();
        let losses = Losses::of(folder.path());
        assert_eq!(losses.unseen().unwrap(), []);
        let (first, second) = (Lost { remembered: 5, head: 4 }, Lost { remembered: 9, head: 7 });
        for _ in 0..2 {
            losses.note(uuid(1), first).unwrap();
        }
        assert_eq!(losses.unseen().unwrap(), [first]);
        assert_eq!(losses.acknowledge(time(1_000)).unwrap(), [first]);
        assert_eq!(losses.unseen().unwrap(), []);
        losses.note(uuid(1), first).unwrap();
        assert_eq!(losses.unseen().unwrap(), [], "it is the one that was seen");
        losses.note(uuid(2), second).unwrap();
        assert_eq!(losses.unseen().unwrap(), [second]);
        assert_eq!(losses.acknowledge(time(2_000)).unwrap(), [second]);
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(text.lines().filter(|line| line.contains(" acknowledged 2026-11-22T")).count(), 2, "{text}");
    }

    #[test]
    fn half_a_line_is_none_and_what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let losses = Losses::of(folder.path());
        std::fs::write(folder.path().join(FILE), format!("{} 00000000000000000005 0000", uuid(1))).unwrap();
        assert_eq!(losses.unseen().unwrap(), []);
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        std::fs::create_dir(folder.path().join(FILE)).unwrap();
        assert!(losses.unseen().is_err());
    }
}
