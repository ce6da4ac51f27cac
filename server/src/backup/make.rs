//! Makes a backup of what was true at one moment, while the node runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use futures_util::TryStreamExt;

use super::imported;
use super::pack::Packer;
use super::tables::{TABLES, Table, read_entry};
use super::{
    BackupError, FORMAT, KEY, MEDIA, Manifest, Media, MediaLine, Progress, Tell, VERSION, blocking, media_names,
};
use crate::audit::{self, Action, By, Record};
use crate::database::Database;
use crate::database::statement::{Transaction, statement};
use crate::database::value::{Kind, Value};
use crate::domain::clock::Clock;
use crate::domain::entry::{Body, Seq};
use crate::domain::ids::MediaId;
use crate::domain::report::Medium;
use crate::media::store;

/// Bytes of rows that are packed at a time.
const CHUNK: usize = 256 * 1024;

/// The media that reports name, by hash: some 300 bytes each. All else that a backup holds in memory does not
/// grow with the node.
type Named = BTreeMap<MediaId, Medium>;

/// What is backed up.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The database.
    pub database: &'a Database,
    /// The data folder, with keys, media and what was imported.
    pub data: &'a Path,
    /// Whether the photos and videos themselves are packed too.
    pub with_media: bool,
}

/// Makes a backup: `target` is there whole, or not at all. It is recorded before anything is read.
///
/// # Errors
/// [`BackupError`].
pub async fn make(
    source: Source<'_>,
    target: &Path,
    by: By,
    clock: &dyn Clock,
    tell: Tell<'_>,
) -> Result<Manifest, BackupError> {
    let path = target.to_owned();
    let mut packer = blocking(move || Packer::create(&path)).await?;
    let made_at = clock.now();
    let record = Record { at: made_at, by, action: Action::BackedUp, subject: target.display().to_string() };
    audit::record(source.database, &record).await?;

    let mut snapshot = source.database.snapshot().await?;
    let node = snapshot.row(statement("SELECT id, epoch FROM node")).await?.ok_or(sqlx::Error::RowNotFound)?;
    let id = |column| match node.value(column, Kind::Id) {
        Ok(Value::Id(id)) => Ok(id),
        Ok(_) => Err(sqlx::Error::RowNotFound),
        Err(error) => Err(error),
    };
    let mut manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        made_at,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        node: id("id")?,
        epoch: id("epoch")?,
        head: 0,
        parts: Vec::new(),
        media: Media::default(),
    };
    let mut named = Named::new();
    for table in TABLES {
        packer = pack(table, &mut snapshot, packer, &mut manifest.head, &mut named, tell).await?;
    }
    drop(snapshot);

    manifest.media.named = named.len() as u64;
    let lines = named.values().cloned().map(MediaLine).map(|line| serde_json::to_string(&line));
    let lines = lines.collect::<Result<Vec<_>, _>>().map_err(|error| BackupError::Pack(error.into()))?;
    let data = source.data.to_owned();
    packer = blocking(move || {
        packer.begin(MEDIA)?;
        for line in lines {
            packer.write(format!("{line}\n").as_bytes(), 1)?;
        }
        packer.end();
        let key = data.join(KEY);
        packer.file(KEY, &key, File::open(&key).map_err(BackupError::file(&key))?)?;
        for imported in imported::files(&data)? {
            packer.file(&imported.name, &imported.path, imported.file)?;
        }
        Ok(packer)
    })
    .await?;
    if source.with_media {
        let folder = source.data.join("media");
        for (done, id) in (1..).zip(named.into_keys()) {
            let folder = folder.clone();
            let packed;
            (packer, packed) = blocking(move || pack_medium(packer, &folder, &id)).await?;
            manifest.media.packed += u64::from(packed);
            manifest.media.missing += u64::from(!packed);
            tell(Progress { step: "media", done, of: Some(manifest.media.named) });
        }
    }
    blocking(move || packer.finish(manifest)).await
}

async fn pack(
    table: &'static Table,
    snapshot: &mut Transaction,
    mut packer: Packer,
    head: &mut Seq,
    named: &mut Named,
    tell: Tell<'_>,
) -> Result<Packer, BackupError> {
    let count = snapshot.row(table.count()).await?.ok_or(sqlx::Error::RowNotFound)?;
    let of = count.get::<i64>("n")?.cast_unsigned();
    packer.begin(&table.part())?;
    let (mut lines, mut waiting, mut done) = (Vec::with_capacity(CHUNK), 0, 0);
    let mut rows = snapshot.stream(table.select());
    loop {
        let row = rows.try_next().await?;
        if let Some(row) = &row {
            let row = table.read(row)?;
            if table.name == "entry" {
                let body = read_entry(*head + 1, &row).map_err(BackupError::Unreadable)?;
                *head += 1;
                if let Body::ReportFiled(report) = body {
                    named.extend(report.media.iter().map(|medium| (medium.id.clone(), medium.clone())));
                }
            }
            table.write_line(&row, &mut lines);
            waiting += 1;
        }
        if lines.len() >= CHUNK || row.is_none() {
            let full = std::mem::replace(&mut lines, Vec::with_capacity(CHUNK));
            packer = blocking(move || packer.write(&full, waiting).map(|()| packer)).await?;
            done += waiting;
            waiting = 0;
            tell(Progress { step: table.name, done, of: Some(of) });
        }
        if row.is_none() {
            packer.end();
            return Ok(packer);
        }
    }
}

/// Packs a file with its thumbnail and its record; `false` if it is not there, or not what its name or its record
/// say: what is damaged in the store must not spoil the backup.
fn pack_medium(mut packer: Packer, folder: &Path, id: &MediaId) -> Result<(Packer, bool), BackupError> {
    let [file, thumbnail, record] = store::places(folder, id);
    let [file_name, thumbnail_name, record_name] = media_names(id);
    let described = std::fs::read(&record).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let sound = described.is_some_and(|described: store::Description| described.id == *id);
    let packed = sound && packer.medium(&file_name, &file, Some(id.as_str()))?;
    if packed {
        packer.medium(&thumbnail_name, &thumbnail, None)?;
        packer.medium(&record_name, &record, None)?;
    }
    Ok((packer, packed))
}
