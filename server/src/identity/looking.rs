//! The look at what other processes changed: the command line, beside a running node.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Identity;
use super::caller::Caller;
use super::directory::Directory;
use super::error::{IdentityError, TokenError};
use crate::database::told::chain;

/// How often the node looks whether another process changed accounts or tokens.
const LOOK: Duration = Duration::from_secs(1);

/// Looks that requests ask for are at least so far apart.
pub(super) const LOOKS_APART: Duration = Duration::from_millis(200);

/// Seconds for which a token counts as new: longer than [`LOOK`], and `iat` is cut to the second.
const NEW_S: i64 = 5;

/// Looks between two rounds of housekeeping: last uses are written and old sessions removed.
const LOOKS_PER_ROUND: u32 = 60;

impl Identity {
    /// Watches for changes made by other processes, and keeps house. Runs until it is dropped; dropping
    /// it loses at most the last uses of wall tokens within the last minute.
    pub async fn run(&self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for count in 0_u32.. {
            look.tick().await;
            self.look().await;
            if count % LOOKS_PER_ROUND == 0
                && let Err(error) = self.keep_house().await
            {
                tracing::error!(error = chain(&error), "sessions and wall tokens could not be tidied");
            }
        }
    }

    /// Reads the directory anew if it has changed. Where it cannot be read, the one that is known stays in force.
    pub(super) async fn look(&self) {
        let looked = match self.directory.load().is_stale(&self.registry).await {
            Ok(true) => self.reload().await,
            other => other.map(drop),
        };
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match looked {
            Ok(()) if trouble.over() => tracing::info!("the directory of accounts can be read again"),
            Ok(()) => {}
            Err(error) => {
                let cause = chain(&error);
                if let Some(looks) = trouble.note(&cause, 1) {
                    tracing::error!(error = cause, looks, "the directory of accounts could not be read");
                }
            }
        }
    }

    pub(super) async fn reload(&self) -> Result<(), IdentityError> {
        let _changing = self.changing.lock().await;
        let directory = Arc::new(Directory::read(&self.registry).await?);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| directory.has_session(*id));
        self.directory.store(directory);
        self.changed.send_replace(());
        Ok(())
    }

    pub(super) async fn keep_house(&self) -> Result<(), IdentityError> {
        let uses = std::mem::take(&mut *self.wall_uses.lock().unwrap_or_else(PoisonError::into_inner));
        for (id, at) in uses {
            self.registry.note_wall_use(id, at).await?;
        }
        self.registry.forget_old_sessions().await.map(|_| ())
    }

    /// As [`Identity::caller`]; but before a token that was made a moment ago is said to be revoked, looks
    /// whether another process made it (`sokuho token wall`, `sokuho account add`).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn establish(&self, bearer: &str) -> Result<Caller, TokenError> {
        match self.caller(bearer) {
            Err(TokenError::Revoked) if self.is_new(bearer) => {
                self.look_soon().await;
                self.caller(bearer)
            }
            other => other,
        }
    }

    /// Whether the token is ours, was made within [`NEW_S`] seconds and is not known here yet.
    pub fn is_new(&self, bearer: &str) -> bool {
        let now = self.registry.clock.now();
        let claims = self.registry.signer.check_bearer(bearer, now);
        claims.is_ok_and(|claims| {
            now.as_second().saturating_sub(claims.iat) <= NEW_S && !self.directory.load().knows_wall(claims.sub)
        })
    }

    /// Looks, a few times a second at most however many ask: who comes while a look is awaited shares it.
    async fn look_soon(&self) {
        let asked = tokio::time::Instant::now();
        let mut last = self.looked.lock().await;
        if let Some(at) = *last {
            if at >= asked {
                return;
            }
            tokio::time::sleep_until(at + LOOKS_APART).await;
        }
        *last = Some(tokio::time::Instant::now());
        self.look().await;
    }
}
