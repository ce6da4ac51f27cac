//! The composition root: builds the rooms, joins them, owns the tasks, stops softly. The only place that
//! sees every room. Its files in the order in which a node comes to be and ends:
//!
//! ```text
//! storage ─► beginning ─► ground ─► people ─► arrow ─► rim ─► ending
//! ```

mod announcing;
mod arrow;
mod beginning;
mod duty;
mod ending;
mod gates;
mod greeting;
mod ground;
mod halted;
pub mod inspection;
pub mod keeping;
pub mod maps;
mod measuring;
mod notify;
mod people;
mod refill;
mod rim;
mod storage;
mod sweeping;
pub mod zoning;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::arrow::{Arrow, Parts};
use self::beginning::{Begun, begin};
use self::duty::Duty;
use self::ending::{SOFT_STOP, StopSignals, Stopped, first_to_end, stop_softly};
use self::greeting::greet;
use self::ground::Ground;
use self::measuring::{keep_metrics_small, record_metrics};
use self::notify::Manager;
use self::people::People;
use self::rim::{Behind, Rim, cores, listen};
pub use self::storage::{Storage, region_of};
use self::storage::{lock, make_private_folder};
use self::sweeping::sweep_media;
use crate::config::Config;
use crate::domain::clock::{Clock, Entropy};
use crate::domain::ids::time_of;
use crate::http::listener;
use crate::http::places::{CONNECTIONS, Places};
use crate::http::request_log::RequestIds;
use crate::hub::Hub;
use crate::inspect::{self, Finding, Findings};
use crate::live::Live;
use crate::log::EntryLog;
use crate::media::store::{self, Store};
use crate::tiles::desk::Desk;

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

    // What is known before anybody says anything.
    let ground = Ground::in_force(&config, region, &database).await?;
    log.describe_shelters(ground.shelters.all(), ground.shelters.is_demonstration()).await?;
    for lost in log.losses().context("what was written down of lost entries cannot be read")? {
        inspect::log(&Finding::LogTail(lost));
    }
    let findings = Findings::default();
    let live = Arc::new(Live::new(replayed.world));
    let people = People::of(registry, Arc::clone(&live), &ground.region, &config).await?;

    // The arrow.
    let media = open_media(&config)?;
    let desk = Desk::new(cores());
    let (arrow, writing) = Arrow::join(Parts {
        config: &config,
        ground: &ground,
        people: &people,
        media: &media,
        log: Arc::clone(&log),
        history,
        live: Arc::clone(&live),
        head: replayed.head,
        hlc: replayed.hlc,
        desk: &desk,
        clock: clock.clone(),
        entropy: entropy.as_ref(),
    })
    .await;
    let hub = Arc::clone(&arrow.hub);
    let duty = Duty {
        identity: Arc::clone(&people.identity),
        live: Arc::clone(&live),
        recorder: arrow.recorder.clone(),
        entropy: Arc::clone(&entropy),
    };

    // The rim.
    let Rim { router, inside } = Rim::before(Behind {
        config: &config,
        ground: &ground,
        people: &people,
        arrow,
        media: &media,
        findings: &findings,
        metrics: &metrics,
        database: &database,
        desk: &desk,
        clock: clock.clone(),
        entropy,
    })
    .await?;
    let listener = listen(config.listen()).await?;
    let address = listener.local_addr()?;

    // The tasks.
    let stopping = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let People { identity, demo, .. } = people;
    keep(&mut tasks, "the watch over who is on duty", duty.watch(stopping.clone()));
    keep(&mut tasks, "the hub", write_to_viewers(Arc::clone(&hub)));
    keep(&mut tasks, "the watch over tokens", async move { identity.run().await });
    keep(&mut tasks, "the metrics", keep_metrics_small(metrics));
    let first_look = Duration::from_secs(config.inspect_after);
    let inspecting = inspection::daily(Arc::clone(&log), media.clone(), findings, clock.clone(), first_look);
    keep(&mut tasks, "the daily inspection", inspecting);
    let history_began = time_of(log.epoch()).unwrap_or(Timestamp::MAX);
    keep(&mut tasks, "the sweep of uploads", sweep_media(media, live, clock, history_began));
    let mut writing = tokio::spawn(writing);
    let mut signals = StopSignals::listen().context("signals cannot be heard")?;
    greet(address, demo.as_ref(), &ground.region)?;
    let manager = Manager(config.notify_socket);
    manager.ready();
    tracing::info!(address = %address, duration_ms = started.elapsed().as_secs_f64() * 1e3, "listening");

    // A soft stop: the intake closes, receipts finish, viewers are told to come back. Then a hard one.
    let places = Places::new(&config.trusted_proxies);
    let mut serving = tokio::spawn(listener::serve(listener, router, places, stopping.clone()));
    if let Some((listener, router)) = inside {
        // To the very end, so that monitoring can watch the stop.
        let serving = listener::serve(listener, router, Places::new(&[]), CancellationToken::new());
        keep(&mut tasks, "the listener for health", serving);
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

/// Runs a task to the stop. What it returns is its name, so that one that ends before is told of by it.
fn keep(tasks: &mut JoinSet<&'static str>, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(async move {
        task.await;
        name
    });
}

async fn write_to_viewers(hub: Arc<Hub>) {
    if let Err(error) = hub.run().await {
        tracing::error!(error = %error, "a writer of the hub failed");
    }
}

fn open_media(config: &Config) -> anyhow::Result<Store> {
    let folder = config.data.join("media");
    make_private_folder(&folder)?;
    let limits = store::Limits { keep_free: config.keep_free_mib << 20, ..store::Limits::default() };
    Ok(Store::open(&folder, limits)?)
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
