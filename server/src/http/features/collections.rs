//! Which collections there are, and what each says of itself.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::query::{Asked, FormatQuery, GEOJSON, JSON, address, link, media_type};
use super::{FeaturesState, ROOT, page};
use crate::http::access::{Access, Who, required};
use crate::http::base_url::BaseUrl;
use crate::http::error::ApiResult;
use crate::identity::caller::Caller;
use crate::wire::features::{CRS84, Collection, Collections, Extent, TemporalExtent};
use crate::wire::problem::Problem;

/// A collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    Incidents,
    Reports,
    Offices,
    CheckIns,
    Shelters,
}

impl Which {
    pub(super) const ALL: [Self; 5] = [Self::Incidents, Self::Reports, Self::Offices, Self::CheckIns, Self::Shelters];

    /// Its name in addresses.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::Reports => "reports",
            Self::Offices => "offices",
            Self::CheckIns => "check-ins",
            Self::Shelters => "shelters",
        }
    }

    /// Its path on this node.
    pub(super) fn path(self) -> String {
        format!("{ROOT}/collections/{}", self.id())
    }

    /// Its name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Incidents => "事象 Incidents",
            Self::Reports => "通報・報告 Reports",
            Self::Offices => "機関 Offices",
            Self::CheckIns => "参集 Check-ins",
            Self::Shelters => "避難所 Shelters",
        }
    }

    fn description(self, sketch: bool) -> &'static str {
        match self {
            Self::Incidents => {
                "What the offices handle, newest first, each where its first report was filed. Without a token: \
                 no words, no names, positions to 0.0001°. operation_kind \"drill\" (訓練) is not the real thing."
            }
            Self::Reports => "Observations by staff and residents, newest first. For staff and wall displays.",
            Self::Offices if sketch => {
                "Municipalities with their boundaries, which are a sketch (略図) and must be marked as such, and \
                 branch offices of the prefecture as points."
            }
            Self::Offices => "Municipalities with their boundaries, and branch offices of the prefecture as points.",
            Self::CheckIns => "Who is on duty now, where the office is. For staff and wall displays.",
            Self::Shelters => {
                "Designated emergency sites and shelters (指定緊急避難場所・指定避難所), what each is fit for, and \
                 whether its office has opened it. Head counts are for staff and wall displays. demonstration \"true\" \
                 (架空・訓練用) is invented."
            }
        }
    }

    /// Whether the caller may read it: what the access table says of its items.
    pub(super) fn is_for(self, caller: &Caller) -> bool {
        match required("GET", &format!("{}/items", self.path())) {
            Some(Access::Open) => true,
            Some(Access::Needs(permission) | Access::NeedsOrTicket(permission)) => caller.may(permission),
            None => false,
        }
    }
}

impl FeaturesState {
    /// What a collection says of itself.
    fn describe(&self, which: Which, base: &str, caller: &Caller) -> Collection {
        let own = format!("{base}{}", which.path());
        let (bounds, temporal) = match which {
            Which::Incidents | Which::Reports => {
                let since = self.0.live.read().filed_since();
                (self.extent(caller.audience()), Some(TemporalExtent::since(since)))
            }
            Which::Offices => (self.0.bounds, None),
            Which::Shelters => (self.0.shelter_bounds, None),
            Which::CheckIns => (self.0.bounds, Some(TemporalExtent::since(None))),
        };
        Collection {
            id: which.id().to_owned(),
            title: which.title().to_owned(),
            description: which.description(self.0.sketch).to_owned(),
            attribution: match which {
                Which::Shelters => self.0.shelters.attribution().to_owned(),
                _ => self.0.attribution.clone(),
            },
            links: vec![
                link(own.clone(), "self", JSON, None),
                link(format!("{own}/items"), "items", GEOJSON, Some(which.title())),
            ],
            extent: Extent { spatial: bounds.into(), temporal },
            item_type: "feature".to_owned(),
            crs: vec![CRS84.to_owned()],
        }
    }

    /// Answers with what a collection says of itself.
    pub(super) fn collection(
        &self,
        which: Which,
        BaseUrl(base): &BaseUrl,
        caller: &Caller,
        headers: &HeaderMap,
        query: &FormatQuery,
    ) -> ApiResult<Response> {
        page::json(media_type(headers, query.f.as_deref(), &[JSON])?, &self.describe(which, base, caller))
    }
}

/// The collections that the caller may read.
#[utoipa::path(get, path = "/ogc/collections", operation_id = "gis_collections", tag = "gis", params(FormatQuery), responses(
    (status = 200, body = Collections),
    (status = "default", body = Problem),
))]
pub(super) async fn list(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let content_type = media_type(&headers, query.f.as_deref(), &[JSON])?;
    let offered = Which::ALL.into_iter().filter(|which| which.is_for(&caller));
    let collections = offered.map(|which| state.describe(which, &base, &caller)).collect();
    let links = vec![link(address(&base, "/collections"), "self", JSON, None)];
    page::json(content_type, &Collections { links, collections })
}
