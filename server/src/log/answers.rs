//! What a batch of drafts is answered, once it is known which of their ids stand in the log.

use std::collections::HashMap;

use super::rows::Stored;
use super::{Appended, Draft};
use crate::domain::entry::Seq;
use crate::domain::ids::EntryId;

/// The answers to a batch, and what is to be written for them to be true.
pub(super) struct Answers<'d> {
    /// The last number, once it is written.
    pub(super) head: Seq,
    /// One for each draft, in order.
    pub(super) answers: Vec<Appended>,
    /// What is to be written.
    pub(super) fresh: Vec<(Seq, &'d Draft)>,
}

/// Numbers the drafts that are not known, after `head`. A draft may repeat another one of its batch.
pub(super) fn answer<'d>(mut head: Seq, drafts: &'d [Draft], known: &HashMap<EntryId, Stored>) -> Answers<'d> {
    let mut fresh: Vec<(Seq, &Draft)> = Vec::with_capacity(drafts.len());
    let mut places: HashMap<EntryId, usize> = HashMap::with_capacity(drafts.len());
    let mut answers = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let id = draft.entry.id;
        let before = match (known.get(&id), places.get(&id)) {
            (Some(stored), _) => Some((stored.seq, stored.digest, &stored.entry)),
            (None, Some(place)) => Some((fresh[*place].0, fresh[*place].1.digest, &fresh[*place].1.entry)),
            (None, None) => None,
        };
        answers.push(match before {
            Some((seq, digest, entry)) if digest == draft.digest => Appended::Again(seq, Box::new(entry.clone())),
            Some(_) => Appended::Conflict,
            None => {
                head += 1;
                places.insert(id, fresh.len());
                fresh.push((head, draft));
                Appended::Fresh(head)
            }
        });
    }
    Answers { head, answers, fresh }
}
