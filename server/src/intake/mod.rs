//! Intake: the way of a report from the request to the receipt. [`Intake::file`] lists the steps in
//! order; each has a file of its own or belongs to another room.
//!
//! ```text
//! check ─► quota ─► once ─► media ─► locate ─► append ─► receipt
//! ```

pub mod check;
pub mod digest;
pub mod receipt;
pub mod recorder;

use std::net::IpAddr;
use std::sync::Arc;

use self::digest::{Digests, of_before};
use self::receipt::ReceiptKeys;
use crate::domain::clock::{Clock, HlcSource};
use crate::domain::entry::{Actor, Body, Entry};
use crate::domain::ids::{EntryId, IncidentId, MediaId, NodeId, OperationId, ReportId};
use crate::domain::office::OfficeCode;
use crate::domain::operation::EVERYDAY;
use crate::domain::position::NotAPosition;
use crate::domain::report::{Edition, Medium, Report};
use crate::hazard::InForce;
use crate::identity::caller::Caller;
use crate::identity::limits::AddressLimit;
use crate::live::Live;
use crate::live::past::Past;
use crate::locate::Locator;
use crate::log::writer::{AppendError, Appender, Committed};
use crate::log::{Draft, LogError};
use crate::media::MediaError;
use crate::media::store::Store;
use crate::wire::incident::Zone;
use crate::wire::report::{NewReport, Receipt};

/// Why a report was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A field breaks a rule.
    #[error("{field}: {rule}")]
    Field {
        /// Which.
        field: &'static str,
        /// The rule, as a sentence.
        rule: String,
    },
    /// A text is too long.
    #[error("{field} has more than {limit} characters")]
    TextTooLong {
        /// Which.
        field: &'static str,
        /// Characters.
        limit: usize,
    },
    /// A text has control characters.
    #[error("{field} has control characters")]
    TextNotAllowed {
        /// Which.
        field: &'static str,
    },
    /// No evidence for the place.
    #[error("the report says of no place")]
    PositionMissing,
    /// A witness's place is none.
    #[error("evidence {index}: {cause}")]
    Position {
        /// Which witness.
        index: usize,
        /// Why.
        cause: NotAPosition,
    },
    /// No operation of this id.
    #[error("no operation has this id")]
    UnknownOperation,
    /// The operation has been closed.
    #[error("the operation has ended")]
    OperationEnded,
    /// A medium was not uploaded.
    #[error("medium {0} was not uploaded")]
    UnknownMedia(MediaId),
    /// The address sends too much.
    #[error("too many reports from this address")]
    TooMany {
        /// When to try again, seconds.
        retry_after_s: u64,
    },
    /// The media store failed.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The log did not take it.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log could not be asked whether it has the report.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It could not be written as JSON, which no report should do.
    #[error("the report cannot be encoded")]
    Encode(#[from] serde_json::Error),
}

/// The rooms that a report passes on its way.
pub struct Intake {
    /// To the log.
    pub appender: Appender,
    /// Whose ground.
    pub locator: Arc<Locator>,
    /// In which hazard zones.
    pub hazard: Arc<InForce>,
    /// Photos and videos.
    pub media: Store,
    /// What is known already.
    pub live: Arc<Live>,
    /// What was known of operations that are closed.
    pub past: Arc<Past>,
    /// How much residents may send.
    pub quota: AddressLimit,
    /// Makes and checks receipt keys.
    pub receipts: ReceiptKeys,
    /// Tells the same again from something else.
    pub digests: Digests,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// The node's logical clock.
    pub hlc: Arc<HlcSource>,
    /// This node.
    pub node: NodeId,
    /// Edition of the boundaries that the locator uses.
    pub boundaries: Edition,
}

impl Intake {
    /// Takes a report: returns its receipt after the commit. The same again gives the same receipt.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was written then.
    pub async fn file(&self, caller: &Caller, address: IpAddr, mut new: NewReport) -> Result<(Receipt, bool), Refusal> {
        let checked = check::check(&new)?;
        let (actor, office) = sender(caller);
        if actor == Actor::Resident {
            self.quota.take(address).map_err(|retry_after_s| Refusal::TooMany { retry_after_s })?;
        }

        let id = ReportId(new.id);
        let contact = new.contact.take();
        let digest = self.digests.of(&new, contact.as_ref(), &actor)?;
        let operation = new.operation.map_or(EVERYDAY, OperationId);
        let report = match self.known(id, operation).await? {
            // A repetition is answered by the log from what it holds, even when the operation has been
            // closed or a medium has gone since.
            Some(report) => report,
            None => {
                if new.danger_to_life && actor == Actor::Resident {
                    // It turns every screen of the region red; who sees a life in danger calls the fire brigade.
                    return Err(Refusal::Field { field: "danger_to_life", rule: "is for staff to mark".to_owned() });
                }
                self.operation_is_open(operation)?;
                let media = self.describe(checked.media).await?;
                let place = self.locator.locate(checked.position);
                Arc::new(Report {
                    id,
                    incident: IncidentId::opened_by(id),
                    category: new.category,
                    words: checked.words,
                    danger_to_life: new.danger_to_life,
                    observed_at: new.observed_at,
                    evidence: checked.evidence.into(),
                    chosen: new.chosen,
                    place,
                    boundaries: self.boundaries.clone(),
                    media,
                    zones: self.hazard.at(checked.position),
                    has_contact: checked.contact.is_some(),
                })
            }
        };

        let entry = Entry {
            id: EntryId(new.id),
            origin: self.node,
            hlc: self.hlc.tick(self.clock.now()),
            actor,
            office,
            operation,
            body: Body::ReportFiled(report),
        };
        let draft = Draft::new(entry, digest, checked.contact)?;
        let committed = match contact {
            None => self.appender.append(draft).await?,
            // Boxed, so that the reports without are not moved about with room for it.
            contact => Box::pin(self.append_with_contact(draft, NewReport { contact, ..new })).await?,
        };
        let receipt = self.receipt(&committed).ok_or(AppendError::IdTaken)?;
        Ok((receipt, committed.again))
    }

    /// Appends a report with contact details. If its id is taken, perhaps by the same report in an entry of before,
    /// whose digest was another one: asking with that one writes nothing, for the id is there.
    async fn append_with_contact(&self, draft: Draft, whole: NewReport) -> Result<Committed, Refusal> {
        match self.appender.append(draft.clone()).await {
            Err(AppendError::IdTaken) => {
                let digest = of_before(&whole, &draft.entry.actor)?;
                Ok(self.appender.append(Draft { digest, ..draft }).await?)
            }
            other => Ok(other?),
        }
    }

    /// The report as it was filed before. Reports of a closed operation are in the log alone, which need not be
    /// asked for any other.
    async fn known(&self, id: ReportId, operation: OperationId) -> Result<Option<Arc<Report>>, LogError> {
        let closed = {
            let world = self.live.read();
            if let Some(filed) = world.report(id) {
                return Ok(Some(Arc::clone(&filed.report)));
            }
            world.operation(operation).is_some_and(|(_, open)| !open)
        };
        let filed = if closed { self.past.filed(id).await? } else { None };
        Ok(filed.and_then(|(_, entry)| match entry.body {
            Body::ReportFiled(report) => Some(report),
            _ => None,
        }))
    }

    fn operation_is_open(&self, operation: OperationId) -> Result<(), Refusal> {
        match self.live.read().operation(operation) {
            Some((_, true)) => Ok(()),
            Some((_, false)) => Err(Refusal::OperationEnded),
            None => Err(Refusal::UnknownOperation),
        }
    }

    async fn describe(&self, ids: Vec<MediaId>) -> Result<Box<[Medium]>, Refusal> {
        let mut media = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(described) = self.media.claim(&id, self.clock.now()).await? else {
                return Err(Refusal::UnknownMedia(id));
            };
            media.push(described.medium());
        }
        Ok(media.into())
    }

    /// The receipt of a committed report; `None` if the entry is another kind of thing.
    fn receipt(&self, committed: &Committed) -> Option<Receipt> {
        let Body::ReportFiled(report) = &committed.entry.body else { return None };
        let responsible = report.place.municipality().or(committed.entry.office.as_ref());
        // Whoever sends it again is the same person: the digest says so.
        let by_staff = matches!(committed.entry.actor, Actor::Staff { .. });
        Some(Receipt {
            id: report.id.0,
            seq: committed.seq,
            incident: report.incident.0,
            filed_at: committed.entry.at(),
            place: (&report.place).into(),
            boundaries: report.boundaries.to_string(),
            responsible: responsible.map(ToString::to_string),
            office: committed.entry.office.as_ref().map(ToString::to_string),
            zones: by_staff.then(|| Zone::list(&report.zones)),
            key: self.receipts.key(report.id),
        })
    }
}

/// Who files, and for which office.
fn sender(caller: &Caller) -> (Actor, Option<OfficeCode>) {
    match caller {
        Caller::Staff(staff) => (staff.actor(), Some(staff.acting.clone())),
        Caller::Public | Caller::Wall { .. } => (Actor::Resident, None),
    }
}

#[cfg(test)]
mod tests;
