//! Door: check-in, confirmation, check-out, call-back, rosters.
//!
//! A check-in away from the employer gives `field` at that office and nobody else's inbox; an operator
//! acting for that office confirms it and may raise the role until check-out; the person or an operator
//! there ends it, a new check-in ends it, and the employer can call the person back.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::extract::{JsonBody, PathParams};
use super::turns::Turns;
use crate::domain::check_in::CheckIn;
use crate::domain::entry::{Body, CheckInConfirmed, CheckInEnded, CheckedIn};
use crate::domain::ids::{CheckInId, EntryId, StaffId};
use crate::domain::office::OfficeCode;
use crate::domain::operation::EVERYDAY;
use crate::domain::staff::Role;
use crate::identity::Identity;
use crate::identity::caller::StaffCaller;
use crate::identity::permission::Permission;
use crate::intake::recorder::{Act, Recorder};
use crate::live::Live;
use crate::wire::check_in as wire;
use crate::wire::problem::{Code, Problem};

/// What this door needs.
#[derive(Clone)]
pub struct CheckInState {
    /// Writes down changes.
    pub recorder: Recorder,
    /// The check-ins as they are.
    pub live: Arc<Live>,
    /// The offices' staff.
    pub identity: Arc<Identity>,
    /// The region's offices.
    pub offices: Arc<BTreeSet<OfficeCode>>,
    /// One change of a person's duty at a time.
    pub turns: Arc<Turns>,
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<CheckInState> {
    OpenApiRouter::new()
        .routes(routes!(check_in))
        .routes(routes!(confirm))
        .routes(routes!(check_out))
        .routes(routes!(call_back))
        .routes(routes!(roster))
}

/// Reports for duty at an office. From the commit on the person acts for it; an earlier check-in ends.
#[utoipa::path(
    post, path = "/api/check-ins", tag = "duty", request_body = wire::NewCheckIn,
    responses(
        (status = 201, body = wire::CheckInReceipt),
        (status = 409, body = Problem, description = "id_taken"),
        (status = 422, body = Problem, description = "unknown_office"),
    )
)]
async fn check_in(
    State(door): State<CheckInState>,
    who: Who,
    JsonBody(new): JsonBody<wire::NewCheckIn>,
) -> ApiResult<(StatusCode, Json<wire::CheckInReceipt>)> {
    let staff = who.staff()?;
    let office = new.office.parse().ok().filter(|code| door.offices.contains(code)).ok_or(Code::UnknownOffice)?;
    let _turn = door.turns.of(staff.id.0).await;
    let body = Body::CheckedIn(CheckedIn {
        staff: staff.id,
        name: staff.name.clone(),
        office: OfficeCode::clone(&office),
        employer: staff.employer.clone(),
    });
    let receipt = door.write(staff, new.id, CheckInId(new.id), office, body, &new).await?;
    Ok((StatusCode::CREATED, receipt))
}

/// Confirms an arrival at the operator's office and gives the role there until check-out. Sent again
/// with another id, it changes the role. At the employer's own office the account's role stays.
#[utoipa::path(
    post, path = "/api/check-ins/{id}/confirm", tag = "duty", request_body = wire::NewConfirmation,
    params(("id" = Uuid, Path, description = "The check-in.")),
    responses(
        (status = 200, body = wire::CheckInReceipt),
        (status = 403, body = Problem, description = "other_office, or forbidden for one's own arrival"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "check_in_ended or id_taken"),
        (status = 422, body = Problem, description = "invalid_field for any other role"),
    )
)]
async fn confirm(
    State(door): State<CheckInState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<wire::NewConfirmation>,
) -> ApiResult<Json<wire::CheckInReceipt>> {
    let staff = who.staff()?;
    if !matches!(new.role, Role::Field | Role::Operator) {
        return Err(ApiError::new(Code::InvalidField).detail("role: a confirmation gives field or operator"));
    }
    let id = CheckInId(id);
    let _turn = door.turns.of(door.whose(id)?.0).await;
    door.allow(id, new.id, |check_in| {
        if check_in.staff == staff.id {
            return Err(ApiError::new(Code::Forbidden).detail("nobody confirms their own arrival"));
        }
        must_operate(staff, &check_in.office)
    })?;
    let body = Body::CheckInConfirmed(CheckInConfirmed { check_in: id, role: new.role });
    door.write(staff, new.id, id, staff.acting.clone(), body, &new).await
}

/// Ends a check-in: one's own, or one at the operator's office.
#[utoipa::path(
    post, path = "/api/check-ins/{id}/check-out", tag = "duty", request_body = wire::NewCheckInEnd,
    params(("id" = Uuid, Path, description = "The check-in.")),
    responses(
        (status = 200, body = wire::CheckInReceipt),
        (status = 403, body = Problem, description = "other_office or forbidden"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "check_in_ended or id_taken"),
    )
)]
async fn check_out(
    State(door): State<CheckInState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<wire::NewCheckInEnd>,
) -> ApiResult<Json<wire::CheckInReceipt>> {
    let staff = who.staff()?;
    let id = CheckInId(id);
    let _turn = door.turns.of(door.whose(id)?.0).await;
    door.allow(
        id,
        new.id,
        |check_in| {
            if check_in.staff == staff.id { Ok(()) } else { must_operate(staff, &check_in.office) }
        },
    )?;
    let body = Body::CheckedOut(CheckInEnded { check_in: id });
    door.write(staff, new.id, id, staff.acting.clone(), body, &new).await
}

/// Calls a person back to the office that employs them; the check-in ends.
#[utoipa::path(
    post, path = "/api/check-ins/{id}/call-back", tag = "duty", request_body = wire::NewCheckInEnd,
    params(("id" = Uuid, Path, description = "The check-in.")),
    responses(
        (status = 200, body = wire::CheckInReceipt),
        (status = 403, body = Problem, description = "other_office, or forbidden for oneself"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "check_in_ended or id_taken"),
    )
)]
async fn call_back(
    State(door): State<CheckInState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<wire::NewCheckInEnd>,
) -> ApiResult<Json<wire::CheckInReceipt>> {
    let staff = who.staff()?;
    let id = CheckInId(id);
    let _turn = door.turns.of(door.whose(id)?.0).await;
    door.allow(id, new.id, |check_in| {
        if check_in.staff == staff.id {
            return Err(ApiError::new(Code::Forbidden).detail("nobody calls themselves back"));
        }
        must_operate(staff, &check_in.employer)
    })?;
    let body = Body::CalledBack(CheckInEnded { check_in: id });
    door.write(staff, new.id, id, staff.acting.clone(), body, &new).await
}

/// Who is where: open check-ins at the office, its own staff elsewhere and those not checked in.
/// Offices are equal partners: each may read every roster.
#[utoipa::path(
    get, path = "/api/offices/{code}/roster", tag = "duty",
    params(("code" = String, Path, description = "The office's code.")),
    responses((status = 200, body = wire::Roster), (status = 404, body = Problem))
)]
async fn roster(
    State(door): State<CheckInState>,
    PathParams(code): PathParams<String>,
) -> ApiResult<Json<wire::Roster>> {
    let office = code.parse().ok().filter(|office| door.offices.contains(office)).ok_or(Code::NotFound)?;
    let own = door.identity.staff_of(&office);
    let world = door.live.read();
    let check_ins = &world.check_ins;
    let absent = own.into_iter().filter(|staff| check_ins.acting(staff.id).is_none());
    Ok(Json(wire::Roster {
        here: listed(check_ins.at_office(&office)),
        elsewhere: listed(check_ins.of_employer(&office).filter(|check_in| check_in.office != office)),
        not_checked_in: absent.map(|s| wire::RosterStaff { id: s.id.0, name: s.name, role: s.role }).collect(),
        office: office.to_string(),
    }))
}

/// Open check-ins, who came first first.
fn listed<'a>(open: impl Iterator<Item = &'a CheckIn>) -> Vec<wire::CheckIn> {
    let mut open: Vec<&CheckIn> = open.collect();
    open.sort_by_key(|check_in| check_in.stamp);
    open.into_iter().map(|check_in| wire::CheckIn::of(check_in, None)).collect()
}

/// Only an operator who acts for this office at this moment.
fn must_operate(staff: &StaffCaller, office: &OfficeCode) -> ApiResult<()> {
    if staff.acting != *office {
        Err(Code::OtherOffice.into())
    } else if !Permission::WorkRoster.allowed(staff.role) {
        Err(Code::Forbidden.into())
    } else {
        Ok(())
    }
}

impl CheckInState {
    /// Who checked in.
    fn whose(&self, id: CheckInId) -> ApiResult<StaffId> {
        let world = self.live.read();
        let (check_in, _) = world.check_ins.get(id).ok_or(Code::NotFound)?;
        Ok(check_in.staff)
    }

    /// Asks the rule, and that the check-in is open. An entry that was written before is not judged
    /// again: the log knows whether this is a repetition or something else with the same id.
    fn allow(&self, id: CheckInId, entry: Uuid, rule: impl FnOnce(&CheckIn) -> ApiResult<()>) -> ApiResult<()> {
        let world = self.live.read();
        if world.check_ins.has_seen(EntryId(entry)) {
            return Ok(());
        }
        let (check_in, ended) = world.check_ins.get(id).ok_or(Code::NotFound)?;
        rule(check_in)?;
        if ended.is_some() { Err(Code::CheckInEnded.into()) } else { Ok(()) }
    }

    /// Writes down a change of the check-in `about`, for `office`.
    async fn write<R: Serialize>(
        &self,
        staff: &StaffCaller,
        id: Uuid,
        about: CheckInId,
        office: OfficeCode,
        body: Body,
        request: &R,
    ) -> ApiResult<Json<wire::CheckInReceipt>> {
        let act = Act { id, office, operation: EVERYDAY, body, about: about.0, request };
        let committed = self.recorder.record(staff, act).await?;
        let world = self.live.read();
        let (check_in, ended) = world
            .check_ins
            .get(about)
            .ok_or_else(|| ApiError::internal(anyhow::anyhow!("entry {} is not in the live world", committed.seq)))?;
        Ok(Json(wire::CheckInReceipt { seq: committed.seq, check_in: wire::CheckIn::of(check_in, ended) }))
    }
}

#[cfg(test)]
#[path = "check_ins_tests.rs"]
pub(super) mod tests;
