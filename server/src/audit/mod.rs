//! The audit: who read contact details, took data out, or changed accounts and tokens, when, for which
//! office and why. One table; its rows are never changed. What is a write is recorded in the transaction
//! that writes it, what is a read before it is answered. [`exports`] keeps feeds from flooding it.

pub mod exports;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::database::Database;
use crate::database::statement::{Row, Transaction, statement};
use crate::domain::ids::StaffId;
use crate::domain::office::OfficeCode;

/// Characters of a reason.
pub const REASON: usize = 200;

/// Rows that [`list`] holds in memory at a time.
const PAGE: i64 = 500;

/// Who did it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Actor {
    /// A staff member who was signed in.
    Staff {
        /// Id.
        id: StaffId,
        /// Name as shown to colleagues, at that time; unknown for what older programs recorded.
        name: Option<String>,
    },
    /// Whoever has a wall token: a display, or a program that reads as one.
    Wall {
        /// The token's id.
        token: Uuid,
    },
    /// Somebody at the node's command line.
    CommandLine {
        /// The system's name of the user, as the environment said.
        user: Option<String>,
    },
    /// The node by itself.
    Node,
}

impl Actor {
    /// What the columns `actor`, `actor_id` and `actor_name` hold.
    fn columns(&self) -> (&'static str, Option<String>, Option<&str>) {
        match self {
            Self::Staff { id, name } => ("staff", Some(id.to_string()), name.as_deref()),
            Self::Wall { token } => ("wall", Some(token.to_string()), None),
            Self::CommandLine { user } => ("command_line", None, user.as_deref()),
            Self::Node => ("node", None, None),
        }
    }
}

/// Who is answerable for an action, and why they do it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// The office for which they act. `None`: the office that the action is about, if it is about one.
    pub office: Option<OfficeCode>,
    /// Why, in their own words.
    pub reason: Option<String>,
}

impl By {
    /// The node by itself.
    pub fn node() -> Self {
        Self { actor: Actor::Node, office: None, reason: None }
    }
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// What was done. The text is what the table holds and `sokuho audit` prints.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Action { $($(#[doc = $doc])* $name,)* }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

actions! {
    /// A report's contact details were read. About the report.
    ContactRead = "contact_read";
    /// Data were taken out as a file or a feed. About what was taken; see [`exports`].
    Exported = "exported";
    /// A backup, contact details included, was begun. About the file.
    BackedUp = "backed_up";
    /// The database was filled from a backup. About the backup.
    Restored = "restored";
    /// An account was made. About the account's name.
    AccountMade = "account_made";
    /// An account was shut. About its name.
    AccountDisabled = "account_disabled";
    /// A shut account was opened again. About its name.
    AccountEnabled = "account_enabled";
    /// An account got a new password. About its name.
    PasswordSet = "password_set";
    /// All sessions of an account were ended. About its name.
    SessionsRevoked = "sessions_revoked";
    /// An old refresh token came back, so the session was ended. About the session.
    SessionRevoked = "session_revoked";
    /// A wall token was made. About its id.
    WallTokenMade = "wall_token_made";
    /// A wall token was revoked. About its id.
    WallTokenRevoked = "wall_token_revoked";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A row of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// When, UTC, to the millisecond.
    pub at: Timestamp,
    /// Who, for which office, and why.
    pub by: By,
    /// What.
    pub action: Action,
    /// About whom or what: see [`Action`].
    pub subject: String,
}

impl Record {
    /// The row as `sokuho audit --json` prints it, one on a line.
    pub fn to_json(&self) -> serde_json::Value {
        let (actor, id, name) = self.by.actor.columns();
        serde_json::json!({
            "at": self.at.to_string(), "actor": actor, "actor_id": id, "actor_name": name, "office": self.by.office,
            "action": self.action.as_str(), "subject": self.subject, "reason": self.by.reason,
        })
    }
}

/// One line, for a person. What people wrote stands in quotation marks, its line breaks escaped.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (actor, id, name) = self.by.actor.columns();
        let office = self.by.office.as_ref().map_or("-", OfficeCode::as_str);
        write!(f, "{:.3}  {office}  {} {}  by {actor}", self.at, self.action, self.subject)?;
        if let Some(name) = name {
            write!(f, " {name:?}")?;
        }
        if let Some(id) = id {
            write!(f, " {id}")?;
        }
        self.by.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason:?}"))
    }
}

/// Why the audit cannot be read or written. What was to be recorded must not happen then.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The storage failed.
    #[error("the storage of the audit failed")]
    Storage(#[from] sqlx::Error),
    /// A stored row is not what we promised.
    #[error("audit row {number}, column {column}, is not what was promised")]
    Inconsistent {
        /// Row.
        number: i64,
        /// Column.
        column: &'static str,
    },
}

/// Records an action in the transaction that does it.
///
/// # Errors
/// The database's.
pub async fn write(transaction: &mut Transaction, record: &Record) -> Result<(), sqlx::Error> {
    let (actor, id, name) = record.by.actor.columns();
    let insert = statement(
        "INSERT INTO audit (at, actor, actor_id, actor_name, office, action, subject, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let insert = insert
        .bind(record.at.as_millisecond())
        .bind(actor)
        .bind(id.as_deref())
        .bind(name)
        .bind(record.by.office.as_ref().map(OfficeCode::as_str))
        .bind(record.action.as_str())
        .bind(record.subject.as_str())
        .bind(record.by.reason.as_deref());
    transaction.execute(insert).await.map(|_| ())
}

/// Records a read, durably, before it is answered.
///
/// # Errors
/// The database's; the read must not be answered then.
pub async fn record(database: &Database, record: &Record) -> Result<(), sqlx::Error> {
    let mut transaction = database.write().await?;
    write(&mut transaction, record).await?;
    transaction.commit().await
}

/// Which rows to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Of this office alone.
    pub office: Option<OfficeCode>,
}

/// Gives `each` the rows in the order in which they were written, however many there are.
///
/// # Errors
/// [`AuditError`], and what `each` fails with.
pub async fn list<E: From<AuditError>>(
    database: &Database,
    filter: &Filter,
    mut each: impl FnMut(Record) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = 0_i64;
    loop {
        let page = statement(
            "SELECT number, at, actor, actor_id, actor_name, office, action, subject, reason FROM audit \
             WHERE number > $1 AND at >= $2 AND ($3 = '' OR office = $3) ORDER BY number LIMIT $4",
        );
        let page = page
            .bind(after)
            .bind(filter.since.map_or(i64::MIN, Timestamp::as_millisecond))
            .bind(filter.office.as_ref().map_or("", |office| office.as_str()))
            .bind(PAGE);
        let rows = database.rows(page).await.map_err(AuditError::from)?;
        for row in &rows {
            let (number, record) = read(row)?;
            after = number;
            each(record)?;
        }
        if rows.len() < PAGE as usize {
            return Ok(());
        }
    }
}

fn read(row: &Row) -> Result<(i64, Record), AuditError> {
    let number = row.get::<i64>("number")?;
    let promised = |column| move || AuditError::Inconsistent { number, column };
    let name = row.get::<Option<String>>("actor_name")?;
    let id = row.get::<Option<&str>>("actor_id")?.and_then(|id| Uuid::parse_str(id).ok());
    let id = || id.ok_or_else(promised("actor_id"));
    let actor = match row.get::<&str>("actor")? {
        "staff" => Actor::Staff { id: StaffId(id()?), name },
        "wall" => Actor::Wall { token: id()? },
        "command_line" => Actor::CommandLine { user: name },
        "node" => Actor::Node,
        _ => return Err(promised("actor")()),
    };
    let office = match row.get::<Option<&str>>("office")? {
        Some(code) => Some(code.parse().map_err(|_| promised("office")())?),
        None => None,
    };
    let action = row.get::<&str>("action")?;
    let action = Action::ALL.iter().find(|known| known.as_str() == action).ok_or_else(promised("action"))?;
    let record = Record {
        at: Timestamp::from_millisecond(row.get("at")?).map_err(|_| promised("at")())?,
        by: By { actor, office, reason: row.get("reason")? },
        action: *action,
        subject: row.get("subject")?,
    };
    Ok((number, record))
}
