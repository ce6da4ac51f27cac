//! What a damaged, foreign or malicious archive comes to, and how rows travel.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rstest::rstest;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::archive::Archive;
use super::*;
use crate::audit::By;
use crate::database::statement::statement;
use crate::database::value::Kind;
use crate::database::{Database, Location};
use crate::domain::clock::SystemEntropy;
use crate::log::EntryLog;
use crate::log::backend::Log;
use crate::log::samples::{Counting, Midnight, draft, filed};
use crate::log::{ContactDetails, Draft};

fn quiet() -> impl FnMut(Progress<'_>) + Send {
    |_: Progress<'_>| {}
}

/// A node's folder with a log of three entries, and a backup of it.
struct Place {
    folder: tempfile::TempDir,
    database: Database,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Location::File(folder.path().join("sokuho.sqlite"))).await.unwrap();
        let log = Log::open(&database, folder.path(), &Midnight, &Counting::default()).await.unwrap();
        let contact = ContactDetails { phone: Some("0242-00-0000".to_owned()), ..ContactDetails::default() };
        let drafts = [draft(filed(1)), Draft { contact: Some(contact), ..draft(filed(2)) }, draft(filed(3))];
        log.append(&drafts).await.unwrap();
        let boundaries = folder.path().join("region/aizu");
        fs::create_dir_all(folder.path().join("keys")).unwrap();
        fs::create_dir_all(&boundaries).unwrap();
        fs::write(folder.path().join(KEY), "ab".repeat(32)).unwrap();
        fs::write(boundaries.join("boundaries.geojson"), "{}").unwrap();
        fs::create_dir_all(folder.path().join("shelters/aizu")).unwrap();
        fs::write(folder.path().join("shelters/aizu/shelters.json"), "{}").unwrap();
        Self { folder, database }
    }

    async fn backup(&self) -> PathBuf {
        let file = self.folder.path().join("backup.zip");
        let source = make::Source { database: &self.database, data: self.folder.path(), with_media: true };
        make::make(source, &file, By::node(), &Midnight, &mut quiet()).await.unwrap();
        file
    }
}

fn verified(file: &Path) -> Result<Archive, BackupError> {
    let mut archive = Archive::open(file, &mut quiet())?;
    archive.verify(&mut quiet())?;
    Ok(archive)
}

/// Rewrites the archive with its seal right again: `change` gets each file's name and content, and gives what is
/// to be there instead.
fn rewritten(file: &Path, change: impl Fn(&str, Vec<u8>) -> Vec<(String, Vec<u8>)>) -> PathBuf {
    let mut source = ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let mut entry = source.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        for (name, content) in change(&name, content) {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            zip.start_file(name, options).unwrap();
            zip.write_all(&content).unwrap();
        }
    }
    zip.set_comment("0".repeat(64)).unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    let body = bytes.len() - 64;
    let seal = hex::encode(Sha256::digest(&bytes[..body]));
    bytes[body..].copy_from_slice(seal.as_bytes());
    let path = file.with_extension("rewritten");
    fs::write(&path, bytes).unwrap();
    path
}

/// A part replaced, the manifest told so: only what is in it is wrong.
fn with_part(file: &Path, name: &str, content: &[u8], rows: u64) -> PathBuf {
    rewritten(file, |entry, old| {
        let new = match entry {
            MANIFEST => {
                let mut manifest: Manifest = serde_json::from_slice(&old).unwrap();
                let part = manifest.parts.iter_mut().find(|part| part.name == name).unwrap();
                (part.rows, part.bytes) = (rows, content.len() as u64);
                part.sha256 = hex::encode(Sha256::digest(content));
                serde_json::to_vec(&manifest).unwrap()
            }
            entry if entry == name => content.to_vec(),
            _ => old,
        };
        vec![(entry.to_owned(), new)]
    })
}

fn told(outcome: Result<Archive, BackupError>) -> String {
    outcome.unwrap_err().to_string()
}

#[tokio::test]
async fn a_backup_says_what_it_holds() {
    let place = Place::new().await;
    let archive = verified(&place.backup().await).unwrap();
    let manifest = archive.manifest();
    assert_eq!((manifest.head, manifest.rows("entry"), manifest.rows("contact"), manifest.rows("audit")), (3, 3, 1, 1));
    let imported: Vec<String> = archive.imported().into_iter().map(|part| part.name).collect();
    assert_eq!(imported, ["region/aizu/boundaries.geojson", "shelters/aizu/shelters.json"]);
}

#[tokio::test]
async fn a_backup_holds_the_hazard_zones_and_the_features_of_the_base_map_that_are_in_force_and_nothing_beside() {
    let place = Place::new().await;
    let data = place.folder.path();
    let lay = |name: &str, text: &str| {
        fs::create_dir_all(data.join(name).parent().unwrap()).unwrap();
        fs::write(data.join(name), text).unwrap();
    };
    let sheet = |name: &str| {
        let file = serde_json::json!({"name": name, "sha256": "00"});
        serde_json::json!({"sources": [], "features": 1, "corners": 1, "file": file})
    };
    let in_force = |sheets: serde_json::Value| serde_json::json!({ "themes": sheets }).to_string();
    for name in ["hazard/flood-max.zones", "hazard/tsunami.zones", "hazard/import.lock", "hazard/landslide.new"] {
        lay(name, name);
    }
    for name in ["base/aizu/water-01.geojson", "base/aizu/water-02.geojson", "base/aizu/import.lock"] {
        lay(name, name);
    }
    lay("base/aizu/in_force.json", &in_force(serde_json::json!({"water": sheet("water-02.geojson")})));
    // A base map that is damaged, and one that is an archive of tiles: the backup is made without them.
    lay("base/yama/in_force.json", "{");
    lay("base/umi/in_force.json", &in_force(serde_json::json!({"water": sheet("water-03.geojson")})));
    let origin = serde_json::json!({"edition": "", "source": "", "licence": "", "attribution": ""});
    let file = serde_json::json!({"name": "01.pmtiles", "sha256": "00"});
    lay("base/kawa/in_force.json", &serde_json::json!({"archive": {"origin": origin, "file": file}}).to_string());
    lay("base/kawa/01.pmtiles", "PMTiles");

    let mut archive = verified(&place.backup().await).unwrap();
    let imported = archive.imported();
    let names: Vec<&str> = imported.iter().map(|part| part.name.as_str()).collect();
    let expected = [
        "region/aizu/boundaries.geojson",
        "shelters/aizu/shelters.json",
        "hazard/flood-max.zones",
        "hazard/tsunami.zones",
        "base/aizu/water-02.geojson",
        "base/aizu/in_force.json",
    ];
    assert_eq!(names, expected);
    for part in &imported {
        let mut copy = Vec::new();
        archive.copy(part, &mut copy).unwrap();
        assert_eq!(copy, fs::read(data.join(&part.name)).unwrap(), "{}", part.name);
    }
}

#[tokio::test]
async fn a_flipped_bit_is_found_wherever_it_lies() {
    let place = Place::new().await;
    let file = place.backup().await;
    let bytes = fs::read(&file).unwrap();
    let damaged = file.with_extension("damaged");
    for position in (0..bytes.len()).step_by(7).chain(bytes.len() - 80..bytes.len()) {
        let mut changed = bytes.clone();
        changed[position] ^= 0x10;
        fs::write(&damaged, changed).unwrap();
        let outcome = verified(&damaged);
        let named =
            matches!(outcome, Err(BackupError::Damaged(_) | BackupError::NoBackup(_) | BackupError::Version(_)));
        assert!(named, "byte {position} of {}: {outcome:?}", bytes.len());
    }
}

#[tokio::test]
async fn a_backup_that_was_cut_short_is_found_wherever_it_ends() {
    let place = Place::new().await;
    let file = place.backup().await;
    let bytes = fs::read(&file).unwrap();
    let short = file.with_extension("short");
    for end in (0..bytes.len()).step_by(13).chain(bytes.len() - 70..bytes.len()) {
        fs::write(&short, &bytes[..end]).unwrap();
        let outcome = verified(&short);
        assert!(matches!(outcome, Err(BackupError::Damaged(_) | BackupError::NoBackup(_))), "{end}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_damaged_part_is_named() {
    let place = Place::new().await;
    let file = place.backup().await;
    let swapped = rewritten(&file, |name, content| match name {
        "contact.ndjson" => vec![(name.to_owned(), content.iter().map(u8::to_ascii_uppercase).collect())],
        _ => vec![(name.to_owned(), content)],
    });
    assert_eq!(
        told(verified(&swapped)),
        "the backup is damaged: contact.ndjson has another SHA-256 than the manifest says"
    );
    let missing = rewritten(&file, |name, content| match name {
        "audit.ndjson" => Vec::new(),
        _ => vec![(name.to_owned(), content)],
    });
    assert!(told(verified(&missing)).starts_with("the backup is damaged: audit.ndjson cannot be read"));
}

#[rstest]
#[case::no_row(b"{}\n", "row 1 of entry.ndjson is not what was promised")]
#[case::too_few_values(b"[1]\n", "row 1 of entry.ndjson is not what was promised")]
#[case::no_end(b"[1]", "a row of entry.ndjson has no end")]
#[case::nothing(b"", "entry.ndjson has 0 rows and should have 1")]
#[tokio::test]
async fn a_row_that_is_none_is_refused_though_every_hash_is_right(#[case] content: &[u8], #[case] expected: &str) {
    let place = Place::new().await;
    let file = with_part(&place.backup().await, "entry.ndjson", content, 1);
    assert_eq!(told(verified(&file)), format!("the backup is damaged: {expected}"));
}

#[tokio::test]
async fn a_gap_in_the_log_and_an_entry_that_nobody_can_read_are_refused() {
    let place = Place::new().await;
    let file = place.backup().await;
    let mut lines = Vec::new();
    let mut archive = Archive::open(&file, &mut quiet()).unwrap();
    archive.copy(&archive.manifest().parts[0].clone(), &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let without_second: String =
        lines.split_inclusive('\n').enumerate().filter(|(n, _)| *n != 1).map(|(_, l)| l).collect();
    let gap = with_part(&file, "entry.ndjson", without_second.as_bytes(), 2);
    assert_eq!(told(verified(&gap)), "the backup is damaged: entry 2 has the number 3");
    let newer = lines.replace("\"report_filed\",1,", "\"report_filed\",4000,");
    let newer = with_part(&file, "entry.ndjson", newer.as_bytes(), 3);
    assert!(told(verified(&newer)).starts_with("the backup is damaged: entry 1 cannot be read by this program"));
}

#[tokio::test]
async fn another_version_is_told_and_a_foreign_zip_is_none() {
    let place = Place::new().await;
    let file = place.backup().await;
    let change = |from: &'static str, to: &'static str| {
        rewritten(&file, move |name, content| {
            let content = match name {
                MANIFEST => String::from_utf8(content).unwrap().replace(from, to).into_bytes(),
                _ => content,
            };
            vec![(name.to_owned(), content)]
        })
    };
    assert!(matches!(verified(&change("\"version\": 1", "\"version\": 2")), Err(BackupError::Version(2))));
    assert!(matches!(verified(&change(FORMAT, "letters")), Err(BackupError::NoBackup(_))));
}

#[tokio::test]
async fn a_zip_that_would_unpack_without_end_is_refused_before_it_is_unpacked() {
    let place = Place::new().await;
    let bomb = vec![b'\n'; 64 << 20];
    let file = with_part(&place.backup().await, "audit.ndjson", &bomb, 1);
    assert!(fs::metadata(&file).unwrap().len() < 1 << 20);
    let expected = "the backup is damaged: audit.ndjson would unpack to more than a backup has";
    assert_eq!(told(verified(&file)), expected);
}

#[rstest]
#[case::above("../../etc/passwd")]
#[case::beside("region/../keys/boundaries.geojson")]
#[case::absolute("/tmp/boundaries.geojson")]
#[case::zones_above("hazard/../token.zones")]
#[case::zones_below("hazard/keys/token.zones")]
#[case::base_above("base/../in_force.json")]
#[case::base_of_another_kind("base/aizu/token.key")]
#[tokio::test]
async fn a_name_that_leads_elsewhere_is_refused(#[case] evil: &str) {
    let place = Place::new().await;
    let file = place.backup().await;
    let unnamed = rewritten(&file, |name, content| {
        let more = (name == KEY).then(|| (evil.to_owned(), b"x".to_vec()));
        std::iter::once((name.to_owned(), content)).chain(more).collect()
    });
    assert_eq!(told(verified(&unnamed)), "the backup is damaged: it holds files that its manifest does not name");
    let named = rewritten(&file, |name, content| {
        let content = match name {
            MANIFEST => {
                String::from_utf8(content).unwrap().replace("region/aizu/boundaries.geojson", evil).into_bytes()
            }
            _ => content,
        };
        vec![(name.to_owned(), content)]
    });
    assert!(told(verified(&named)).ends_with("which no backup has"));
}

#[tokio::test]
async fn what_is_filled_again_is_what_was_there() {
    let place = Place::new().await;
    let archive = verified(&place.backup().await).unwrap();
    let there = tempfile::tempdir().unwrap();
    let database = Database::open(&Location::File(there.path().join("sokuho.sqlite"))).await.unwrap();
    Log::open(&database, there.path(), &Midnight, &SystemEntropy).await.unwrap();
    let epoch = Uuid::from_u128(7);
    let (_, transaction) = fill::fill(archive, &database, epoch, By::node(), &Midnight, &mut quiet()).await.unwrap();
    transaction.commit().await.unwrap();
    for table in tables::TABLES {
        let rows = async |database: &Database| {
            let mut snapshot = database.snapshot().await.unwrap();
            let rows = snapshot.rows(table.select()).await.unwrap();
            rows.iter().map(|row| table.read(row).unwrap()).collect::<Vec<_>>()
        };
        let (mut here, there) = (rows(&place.database).await, rows(&database).await);
        if table.name == "audit" {
            assert_eq!(there.len(), here.len() + 1, "and that it was restored");
            here.extend(there.last().cloned());
        }
        assert_eq!(there, here, "{}", table.name);
    }
    let nodes = |database: &Database| {
        let database = database.clone();
        async move { database.row(statement("SELECT id, epoch FROM node")).await.unwrap().unwrap() }
    };
    let (here, there) = (nodes(&place.database).await, nodes(&database).await);
    assert_eq!(here.value("id", Kind::Id).unwrap(), there.value("id", Kind::Id).unwrap());
    assert_eq!(there.value("epoch", Kind::Id).unwrap(), epoch.into());
}

#[tokio::test]
async fn a_database_with_anything_in_it_is_refused() {
    let place = Place::new().await;
    let archive = verified(&place.backup().await).unwrap();
    let refused = fill::fill(archive, &place.database, Uuid::nil(), By::node(), &Midnight, &mut quiet()).await;
    assert!(matches!(refused, Err(BackupError::NotEmpty(_))));
}

#[tokio::test]
async fn a_backup_that_fails_leaves_no_file() {
    let place = Place::new().await;
    fs::remove_file(place.folder.path().join(KEY)).unwrap();
    let file = place.folder.path().join("backup.zip");
    let source = make::Source { database: &place.database, data: place.folder.path(), with_media: false };
    let failed = make::make(source, &file, By::node(), &Midnight, &mut quiet()).await;
    assert!(matches!(failed, Err(BackupError::File(path, _)) if path.ends_with(KEY)));
    let left = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().starts_with("backup")));
}

#[rstest]
#[case::of_a_newer_version(
    "UPDATE entry SET version = 4000 WHERE seq = 2",
    "entry 2 cannot be read by this program (a newer program wrote it (report_filed version 4000"
)]
#[case::of_an_unknown_kind("UPDATE entry SET kind = 'sighted' WHERE seq = 3", "entry 3 cannot be read by this program")]
#[case::missing("DELETE FROM entry WHERE seq = 1", "entry 1 has the number 2")]
#[tokio::test]
async fn a_log_with_a_row_that_no_restore_would_take_is_refused_by_its_number(
    #[case] damage: &'static str,
    #[case] expected: &str,
) {
    let place = Place::new().await;
    place.database.execute(statement(damage)).await.unwrap();
    let file = place.folder.path().join("backup.zip");
    let source = make::Source { database: &place.database, data: place.folder.path(), with_media: true };
    let refused = make::make(source, &file, By::node(), &Midnight, &mut quiet()).await.unwrap_err();
    assert!(matches!(refused, BackupError::Unreadable(_)), "{refused:?}");
    let told = refused.to_string();
    assert!(told.starts_with(&format!("the log cannot be backed up: {expected}")), "{told}");
    let left = fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().starts_with("backup")));
}
