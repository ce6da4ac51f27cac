//! From an entry and what it touched to a slot of the ring: encoded once for each audience.

use bytes::Bytes;
use sokuho_tiles::{MAX_ZOOM, Tile};

use super::interest::{Facets, IncidentFacets};
use super::ring::Slot;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::position::Position;
use crate::wire::check_in::CheckIn;
use crate::wire::incident::{IncidentView, OfficeIncident, PublicIncident};
use crate::wire::live::{OfficeEntry, PublicEntry};
use crate::wire::operation::Operation;
use crate::wire::shelter::{OfficeShelterStatus, PublicShelterStatus};

/// An entry with copies of the things it touched, as they are after it, for each audience. Copies, so that
/// the world is not locked while they are written as JSON.
#[derive(Debug)]
pub struct Collected {
    facets: Facets,
    office: OfficeEntry,
    public: Option<PublicEntry>,
}

impl Collected {
    /// Encodes it, once for each audience.
    ///
    /// # Errors
    /// Only if a value cannot be written as JSON, which no value of these types does.
    pub fn encode(self) -> Result<Slot, serde_json::Error> {
        let public = self.public.as_ref().map(text).transpose()?;
        Ok(Slot { seq: self.office.seq, facets: self.facets, office: text(&self.office)?, public })
    }
}

/// Collects an entry with the things it touched.
///
/// Check-ins and what a drill says of shelters have no public form. The public form of anything else holds no id, actor, words or media.
pub fn collect(
    seq: Seq,
    entry: &Entry,
    incident: Option<&IncidentView<'_>>,
    check_ins: Vec<CheckIn>,
    operation: Option<Operation>,
    shelter: Option<OfficeShelterStatus>,
) -> Collected {
    let public = is_public(&entry.body).then(|| PublicEntry {
        seq,
        kind: entry.body.kind().to_owned(),
        at: entry.at(),
        incident: incident.and_then(PublicIncident::of),
        shelter: shelter.as_ref().and_then(PublicShelterStatus::of),
        operation: operation.clone(),
    });
    let office = OfficeEntry {
        check_ins,
        shelter,
        operation,
        ..OfficeEntry::of(seq, entry, incident.and_then(OfficeIncident::of))
    };
    Collected { facets: Facets { incident: incident.and_then(|view| facets(view, entry)) }, office, public }
}

fn is_public(body: &Body) -> bool {
    match body {
        Body::OperationOpened(_)
        | Body::OperationClosed
        | Body::ReportFiled(_)
        | Body::StatusChanged(_)
        | Body::ResponsibleChanged(_)
        | Body::ShelterChanged(_) => true,
        // Somebody might go to a house that is shut.
        Body::ShelterDrilled(_)
        // The public's incidents carry no zones.
        | Body::ZonesChanged(_)
        | Body::CheckedIn(_)
        | Body::CheckInConfirmed(_)
        | Body::CheckedOut(_)
        | Body::CalledBack(_) => false,
    }
}

fn facets(view: &IncidentView<'_>, entry: &Entry) -> Option<IncidentFacets> {
    let first = view.reports.first()?;
    let reporting = view.reports.iter().filter_map(|filed| filed.office.clone());
    // Who hands an incident over must hear of it once more, to take it off the own screens.
    let handed_over =
        matches!(&entry.body, Body::ResponsibleChanged(change) if Some(&change.office) != entry.office.as_ref());
    let before = entry.office.clone().filter(|_| handed_over);
    let mut offices: Vec<_> = view.incident.responsible.iter().chain(&before).cloned().chain(reporting).collect();
    offices.sort_unstable();
    offices.dedup();
    let tile = |place: Position| Tile::at(place.lat(), place.lon(), MAX_ZOOM);
    let position = first.report.position();
    Some(IncidentFacets {
        tile: position.map(tile),
        coarse_tile: position.map(|position| tile(position.coarse())),
        responsible: view.incident.responsible.clone(),
        before,
        offices: offices.into_boxed_slice(),
        category: first.report.category,
        operation: view.incident.operation,
    })
}

fn text(value: &impl serde::Serialize) -> Result<Bytes, serde_json::Error> {
    // Through a boxed slice, so that the ring holds no spare capacity.
    serde_json::to_vec(value).map(|text| Bytes::from(text.into_boxed_slice()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::super::interest::Interest;
    use super::*;
    use crate::domain::clock::Hlc;
    use crate::domain::entry::{Actor, CheckedIn, Lww, ResponsibleChanged, ShelterChanged};
    use crate::domain::ids::{EntryId, IncidentId, NodeId, ReportId, ShelterId, StaffId};
    use crate::domain::incident::{Incident, Status};
    use crate::domain::office::OfficeCode;
    use crate::domain::operation::EVERYDAY;
    use crate::domain::place::Place;
    use crate::domain::position::{Bounds, Evidence, EvidenceSource};
    use crate::domain::report::{Category, Edition, FiledReport, Report};
    use crate::domain::shelter::ShelterState;
    use crate::domain::zone::Zones;
    use crate::wire::Audience;

    fn entry(body: Body) -> Entry {
        Entry {
            id: EntryId(Uuid::from_u128(1)),
            origin: NodeId(Uuid::from_u128(2)),
            hlc: Hlc(1_790_000_000_000 << 16),
            actor: Actor::Staff {
                id: StaffId(Uuid::from_u128(3)),
                name: "佐藤".into(),
                employer: "07202".parse().unwrap(),
            },
            office: Some("07423".parse().unwrap()),
            operation: EVERYDAY,
            body,
        }
    }

    fn report() -> Report {
        report_at(Position::new(37.487_812, 139.929_712).unwrap())
    }

    fn report_at(position: Position) -> Report {
        Report {
            id: ReportId(Uuid::from_u128(1)),
            incident: IncidentId(Uuid::from_u128(9)),
            category: Category::Hazard,
            words: "路肩が崩れた".into(),
            danger_to_life: true,
            observed_at: Hlc(1_790_000_000_000 << 16).timestamp(),
            evidence: [Evidence {
                source: EvidenceSource::Pin,
                position,
                accuracy_m: None,
                heading_deg: None,
                at: None,
            }]
            .into(),
            chosen: 0,
            place: Place::Inside { municipality: "07202".parse().unwrap() },
            boundaries: Edition::named("test"),
            media: Box::default(),
            zones: Zones::none(),
            has_contact: true,
        }
    }

    #[test]
    fn a_report_travels_whole_to_offices_and_bare_to_the_public() {
        let entry = entry(Body::ReportFiled(Arc::new(report())));
        let filed = FiledReport {
            report: Arc::new(report()),
            actor: entry.actor.clone(),
            office: entry.office.clone(),
            operation: EVERYDAY,
            filed_at: entry.at(),
        };
        let incident = Incident {
            id: IncidentId(Uuid::from_u128(9)),
            operation: EVERYDAY,
            reports: Box::from([ReportId(Uuid::from_u128(1))]),
            responsible: Some("07202".parse().unwrap()),
            taken: None,
            zones: None,
            status: Lww::unwritten(Status::Received),
        };
        let view = IncidentView { incident: &incident, reports: vec![&filed] };
        let slot = collect(7, &entry, Some(&view), vec![], None, None).encode().unwrap();
        let office: OfficeEntry = serde_json::from_slice(&slot.office).unwrap();
        assert_eq!((office.seq, office.kind.as_str()), (7, "report_filed"));
        assert_eq!(office.incident.unwrap().reports[0].words, "路肩が崩れた");
        let public = String::from_utf8(slot.public.unwrap().to_vec()).unwrap();
        for secret in
            ["佐藤", "路肩", "00000000-0000-0000-0000-000000000001", "words", "reports", "139.92971", "contact"]
        {
            assert!(!public.contains(secret), "{secret} in {public}");
        }
        assert!(serde_json::from_str::<PublicEntry>(&public).unwrap().incident.is_some());
        let facets = slot.facets.incident.unwrap();
        assert_eq!(facets.offices.iter().map(|o| o.as_str()).collect::<Vec<_>>(), ["07202", "07423"]);
        assert_eq!(facets.responsible, Some("07202".parse().unwrap()));
    }

    #[test]
    fn a_public_interest_tells_nothing_finer_than_the_coarse_position() {
        // An edge between tiles of zoom 10 lies at 140.625° east, and that is a coarse position: whoever is less than
        // half a step west of it is shown east of it.
        let edge = 360.0 * 912.0 / 1_024.0 - 180.0;
        let position = Position::new(37.487_812, edge - 0.000_02).unwrap();
        assert!(position.coarse().lon() >= edge, "{position:?}");
        let filed_by = entry(Body::OperationClosed);
        let filed = FiledReport {
            report: Arc::new(report_at(position)),
            actor: filed_by.actor.clone(),
            office: None,
            operation: EVERYDAY,
            filed_at: Hlc(1).timestamp(),
        };
        let incident = Incident {
            id: IncidentId(Uuid::from_u128(9)),
            operation: EVERYDAY,
            reports: Box::default(),
            responsible: None,
            taken: None,
            zones: None,
            status: Lww::unwritten(Status::Received),
        };
        let view = IncidentView { incident: &incident, reports: vec![&filed] };
        let slot = collect(7, &entry(Body::ReportFiled(filed.report.clone())), Some(&view), vec![], None, None);
        let hears = |west: f64, audience| {
            let bounds = Some(Bounds { west, south: 37.4, east: west + 0.1, north: 37.5 });
            let wish = crate::wire::live::Interest { bounds, ..<_>::default() };
            Interest::try_from(&wish).unwrap().matches(&slot.facets, audience)
        };
        let sides = |audience| (hears(edge - 0.2, audience), hears(edge + 0.1, audience));
        assert_eq!(sides(Audience::Office), (true, false), "offices choose by the exact position");
        assert_eq!(sides(Audience::Public), (false, true), "the public by where it is shown");
    }

    #[test]
    fn a_handing_over_is_told_to_the_office_that_had_the_incident_and_a_taking_is_not() {
        let filed_by = entry(Body::OperationClosed);
        let filed = FiledReport {
            report: Arc::new(report()),
            actor: filed_by.actor,
            office: None,
            operation: EVERYDAY,
            filed_at: Hlc(1).timestamp(),
        };
        let id = IncidentId(Uuid::from_u128(9));
        for (to, offices, before) in [
            ("07421", vec!["07421", "07423"], Some("07423".parse().unwrap())),
            ("07423", vec!["07423"], None), // the entry's own office took it
        ] {
            let office: OfficeCode = to.parse().unwrap();
            let incident = Incident {
                id,
                operation: EVERYDAY,
                reports: Box::default(),
                responsible: Some(office.clone()),
                taken: None,
                zones: None,
                status: Lww::unwritten(Status::Received),
            };
            let view = IncidentView { incident: &incident, reports: vec![&filed] };
            let entry = entry(Body::ResponsibleChanged(ResponsibleChanged { incident: id, office }));
            let slot = collect(9, &entry, Some(&view), vec![], None, None).encode().unwrap();
            assert!(slot.public.is_some());
            let facets = slot.facets.incident.unwrap();
            assert_eq!(facets.offices.iter().map(OfficeCode::as_str).collect::<Vec<_>>(), offices);
            assert_eq!(facets.before, before);
        }
    }

    #[test]
    fn what_a_drill_says_of_a_shelter_is_for_offices_alone() {
        let said = |drill| OfficeShelterStatus {
            shelter: Uuid::from_u128(5),
            drill,
            state: ShelterState::Open,
            people: None,
            note: None,
            at: Hlc(1).timestamp(),
            office: None,
            by: None,
        };
        let change = ShelterChanged {
            shelter: ShelterId(Uuid::from_u128(5)),
            name: "学校".to_owned(),
            state: ShelterState::Open,
            people: None,
            note: None,
        };
        let drill = Some(Uuid::from_u128(6));
        let drilled = entry(Body::ShelterDrilled(change.clone()));
        let slot = collect(7, &drilled, None, vec![], None, Some(said(drill))).encode().unwrap();
        assert!(slot.public.is_none());
        let told: OfficeEntry = serde_json::from_slice(&slot.office).unwrap();
        assert_eq!(told.shelter.unwrap().drill, drill);
        let real = entry(Body::ShelterChanged(change));
        let slot = collect(8, &real, None, vec![], None, Some(said(None))).encode().unwrap();
        let told: PublicEntry = serde_json::from_slice(&slot.public.unwrap()).unwrap();
        assert_eq!(told.shelter.unwrap().state, ShelterState::Open);
        assert!(PublicShelterStatus::of(&said(drill)).is_none(), "whoever asks for it");
    }

    #[test]
    fn a_check_in_has_no_public_form() {
        let office = "07423".parse().unwrap();
        let employer = "07202".parse().unwrap();
        let body = CheckedIn { staff: StaffId(Uuid::from_u128(3)), name: "佐藤".into(), office, employer };
        let slot = collect(8, &entry(Body::CheckedIn(body)), None, vec![], None, None).encode().unwrap();
        assert!(slot.public.is_none());
        assert_eq!(slot.facets, Facets { incident: None });
    }
}
