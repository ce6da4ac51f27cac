//! Who may watch: the question the hub asks of identity.

use jiff::Timestamp;
use uuid::Uuid;

use crate::wire::Audience;
use crate::wire::live::GoodbyeReason;

/// Lets viewers in, and tells when they must go. Answers from memory, for writers ask it.
pub trait Gate: Send + Sync + 'static {
    /// Whom the token lets in; without a token the public.
    ///
    /// # Errors
    /// [`GoodbyeReason::TokenInvalid`], [`GoodbyeReason::TokenExpired`] or [`GoodbyeReason::TokenRevoked`].
    fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason>;

    /// Whether an admission with this id still holds. Asked at each heartbeat.
    ///
    /// # Errors
    /// [`GoodbyeReason::TokenRevoked`] mostly.
    fn still_valid(&self, id: Uuid) -> Result<(), GoodbyeReason>;
}

/// What a token is good for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admission {
    /// The encoding that the viewer sees.
    pub audience: Audience,
    /// When it ends; `None`: never by itself.
    pub until: Option<Timestamp>,
    /// What to ask [`Gate::still_valid`] for (a session or wall token); `None`: nothing to revoke.
    pub id: Option<Uuid>,
}

impl Admission {
    /// Everybody's.
    pub const PUBLIC: Self = Self { audience: Audience::Public, until: None, id: None };

    /// Whether it holds at this time.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self, gate: &dyn Gate, now: Timestamp) -> Result<(), GoodbyeReason> {
        if self.until.is_some_and(|until| until <= now) {
            return Err(GoodbyeReason::TokenExpired);
        }
        self.id.map_or(Ok(()), |id| gate.still_valid(id))
    }
}
