//! Operations, folded from entries that open and close them.

use std::collections::BTreeMap;

use crate::domain::entry::{Lww, Stamp};
use crate::domain::ids::OperationId;
use crate::domain::operation::{EVERYDAY, Operation};

/// All operations. Everyday care is there from the start and never changes.
#[derive(Debug)]
pub(super) struct Operations {
    known: BTreeMap<OperationId, Known>,
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
        Self { known: BTreeMap::from([(EVERYDAY, Known::unwritten(Some(Operation::everyday())))]) }
    }
}

impl Operations {
    pub(super) fn open(&mut self, stamp: Stamp, operation: &Operation) -> OperationId {
        if operation.id != EVERYDAY {
            let known = self.known.entry(operation.id).or_insert_with(|| Known::unwritten(None));
            known.operation.write(stamp, Some(operation.clone()));
            known.open.write(stamp, true);
        }
        operation.id
    }

    pub(super) fn close(&mut self, stamp: Stamp, id: OperationId) -> OperationId {
        if id != EVERYDAY {
            self.known.entry(id).or_insert_with(|| Known::unwritten(None)).open.write(stamp, false);
        }
        id
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
