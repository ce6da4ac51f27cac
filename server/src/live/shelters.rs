//! What offices say of shelters, folded from entries whatever the order of their arrival: of each shelter the word
//! with the greatest stamp counts. Which shelters there are, the list in force says; here are only those of which
//! anybody has said something, also when no list names them any more.
//!
//! What is said in earnest is one thing, whatever the operation, and outlives it. What is said in a drill is each
//! drill's own: the two never meet.

use std::collections::{BTreeMap, HashSet};

use crate::domain::entry::{Actor, Entry, Lww, ShelterChanged};
use crate::domain::ids::{EntryId, OperationId, ShelterId};
use crate::domain::shelter::Said;

/// What is said of shelters.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ShelterStates {
    said: BTreeMap<ShelterId, Lww<Option<Said>>>,
    /// Of closed drills too: their words are few, and a drill may be opened again.
    drilled: BTreeMap<(OperationId, ShelterId), Lww<Option<Said>>>,
    /// Entries that were folded in.
    seen: HashSet<EntryId>,
}

impl ShelterStates {
    /// Folds an entry in that says something of a shelter in earnest.
    pub(super) fn apply(&mut self, entry: &Entry, change: &ShelterChanged) {
        if self.seen.insert(entry.id) {
            write(self.said.entry(change.shelter).or_default(), entry, change);
        }
    }

    /// Folds an entry in that says something of a shelter in the drill to which the entry belongs.
    pub(super) fn apply_drilled(&mut self, entry: &Entry, change: &ShelterChanged) {
        if self.seen.insert(entry.id) {
            write(self.drilled.entry((entry.operation, change.shelter)).or_default(), entry, change);
        }
    }

    /// Whether this entry was folded in, that is, whether it stands in the log.
    pub fn has_seen(&self, entry: EntryId) -> bool {
        self.seen.contains(&entry)
    }

    /// What is said of a shelter in earnest; `None`: nobody has said anything.
    pub fn get(&self, id: ShelterId) -> Option<&Lww<Option<Said>>> {
        self.said.get(&id)
    }

    /// What is said of a shelter in a drill; `None`: nobody has said anything there.
    pub fn get_drilled(&self, drill: OperationId, id: ShelterId) -> Option<&Lww<Option<Said>>> {
        self.drilled.get(&(drill, id))
    }

    /// Everything that is said in earnest.
    pub fn iter(&self) -> impl Iterator<Item = (ShelterId, &Lww<Option<Said>>)> {
        self.said.iter().map(|(id, said)| (*id, said))
    }

    /// Of which shelters something is said in which drills.
    pub fn drilled(&self) -> impl Iterator<Item = (OperationId, ShelterId)> {
        self.drilled.keys().copied()
    }

    /// How many entries are in here.
    pub fn entries(&self) -> usize {
        self.seen.len()
    }
}

fn write(field: &mut Lww<Option<Said>>, entry: &Entry, change: &ShelterChanged) {
    let by = match &entry.actor {
        Actor::Staff { name, .. } => Some(name.clone()),
        Actor::Resident | Actor::System => None,
    };
    let said = Said {
        state: change.state,
        people: change.people,
        note: change.note.clone(),
        office: entry.office.clone(),
        by,
    };
    field.write(entry.stamp(), Some(said));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::entry::Body;
    use crate::domain::shelter::ShelterState;
    use crate::log::samples::{drilled, operation_id, shelter_id, sheltered};

    fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> ShelterStates {
        let mut states = ShelterStates::default();
        for entry in entries {
            match &entry.body {
                Body::ShelterChanged(change) => states.apply(entry, change),
                Body::ShelterDrilled(change) => states.apply_drilled(entry, change),
                _ => panic!("of a shelter"),
            }
        }
        states
    }

    #[test]
    fn the_latest_word_counts_whole_with_who_said_it() {
        let states =
            fold([&sheltered(9, 1, ShelterState::Closed, None), &sheltered(5, 1, ShelterState::Open, Some(30))]);
        let said = states.get(shelter_id(1)).unwrap();
        let expected = Said {
            state: ShelterState::Closed,
            people: None,
            note: None,
            office: Some("07202".parse().unwrap()),
            by: Some("佐藤".to_owned()),
        };
        assert_eq!(said.get(), &Some(expected), "an earlier head count does not shine through");
        assert_eq!((states.entries(), states.get(shelter_id(2))), (2, None));
    }

    #[test]
    fn a_drill_and_the_real_thing_say_nothing_of_each_other_whichever_spoke_last() {
        let real = sheltered(5, 1, ShelterState::Open, Some(30));
        let mut drills = [drilled(4, 1, 1, ShelterState::Full), drilled(9, 1, 2, ShelterState::Closed)];
        for _ in 0..2 {
            let states = fold(drills.iter().chain([&real]));
            let state = |field: Option<&Lww<Option<Said>>>| Some(field?.get().as_ref()?.state);
            assert_eq!(state(states.get(shelter_id(1))), Some(ShelterState::Open));
            assert_eq!(state(states.get_drilled(operation_id(1), shelter_id(1))), Some(ShelterState::Full));
            assert_eq!(state(states.get_drilled(operation_id(2), shelter_id(1))), Some(ShelterState::Closed));
            assert_eq!((states.get_drilled(operation_id(3), shelter_id(1)), states.iter().count()), (None, 1));
            drills.reverse();
        }
    }

    #[test]
    fn a_word_of_a_drill_is_kept_under_another_kind_than_a_real_one() {
        let (real, drill) = (sheltered(5, 1, ShelterState::Open, None), drilled(5, 1, 2, ShelterState::Open));
        assert_eq!((real.body.kind(), drill.body.kind()), ("shelter_changed", "shelter_drilled"));
        for entry in [real, drill] {
            let json = entry.body.encode().unwrap();
            assert_eq!(Body::decode(entry.body.kind(), entry.body.version(), &json).unwrap(), entry.body);
        }
    }

    fn any_word(id: u64) -> impl Strategy<Value = Entry> {
        let states = [ShelterState::Open, ShelterState::Full, ShelterState::Closed];
        let word = (1_u64..4, 0..3_usize, 0_u64..4, prop::option::of(0_u32..500), prop::option::of(1_u64..3));
        word.prop_map(move |(of, state, at, people, drill)| {
            let entry = match drill {
                None => sheltered(id, of, states[state], people),
                Some(drill) => drilled(id, of, drill, states[state]),
            };
            Entry { hlc: sheltered(at, of, states[state], None).hlc, ..entry }
        })
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_state(
            (words, shuffled) in (10..22).map(|id| any_word(id).boxed()).collect::<Vec<_>>().prop_flat_map(|words| {
                let doubled: Vec<Entry> = words.iter().chain(&words).cloned().collect();
                (Just(words), Just(doubled).prop_shuffle())
            })
        ) {
            prop_assert_eq!(fold(&words), fold(&shuffled));
        }
    }
}
