//! The directory: accounts, live sessions and wall tokens in memory, so that a request costs no
//! query. It is replaced as a whole; readers never wait.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::{IdentityError, TokenError};
use super::registry::{Account, Registry};
use super::sessions::Session;
use super::wall_tokens::WallToken;
use crate::database::statement::statement;
use crate::domain::ids::StaffId;

/// What was true at one version of the registry.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    version: i64,
    accounts: Arc<HashMap<StaffId, Account>>,
    sessions: Arc<HashMap<Uuid, Session>>,
    walls: Arc<HashMap<Uuid, WallToken>>,
}

impl Directory {
    /// Reads it all.
    pub(super) async fn read(registry: &Registry) -> Result<Self, IdentityError> {
        // The version first: a change that slips in between only makes the next look read again.
        let version = version(registry).await?;
        let accounts = registry.accounts().await?.into_iter().map(|a| (a.staff.id, a)).collect();
        let sessions = registry.live_sessions().await?.into_iter().map(|s| (s.id, s)).collect();
        let walls = registry.wall_tokens().await?.into_iter().map(|w| (w.id, w)).collect();
        Ok(Self { version, accounts: Arc::new(accounts), sessions: Arc::new(sessions), walls: Arc::new(walls) })
    }

    /// Whether the registry has changed since.
    pub(super) async fn is_stale(&self, registry: &Registry) -> Result<bool, IdentityError> {
        Ok(version(registry).await? != self.version)
    }

    /// The same with one more session. Its account comes with it: another process may have made it since
    /// the last look, and a session without an account would pass for revoked.
    pub(super) fn with_session(&self, session: Session, account: Account) -> Self {
        let mut sessions = HashMap::clone(&self.sessions);
        sessions.insert(session.id, session);
        let mut accounts = Arc::clone(&self.accounts);
        if accounts.get(&account.staff.id) != Some(&account) {
            Arc::make_mut(&mut accounts).insert(account.staff.id, account);
        }
        Self { accounts, sessions: Arc::new(sessions), ..self.clone() }
    }

    pub(super) fn has_session(&self, id: Uuid) -> bool {
        self.sessions.contains_key(&id)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    pub(super) fn is_disabled(&self, staff: StaffId) -> bool {
        self.accounts.get(&staff).is_some_and(|account| account.disabled)
    }

    /// A live session and its account.
    pub(super) fn session(&self, id: Uuid, now: Timestamp) -> Result<(&Session, &Account), TokenError> {
        let session = self.sessions.get(&id).ok_or(TokenError::Revoked)?;
        let account = self.accounts.get(&session.staff).filter(|a| !a.disabled).ok_or(TokenError::Revoked)?;
        if session.expires_at <= now { Err(TokenError::Expired) } else { Ok((session, account)) }
    }

    /// Whether there is such a wall token, revoked or not.
    pub(super) fn knows_wall(&self, id: Uuid) -> bool {
        self.walls.contains_key(&id)
    }

    /// A live wall token.
    pub(super) fn wall(&self, id: Uuid, now: Timestamp) -> Result<&WallToken, TokenError> {
        let wall = self.walls.get(&id).filter(|wall| wall.revoked_at.is_none()).ok_or(TokenError::Revoked)?;
        if wall.expires_at <= now { Err(TokenError::Expired) } else { Ok(wall) }
    }
}

async fn version(registry: &Registry) -> Result<i64, IdentityError> {
    let row = registry.database.row(statement("SELECT version FROM identity_version")).await?;
    Ok(row.ok_or(sqlx::Error::RowNotFound)?.get("version")?)
}
