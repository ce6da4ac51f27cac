//! Where an edition is written: a file on a disk that must not fill up, or memory.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use crate::geodata::room;

/// Bytes of an edition between two looks at how much room there is (256 KiB).
const LOOK_EVERY: u64 = 256 << 10;

/// Where an edition is written.
pub(super) enum Out {
    File { file: File, folder: PathBuf, since_look: u64 },
    Memory(Vec<u8>),
}

impl Out {
    /// Into a file in this folder.
    pub(super) fn file(file: File, folder: PathBuf) -> Self {
        Self::File { file, folder, since_look: LOOK_EVERY }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File { file, folder, since_look } => {
                if *since_look >= LOOK_EVERY {
                    *since_look = 0;
                    if room(folder)? < LOOK_EVERY {
                        return Err(std::io::ErrorKind::StorageFull.into());
                    }
                }
                let written = file.write(bytes)?;
                *since_look += written as u64;
                Ok(written)
            }
            Self::Memory(all) => all.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
