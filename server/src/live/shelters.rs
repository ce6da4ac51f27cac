//! What offices say of shelters, folded from entries whatever the order of their arrival: of each shelter the word
//! with the greatest stamp counts. Which shelters there are, the list in force says; here are only those of which
//! anybody has said something, also when no list names them any more.

use std::collections::{BTreeMap, HashSet};

use crate::domain::entry::{Actor, Entry, Lww, ShelterChanged};
use crate::domain::ids::{EntryId, ShelterId};
use crate::domain::shelter::Said;

/// What is said of shelters.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ShelterStates {
    said: BTreeMap<ShelterId, Lww<Option<Said>>>,
    /// Entries that were folded in.
    seen: HashSet<EntryId>,
}

impl ShelterStates {
    /// Folds an entry in that says something of a shelter.
    pub(super) fn apply(&mut self, entry: &Entry, change: &ShelterChanged) {
        if !self.seen.insert(entry.id) {
            return;
        }
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
        self.said.entry(change.shelter).or_default().write(entry.stamp(), Some(said));
    }

    /// Whether this entry was folded in, that is, whether it stands in the log.
    pub fn has_seen(&self, entry: EntryId) -> bool {
        self.seen.contains(&entry)
    }

    /// What is said of a shelter; `None`: nobody has said anything.
    pub fn get(&self, id: ShelterId) -> Option<&Lww<Option<Said>>> {
        self.said.get(&id)
    }

    /// Everything that is said.
    pub fn iter(&self) -> impl Iterator<Item = (ShelterId, &Lww<Option<Said>>)> {
        self.said.iter().map(|(id, said)| (*id, said))
    }

    /// How many entries are in here: another number, another picture.
    pub fn entries(&self) -> usize {
        self.seen.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::entry::Body;
    use crate::domain::shelter::ShelterState;
    use crate::log::samples::{shelter_id, sheltered};

    fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> ShelterStates {
        let mut states = ShelterStates::default();
        for entry in entries {
            let Body::ShelterChanged(change) = &entry.body else { panic!("of a shelter") };
            states.apply(entry, change);
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

    fn any_word(id: u64) -> impl Strategy<Value = Entry> {
        let states = [ShelterState::Open, ShelterState::Full, ShelterState::Closed];
        (1_u64..4, 0..3_usize, 0_u64..4, prop::option::of(0_u32..500)).prop_map(move |(of, state, at, people)| {
            let entry = sheltered(id, of, states[state], people);
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
