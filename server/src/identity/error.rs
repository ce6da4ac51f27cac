//! What can go wrong in this room.

use std::path::PathBuf;

use crate::wire::problem::Code;

/// A token that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not made by this node, not for this purpose, or no token at all.
    #[error("the token is not valid here")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its session or wall token was revoked, or the account disabled.
    #[error("the token was revoked")]
    Revoked,
}

impl TokenError {
    /// The stable code that goes with it.
    pub fn code(self) -> Code {
        match self {
            Self::Invalid => Code::TokenInvalid,
            Self::Expired => Code::TokenExpired,
            Self::Revoked => Code::TokenRevoked,
        }
    }
}

/// Why accounts and tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The storage failed.
    #[error("the storage of accounts failed")]
    Storage(#[from] sqlx::Error),
    /// A stored row is not what we promised.
    #[error("{table} row {id}, column {column}, is not what was promised")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Row.
        id: String,
        /// Column.
        column: &'static str,
    },
    /// The key file cannot be made or read.
    #[error("the key file {path} cannot be used")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The key file does not hold 64 hex digits.
    #[error("the key file {0} is damaged")]
    KeyFileDamaged(PathBuf),
    /// A password could not be hashed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// A token could not be signed.
    #[error("the token could not be signed")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// More people sign in at this moment than may wait.
    #[error("too many sign-ins at this moment")]
    Busy,
    /// The account name is not 1 to 64 of a-z, 0-9, '.', '-', '_' and '@'.
    #[error("an account name is 1 to 64 of a-z, 0-9, '.', '-', '_' and '@'")]
    BadName,
    /// The display name is empty, too long or has control characters.
    #[error("a display name is 1 to 100 characters without control characters")]
    BadDisplayName,
    /// The label of a wall token is too long or has control characters.
    #[error("a label is at most 100 characters without control characters")]
    BadLabel,
    /// The password is too short or too long.
    #[error("a password is {} to {} bytes", super::passwords::SHORTEST, super::passwords::LONGEST)]
    BadPassword,
    /// Another account has this name.
    #[error("another account has this name")]
    NameTaken,
    /// No account has this name.
    #[error("no account has this name")]
    UnknownAccount,
    /// No wall token has this id, or it was revoked before.
    #[error("no live wall token has this id")]
    UnknownWallToken,
}

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name or the password is wrong, or the account is disabled; which of them is not told.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many attempts for this account or from this address.
    #[error("too many attempts; the next one is taken in {retry_after_s} s")]
    TooMany {
        /// Seconds until the next attempt is taken.
        retry_after_s: u64,
    },
    /// Something failed on our side.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Why a session was not prolonged.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The refresh token is not taken.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Too many tokens that we never gave came from this address.
    #[error("too many attempts; the next one is taken in {retry_after_s} s")]
    TooMany {
        /// Seconds until the next attempt is taken.
        retry_after_s: u64,
    },
    /// Something failed on our side.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<sqlx::Error> for RefreshError {
    fn from(error: sqlx::Error) -> Self {
        Self::Identity(error.into())
    }
}
