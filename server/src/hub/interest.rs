//! Interests: what a viewer wants to hear of, checked and brought to one form, so that equal wishes are
//! equal keys.

use sokuho_tiles::{Tile, TileRange};

use crate::domain::ids::OperationId;
use crate::domain::office::OfficeCode;
use crate::domain::report::Category;
use crate::wire::{self, Audience};

/// Office codes in one interest at most.
pub const OFFICES: usize = 64;

/// Bounds are widened to tiles of this zoom (about 31 km a side in the middle of Honshu) …
const ZOOM: u8 = 10;

/// … or an outer one, so that they are at most so many tiles across.
const ACROSS: u32 = 8;

/// What an entry is about, kept beside its bytes so that choosing parses nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Facets {
    /// The incident that it touches; without one it matches every interest.
    pub incident: Option<IncidentFacets>,
}

/// What an incident is about.
#[derive(Clone, PartialEq, Debug)]
pub struct IncidentFacets {
    /// Where: the tile of the deepest zoom; `None`: no place is known.
    pub tile: Option<Tile>,
    /// The tile of the coarse position, by which the public chooses: on which side of a tile's edge the exact one lies
    /// is not told by what arrives.
    pub coarse_tile: Option<Tile>,
    /// The office that answers for it.
    pub responsible: Option<OfficeCode>,
    /// The office that handed it over with this entry. The public may choose by these two alone.
    pub before: Option<OfficeCode>,
    /// Both, and those that reported it.
    pub offices: Box<[OfficeCode]>,
    /// What.
    pub category: Category,
    /// In which operation.
    pub operation: OperationId,
}

/// A checked interest.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Interest {
    tiles: Option<TileRange>,
    offices: Option<Box<[OfficeCode]>>,
    categories: Option<u8>,
    operation: Option<OperationId>,
}

/// Why an interest is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnInterest {
    /// Bounds not finite, out of range or out of order.
    #[error("the bounds must be finite degrees in range, west before east and south before north")]
    Bounds,
    /// More than [`OFFICES`].
    #[error("at most 64 offices")]
    TooManyOffices,
    /// Not of an office code's shape. Codes of no office are fine: they match nothing.
    #[error("an office code is malformed")]
    OfficeCode,
}

fn bit(category: Category) -> u8 {
    1 << match category {
        Category::RoadDamage => 0,
        Category::WaterLeak => 1,
        Category::StreetLight => 2,
        Category::Hazard => 3,
        Category::Other => 4,
    }
}

impl TryFrom<&wire::live::Interest> for Interest {
    type Error = NotAnInterest;

    fn try_from(interest: &wire::live::Interest) -> Result<Self, NotAnInterest> {
        let tiles = match interest.bounds {
            None => None,
            Some(bounds) if bounds.is_valid() => {
                let bounds = sokuho_tiles::Bounds {
                    west: bounds.west,
                    south: bounds.south,
                    east: bounds.east,
                    north: bounds.north,
                };
                Some(TileRange::covering_at_most(&bounds, ZOOM, ACROSS))
            }
            Some(_) => return Err(NotAnInterest::Bounds),
        };
        let offices = match &interest.offices {
            None => None,
            Some(codes) if codes.len() > OFFICES => return Err(NotAnInterest::TooManyOffices),
            Some(codes) => {
                let parsed: Result<Vec<OfficeCode>, _> = codes.iter().map(|code| code.parse()).collect();
                let mut offices = parsed.map_err(|_| NotAnInterest::OfficeCode)?;
                offices.sort_unstable();
                offices.dedup();
                Some(offices.into_boxed_slice())
            }
        };
        let categories = interest.categories.as_ref().map(|list| list.iter().fold(0, |all, c| all | bit(*c)));
        let everything = Category::ALL.iter().fold(0, |all, c| all | bit(*c));
        Ok(Self {
            tiles,
            offices,
            categories: categories.filter(|chosen| *chosen != everything),
            operation: interest.operation.map(OperationId),
        })
    }
}

impl Interest {
    /// Whether an entry about this is of interest. What carries no incident (operations, check-ins) is
    /// for everybody. The public encoding hides who reported, so choosing does not tell the public either.
    pub fn matches(&self, facets: &Facets, audience: Audience) -> bool {
        let Some(incident) = &facets.incident else { return true };
        let is_wanted = |wanted: &[OfficeCode]| {
            let mut offices = match audience {
                Audience::Office => incident.offices.iter().chain(&None),
                Audience::Public => incident.responsible.as_slice().iter().chain(&incident.before),
            };
            offices.any(|office| wanted.binary_search(office).is_ok())
        };
        let tile = match audience {
            Audience::Office => incident.tile,
            Audience::Public => incident.coarse_tile,
        };
        self.operation.is_none_or(|operation| operation == incident.operation)
            && self.categories.is_none_or(|chosen| chosen & bit(incident.category) != 0)
            && self.tiles.is_none_or(|range| tile.is_some_and(|tile| range.contains(tile)))
            && self.offices.as_deref().is_none_or(is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::EVERYDAY;
    use crate::domain::position::Bounds;

    fn facets() -> Facets {
        Facets {
            incident: Some(IncidentFacets {
                tile: Some(Tile::at(37.4878, 139.9297, sokuho_tiles::MAX_ZOOM)),
                coarse_tile: Some(Tile::at(37.4878, 139.9297, sokuho_tiles::MAX_ZOOM)),
                responsible: Some("07202".parse().unwrap()),
                before: None,
                offices: ["07202", "07423"].map(|code| code.parse().unwrap()).into(),
                category: Category::Hazard,
                operation: EVERYDAY,
            }),
        }
    }

    fn checked(interest: wire::live::Interest) -> Interest {
        Interest::try_from(&interest).unwrap()
    }

    #[test]
    fn each_part_left_out_matches_and_each_part_given_chooses() {
        assert!(Interest::default().matches(&facets(), Audience::Office));
        let near = Bounds { west: 139.9, south: 37.4, east: 140.0, north: 37.5 };
        let far = Bounds { west: 135.0, south: 34.0, east: 135.1, north: 34.1 };
        for (bounds, expected) in [(near, true), (far, false)] {
            assert_eq!(
                checked(wire::live::Interest { bounds: Some(bounds), ..<_>::default() })
                    .matches(&facets(), Audience::Office),
                expected
            );
        }
        for (offices, expected) in
            [(vec!["07423"], true), (vec!["07202", "99999"], true), (vec!["07203"], false), (vec![], false)]
        {
            let offices = Some(offices.into_iter().map(str::to_owned).collect());
            assert_eq!(
                checked(wire::live::Interest { offices, ..<_>::default() }).matches(&facets(), Audience::Office),
                expected
            );
        }
        for (category, expected) in [(Category::Hazard, true), (Category::Other, false)] {
            let interest = wire::live::Interest { categories: Some(vec![category]), ..<_>::default() };
            assert_eq!(checked(interest).matches(&facets(), Audience::Office), expected);
        }
        let other = wire::live::Interest { operation: Some(uuid::Uuid::from_u128(7)), ..<_>::default() };
        assert!(!checked(other.clone()).matches(&facets(), Audience::Office));
        assert!(
            checked(other).matches(&Facets { incident: None }, Audience::Office),
            "operations and check-ins are for everybody"
        );
    }

    #[test]
    fn the_public_chooses_by_the_office_that_answers_and_not_by_who_reported() {
        for (office, audience, expected) in
            [("07423", Audience::Office, true), ("07423", Audience::Public, false), ("07202", Audience::Public, true)]
        {
            let wish = wire::live::Interest { offices: Some(vec![office.to_owned()]), ..<_>::default() };
            assert_eq!(checked(wish).matches(&facets(), audience), expected, "{office} {audience:?}");
        }
    }

    #[test]
    fn who_hands_an_incident_over_hears_of_it_once_more() {
        let mut facets = facets();
        if let Some(incident) = &mut facets.incident {
            incident.before = Some("07421".parse().unwrap());
        }
        for (office, expected) in [("07421", true), ("07202", true), ("07208", false)] {
            let wish = wire::live::Interest { offices: Some(vec![office.to_owned()]), ..<_>::default() };
            assert_eq!(checked(wish).matches(&facets, Audience::Public), expected, "{office}");
        }
    }

    #[test]
    fn like_wishes_are_one_key() {
        let a = wire::live::Interest {
            bounds: Some(Bounds { west: 139.90, south: 37.40, east: 140.0, north: 37.5 }),
            offices: Some(vec!["07202".into(), "07203".into()]),
            categories: Some(Category::ALL.to_vec()),
            operation: None,
        };
        let b = wire::live::Interest {
            bounds: Some(Bounds { west: 139.91, south: 37.41, east: 140.0, north: 37.5 }),
            offices: Some(vec!["07203".into(), "07202".into(), "07203".into()]),
            categories: None,
            operation: None,
        };
        assert_eq!(checked(a), checked(b));
    }

    #[test]
    fn what_is_no_interest_is_refused_by_name() {
        let refused = |interest: wire::live::Interest| Interest::try_from(&interest).unwrap_err();
        for bounds in [
            Bounds { west: f64::NAN, south: 0.0, east: 1.0, north: 1.0 },
            Bounds { west: 2.0, south: 0.0, east: 1.0, north: 1.0 },
            Bounds { west: 0.0, south: 0.0, east: 181.0, north: 1.0 },
        ] {
            assert_eq!(refused(wire::live::Interest { bounds: Some(bounds), ..<_>::default() }), NotAnInterest::Bounds);
        }
        let many = wire::live::Interest { offices: Some(vec!["07202".to_owned(); 65]), ..<_>::default() };
        assert_eq!(refused(many), NotAnInterest::TooManyOffices);
        let odd = wire::live::Interest { offices: Some(vec!["会津".to_owned()]), ..<_>::default() };
        assert_eq!(refused(odd), NotAnInterest::OfficeCode);
    }
}
