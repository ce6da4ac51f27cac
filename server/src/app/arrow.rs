//! The one arrow of data, joined: intake ─► log ─► live ─► hub.

use std::sync::Arc;

use super::announcing::Announcer;
use super::gates::LiveGate;
use super::ground::Ground;
use super::people::People;
use super::refill;
use crate::config::Config;
use crate::domain::clock::{Clock, Entropy, Hlc, HlcSource};
use crate::domain::entry::Seq;
use crate::domain::report::Edition;
use crate::hub::Hub;
use crate::hub::settings::Settings;
use crate::identity::limits::AddressLimit;
use crate::intake::Intake;
use crate::intake::recorder::Recorder;
use crate::live::Live;
use crate::live::past::Past;
use crate::log::backend::Log;
use crate::log::writer::{Pulse, writer};
use crate::log::{EntryLog, History};
use crate::media::store::Store;
use crate::tiles::desk::Desk;
use crate::tiles::live::LiveTiles;

/// The rooms that an entry comes through, in this order. Up to the commit it is a call, after it a stream.
pub(super) struct Arrow {
    /// Takes reports, and finds whose ground they lie on.
    pub(super) intake: Arc<Intake>,
    /// Takes everything else that staff do.
    pub(super) recorder: Recorder,
    /// How the log's writer does. The writer lasts as long as somebody can reach it: as the two above are there.
    pub(super) pulse: Pulse,
    /// What is committed.
    pub(super) log: Arc<Log>,
    /// The world.
    pub(super) live: Arc<Live>,
    /// What the world has let go.
    pub(super) past: Arc<Past>,
    /// The world, drawn.
    pub(super) tiles: LiveTiles,
    /// Those who watch.
    pub(super) hub: Arc<Hub>,
}

/// What it is joined of.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) ground: &'a Ground,
    pub(super) people: &'a People,
    pub(super) media: &'a Store,
    pub(super) log: Arc<Log>,
    pub(super) history: History,
    /// The world as the log has it,
    pub(super) live: Arc<Live>,
    /// up to this entry,
    pub(super) head: Seq,
    /// and the greatest clock reading in it.
    pub(super) hlc: Hlc,
    /// Where tiles are drawn.
    pub(super) desk: &'a Desk,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: &'a dyn Entropy,
}

impl Arrow {
    /// Joins the rooms, from the head of the arrow back, for each is given what it feeds. Also gives the log's writer:
    /// until it runs nothing is committed.
    pub(super) async fn join(parts: Parts<'_>) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let Parts { config, ground, people, media, log, history, live, head, hlc: seen, desk, clock, entropy } = parts;
        let node = log.node();

        // After the commit.
        let past = Arc::new(Past::new(history.clone(), Arc::clone(&live)));
        let tiles = LiveTiles::new(Arc::clone(&live), desk);
        let settings = Settings::for_viewers(config.viewers, config.viewers_per_address);
        let gate = Arc::new(LiveGate(Arc::clone(&people.identity)));
        let last = refill::last_entries(log.as_ref(), &live, &settings).await;
        let hub = Hub::new(settings, node, log.epoch(), head - last.len() as Seq, clock.clone(), gate);
        hub.publish(last);

        // The commit.
        let announcer = Announcer::new(Arc::clone(&live), Arc::clone(&hub), tiles.clone(), history);
        let (appender, writing) = writer(Arc::clone(&log), head, announcer);
        let pulse = appender.pulse();

        // Before it.
        let hlc = Arc::new(HlcSource::default());
        hlc.observe(seen);
        let recorder = Recorder { appender: appender.clone(), clock: clock.clone(), hlc: Arc::clone(&hlc), node };
        let intake = Arc::new(Intake {
            appender,
            locator: Arc::clone(&ground.locator),
            hazard: Arc::clone(&ground.hazard),
            media: media.clone(),
            live: Arc::clone(&live),
            past: Arc::clone(&past),
            quota: AddressLimit::per_minute(config.reports_per_minute, entropy),
            receipts: people.receipts.clone(),
            digests: people.digests.clone(),
            clock,
            hlc,
            node,
            boundaries: Edition::named(ground.region.edition()),
        });
        (Self { intake, recorder, pulse, log, live, past, tiles, hub }, writing)
    }
}
