//! After the commit: the world learns of the entries, then the viewers.

use std::sync::Arc;
use std::time::Duration;

use crate::database::told::chain;
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::OperationId;
use crate::hub::encode::Collected;
use crate::hub::{self, Hub};
use crate::live::world::{Touched, World};
use crate::live::{Live, past};
use crate::log::History;
use crate::log::writer::Announce;
use crate::tiles::live::LiveTiles;
use crate::wire::check_in::CheckIn;
use crate::wire::operation::Operation;

/// How long to wait after an operation could not be read.
const AGAIN: Duration = Duration::from_secs(1);

/// Learns of what was committed: applies it to the world and gives it to the hub.
pub(super) struct Announcer {
    live: Arc<Live>,
    hub: Arc<Hub>,
    tiles: LiveTiles,
    /// Where an operation is read that is opened again.
    history: History,
    /// Applied, and not yet published: the entry after which the ring begins anew, if it does, and what follows.
    begins_after: Option<Seq>,
    collected: Vec<Collected>,
}

impl Announce for Announcer {
    async fn apply(&mut self, entries: &[(Seq, Arc<Entry>)]) {
        let mut rest = entries;
        while let Some((seq, entry)) = self.apply_until_reopened(&mut rest) {
            self.reopen(*seq, entry).await;
        }
    }

    fn publish(&mut self) {
        if let Some(seq) = self.begins_after.take() {
            self.hub.begin_after(seq);
        }
        let encoded = self.collected.drain(..).map(Collected::encode);
        let failed = |error| tracing::error!(error = %error, "an entry cannot be encoded");
        self.hub.publish(encoded.filter_map(|slot| slot.map_err(failed).ok()).collect());
    }
}

impl Announcer {
    /// Between this world and these viewers.
    pub(super) fn new(live: Arc<Live>, hub: Arc<Hub>, tiles: LiveTiles, history: History) -> Self {
        Self { live, hub, tiles, history, begins_after: None, collected: Vec::new() }
    }

    /// Applies entries up to the first that opens a closed operation, and gives that one.
    fn apply_until_reopened<'e>(&mut self, rest: &mut &'e [(Seq, Arc<Entry>)]) -> Option<&'e (Seq, Arc<Entry>)> {
        let mut world = self.live.write();
        while let Some((next, later)) = rest.split_first() {
            *rest = later;
            let (seq, entry) = next;
            if world.reopened_by(entry).is_some() {
                return Some(next);
            }
            let touched = world.apply(*seq, entry);
            // Before anybody has a receipt: who asks for a tile then gets one with this entry in it.
            if touched.operation.is_some() {
                self.tiles.changed_everywhere();
            }
            self.tiles.changed(&touched.places);
            self.collected.push(collect(&world, *seq, entry, &touched));
        }
        None
    }

    /// Brings a closed operation back. Nothing else is applied meanwhile, so that all of it is there when its
    /// opening has its receipt; viewers are told to take a new snapshot, because no entry could hold it.
    async fn reopen(&mut self, seq: Seq, entry: &Entry) {
        let Some((operation, span)) = self.live.read().reopened_by(entry) else { return };
        let past = self.whole(operation, span).await;
        self.live.write().reopen(seq, entry, past);
        self.tiles.changed_everywhere();
        self.collected.clear();
        self.begins_after = Some(seq);
        tracing::info!(entry.seq = seq, operation.id = %operation, "an operation was opened again");
    }

    /// A world without it would be wrong in silence, so a database that fails is asked until it answers.
    async fn whole(&self, operation: OperationId, span: (Seq, Seq)) -> World {
        loop {
            match past::whole(&self.history, operation, span).await {
                Ok(past) => return past,
                Err(error) => tracing::error!(error = chain(&error), "an operation cannot be read to be opened again"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// The entry with the things that it touched, as the world has them.
pub(super) fn collect(world: &World, seq: Seq, entry: &Entry, touched: &Touched) -> Collected {
    let incident = touched.incident.and_then(|id| world.incident(id));
    let check_ins = touched.check_ins.iter().filter_map(|id| world.check_ins.get(*id));
    let check_ins = check_ins.map(|(check_in, ended)| CheckIn::of(check_in, ended)).collect();
    let operation = touched.operation.and_then(|id| world.operation(id));
    let operation = operation.map(|(operation, open)| Operation::of(operation, open));
    let shelter = touched.shelter.and_then(|id| world.status_after(entry, id));
    hub::encode::collect(seq, entry, incident.as_ref(), check_ins, operation, shelter)
}
