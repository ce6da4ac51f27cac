//! The composition root: builds the rooms, joins them, owns the tasks, stops softly. The only place that
//! sees every room.

mod announcing;
mod beginning;
mod duty;
mod ending;
mod gates;
mod halted;
pub mod inspection;
pub mod keeping;
pub mod maps;
mod notify;
mod refill;
pub mod zoning;

use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZero;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::announcing::Announcer;
use self::beginning::{Begun, begin};
use self::duty::Duty;
use self::ending::{StopSignals, Stopped, first_to_end, stop_softly};
use self::gates::LiveGate;
use self::notify::Manager;
use crate::audit::exports::Exports;
use crate::config::Config;
use crate::database::told::chain;
use crate::database::{Database, Location, PostgresUrl};
use crate::domain::clock::{Clock, Entropy, HlcSource};
use crate::domain::entry::Seq;
use crate::domain::ids::time_of;
use crate::domain::report::Edition;
use crate::hazard::catalogue::Catalogue;
use crate::http::client_address::TrustedProxies;
use crate::http::export::ExportDoor;
use crate::http::places::{CONNECTIONS, Places};
use crate::http::request_log::RequestIds;
use crate::http::router::{self, Doors};
use crate::http::{
    base as base_door, check_ins, features, hazard as hazard_door, health, incidents, live as live_door,
    media as media_door, operations, region as region_door,
};
use crate::http::{listener, reports, sessions, shelters as shelters_door, snapshot, tiles as tiles_door};
use crate::hub::{self, Hub};
use crate::identity::limits::AddressLimit;
use crate::identity::registry::Registry;
use crate::identity::{self, Identity};
use crate::inspect::{self, Finding, Findings};
use crate::intake::Intake;
use crate::intake::digest::Digests;
use crate::intake::receipt::ReceiptKeys;
use crate::intake::recorder::Recorder;
use crate::live::Live;
use crate::live::past::Past;
use crate::locate::Locator;
use crate::log::backend::Log;
use crate::log::writer::writer;
use crate::log::{ContactBook, EntryLog};
use crate::media::store::{self, Store};
use crate::region::Region;
use crate::shelters::Shelters;
use crate::tiles::desk::Desk;
use crate::tiles::live::LiveTiles;

/// A soft stop may take this long; then the node stops hard.
const SOFT_STOP: Duration = Duration::from_secs(9);

/// Whoever holds a lock on this file of the data folder works on it alone.
const LOCK: &str = "node.lock";

/// What lies on disk: the log, the accounts, the region. The command line needs no more.
pub struct Storage {
    /// Data folder.
    pub data: PathBuf,
    /// The database.
    pub database: Database,
    /// The log.
    pub log: Arc<Log>,
    /// Accounts and tokens.
    pub registry: Registry,
    /// The region.
    pub region: Region,
}

impl Storage {
    /// Opens what lies below `data`, or makes it. The log and the accounts lie in the PostgreSQL database, if
    /// one is given.
    ///
    /// # Errors
    /// Whatever is wrong, as a sentence for the operator.
    pub async fn open(
        data: PathBuf,
        postgres: Option<PostgresUrl>,
        region: Option<&Path>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        make_private_folder(&data)?;
        if data.join(keeping::RESTORING).exists() {
            bail!("a restore into {} was not finished: run it again", show(&data));
        }
        let region = region_of(region)?.with_imported(&data)?;
        let keys = data.join("keys");
        let location = location(&data, postgres);
        let had_keys = keys.join(identity::KEY_FILE).exists();
        // Half of a node is a loss that must be noticed, not a reason to begin anew in silence.
        if let Location::File(file) = &location
            && had_keys
            && fs::metadata(file).map_or(0, |file| file.len()) == 0
        {
            bail!("{location} is missing, but {} is there: put the log back, or move both away", show(&keys));
        }
        let database = Database::open(&location).await?;
        let log = Log::open(&database, &data, clock.as_ref(), entropy.as_ref()).await?;
        let head = log.head().await?;
        if !had_keys && head > 0 {
            bail!("{} is missing, but the log has entries: without it every receipt link dies", show(&keys));
        }
        let remembered = log.remembered();
        if matches!(location, Location::Postgres(_)) && head == 0 && remembered > 0 {
            let there = show(&data);
            bail!(
                "{location} has no entries, but the log of {there} had {remembered}: is it the right database? Restore \
                 a backup into it, or move {there} away to begin anew"
            );
        }
        let registry = Registry::open(database.clone(), &keys, log.node(), clock, entropy).await?;
        Ok(Self { data, database, log: Arc::new(log), registry, region })
    }
}

fn location(data: &Path, postgres: Option<PostgresUrl>) -> Location {
    postgres.map_or_else(|| Location::File(data.join("sokuho.sqlite")), Location::Postgres)
}

/// Readable by its owner only: residents' photos lie in it, with all that their phones wrote into them.
fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the folder {}", show(folder)))
}

fn show(path: &Path) -> std::path::Display<'_> {
    path.display()
}

/// The region in a folder, or the built-in one.
///
/// # Errors
/// What is wrong with the folder.
pub fn region_of(folder: Option<&Path>) -> anyhow::Result<Region> {
    Ok(folder.map_or_else(Region::built_in, Region::load)?)
}

/// Runs a node until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting, as a sentence for the operator.
pub async fn serve(config: Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> anyhow::Result<()> {
    let started = Instant::now();
    raise_open_files(config.viewers);
    make_private_folder(&config.data)?;
    let _only_node = lock(&config.data)?;
    let metrics = record_metrics()?;
    let begun = match begin(&config, clock.clone(), entropy.clone()).await {
        Ok(begun) => begun,
        Err(error) => {
            let finding = halted::in_the_way(error)?;
            return halted::stand(config, finding, metrics, RequestIds { clock, entropy }).await;
        }
    };
    let Begun { storage: Storage { database, log, registry, region, .. }, history, replayed } = begun;
    let base = maps::base(&config, &region).await?;
    let locator = Arc::new(Locator::new(&region));
    let shelters = Arc::new(Shelters::in_force(&config.data, &region, &locator)?);
    log.describe_shelters(shelters.all(), shelters.is_demonstration()).await?;
    let hlc = Arc::new(HlcSource::default());
    hlc.observe(replayed.hlc);
    let live = Arc::new(Live::new(replayed.world));
    let past = Arc::new(Past::new(history.clone(), Arc::clone(&live)));
    for lost in log.losses().context("what was written down of lost entries cannot be read")? {
        inspect::log(&Finding::LogTail(lost));
    }
    let findings = Findings::default();

    // Who may watch.
    let contacts = ContactBook::new(database.clone());
    let node = log.node();
    let demo = if config.demo { Some(identity::demo::ensure(&registry, region.offices()).await?) } else { None };
    let receipts = ReceiptKeys::new(&registry.derived_key("receipt keys"));
    let digests = Digests::new(&registry.derived_key("digests of contact details"));
    let identity = Arc::new(Identity::new(registry, Arc::clone(&live) as _, identity::Settings::default()).await?);

    // The arrow.
    let settings = hub::settings::Settings::for_viewers(config.viewers, config.viewers_per_address);
    let gate = Arc::new(LiveGate(Arc::clone(&identity)));
    let last = refill::last_entries(log.as_ref(), &live, &settings).await;
    let begins_after = replayed.head - last.len() as Seq;
    let hub = Hub::new(settings, node, log.epoch(), begins_after, clock.clone(), gate);
    hub.publish(last);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let desk = Desk::new(cores);
    let live_tiles = LiveTiles::new(Arc::clone(&live), &desk);
    let announcer = Announcer::new(Arc::clone(&live), Arc::clone(&hub), live_tiles.clone(), history);
    let (appender, writing) = writer(Arc::clone(&log), replayed.head, announcer);

    let hazard = Arc::new(zoning::load(&database, &config.data, region.code()).await?);
    tracing::info!(layers = hazard.layers().len(), zones = hazard.len(), "hazard zones are in force");

    // The rooms beside it.
    make_private_folder(&config.data.join("media"))?;
    let limits = store::Limits { keep_free: config.keep_free_mib << 20, ..store::Limits::default() };
    let media = Store::open(&config.data.join("media"), limits)?;
    let intake = Arc::new(Intake {
        appender: appender.clone(),
        locator,
        hazard: Arc::clone(&hazard),
        media: media.clone(),
        live: Arc::clone(&live),
        past: Arc::clone(&past),
        quota: AddressLimit::per_minute(config.reports_per_minute, entropy.as_ref()),
        receipts: receipts.clone(),
        digests,
        clock: clock.clone(),
        hlc: Arc::clone(&hlc),
        node,
        boundaries: Edition::named(region.edition()),
    });

    let pulse = appender.pulse();
    let recorder = Recorder { appender, clock: clock.clone(), hlc, node };

    let duty = Duty {
        identity: Arc::clone(&identity),
        live: Arc::clone(&live),
        recorder: recorder.clone(),
        entropy: Arc::clone(&entropy),
    };
    let offices = Arc::new(region.offices().iter().map(|office| office.code.clone()).collect());

    // The rim.
    let health = health::HealthState {
        log: Arc::clone(&log),
        pulse,
        live: Arc::clone(&live),
        media: media.clone(),
        findings: findings.clone(),
        asking: Arc::default(),
        metrics: metrics.clone(),
    };
    let (health, inside) = match config.health_listen {
        None => (Some(health), None),
        Some(address) => {
            let listener = listen(address).await?;
            tracing::info!(address = %listener.local_addr()?, "health has a listener of its own");
            (None, Some((listener, router::inside(health))))
        }
    };
    let exports = ExportDoor { exports: Arc::new(Exports::new(database.clone())), clock: clock.clone() };
    let remotes = maps::Remotes {
        data: config.data.clone(),
        ids: config.map_sources.clone(),
        list: config.map_source_list.clone(),
        cache_mib: config.map_cache_mib,
        keep_free_mib: config.keep_free_mib,
    };
    let sources = maps::sources(&region, live_tiles, &base, &hazard, &desk, remotes, clock.clone()).await?;
    let doors = Doors {
        base: base_door::BaseState::new(&base)?,
        region: region_door::RegionState::new(&region)?,
        snapshot: snapshot::SnapshotState::new(Arc::clone(&live), log.epoch(), clock.clone()),
        live: live_door::LiveState::new(Arc::clone(&hub)),
        reports: reports::ReportsState {
            intake,
            live: Arc::clone(&live),
            past: Arc::clone(&past),
            receipts,
            media: media.clone(),
            contacts,
            clock: clock.clone(),
        },
        media: media_door::MediaState {
            store: media.clone(),
            clock: clock.clone(),
            quota: Arc::new(AddressLimit::per_minute(config.uploads_per_minute, entropy.as_ref())),
            patience: media_door::Patience::default(),
        },
        incidents: incidents::IncidentsState {
            live: Arc::clone(&live),
            past: Arc::clone(&past),
            recorder: recorder.clone(),
            offices: Arc::clone(&offices),
            zone_layers: Arc::new(Catalogue::built_in()?.layers.into_iter().map(|layer| layer.id).collect()),
            turns: Arc::default(),
        },
        hazard: hazard_door::HazardState::new(&hazard, Arc::clone(&live))?,
        hazard_zones: hazard_door::zones::HazardZonesState::new(Arc::clone(&hazard), cores),
        features: features::FeaturesState::new(
            &region,
            Arc::clone(&shelters),
            Arc::clone(&live),
            clock.clone(),
            exports.clone(),
        )?,
        sessions: sessions::SessionState { identity: Arc::clone(&identity), live: Arc::clone(&live) },
        check_ins: check_ins::CheckInState {
            recorder: recorder.clone(),
            live: Arc::clone(&live),
            identity: Arc::clone(&identity),
            offices,
            turns: Arc::default(),
        },
        tiles: tiles_door::TilesState { sources: Arc::new(sources), epoch: log.epoch() },
        shelters: shelters_door::SheltersState::new(Arc::clone(&live), shelters, recorder.clone(), log.epoch()),
        operations: operations::OperationsState {
            live: Arc::clone(&live),
            past,
            recorder,
            turns: Arc::default(),
            exports,
        },
        health,
        identity: Arc::clone(&identity),
        request_ids: RequestIds { clock: clock.clone(), entropy },
        trusted_proxies: TrustedProxies(config.trusted_proxies.clone().into()),
    };
    let router = router::router(doors);

    // The tasks.
    let listener = listen(config.listen()).await?;
    let address = listener.local_addr()?;
    let stopping = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let on_duty = duty.watch(stopping.clone());
    tasks.spawn(async move {
        on_duty.await;
        "the watch over who is on duty"
    });
    tasks.spawn({
        let hub = Arc::clone(&hub);
        async move {
            if let Err(error) = hub.run().await {
                tracing::error!(error = %error, "a writer of the hub failed");
            }
            "the hub"
        }
    });
    tasks.spawn(async move {
        identity.run().await;
        "the watch over tokens"
    });
    tasks.spawn(async move {
        keep_metrics_small(metrics).await;
        "the metrics"
    });
    let inspecting = inspection::daily(
        Arc::clone(&log),
        media.clone(),
        findings,
        clock.clone(),
        Duration::from_secs(config.inspect_after),
    );
    tasks.spawn(async move {
        inspecting.await;
        "the daily inspection"
    });
    let sweeping = sweep_media(media, live, clock.clone(), time_of(log.epoch()).unwrap_or(Timestamp::MAX));
    tasks.spawn(async move {
        sweeping.await;
        "the sweep of uploads"
    });
    let mut writing = tokio::spawn(writing);
    let mut signals = StopSignals::listen().context("signals cannot be heard")?;
    announce_start(address, demo.as_ref(), &region)?;
    let manager = Manager(config.notify_socket);
    manager.ready();
    tracing::info!(address = %address, duration_ms = started.elapsed().as_secs_f64() * 1e3, "listening");

    // A soft stop: the intake closes, receipts finish, viewers are told to come back. Then a hard one.
    let places = Places::new(&config.trusted_proxies);
    let mut serving = tokio::spawn(listener::serve(listener, router, places, stopping.clone()));
    if let Some((listener, router)) = inside {
        // To the very end, so that monitoring can watch the stop.
        tasks.spawn(async move {
            listener::serve(listener, router, Places::new(&[]), CancellationToken::new()).await;
            "the listener for health"
        });
    }
    tokio::select! {
        () = signals.next() => {}
        ended = &mut serving => bail!("the listener ended by itself: {ended:?}"),
        error = first_to_end(&mut tasks, &mut writing) => return Err(error),
    }
    tracing::info!("stopping");
    manager.stopping();
    stopping.cancel();
    let soft = async {
        hub.stop().await;
        let _ = (&mut serving).await;
        // The last door has gone, and with it the last appender: the writer ends when all is written.
        let _ = (&mut writing).await;
    };
    match stop_softly(soft, signals.next(), SOFT_STOP).await {
        Stopped::Softly => {}
        Stopped::OutOfTime => {
            tracing::warn!("some requests did not end in time");
            serving.abort();
        }
        // What has a receipt is on the disk, however the process ends.
        Stopped::AskedAgain => bail!("asked twice to stop: stopped at once"),
    }
    tasks.shutdown().await;
    // A statement that hangs must not keep the process; what it would write has no receipt.
    let closing = async {
        log.close().await;
        database.close().await;
    };
    if tokio::time::timeout(Duration::from_millis(500), closing).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Answer times fall into buckets from half a millisecond to ten seconds.
fn record_metrics() -> anyhow::Result<PrometheusHandle> {
    const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 2.5, 10.0];
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS)?;
    recorder.install_recorder().context("metrics cannot be recorded")
}

/// Samples wait in memory until somebody reads the metrics; where nobody does, this keeps them few.
async fn keep_metrics_small(metrics: PrometheusHandle) {
    let mut often = tokio::time::interval(Duration::from_secs(5));
    loop {
        often.tick().await;
        metrics.run_upkeep();
    }
}

/// Uploads that no report has named for a day are removed, once an hour. The first round counts what
/// waits since before the start; a start has better things to do, so it comes a minute later. What came before this
/// history of the log stays: another database, or one without its tail, does not know which reports named it.
async fn sweep_media(media: Store, live: Arc<Live>, clock: Arc<dyn Clock>, history_began: Timestamp) {
    const KEEP: SignedDuration = SignedDuration::from_hours(24);
    let first = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut hourly = tokio::time::interval_at(first, Duration::from_secs(3_600));
    loop {
        hourly.tick().await;
        let Ok(older_than) = clock.now().checked_sub(KEEP) else { continue };
        match media.sweep(history_began..older_than, |id| live.read().names_media(id)).await {
            Ok(swept) if swept.files > 0 => tracing::info!(files = swept.files, bytes = swept.bytes, "swept uploads"),
            Ok(_) => {}
            Err(error) => tracing::error!(error = chain(&error), "uploads could not be swept"),
        }
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Two nodes on one folder would write two histories into one log.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join(LOCK);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => bail!("another node runs on the folder {}", data.display()),
        Err(fs::TryLockError::Error(error)) => Err(error).context("the data folder cannot be locked"),
    }
}

/// Each viewer and each connection of HTTP is an open file; what the system allows is told where it is too little.
fn raise_open_files(viewers: usize) {
    let wanted = u64::try_from(viewers.saturating_add(CONNECTIONS + 1_024)).unwrap_or(u64::MAX);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed >= wanted => {}
        Ok(allowed) => tracing::info!(allowed, wanted, "the system allows fewer open files than connections"),
        Err(error) => tracing::info!(error = %error, "the limit of open files cannot be raised"),
    }
}

/// For the person, and for programs that wait for the line.
fn announce_start(address: SocketAddr, demo: Option<&identity::demo::Demo>, region: &Region) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(demo) = demo {
        print_demo(&mut out, address, demo, region)?;
    }
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;
    Ok(())
}

fn print_demo(
    out: &mut impl Write,
    address: SocketAddr,
    demo: &identity::demo::Demo,
    region: &Region,
) -> std::io::Result<()> {
    let name = |code| region.office(code).map_or("", |office| office.name.as_str());
    writeln!(out, "\nSokuho 速報\n")?;
    writeln!(out, "  residents 住民      http://{address}/")?;
    writeln!(out, "  field 現場          http://{address}/field")?;
    writeln!(out, "  console 受付        http://{address}/console")?;
    writeln!(out, "  API                 http://{address}/api/docs")?;
    writeln!(out, "  GIS (QGIS, GDAL)    http://{address}/ogc")?;
    if !demo.walls.is_empty() {
        writeln!(out, "\nWall displays 壁面表示 (each address holds its token)")?;
        for (office, token) in &demo.walls {
            writeln!(out, "  {office} {}\n    http://{address}/wall#token={token}", name(office))?;
        }
    }
    if !demo.made.is_empty() {
        writeln!(out, "\nDemonstration accounts 体験用アカウント (printed this once)")?;
        writeln!(out, "  {:<28} {:<16} role, works for, lives in", "account", "password")?;
        for (account, password) in &demo.made {
            let staff = &account.staff;
            let home = staff.home_office.as_ref().map_or("-", |home| home.as_str());
            let role = serde_json::to_value(staff.role).ok();
            let role = role.as_ref().and_then(|role| role.as_str()).unwrap_or_default();
            writeln!(
                out,
                "  {:<28} {:<16} {role}, {} {}, {home}",
                account.name,
                password,
                staff.work_office,
                name(&staff.work_office)
            )?;
        }
    }
    writeln!(out)
}
