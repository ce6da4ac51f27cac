//! Ends the duty of people whose account was disabled: they cannot check out themselves any more, and a
//! roster that counts them would be wrong. By an entry, so that every screen and node hears of it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::database::told::chain;
use crate::domain::check_in::CheckIn;
use crate::domain::clock::Entropy;
use crate::domain::entry::{Body, CheckInEnded};
use crate::domain::ids::{EntryId, uuid_v7};
use crate::identity::Identity;
use crate::intake::recorder::Recorder;
use crate::live::Live;

/// How long to wait after an entry could not be written.
const AGAIN: Duration = Duration::from_secs(5);

/// Who may be on duty, and who is.
pub(super) struct Duty {
    pub(super) identity: Arc<Identity>,
    pub(super) live: Arc<Live>,
    pub(super) recorder: Recorder,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Duty {
    /// Looks at the start and whenever the accounts have changed, until the node stops. The recorder goes
    /// with it: while somebody holds one, the log's writer does not end.
    pub(super) async fn watch(self, stopping: CancellationToken) {
        let mut changes = self.identity.changes();
        let watch = async {
            loop {
                if !self.check_out_the_disabled().await {
                    tokio::time::sleep(AGAIN).await;
                } else if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // An entry under way is written or not, as after a cut of the power; the next start looks again.
        let _ = stopping.run_until_cancelled(watch).await;
    }

    /// Tells whether all of it could be written down.
    async fn check_out_the_disabled(&self) -> bool {
        let disabled: Vec<CheckIn> = {
            let world = self.live.read();
            world.check_ins.open().filter(|check_in| self.identity.is_disabled(check_in.staff)).cloned().collect()
        };
        for check_in in disabled {
            let id = EntryId(uuid_v7(self.recorder.clock.now(), self.entropy.as_ref()));
            let body = Body::CheckedOut(CheckInEnded { check_in: check_in.id });
            if let Err(error) = self.recorder.record_own(id, check_in.office, body).await {
                tracing::warn!(error = chain(&error), "somebody whose account is disabled could not be checked out");
                return false;
            }
        }
        true
    }
}
