//! Sessions and their refresh tokens.
//!
//! A refresh token works once. The next one is derived from it under the node's secret, so that a phone
//! whose answer was lost gets, when it asks again, the very same successor, and no second branch of the
//! session comes to be. That holds for as long as nothing of the successor was ever used, neither its
//! refresh token nor an access token given with it, and in any case within the grace. Any other use of an
//! old token means that somebody has a copy: the whole session is revoked (RFC 9700, section 4.14.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::{IdentityError, RefreshError, TokenError};
use super::registry::{Registry, kept};
use crate::audit::{Action, By};
use crate::database::statement::{Row, Transaction, statement};
use crate::domain::ids::StaffId;

/// Sessions that one account has at once; one more revokes the oldest.
pub const PER_ACCOUNT: u32 = 16;

/// Old refresh tokens of a session that are still recognised as its own; older ones are just unknown.
const REMEMBERED: i64 = 32;

/// How long things live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetimes {
    /// An access token.
    pub access: SignedDuration,
    /// A session, from signing in, however often it is refreshed.
    pub session: SignedDuration,
    /// A used refresh token whose answer may have been lost.
    pub grace: SignedDuration,
    /// A media ticket.
    pub media: SignedDuration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access: SignedDuration::from_mins(15),
            session: SignedDuration::from_hours(14 * 24),
            grace: SignedDuration::from_secs(30),
            media: SignedDuration::from_hours(12),
        }
    }
}

/// A session as the directory knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) staff: StaffId,
    pub(super) expires_at: Timestamp,
}

/// The tokens that replaced a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Successor {
    pub(super) session: Uuid,
    pub(super) generation: i64,
    pub(super) made_at: Timestamp,
}

/// A fresh pair of tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionTokens {
    /// For `Authorization: Bearer`.
    pub access: String,
    /// When that ends.
    pub access_expires_at: Timestamp,
    /// For the next refresh.
    pub refresh: String,
    /// When the session ends.
    pub refresh_expires_at: Timestamp,
}

impl std::fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionTokens(redacted)")
    }
}

impl Registry {
    /// Begins a session of an account whose password fitted this hash.
    pub(super) async fn begin_session(
        &self,
        staff: StaffId,
        password_hash: &str,
        lifetimes: &Lifetimes,
    ) -> Result<(Session, SessionTokens), IdentityError> {
        let now = self.clock.now();
        let session = Session { id: self.new_id(), staff, expires_at: after(now, lifetimes.session) };
        let mut token = [0_u8; 32];
        self.entropy.fill(&mut token);
        // The account may have been disabled, or got another password, while this one was checked.
        let make = statement(
            "INSERT INTO session (id, account, started_at, expires_at) \
             SELECT $1, id, $2, $3 FROM account WHERE id = $4 AND password_hash = $5 AND NOT disabled",
        );
        let make = make
            .bind(session.id.to_string())
            .bind(now.as_millisecond())
            .bind(session.expires_at.as_millisecond())
            .bind(staff.to_string())
            .bind(password_hash);
        let revoke_oldest = statement(
            "UPDATE session SET revoked_at = $1 WHERE account = $2 AND revoked_at IS NULL AND id NOT IN \
             (SELECT id FROM session WHERE account = $2 AND revoked_at IS NULL \
              ORDER BY started_at DESC, id DESC LIMIT $3)",
        );
        let revoke_oldest =
            revoke_oldest.bind(now.as_millisecond()).bind(staff.to_string()).bind(i64::from(PER_ACCOUNT));
        let mut transaction = self.database.write().await?;
        if transaction.execute(make).await? == 0 {
            return Err(IdentityError::UnknownAccount);
        }
        transaction.execute(revoke_oldest).await?;
        remember(&mut transaction, &token, session.id, 1, now).await?;
        transaction.commit().await?;
        let tokens = self.tokens(&session, &token, 1, lifetimes, now)?;
        Ok((session, tokens))
    }

    /// Gives the next pair of tokens for a refresh token. The first value tells whether the session
    /// was revoked on the way, because an old token came back. `was_used` tells whether an access token
    /// given with the successor may have been used.
    pub(super) async fn refresh_session(
        &self,
        text: &str,
        lifetimes: &Lifetimes,
        was_used: impl Fn(&Successor) -> bool,
    ) -> (bool, Result<SessionTokens, RefreshError>) {
        match self.try_refresh(text, lifetimes, was_used).await {
            Ok(Outcome::Next(tokens)) => (false, Ok(tokens)),
            Ok(Outcome::Reused) => (true, Err(TokenError::Revoked.into())),
            Err(error) => (false, Err(error)),
        }
    }

    async fn try_refresh(
        &self,
        text: &str,
        lifetimes: &Lifetimes,
        was_used: impl Fn(&Successor) -> bool,
    ) -> Result<Outcome, RefreshError> {
        let now = self.clock.now();
        let token = decoded(text).ok_or(TokenError::Invalid)?;
        // Anybody can send 43 characters; the write lock, which the log needs, is for those we have given.
        let known = statement("SELECT 1 FROM refresh_token WHERE hash = $1").bind(hash(&token));
        self.database.row(known).await?.ok_or(TokenError::Invalid)?;
        let mut transaction = self.database.write().await?;
        let select = statement(
            "SELECT s.id, s.account, s.expires_at, s.revoked_at, a.disabled, a.work_office, t.generation, \
             (SELECT max(generation) FROM refresh_token WHERE session = s.id) AS newest, \
             (SELECT made_at FROM refresh_token WHERE session = s.id AND generation = t.generation + 1) AS replaced_at \
             FROM refresh_token t JOIN session s ON s.id = t.session JOIN account a ON a.id = s.account \
             WHERE t.hash = $1",
        );
        let row = transaction.row(select.bind(hash(&token))).await?.ok_or(TokenError::Invalid)?;
        let session = stored(&row)?;
        if row.get::<Option<i64>>("revoked_at")?.is_some() || row.get("disabled")? {
            return Err(TokenError::Revoked.into());
        }
        if session.expires_at <= now {
            return Err(TokenError::Expired.into());
        }
        let (generation, newest): (i64, i64) = (row.get("generation")?, row.get("newest")?);
        let next = self.secret.derive(&[b"sokuho refresh token", session.id.as_bytes(), &token]);
        if generation == newest {
            remember(&mut transaction, &next, session.id, generation + 1, now).await?;
            let forget = statement("DELETE FROM refresh_token WHERE session = $1 AND generation <= $2");
            transaction.execute(forget.bind(session.id.to_string()).bind(generation - REMEMBERED)).await?;
            transaction.commit().await?;
        } else {
            let replaced_at = row.get::<Option<i64>>("replaced_at")?.map(millis);
            let in_grace = replaced_at.is_some_and(|at| now.duration_since(at) <= lifetimes.grace);
            let lost = |made_at| !was_used(&Successor { session: session.id, generation: newest, made_at });
            if generation + 1 != newest || !(in_grace || replaced_at.is_some_and(lost)) {
                let id = session.id.to_string();
                let revoke = statement("UPDATE session SET revoked_at = $1 WHERE id = $2");
                transaction.execute(revoke.bind(now.as_millisecond()).bind(&id)).await?;
                let office = kept(row.get::<&str>("work_office")?.parse().ok(), "account", &id, "work_office")?;
                self.record(&mut transaction, &By::node(), &office, Action::SessionRevoked, &id).await?;
                transaction.commit().await?;
                tracing::warn!(session.id = %session.id, "an old refresh token came back; the session was revoked");
                return Ok(Outcome::Reused);
            }
        }
        Ok(Outcome::Next(self.tokens(&session, &next, generation + 1, lifetimes, now)?))
    }

    /// Revokes one session, because its owner signs out.
    pub(super) async fn end_session(&self, session: Uuid) -> Result<(), IdentityError> {
        let revoke = statement("UPDATE session SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL");
        let revoke = revoke.bind(self.clock.now().as_millisecond()).bind(session.to_string());
        self.database.execute(revoke).await?;
        Ok(())
    }

    /// Sessions that are neither revoked nor over.
    pub(super) async fn live_sessions(&self) -> Result<Vec<Session>, IdentityError> {
        let select =
            statement("SELECT id, account, expires_at FROM session WHERE revoked_at IS NULL AND expires_at > $1");
        let rows = self.database.rows(select.bind(self.clock.now().as_millisecond())).await?;
        rows.iter().map(stored).collect()
    }

    /// Removes sessions, with their refresh tokens, whose time is over.
    pub(super) async fn forget_old_sessions(&self) -> Result<u64, IdentityError> {
        let forget = statement("DELETE FROM session WHERE expires_at <= $1");
        Ok(self.database.execute(forget.bind(self.clock.now().as_millisecond())).await?)
    }

    fn tokens(
        &self,
        session: &Session,
        refresh: &[u8; 32],
        generation: i64,
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Result<SessionTokens, IdentityError> {
        let until = after(now, lifetimes.access).min(session.expires_at);
        Ok(SessionTokens {
            access: self.signer.sign_access(session.id, generation, now, until)?,
            access_expires_at: until,
            refresh: URL_SAFE_NO_PAD.encode(refresh),
            refresh_expires_at: session.expires_at,
        })
    }
}

enum Outcome {
    Next(SessionTokens),
    Reused,
}

fn stored(row: &Row) -> Result<Session, IdentityError> {
    let id: String = row.get("id")?;
    Ok(Session {
        id: kept(id.parse().ok(), "session", &id, "id")?,
        staff: kept(row.get::<&str>("account")?.parse().ok(), "session", &id, "account")?,
        expires_at: millis(row.get("expires_at")?),
    })
}

async fn remember(
    transaction: &mut Transaction,
    token: &[u8; 32],
    session: Uuid,
    generation: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let insert = statement("INSERT INTO refresh_token (hash, session, generation, made_at) VALUES ($1, $2, $3, $4)");
    let insert = insert.bind(hash(token)).bind(session.to_string()).bind(generation).bind(now.as_millisecond());
    transaction.execute(insert).await.map(|_| ())
}

fn decoded(text: &str) -> Option<[u8; 32]> {
    // 43 characters of base64url without padding are 32 bytes.
    (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok())??.try_into().ok()
}

fn hash(token: &[u8; 32]) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// A stored time; what lies outside the calendar is long over.
pub(super) fn millis(stored: i64) -> Timestamp {
    Timestamp::from_millisecond(stored).unwrap_or(Timestamp::MIN)
}

/// So much later, at most the end of the calendar.
pub(super) fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}
