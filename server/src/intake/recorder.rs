//! What staff do besides reporting (a status, a check-in, an operation) becomes an entry here, and what the
//! node does by itself: one way to the log.

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::Refusal;
use super::check::sender_made;
use crate::domain::clock::{Clock, HlcSource};
use crate::domain::entry::{Actor, Body, Entry};
use crate::domain::ids::{EntryId, NodeId, OperationId};
use crate::domain::office::OfficeCode;
use crate::domain::operation::EVERYDAY;
use crate::identity::caller::StaffCaller;
use crate::log::writer::{Appender, Committed};
use crate::log::{Draft, digest_of};

/// Writes down what staff do.
#[derive(Clone)]
pub struct Recorder {
    /// To the log.
    pub appender: Appender,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// The node's logical clock.
    pub hlc: Arc<HlcSource>,
    /// This node.
    pub node: NodeId,
}

/// Something that a staff member does.
pub struct Act<'a, R> {
    /// Made by the sender.
    pub id: Uuid,
    /// The office that it is done for.
    pub office: OfficeCode,
    /// The operation that it belongs to.
    pub operation: OperationId,
    /// What happens.
    pub body: Body,
    /// What it is done to (an incident, a check-in); with `request` it tells "the same again" from
    /// something else with the same id.
    pub about: Uuid,
    /// What was sent.
    pub request: &'a R,
}

impl Recorder {
    /// Writes it down; returns after the commit. The same again is answered from the log.
    ///
    /// # Errors
    /// [`Refusal::Field`] for an id that is no UUIDv7, [`Refusal::Append`]; nothing was written then.
    pub async fn record<R: Serialize>(&self, staff: &StaffCaller, act: Act<'_, R>) -> Result<Committed, Refusal> {
        sender_made(act.id)?;
        let sent = serde_json::to_vec(act.request)?;
        let digest =
            digest_of(&[act.body.kind().as_bytes(), act.about.as_bytes(), staff.id.0.as_bytes(), sent.as_slice()]);
        let entry = Entry {
            id: EntryId(act.id),
            origin: self.node,
            hlc: self.hlc.tick(self.clock.now()),
            actor: staff.actor(),
            office: Some(act.office),
            operation: act.operation,
            body: act.body,
        };
        Ok(self.appender.append(Draft::new(entry, digest, None)?).await?)
    }

    /// Writes down what the node itself does about an office's duty; returns after the commit.
    ///
    /// # Errors
    /// [`Refusal::Append`]; nothing was written then.
    pub async fn record_own(&self, id: EntryId, office: OfficeCode, body: Body) -> Result<Committed, Refusal> {
        let digest = digest_of(&[body.kind().as_bytes(), body.encode()?.as_bytes()]);
        let hlc = self.hlc.tick(self.clock.now());
        let (origin, actor, operation) = (self.node, Actor::System, EVERYDAY);
        let entry = Entry { id, origin, hlc, actor, office: Some(office), operation, body };
        Ok(self.appender.append(Draft::new(entry, digest, None)?).await?)
    }
}
