//! The part of the disk that media leave free: photos must never starve the log, which lies beside them.

use std::path::PathBuf;

use super::MediaError;

/// The reserve is never more than this part of the disk, so that a small disk can take media at all.
const AT_MOST_ONE_IN: u64 = 10;

/// How much of the disk media leave free.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reserve {
    folder: PathBuf,
    bytes: u64,
}

/// How it stands, bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Free on the disk, for us.
    pub free: u64,
    /// Kept free for the log.
    pub kept: u64,
}

impl Room {
    /// Whether so many bytes of media fit in.
    pub fn takes(&self, bytes: u64) -> bool {
        self.free.saturating_sub(bytes) >= self.kept
    }
}

impl Reserve {
    /// Keeps `bytes` free on the disk of `folder`, or a tenth of the disk where that is less.
    pub fn new(folder: PathBuf, bytes: u64) -> Self {
        Self { folder, bytes }
    }

    /// Asks the system (statvfs(3)); quick.
    ///
    /// # Errors
    /// [`MediaError::Io`] if the folder has gone.
    pub fn room(&self) -> Result<Room, MediaError> {
        let disk = rustix::fs::statvfs(&self.folder).map_err(|error| MediaError::Io(error.into()))?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let kept = self.bytes.min(bytes(disk.f_blocks) / AT_MOST_ONE_IN);
        Ok(Room { free: bytes(disk.f_bavail), kept })
    }

    /// Lets so many more bytes of media in, or not.
    ///
    /// # Errors
    /// [`MediaError::StorageFull`] if too little would be left for the log.
    pub fn admit(&self, bytes: u64) -> Result<(), MediaError> {
        let room = self.room()?;
        if room.takes(bytes) {
            return Ok(());
        }
        let Room { free, kept } = room;
        Err(MediaError::StorageFull(format!("{free} bytes are free on the disk, of which {kept} are kept for the log")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_never_more_than_a_tenth_of_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let room = |bytes| Reserve::new(folder.path().to_owned(), bytes).room().unwrap();
        assert_eq!(room(1_000).kept, 1_000);
        let all = room(u64::MAX);
        assert!(all.kept < u64::MAX / 10 && all.kept > 0, "{all:?}");
    }

    #[test]
    fn what_would_cut_into_the_reserve_is_refused() {
        let room = Room { free: 1_000, kept: 900 };
        assert!(room.takes(100) && !room.takes(101) && !room.takes(u64::MAX));
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(folder.path().to_owned(), 0);
        reserve.admit(1).unwrap();
        assert!(matches!(reserve.admit(u64::MAX), Ok(())), "nothing is kept, so the disk itself decides");
        let reserve = Reserve::new(folder.path().to_owned(), 1);
        assert!(matches!(reserve.admit(u64::MAX), Err(MediaError::StorageFull(_))));
    }

    #[test]
    fn a_folder_that_has_gone_is_an_error_and_not_a_full_disk() {
        let reserve = Reserve::new("/nonexistent/folder".into(), 1);
        assert!(matches!(reserve.admit(1), Err(MediaError::Io(_))));
    }
}
