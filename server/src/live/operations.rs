//! Operations, folded from entries that open and close them.

use std::collections::BTreeMap;

use crate::domain::entry::{Lww, Stamp};
use crate::domain::ids::OperationId;
use crate::domain::operation::{EVERYDAY, Operation};

/// All operations. Everyday care is there from the start and never changes.
#[derive(Debug)]
pub(super) struct Operations {
    known: BTreeMap<OperationId, Known>,
    /// How often anything of them changed.
    changes: usize,
}

#[derive(Debug)]
struct Known {
    /// `None`: its end arrived before its beginning.
    operation: Lww<Option<Operation>>,
    open: Lww<bool>,
}

impl Known {
    fn unwritten(operation: Option<Operation>) -> Self {
        Self { operation: Lww::unwritten(operation), open: Lww::unwritten(true) }
    }
}

impl Default for Operations {
    fn default() -> Self {
        Self { known: BTreeMap::from([(EVERYDAY, Known::unwritten(Some(Operation::everyday())))]), changes: 0 }
    }
}

impl Operations {
    pub(super) fn open(&mut self, stamp: Stamp, operation: &Operation) -> OperationId {
        if operation.id != EVERYDAY {
            let known = self.known.entry(operation.id).or_insert_with(|| Known::unwritten(None));
            let named = known.operation.write(stamp, Some(operation.clone()));
            let opened = known.open.write(stamp, true);
            self.changes += usize::from(named || opened);
        }
        operation.id
    }

    pub(super) fn close(&mut self, stamp: Stamp, id: OperationId) -> OperationId {
        if id != EVERYDAY {
            let known = self.known.entry(id).or_insert_with(|| Known::unwritten(None));
            self.changes += usize::from(known.open.write(stamp, false));
        }
        id
    }

    /// Whether it takes reports, as far as is known: its beginning may not have arrived.
    pub(super) fn is_open(&self, id: OperationId) -> bool {
        self.known.get(&id).is_none_or(|known| *known.open.get())
    }

    /// Whether an opening with this stamp would open what is closed.
    pub(super) fn would_reopen(&self, stamp: Stamp, id: OperationId) -> bool {
        let written_before = |known: &Known| known.open.written().is_none_or(|written| written < stamp);
        self.known.get(&id).is_some_and(|known| !*known.open.get() && written_before(known))
    }

    /// How often an entry changed anything of them: another number, another picture.
    pub(super) fn changes(&self) -> usize {
        self.changes
    }

    pub(super) fn get(&self, id: OperationId) -> Option<(&Operation, bool)> {
        self.known.get(&id).and_then(visible)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Operation, bool)> {
        self.known.values().filter_map(visible)
    }
}

fn visible(known: &Known) -> Option<(&Operation, bool)> {
    Some((known.operation.get().as_ref()?, *known.open.get()))
}
