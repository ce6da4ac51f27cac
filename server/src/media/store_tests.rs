use std::io::Write as _;
use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};
use rstest::rstest;
use sha2::{Digest, Sha256};

use super::*;
use crate::http::media::code_of;
use crate::media::ledger::{AtOnce, Share};
use crate::media::samples::{bmff, jpeg_with_gps, photo};
use crate::wire::problem::Code;

const STRANGER: Sender = Sender::Stranger(Some(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("media"), limits).unwrap();
        Self { folder, store }
    }

    async fn send(&self, bytes: &[u8], at: i64) -> Result<Received, MediaError> {
        self.send_as(STRANGER, bytes, at).await
    }

    async fn send_as(&self, sender: Sender, bytes: &[u8], at: i64) -> Result<Received, MediaError> {
        let chunks: Vec<_> = bytes.chunks(1000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        self.store.receive(stream::iter(chunks), Timestamp::from_second(at).unwrap(), sender).await
    }

    /// Every file below the store's folder, by its path.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &std::path::Path, into: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, into) } else { into.push(path.display().to_string()) }
            }
        }
        let mut files = Vec::new();
        walk(&self.folder.path().join("media"), &mut files);
        files.sort();
        files
    }
}

fn jpeg() -> Vec<u8> {
    jpeg_with_gps((374_947, 10_000), (1_399_298, 10_000))
}

fn mp4(bytes: usize) -> Vec<u8> {
    let index = [bmff(b"ftyp", b"mp42\0\0\0\0isommp42"), bmff(b"moov", &bmff(b"mvhd", &[0; 100]))].concat();
    let frames = vec![0x55; bytes.saturating_sub(index.len() + 8).max(1)];
    [index, bmff(b"mdat", &frames)].concat()
}

fn now() -> i64 {
    // Sweeps compare with the times of real files.
    4_000_000_000
}

#[tokio::test]
async fn a_photo_is_kept_under_its_hash_with_what_it_says_of_itself() {
    let bench = Bench::new(Limits::default());
    let file = jpeg();
    let received = bench.send(&file, now()).await.unwrap();
    assert!(received.is_new);
    let id = received.description.id.clone();
    assert_eq!(id.as_str(), hex::encode(Sha256::digest(&file)));
    assert_eq!(received.description.size, file.len() as u64);
    assert!(received.description.thumbnail && received.description.evidence.is_some());

    // As after a restart: nothing in memory.
    let again = Store::open(&bench.folder.path().join("media"), Limits::default()).unwrap();
    assert_eq!(again.describe(&id).await.unwrap(), Some(received.description));
    let chunks: Vec<Bytes> = again.read(&id, None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(chunks.concat(), file);
    let part: Vec<Bytes> = again.read(&id, Some(10..20)).await.unwrap().try_collect().await.unwrap();
    assert_eq!(part.concat(), file[10..20]);
    assert!(again.thumbnail(&id).await.unwrap().starts_with(&[0xFF, 0xD8]));
}

#[tokio::test]
async fn a_file_that_was_damaged_or_lost_is_mended_by_sending_it_again() {
    let bench = Bench::new(Limits::default());
    let first = bench.send(&jpeg(), now()).await.unwrap();
    let medium = first.description.medium();
    let files = bench.files();
    for file in &files {
        for damage in
            [|file: &str| std::fs::write(file, b"x").unwrap(), |file: &str| std::fs::remove_file(file).unwrap()]
        {
            damage(file);
            // A thumbnail is known by its being there, and a record from memory.
            let again = bench.send(&jpeg(), now()).await.unwrap();
            assert_eq!(again.description, first.description);
            bench.store.verify(&medium).await.unwrap();
        }
    }
    assert_eq!(bench.files(), files);
    assert!(!bench.send(&jpeg(), now()).await.unwrap().is_new, "what is sound is not taken in twice");
}

#[tokio::test]
async fn the_same_file_again_has_the_same_id_and_no_second_copy() {
    let bench = Bench::new(Limits::default());
    let first = bench.send(&jpeg(), now()).await.unwrap();
    let files = bench.files();
    let second = bench.send(&jpeg(), now()).await.unwrap();
    assert_eq!((second.description, second.is_new), (first.description, false));
    assert_eq!(bench.files(), files);
    assert_eq!(files.len(), 3, "{files:?}");
}

#[rstest]
#[case::zip_called_jpg(b"PK\x03\x04".repeat(100), Code::MediaUnsupported)]
#[case::zero_bytes(Vec::new(), Code::MediaUnsupported)]
#[case::truncated_jpeg(jpeg()[..jpeg().len() - 300].to_vec(), Code::MediaDamaged)]
#[case::photo_over_the_limit([jpeg(), vec![0; 60_000]].concat(), Code::MediaTooLarge)]
#[case::video_over_the_limit(mp4(90_001), Code::MediaTooLarge)]
#[tokio::test]
async fn what_is_refused_leaves_nothing(#[case] file: Vec<u8>, #[case] code: Code) {
    let bench = Bench::new(Limits { photo_bytes: 50_000, video_bytes: 90_000, ..Limits::default() });
    assert_eq!(code_of(&bench.send(&file, now()).await.unwrap_err()), code);
    assert_eq!((bench.files(), bench.store.unreferenced_bytes()), (Vec::<String>::new(), 0));
}

#[tokio::test]
async fn what_is_not_accepted_is_refused_before_the_rest_is_read() {
    let bench = Bench::new(Limits::default());
    let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[0x50; 1000])));
    let refused = bench.store.receive(endless, Timestamp::UNIX_EPOCH, STRANGER).await.unwrap_err();
    assert_eq!(code_of(&refused), Code::MediaUnsupported);
}

#[tokio::test]
async fn a_body_that_stops_midway_leaves_nothing() {
    let bench = Bench::new(Limits::default());
    let half = Bytes::from(jpeg()[..1000].to_vec());
    let broken = stream::iter([Ok(half), Err(BodyError::Broken("reset".to_owned()))]);
    let refused = bench.store.receive(broken, Timestamp::UNIX_EPOCH, STRANGER).await.unwrap_err();
    assert_eq!(code_of(&refused), Code::MalformedRequest);
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_nothing() {
    let bench = Bench::new(Limits::default());
    let half = Bytes::from(jpeg()[..1000].to_vec());
    let body = stream::iter([Ok(half)]).chain(stream::pending());
    let mut upload = Box::pin(bench.store.receive(body, Timestamp::UNIX_EPOCH, STRANGER));
    while bench.files().is_empty() {
        assert!(futures_util::poll!(&mut upload).is_pending());
        tokio::task::yield_now().await;
    }
    drop(upload);
    assert_eq!((bench.files(), bench.store.unreferenced_bytes()), (Vec::<String>::new(), 0));
}

#[tokio::test]
async fn what_a_crash_left_on_its_way_in_is_removed_at_the_start() {
    let bench = Bench::new(Limits::default());
    let left = bench.folder.path().join("media/incoming/upload-7");
    std::fs::File::create(&left).unwrap().write_all(b"half").unwrap();
    Store::open(&bench.folder.path().join("media"), Limits::default()).unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_file_without_a_record_is_not_there() {
    let bench = Bench::new(Limits::default());
    let id = bench.send(&jpeg(), now()).await.unwrap().description.id.clone();
    let record = bench.files().into_iter().find(|f| f.ends_with(".json")).unwrap();
    std::fs::remove_file(record).unwrap();
    let store = Store::open(&bench.folder.path().join("media"), Limits::default()).unwrap();
    assert_eq!(store.describe(&id).await.unwrap(), None);
    let swept = store.sweep(until(now()), |_| false).await.unwrap();
    assert_eq!((swept.files, bench.files().len()), (1, 0));
}

/// All time up to this second.
fn until(second: i64) -> Range<Timestamp> {
    Timestamp::UNIX_EPOCH..Timestamp::from_second(second).unwrap()
}

#[tokio::test]
async fn uploads_of_before_this_history_of_the_log_stay_and_do_not_count() {
    let bench = Bench::new(Limits::default());
    let before = bench.send(&mp4(5_000), now()).await.unwrap().description.id.clone();
    let store = Store::open(&bench.folder.path().join("media"), Limits::default()).unwrap();
    let later = Timestamp::from_second(now() + 50).unwrap();
    let swept = store.sweep(later..later + jiff::SignedDuration::from_secs(100), |_| false).await.unwrap();
    assert_eq!((swept, store.unreferenced_bytes()), (Swept::default(), 0));
    assert!(store.describe(&before).await.unwrap().is_some());
    let swept = store.sweep(until(now() + 50), |_| false).await.unwrap();
    assert_eq!(swept.files, 1, "in the history in which it came it goes");
}

#[tokio::test]
async fn uploads_that_no_report_names_are_bounded_and_swept() {
    let bench = Bench::new(Limits {
        unreferenced: Share { bytes: 25_000, ..Limits::default().unreferenced },
        ..Limits::default()
    });
    let old = bench.send(&mp4(10_000), now()).await.unwrap().description.id.clone();
    let named = bench.send(&mp4(10_001), now()).await.unwrap().description.id.clone();
    assert_eq!(code_of(&bench.send(&mp4(10_002), now()).await.unwrap_err()), Code::StorageFull);

    assert!(bench.store.claim(&named, Timestamp::from_second(now()).unwrap()).await.unwrap().is_some());
    let fresh = bench.send(&mp4(10_002), now() + 100).await.unwrap().description.id.clone();

    let swept = bench.store.sweep(until(now() + 50), |id| *id == named).await.unwrap();
    assert_eq!(swept.files, 1);
    assert_eq!(bench.store.describe(&old).await.unwrap(), None);
    assert!(bench.store.describe(&named).await.unwrap().is_some());
    assert!(bench.store.describe(&fresh).await.unwrap().is_some());
}

#[tokio::test]
async fn a_claimed_upload_is_not_swept_before_its_report_is_written() {
    let bench = Bench::new(Limits::default());
    let id = bench.send(&mp4(5_000), now()).await.unwrap().description.id.clone();
    bench.store.claim(&id, Timestamp::from_second(now() + 100).unwrap()).await.unwrap();
    let swept = bench.store.sweep(until(now() + 50), |_| false).await.unwrap();
    assert_eq!(swept, Swept::default());
    let swept = bench.store.sweep(until(now() + 200), |_| false).await.unwrap();
    assert_eq!(swept.files, 1, "the report came to nothing");
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_does_not_keep_the_others() {
    let bench = Bench::new(Limits::default());
    let mut stuck = Vec::new();
    for n in 0..6 {
        let id = bench.send(&mp4(5_000 + n), now()).await.unwrap().description.id.clone();
        stuck.push(id);
    }
    stuck.truncate(3);
    for id in &stuck {
        // What is a folder cannot be removed as a file.
        let thumbnail = bench.folder.path().join("media").join(thumbnail_path(id).as_ref());
        std::fs::create_dir_all(thumbnail.join("x")).unwrap();
    }
    let swept = bench.store.sweep(until(now() + 50), |_| false).await.unwrap();
    assert_eq!(swept.files, 3);
}

#[tokio::test]
async fn a_record_is_not_read_into_memory_while_files_are_removed() {
    let bench = Bench::new(Limits::default());
    let id = bench.send(&mp4(5_000), now()).await.unwrap().description.id.clone();
    bench.store.0.described.forget(&id);
    let alone = bench.store.0.removing.write().await;
    let mut reading = Box::pin(bench.store.describe(&id));
    assert!(futures_util::poll!(&mut reading).is_pending());
    bench.store.0.remove(&id).await.unwrap();
    drop(alone);
    assert_eq!(reading.await.unwrap(), None);
}

#[tokio::test]
async fn uploads_at_once_are_bounded() {
    let at_once = AtOnce { staff: 1, strangers: 1, address: 1 };
    let bench = Bench::new(Limits { at_once, ..Limits::default() });
    let body = stream::iter([Ok(Bytes::from_static(b"\xFF\xD8\xFF"))]).chain(stream::pending());
    let mut first = Box::pin(bench.store.receive(body, Timestamp::UNIX_EPOCH, STRANGER));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert_eq!(code_of(&bench.send(&jpeg(), now()).await.unwrap_err()), Code::Unavailable);
    assert!(bench.send_as(Sender::Staff, &jpeg(), now()).await.is_ok(), "strangers keep no staff out");
    drop(first);
    assert!(bench.send(&jpeg(), now()).await.is_ok());
}

/// A picture of so many pixels that is like no other.
fn picture(width: u32, height: u32, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, quality)
        .encode(&photo(width, height), width, height, image::ExtendedColorType::Rgb8)
        .unwrap();
    file
}

#[tokio::test(start_paused = true)]
async fn an_address_that_has_much_decoded_waits_and_others_do_not() {
    let bench = Bench::new(Limits { pixels_a_minute: 50_000, ..Limits::default() });
    let other = Sender::Stranger(Some(std::net::IpAddr::from([192, 0, 2, 1])));
    bench.send(&picture(200, 200, 90), now()).await.unwrap();
    let refused = bench.send(&picture(200, 200, 91), now()).await.unwrap_err();
    assert!(matches!(refused, MediaError::TooManyPixels { .. }), "{refused:?}");
    assert_eq!(code_of(&refused), Code::TooManyRequests);
    assert_eq!(bench.files().len(), 3, "what was refused is not kept");
    bench.send_as(other, &picture(200, 200, 92), now()).await.unwrap();
    for quality in 93..96 {
        bench.send_as(Sender::Staff, &picture(200, 200, quality), now()).await.unwrap();
    }
    assert!(!bench.send(&picture(200, 200, 90), now()).await.unwrap().is_new, "what is there is not decoded again");
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    bench.send(&picture(200, 200, 91), now()).await.unwrap();
}

#[tokio::test]
async fn strangers_stand_in_a_line_of_their_own_and_staff_pass_it() {
    let bench = Bench::new(Limits::default());
    // The first of the line, who alone stands at the decoder.
    let first = bench.store.0.strangers_decoding.acquire().await.unwrap();
    let mut strangers = tokio::task::JoinSet::new();
    for quality in 60..70 {
        let store = bench.store.clone();
        let body = stream::iter([Ok(Bytes::from(picture(64, 64, quality)))]);
        strangers.spawn(async move { store.receive(body, Timestamp::UNIX_EPOCH, STRANGER).await });
    }
    bench.send_as(Sender::Staff, &picture(64, 64, 80), now()).await.unwrap();
    assert!(strangers.try_join_next().is_none());
    drop(first);
    while let Some(received) = strangers.join_next().await {
        assert!(received.unwrap().unwrap().is_new);
    }
}

#[tokio::test]
async fn a_large_picture_of_many_chunks_is_the_same_on_disk() {
    let bench = Bench::new(Limits::default());
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut file)
        .encode(&photo(900, 700), 900, 700, image::ExtendedColorType::Rgb8)
        .unwrap();
    let id = bench.send(&file, now()).await.unwrap().description.id.clone();
    let path = bench.files().into_iter().find(|f| f.ends_with(id.as_str())).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), file);
}
