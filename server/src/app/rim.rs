//! The rim: gives each door what it needs of the rooms behind it, and opens the ports.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::arrow::Arrow;
use super::ground::Ground;
use super::maps;
use super::people::People;
use crate::audit::exports::Exports;
use crate::config::Config;
use crate::database::Database;
use crate::domain::clock::{Clock, Entropy};
use crate::hazard::catalogue::Catalogue;
use crate::http::client_address::TrustedProxies;
use crate::http::export::ExportDoor;
use crate::http::request_log::RequestIds;
use crate::http::router::{self, Doors};
use crate::http::{
    base, check_ins, features, hazard, health, incidents, live, media, operations, region, reports, sessions, shelters,
    snapshot, tiles,
};
use crate::identity::limits::AddressLimit;
use crate::inspect::Findings;
use crate::log::{ContactBook, EntryLog};
use crate::media::store::Store;
use crate::tiles::desk::Desk;

/// What stands behind the doors.
pub(super) struct Behind<'a> {
    pub(super) config: &'a Config,
    pub(super) ground: &'a Ground,
    pub(super) people: &'a People,
    /// Handed over: the log's writer ends when the last door is gone.
    pub(super) arrow: Arrow,
    pub(super) media: &'a Store,
    pub(super) findings: &'a Findings,
    pub(super) metrics: &'a PrometheusHandle,
    pub(super) database: &'a Database,
    /// Where tiles are drawn.
    pub(super) desk: &'a Desk,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

/// All doors.
pub(super) struct Rim {
    pub(super) router: Router,
    /// Those for the operator's monitoring, where they have a listener of their own.
    pub(super) inside: Option<(TcpListener, Router)>,
}

impl Rim {
    /// Makes the doors.
    ///
    /// # Errors
    /// What cannot be shown, or a port that cannot be had.
    pub(super) async fn before(rooms: Behind<'_>) -> anyhow::Result<Self> {
        let Behind { config, ground, people, arrow, media, findings, metrics, database, desk, clock, entropy } = rooms;
        let Arrow { intake, recorder, pulse, log, live, past, tiles, hub } = arrow;
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
        let remotes = maps::Remotes {
            data: config.data.clone(),
            ids: config.map_sources.clone(),
            list: config.map_source_list.clone(),
            cache_mib: config.map_cache_mib,
            keep_free_mib: config.keep_free_mib,
        };
        let Ground { region, base, shelters, hazard, .. } = ground;
        let sources = maps::sources(region, tiles, base, hazard, desk, remotes, clock.clone()).await?;
        let exports = ExportDoor { exports: Arc::new(Exports::new(database.clone())), clock: clock.clone() };
        let offices = Arc::new(region.offices().iter().map(|office| office.code.clone()).collect());
        let doors = Doors {
            base: base::BaseState::new(base)?,
            region: region::RegionState::new(region)?,
            snapshot: snapshot::SnapshotState::new(Arc::clone(&live), log.epoch(), clock.clone()),
            live: live::LiveState::new(hub),
            reports: reports::ReportsState {
                intake,
                live: Arc::clone(&live),
                past: Arc::clone(&past),
                receipts: people.receipts.clone(),
                media: media.clone(),
                contacts: ContactBook::new(database.clone()),
                clock: clock.clone(),
            },
            media: media::MediaState {
                store: media.clone(),
                clock: clock.clone(),
                quota: Arc::new(AddressLimit::per_minute(config.uploads_per_minute, entropy.as_ref())),
                patience: media::Patience::default(),
            },
            incidents: incidents::IncidentsState {
                live: Arc::clone(&live),
                past: Arc::clone(&past),
                recorder: recorder.clone(),
                offices: Arc::clone(&offices),
                zone_layers: Arc::new(Catalogue::built_in()?.layers.into_iter().map(|layer| layer.id).collect()),
                turns: Arc::default(),
            },
            hazard: hazard::HazardState::new(hazard, Arc::clone(&live))?,
            hazard_zones: hazard::zones::HazardZonesState::new(Arc::clone(hazard), cores()),
            features: features::FeaturesState::new(
                region,
                Arc::clone(shelters),
                Arc::clone(&live),
                clock.clone(),
                exports.clone(),
            )?,
            sessions: sessions::SessionState { identity: Arc::clone(&people.identity), live: Arc::clone(&live) },
            check_ins: check_ins::CheckInState {
                recorder: recorder.clone(),
                live: Arc::clone(&live),
                identity: Arc::clone(&people.identity),
                offices,
                turns: Arc::default(),
            },
            tiles: tiles::TilesState { sources: Arc::new(sources), epoch: log.epoch() },
            shelters: shelters::SheltersState::new(
                Arc::clone(&live),
                Arc::clone(shelters),
                recorder.clone(),
                log.epoch(),
            ),
            operations: operations::OperationsState { live, past, recorder, turns: Arc::default(), exports },
            health,
            identity: Arc::clone(&people.identity),
            request_ids: RequestIds { clock, entropy },
            trusted_proxies: TrustedProxies(config.trusted_proxies.clone().into()),
        };
        Ok(Self { router: router::router(doors), inside })
    }
}

/// Opens a port.
///
/// # Errors
/// If somebody else has it.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// How many things a node works on at the same time.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
