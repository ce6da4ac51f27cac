//! Media: told by content, hashed while they stream in, kept by content address; thumbnails and what the
//! file says of its place.
//!
//! The way of a file: [`store`] streams it to disk while hashing, [`sniff`] tells what it is by its first
//! bytes, [`examine`] looks whether it is whole, reads [`exif`] or [`video`] metadata and draws the [`thumbnail`], and only then it is
//! moved under its hash. A file that fails on the way leaves nothing behind.

mod allowance;
pub mod bounded;
mod boxes;
mod cache;
mod deadline;
pub mod examine;
pub mod exif;
pub mod ledger;
#[cfg(test)]
mod oracle_tests;
pub mod reserve;
#[cfg(test)]
pub(crate) mod samples;
pub mod sniff;
pub mod soundness;
mod staging;
pub mod store;
pub mod thumbnail;
pub mod video;

use std::io;

use crate::domain::ids::MediaId;

/// Why an uploaded body ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Nothing arrived for too long, or the whole took too long.
    #[error("the upload stalled")]
    Stalled,
    /// The connection broke off, or the framing was wrong.
    #[error("the upload broke off: {0}")]
    Broken(String),
}

/// What can go wrong with a photo or video.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The content is none of the kinds that are accepted.
    #[error("the content is not JPEG, PNG, WebP, HEIC, MP4 or MOV")]
    Unsupported,
    /// A photo or video that nothing can show; says why.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// More bytes than this kind may have.
    #[error("the file has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// More pixels, or a longer side, than allowed.
    #[error("the picture measures {width} × {height} pixels")]
    PictureTooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The disk is full but for what is kept for the log, or uploads that no report names have filled their
    /// share.
    #[error("no room left: {0}")]
    StorageFull(String),
    /// There is no such file, or it has no thumbnail.
    #[error("no such file")]
    NotFound,
    /// The disk has changed a stored file.
    #[error("the stored file {id} has {found} bytes, not its {size}: it is damaged")]
    Changed {
        /// The file.
        id: MediaId,
        /// Bytes that it has now.
        found: u64,
        /// Bytes that it had when it was stored.
        size: u64,
    },
    /// The part that was asked for lies outside of the file.
    #[error("the file has {size} bytes")]
    RangeNotSatisfiable {
        /// Bytes of the whole file.
        size: u64,
    },
    /// This address has had as many pixels decoded as it may at once.
    #[error("pictures of too many pixels from this address; the next is taken in {retry_after_s} s")]
    TooManyPixels {
        /// Seconds until it may be sent again.
        retry_after_s: u64,
    },
    /// As many uploads as allowed are under way.
    #[error("too many uploads at once")]
    Busy,
    /// The body ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The disk failed.
    #[error("media storage: {0}")]
    Io(#[source] io::Error),
    /// The object store failed.
    #[error("media storage: {0}")]
    Objects(#[source] object_store::Error),
    /// A stored record could not be read or written.
    #[error("media record: {0}")]
    Record(#[from] serde_json::Error),
    /// A task of ours was stopped or panicked.
    #[error("media task: {0}")]
    Task(#[from] tokio::task::JoinError),
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        if is_disk_full(&error) { Self::StorageFull(error.to_string()) } else { Self::Io(error) }
    }
}

impl From<object_store::Error> for MediaError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(this) = cause {
            if this.downcast_ref::<io::Error>().is_some_and(is_disk_full) {
                return Self::StorageFull(error.to_string());
            }
            cause = this.source();
        }
        Self::Objects(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_name_however_deep_it_lies() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(MediaError::from(full()), MediaError::StorageFull(_)));
        let wrapped = object_store::Error::Generic { store: "LocalFileSystem", source: Box::new(full()) };
        assert!(matches!(MediaError::from(wrapped), MediaError::StorageFull(_)));
        assert!(matches!(MediaError::from(io::Error::other("disk fell out")), MediaError::Io(_)));
    }
}
