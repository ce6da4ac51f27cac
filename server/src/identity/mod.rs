//! Who is calling and what they may do: accounts, sessions, tokens, roles.
//!
//! [`registry::Registry`] is the durable side, for the node and the command line alike; [`Identity`] is
//! the node's live side, which answers every request from memory. `permission` is the one table of what
//! each role may do. Knows the domain, and whom people act for through [`Presence`].

pub mod caller;
pub mod demo;
mod directory;
pub mod error;
mod keys;
pub mod limits;
mod looking;
pub mod passwords;
pub mod permission;
pub mod registry;
pub mod sessions;
mod settings;
mod tokens;
pub mod wall_tokens;

pub use self::keys::FILE as KEY_FILE;
pub use self::settings::Settings;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use self::caller::{Caller, StaffCaller};
use self::directory::Directory;
use self::error::{IdentityError, RefreshError, SignInError, TokenError};
use self::limits::SignInLimits;
use self::registry::{Account, Registry, folded};
use self::sessions::{Lifetimes, Session, SessionTokens, Successor, after};
use self::tokens::Purpose;
use crate::database::told::Trouble;
use crate::domain::check_in::Presence;
use crate::domain::ids::StaffId;
use crate::domain::office::OfficeCode;
use crate::domain::staff::{Role, Staff};

/// Establishes callers.
pub struct Identity {
    registry: Registry,
    presence: Arc<dyn Presence>,
    lifetimes: Lifetimes,
    limits: SignInLimits,
    directory: ArcSwap<Directory>,
    changed: watch::Sender<()>,
    /// Held from a write of our own until the directory shows it, and while the directory is read anew,
    /// so that an older reading never replaces a newer one.
    changing: tokio::sync::Mutex<()>,
    /// Wall tokens that were used since the last round; as many as there are tokens at most.
    wall_uses: Mutex<HashMap<Uuid, Timestamp>>,
    /// The greatest generation of each session whose access token was used since `started_at`; as many as
    /// there are live sessions at most.
    used: Mutex<HashMap<Uuid, i64>>,
    /// When the last look began that a request asked for.
    looked: tokio::sync::Mutex<Option<tokio::time::Instant>>,
    /// What was told of looks that failed.
    trouble: Mutex<Trouble>,
    started_at: Timestamp,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Reads the directory.
    ///
    /// # Errors
    /// [`IdentityError::Storage`], [`IdentityError::Inconsistent`].
    pub async fn new(
        registry: Registry,
        presence: Arc<dyn Presence>,
        settings: Settings,
    ) -> Result<Self, IdentityError> {
        let directory = Directory::read(&registry).await?;
        Ok(Self {
            started_at: registry.clock.now(),
            used: Mutex::default(),
            looked: tokio::sync::Mutex::default(),
            trouble: Mutex::default(),
            limits: SignInLimits::new(
                settings.per_name_and_address,
                settings.per_name,
                settings.per_address,
                settings.unknown_per_address,
                &registry.entropy,
            ),
            registry,
            presence,
            lifetimes: settings.lifetimes,
            directory: ArcSwap::from_pointee(directory),
            changed: watch::Sender::new(()),
            changing: tokio::sync::Mutex::new(()),
            wall_uses: Mutex::default(),
        })
    }

    /// The durable side. Changes made through it are seen at the next look, a second later.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Signs in. `address` is the peer's, as far as it is known.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SessionTokens, SignInError> {
        // A name that cannot be one is refused at once: that it does not exist is no secret.
        let folded = folded(name);
        let attempt = self.limits.sign_in(folded.as_deref().unwrap_or_default(), address);
        let attempt = attempt.map_err(|retry_after_s| SignInError::TooMany { retry_after_s })?;
        let outcome = self.begin_session(folded, password).await;
        // Only a mistake counts, not what our own storage or a queue of ours does to whoever knows the password.
        if !matches!(outcome, Err(SignInError::Wrong)) {
            attempt.give_back();
        }
        outcome
    }

    async fn begin_session(&self, folded: Option<String>, password: &str) -> Result<SessionTokens, SignInError> {
        let folded = folded.ok_or(SignInError::Wrong)?;
        let known = self.registry.credentials(&folded).await?.filter(|(account, _)| !account.disabled);
        let hash = known.as_ref().map(|(_, hash)| hash.as_str());
        let right = self.registry.passwords.verify(password, hash).await?;
        let (account, hash) = known.filter(|_| right).ok_or(SignInError::Wrong)?;

        let _changing = self.changing.lock().await;
        match self.registry.begin_session(account.staff.id, &hash, &self.lifetimes).await {
            Ok((session, tokens)) => {
                let directory = self.directory.load().with_session(session, account);
                self.directory.store(Arc::new(directory));
                Ok(tokens)
            }
            Err(IdentityError::UnknownAccount) => Err(SignInError::Wrong),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the next tokens of a session.
    ///
    /// # Errors
    /// [`RefreshError`]. An old token that comes back revokes the session.
    pub async fn refresh(&self, refresh_token: &str, address: Option<IpAddr>) -> Result<SessionTokens, RefreshError> {
        let (revoked, outcome) =
            self.registry.refresh_session(refresh_token, &self.lifetimes, |s| self.was_used(s)).await;
        if matches!(outcome, Err(RefreshError::Token(TokenError::Invalid))) {
            let counted = self.limits.unknown(address);
            counted.map_err(|retry_after_s| RefreshError::TooMany { retry_after_s })?;
        }
        if revoked {
            self.reload().await?;
        }
        outcome
    }

    /// Revokes the session.
    ///
    /// # Errors
    /// [`IdentityError::Storage`], [`IdentityError::Inconsistent`].
    pub async fn sign_out(&self, session: Uuid) -> Result<(), IdentityError> {
        self.registry.end_session(session).await?;
        self.reload().await
    }

    /// Who calls with this bearer token, and for whom they act at this moment.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn caller(&self, bearer: &str) -> Result<Caller, TokenError> {
        let now = self.registry.clock.now();
        let claims = self.registry.signer.check_bearer(bearer, now)?;
        match claims.aud {
            Purpose::Access => {
                let caller = self.staff_caller(claims.sub, now)?;
                let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
                let greatest = used.entry(claims.sub).or_default();
                *greatest = claims.generation.unwrap_or(0).max(*greatest);
                Ok(caller)
            }
            Purpose::Wall => self.wall_caller(claims.sub, now),
            Purpose::Media => Err(TokenError::Invalid),
        }
    }

    /// Whether an access token given with the successor may have been used. What was used before the start
    /// is not known, so that a successor from then counts as used.
    fn was_used(&self, successor: &Successor) -> bool {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        successor.made_at < self.started_at || used.get(&successor.session).is_some_and(|g| *g >= successor.generation)
    }

    fn staff_caller(&self, session: Uuid, now: Timestamp) -> Result<Caller, TokenError> {
        let directory = self.directory.load();
        let (session, account) = directory.session(session, now)?;
        Ok(Caller::Staff(self.acting(session, account)))
    }

    fn wall_caller(&self, token: Uuid, now: Timestamp) -> Result<Caller, TokenError> {
        let directory = self.directory.load();
        let office = directory.wall(token, now)?.office.clone();
        self.wall_uses.lock().unwrap_or_else(PoisonError::into_inner).insert(token, now);
        Ok(Caller::Wall { token, office })
    }

    /// At the employer's own office the account's role holds; away from it only what the check-in gives,
    /// whatever the person is at home.
    fn acting(&self, session: &Session, account: &Account) -> StaffCaller {
        let staff = &account.staff;
        let open = self.presence.acting(staff.id);
        let check_in = open.as_ref().map(|acting| acting.check_in);
        let (acting, role) = match open {
            Some(away) if away.office != staff.work_office => (away.office, away.role.unwrap_or(Role::Field)),
            _ => (staff.work_office.clone(), staff.role),
        };
        StaffCaller {
            id: staff.id,
            name: staff.name.clone(),
            employer: staff.work_office.clone(),
            home: staff.home_office.clone(),
            acting,
            role,
            check_in,
            session: session.id,
        }
    }

    /// A ticket to fetch media with, and when it ends: not after the session or wall token.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] for the public, [`TokenError`] if the session or wall token has ended.
    pub fn media_ticket(&self, caller: &Caller) -> Result<(String, Timestamp), TokenError> {
        let now = self.registry.clock.now();
        let directory = self.directory.load();
        let (id, ends) = match caller {
            Caller::Public => return Err(TokenError::Invalid),
            Caller::Staff(staff) => (staff.session, directory.session(staff.session, now)?.0.expires_at),
            Caller::Wall { token, .. } => (*token, directory.wall(*token, now)?.expires_at),
        };
        let until = after(now, self.lifetimes.media).min(ends);
        let ticket = self.registry.signer.sign(Purpose::Media, id, now, until).map_err(|_| TokenError::Invalid)?;
        Ok((ticket, until))
    }

    /// In whose name the ticket's holder fetches media, as [`Identity::caller`] would tell.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn check_media_ticket(&self, ticket: &str) -> Result<Caller, TokenError> {
        let now = self.registry.clock.now();
        let id = self.registry.signer.check_media(ticket, now)?;
        match self.staff_caller(id, now) {
            Err(TokenError::Revoked) => self.wall_caller(id, now),
            other => other,
        }
    }

    /// Whether the session or wall token with this id still lives; for live streams, again and again.
    ///
    /// # Errors
    /// [`TokenError::Revoked`] or [`TokenError::Expired`].
    pub fn still_valid(&self, id: Uuid) -> Result<(), TokenError> {
        let now = self.registry.clock.now();
        let directory = self.directory.load();
        match directory.session(id, now) {
            Err(TokenError::Revoked) => directory.wall(id, now).map(|_| ()),
            other => other.map(|_| ()),
        }
    }

    /// Whether the person has an account here, and it is disabled.
    pub fn is_disabled(&self, staff: StaffId) -> bool {
        self.directory.load().is_disabled(staff)
    }

    /// Tells whenever the directory was read anew.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// The office's own staff, whose accounts are not disabled, by name.
    pub fn staff_of(&self, office: &OfficeCode) -> Vec<Staff> {
        let directory = self.directory.load();
        let own = |account: &&Account| !account.disabled && account.staff.work_office == *office;
        let mut staff: Vec<Staff> = directory.accounts().filter(own).map(|a| a.staff.clone()).collect();
        staff.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        staff
    }
}

#[cfg(test)]
pub(crate) mod tests;
