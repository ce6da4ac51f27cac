//! Who is on duty where, folded from check-in entries whatever the order of their arrival.
//!
//! Among a person's arrivals the one with the greatest stamp is current: one acts for one office at a
//! time. An arrival is over at the earliest of its own ends and the person's next arrival.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::check_in::{Acting, CheckIn, Confirmation, EndReason};
use crate::domain::entry::{Actor, Body, CheckedIn, Entry, Lww, Stamp};
use crate::domain::ids::{CheckInId, EntryId, StaffId};
use crate::domain::office::OfficeCode;
use crate::domain::staff::Role;

/// All check-ins.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CheckIns {
    arrivals: HashMap<CheckInId, CheckIn>,
    /// What is known of arrivals that have not come yet.
    early: HashMap<CheckInId, Early>,
    /// Each person's arrivals in the order of their stamps.
    of_staff: HashMap<StaffId, BTreeMap<Stamp, CheckInId>>,
    /// Entries that were folded in.
    seen: HashSet<EntryId>,
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Early {
    confirmed: Lww<Option<Confirmation>>,
    ended: Option<(Stamp, EndReason)>,
}

impl CheckIns {
    /// Folds an entry in; entries that are not about check-ins change nothing. Returns the check-ins
    /// that look different now, the superseded one included.
    pub fn apply(&mut self, entry: &Entry) -> Vec<CheckInId> {
        let about_check_ins = matches!(
            entry.body,
            Body::CheckedIn(_) | Body::CheckInConfirmed(_) | Body::CheckedOut(_) | Body::CalledBack(_)
        );
        if !about_check_ins || !self.seen.insert(entry.id) {
            return Vec::new();
        }
        let stamp = entry.stamp();
        match &entry.body {
            Body::CheckedIn(body) => self.arrive(stamp, body),
            Body::CheckInConfirmed(body) => self.confirm(stamp, body.check_in, body.role, &entry.actor),
            Body::CheckedOut(body) => self.end(body.check_in, (stamp, EndReason::CheckedOut)),
            Body::CalledBack(body) => self.end(body.check_in, (stamp, EndReason::CalledBack)),
            _ => Vec::new(),
        }
    }

    fn arrive(&mut self, stamp: Stamp, body: &CheckedIn) -> Vec<CheckInId> {
        let id = CheckInId(stamp.id.0);
        let early = self.early.remove(&id).unwrap_or_default();
        let arrival = CheckIn {
            id,
            stamp,
            staff: body.staff,
            name: body.name.clone(),
            office: body.office.clone(),
            employer: body.employer.clone(),
            confirmed: early.confirmed,
            ended: early.ended,
        };
        let theirs = self.of_staff.entry(body.staff).or_default();
        let previous = theirs.range(..stamp).next_back().map(|(_, id)| *id);
        let before = previous.map(|id| (id, self.end_of(id)));
        self.of_staff.entry(body.staff).or_default().insert(stamp, id);
        self.arrivals.insert(id, arrival);
        let superseded = before.filter(|(id, end)| self.end_of(*id) != *end).map(|(id, _)| id);
        std::iter::once(id).chain(superseded).collect()
    }

    fn confirm(&mut self, stamp: Stamp, id: CheckInId, role: Role, actor: &Actor) -> Vec<CheckInId> {
        // Only staff confirm, and only to these two roles; a foreign node's word is not taken for more.
        let Actor::Staff { name, .. } = actor else { return Vec::new() };
        let confirmation = Confirmation { by: name.clone(), role: role.clamp(Role::Field, Role::Operator) };
        match self.arrivals.get_mut(&id) {
            Some(arrival) => {
                let changed = arrival.confirmed.write(stamp, Some(confirmation));
                if changed { vec![id] } else { Vec::new() }
            }
            None => {
                self.early.entry(id).or_default().confirmed.write(stamp, Some(confirmation));
                Vec::new()
            }
        }
    }

    fn end(&mut self, id: CheckInId, end: (Stamp, EndReason)) -> Vec<CheckInId> {
        let before = self.end_of(id);
        let (arrived, ended) = match self.arrivals.get_mut(&id) {
            Some(arrival) => (true, &mut arrival.ended),
            None => (false, &mut self.early.entry(id).or_default().ended),
        };
        *ended = Some(ended.map_or(end, |earlier| earlier.min(end)));
        if arrived && self.end_of(id) != before { vec![id] } else { Vec::new() }
    }

    /// When and how an arrival ended: by its own earliest end, or by the person's next arrival.
    fn end_of(&self, id: CheckInId) -> Option<(Stamp, EndReason)> {
        let arrival = self.arrivals.get(&id)?;
        let after = (std::ops::Bound::Excluded(arrival.stamp), std::ops::Bound::Unbounded);
        let next = self.of_staff.get(&arrival.staff).and_then(|theirs| theirs.range(after).next());
        let superseded = next.map(|(stamp, _)| (*stamp, EndReason::Superseded));
        [arrival.ended, superseded].into_iter().flatten().min()
    }

    /// Whether this entry was folded in, that is, whether it stands in the log.
    pub fn has_seen(&self, entry: EntryId) -> bool {
        self.seen.contains(&entry)
    }

    /// A check-in, and when and how it ended, if it has.
    pub fn get(&self, id: CheckInId) -> Option<(&CheckIn, Option<(Stamp, EndReason)>)> {
        self.arrivals.get(&id).map(|arrival| (arrival, self.end_of(id)))
    }

    /// A check-in, and the one of the same person that it followed on.
    pub fn until(&self, id: CheckInId) -> Vec<CheckInId> {
        let Some(arrival) = self.arrivals.get(&id) else { return Vec::new() };
        let theirs = self.of_staff.get(&arrival.staff);
        let until = theirs.into_iter().flat_map(|theirs| theirs.range(..=arrival.stamp).rev().take(2));
        until.map(|(_, id)| *id).collect()
    }

    /// A person's latest check-in, open or ended.
    pub fn latest_of(&self, staff: StaffId) -> Option<CheckInId> {
        self.of_staff.get(&staff)?.last_key_value().map(|(_, id)| *id)
    }

    /// Whom a person acts for now, if they have an open check-in.
    pub fn acting(&self, staff: StaffId) -> Option<Acting> {
        let open = self.open_of(self.of_staff.get(&staff)?)?;
        Some(Acting { check_in: open.id, office: open.office.clone(), role: open.role() })
    }

    /// The open check-ins, in no order.
    pub fn open(&self) -> impl Iterator<Item = &CheckIn> {
        self.of_staff.values().filter_map(|theirs| self.open_of(theirs))
    }

    /// The open check-ins at an office.
    pub fn at_office(&self, office: &OfficeCode) -> impl Iterator<Item = &CheckIn> {
        self.open().filter(move |check_in| check_in.office == *office)
    }

    /// The open check-ins of an office's own staff, wherever they are.
    pub fn of_employer(&self, employer: &OfficeCode) -> impl Iterator<Item = &CheckIn> {
        self.open().filter(move |check_in| check_in.employer == *employer)
    }

    fn open_of(&self, theirs: &BTreeMap<Stamp, CheckInId>) -> Option<&CheckIn> {
        let (_, id) = theirs.last_key_value()?;
        self.arrivals.get(id).filter(|arrival| arrival.ended.is_none())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::clock::Hlc;
    use crate::domain::entry::{CheckInConfirmed, CheckInEnded};
    use crate::domain::ids::NodeId;
    use crate::domain::operation::EVERYDAY;

    fn office(n: u8) -> OfficeCode {
        format!("0720{n}").parse().unwrap()
    }

    fn staff(n: u8) -> StaffId {
        StaffId(Uuid::from_u128(u128::from(n)))
    }

    fn entry(id: u16, hlc: u64, body: Body) -> Entry {
        Entry {
            id: EntryId(Uuid::from_u128(u128::from(id))),
            origin: NodeId(Uuid::from_u128(u128::from(id % 2))),
            hlc: Hlc(hlc),
            actor: Actor::Staff { id: staff(9), name: "菊池".to_owned(), employer: office(1) },
            office: None,
            operation: EVERYDAY,
            body,
        }
    }

    #[test]
    fn an_arrival_is_told_with_the_one_that_it_ended() {
        let arrivals = [arrival(1, 10, 2), arrival(2, 20, 3), arrival(3, 30, 2)];
        let check_ins = fold(&arrivals);
        assert_eq!(check_ins.until(check_in(1)), [check_in(1)]);
        assert_eq!(check_ins.until(check_in(3)), [check_in(3), check_in(2)]);
        assert_eq!(check_ins.until(check_in(9)), []);
    }

    fn check_in(id: u16) -> CheckInId {
        CheckInId(Uuid::from_u128(u128::from(id)))
    }

    /// Person 1 works for office 1.
    fn arrival(id: u16, hlc: u64, at: u8) -> Entry {
        let body = CheckedIn { staff: staff(1), name: "佐藤".to_owned(), office: office(at), employer: office(1) };
        entry(id, hlc, Body::CheckedIn(body))
    }

    fn confirmation(id: u16, hlc: u64, of: u16, role: Role) -> Entry {
        entry(id, hlc, Body::CheckInConfirmed(CheckInConfirmed { check_in: check_in(of), role }))
    }

    fn check_out(id: u16, hlc: u64, of: u16) -> Entry {
        entry(id, hlc, Body::CheckedOut(CheckInEnded { check_in: check_in(of) }))
    }

    fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> CheckIns {
        let mut check_ins = CheckIns::default();
        for entry in entries {
            check_ins.apply(entry);
        }
        check_ins
    }

    #[test]
    fn away_from_the_employer_one_is_field_until_an_operator_says_otherwise() {
        let mut check_ins = CheckIns::default();
        assert_eq!(check_ins.apply(&arrival(1, 10, 2)), vec![check_in(1)]);
        let acting = check_ins.acting(staff(1)).unwrap();
        assert_eq!((acting.office, acting.role), (office(2), Some(Role::Field)));
        assert_eq!(check_ins.apply(&confirmation(2, 20, 1, Role::Operator)), vec![check_in(1)]);
        assert_eq!(check_ins.acting(staff(1)).unwrap().role, Some(Role::Operator));
        assert_eq!(check_ins.get(check_in(1)).unwrap().0.confirmed.get().as_ref().unwrap().by, "菊池");
        assert_eq!(check_ins.apply(&check_out(3, 30, 1)), vec![check_in(1)]);
        assert_eq!(check_ins.acting(staff(1)), None);
        assert_eq!(check_ins.get(check_in(1)).unwrap().1.unwrap().1, EndReason::CheckedOut);
    }

    #[test]
    fn a_new_check_in_ends_the_earlier_one_and_tells_both() {
        let mut check_ins = fold([&arrival(1, 10, 2)]);
        assert_eq!(check_ins.apply(&arrival(2, 20, 3)), vec![check_in(2), check_in(1)]);
        let (stamp, reason) = check_ins.get(check_in(1)).unwrap().1.unwrap();
        assert_eq!((stamp.hlc, reason), (Hlc(20), EndReason::Superseded));
        assert_eq!(check_ins.at_office(&office(2)).count(), 0);
        assert_eq!(check_ins.at_office(&office(3)).count(), 1);
        assert_eq!(check_ins.of_employer(&office(1)).count(), 1);
        check_ins.apply(&check_out(3, 30, 2));
        assert_eq!(check_ins.open().count(), 0, "ending the later one does not revive the earlier");
    }

    #[test]
    fn an_end_that_comes_before_its_arrival_still_ends_it() {
        let mut check_ins = fold([&check_out(3, 30, 1), &confirmation(2, 20, 1, Role::Operator)]);
        assert!(check_ins.get(check_in(1)).is_none());
        check_ins.apply(&arrival(1, 10, 2));
        let (arrived, ended) = check_ins.get(check_in(1)).unwrap();
        assert_eq!(arrived.role(), Some(Role::Operator));
        assert_eq!(ended.unwrap().1, EndReason::CheckedOut);
    }

    #[test]
    fn an_arrival_that_comes_late_from_another_node_does_not_replace_a_later_one() {
        let mut check_ins = fold([&arrival(2, 20, 3)]);
        assert_eq!(check_ins.apply(&arrival(1, 10, 2)), vec![check_in(1)]);
        assert_eq!(check_ins.acting(staff(1)).unwrap().office, office(3));
        assert_eq!(check_ins.get(check_in(1)).unwrap().1.unwrap().1, EndReason::Superseded);
    }

    #[test]
    fn a_confirmation_never_gives_more_than_operator_nor_less_than_field() {
        for (said, meant) in [(Role::Admin, Role::Operator), (Role::Viewer, Role::Field)] {
            let check_ins = fold([&arrival(1, 10, 2), &confirmation(2, 20, 1, said)]);
            assert_eq!(check_ins.acting(staff(1)).unwrap().role, Some(meant));
        }
    }

    fn any_entry(id: u16) -> impl Strategy<Value = Entry> {
        (0_u64..6, 0_u8..4, 1_u8..4, 1_u8..5, 0_u16..10, prop::bool::ANY).prop_map(
            move |(hlc, kind, who, at, of, raise)| {
                let ended = CheckInEnded { check_in: check_in(of) };
                let role = if raise { Role::Operator } else { Role::Field };
                let body = match kind {
                    0 => Body::CheckInConfirmed(CheckInConfirmed { check_in: check_in(of), role }),
                    1 => Body::CheckedOut(ended),
                    2 => Body::CalledBack(ended),
                    _ => Body::CheckedIn(CheckedIn {
                        staff: staff(who),
                        name: who.to_string(),
                        office: office(at),
                        employer: office(who),
                    }),
                };
                entry(id, hlc, body)
            },
        )
    }

    pub(crate) fn history() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
        let arrivals = (0..8).map(|id| any_entry(id).boxed()).collect::<Vec<_>>();
        let rest = (8..20).map(|id| any_entry(id).boxed());
        arrivals.into_iter().chain(rest).collect::<Vec<_>>().prop_flat_map(|entries| {
            let doubled: Vec<Entry> = entries.iter().chain(&entries).cloned().collect();
            (Just(entries), Just(doubled).prop_shuffle())
        })
    }

    type Seen = (Lww<Option<Confirmation>>, Option<(Stamp, EndReason)>);

    /// What a check-in looks like from outside.
    fn seen_of(check_ins: &CheckIns, id: CheckInId) -> Option<Seen> {
        check_ins.get(id).map(|(check_in, ended)| (check_in.confirmed.clone(), ended))
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_state((entries, shuffled) in history()) {
            prop_assert_eq!(fold(&entries), fold(&shuffled));
        }

        #[test]
        fn one_acts_for_one_office_at_a_time_and_what_changed_is_told((_, shuffled) in history()) {
            let mut check_ins = CheckIns::default();
            for entry in &shuffled {
                let before = check_ins.clone();
                let told = check_ins.apply(entry);
                for id in check_ins.arrivals.keys() {
                    let differs = seen_of(&before, *id) != seen_of(&check_ins, *id);
                    prop_assert_eq!(differs, told.contains(id));
                }
                let people: Vec<StaffId> = check_ins.open().map(|c| c.staff).collect();
                let distinct: HashSet<&StaffId> = people.iter().collect();
                prop_assert_eq!(distinct.len(), people.len());
                for open in check_ins.open() {
                    prop_assert!(check_ins.get(open.id).unwrap().1.is_none());
                }
            }
        }
    }
}
