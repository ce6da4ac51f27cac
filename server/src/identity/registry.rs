//! The durable side: accounts in the database. `sessions` and `wall_tokens` hold the registry's other
//! two tables. The node and the command line both work through it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::IdentityError;
use super::keys::Secret;
use super::passwords::Passwords;
use super::tokens::Signer;
use crate::audit::{self, Action, By, Record};
use crate::database::Database;
use crate::database::statement::{Row, Transaction, statement};
use crate::domain::clock::{Clock, Entropy};
use crate::domain::ids::{NodeId, StaffId, uuid_v7};
use crate::domain::office::OfficeCode;
use crate::domain::staff::{Role, Staff};
use crate::domain::text::is_forbidden;

/// An account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Whom it stands for.
    pub staff: Staff,
    /// The name to sign in with, lower case.
    pub name: String,
    /// May not sign in; its tokens are refused.
    pub disabled: bool,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// The name to sign in with: 1 to 64 of a-z, 0-9, '.', '-', '_' and '@'; capitals are lowered.
    pub name: String,
    /// The name as shown to colleagues, 1 to 100 characters.
    pub display_name: String,
    /// The password.
    pub password: String,
    /// The office that employs the person. Whether it exists is the caller's question.
    pub work_office: OfficeCode,
    /// The office of the municipality where they live, if it is in the region.
    pub home_office: Option<OfficeCode>,
    /// The role at the office that employs them.
    pub role: Role,
}

/// Accounts, sessions and wall tokens in the database, and the keys that sign tokens.
#[derive(Clone)]
pub struct Registry {
    pub(super) database: Database,
    pub(super) passwords: Passwords,
    pub(super) signer: Arc<Signer>,
    pub(super) secret: Secret,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registry")
    }
}

impl Registry {
    /// Opens the registry in a migrated database; makes the key file in `keys` on first run.
    ///
    /// # Errors
    /// [`IdentityError::KeyFile`], [`IdentityError::KeyFileDamaged`], [`IdentityError::Hash`].
    pub async fn open(
        database: Database,
        keys: &Path,
        node: NodeId,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, IdentityError> {
        let secret = Secret::load_or_make(keys, entropy.as_ref())?;
        let signer = Arc::new(Signer::new(&secret, node));
        let passwords = Passwords::new(Arc::clone(&entropy)).await?;
        Ok(Self { database, passwords, signer, secret, clock, entropy })
    }

    /// A key for another purpose of the node, derived from its secret: the same purpose, the same key.
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.secret.derive(&[b"sokuho", b" ", purpose.as_bytes()])
    }

    pub(super) fn new_id(&self) -> Uuid {
        uuid_v7(self.clock.now(), self.entropy.as_ref())
    }

    /// The database below it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`IdentityError::BadName`], [`IdentityError::BadDisplayName`], [`IdentityError::BadPassword`],
    /// [`IdentityError::NameTaken`], [`IdentityError::Busy`], [`IdentityError::Storage`].
    pub async fn add_account(&self, new: NewAccount, by: &By) -> Result<Account, IdentityError> {
        let name = folded(&new.name).ok_or(IdentityError::BadName)?;
        if !is_plain(&new.display_name, 1, 100) {
            return Err(IdentityError::BadDisplayName);
        }
        let hash = self.passwords.hash(&new.password).await?;
        let staff = Staff {
            id: StaffId(self.new_id()),
            name: new.display_name,
            work_office: new.work_office,
            home_office: new.home_office,
            role: new.role,
        };
        let insert = statement(
            "INSERT INTO account (id, name, display_name, password_hash, work_office, home_office, role, disabled, \
             made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING",
        );
        let insert = insert
            .bind(staff.id.to_string())
            .bind(&name)
            .bind(&staff.name)
            .bind(hash)
            .bind(staff.work_office.as_str())
            .bind(staff.home_office.as_ref().map(OfficeCode::as_str))
            .bind(role_text(staff.role))
            .bind(false)
            .bind(self.clock.now().as_millisecond());
        let mut transaction = self.database.write().await?;
        if transaction.execute(insert).await? == 0 {
            return Err(IdentityError::NameTaken);
        }
        self.record(&mut transaction, by, &staff.work_office, Action::AccountMade, &name).await?;
        transaction.commit().await?;
        Ok(Account { staff, name, disabled: false })
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`IdentityError::Storage`], [`IdentityError::Inconsistent`].
    pub async fn accounts(&self) -> Result<Vec<Account>, IdentityError> {
        let rows = self.database.rows(statement(
            "SELECT id, name, display_name, work_office, home_office, role, disabled FROM account ORDER BY name",
        ));
        rows.await?.iter().map(account).collect()
    }

    /// Disables an account, or enables it again. Disabling revokes its sessions. False: it was so before, and nothing
    /// has changed.
    ///
    /// # Errors
    /// [`IdentityError::UnknownAccount`], [`IdentityError::Storage`].
    pub async fn set_disabled(&self, name: &str, disabled: bool, by: &By) -> Result<bool, IdentityError> {
        let name = folded(name).ok_or(IdentityError::UnknownAccount)?;
        let mut transaction = self.database.write().await?;
        let change =
            statement("UPDATE account SET disabled = $1 WHERE name = $2 AND disabled <> $1 RETURNING work_office");
        let Some(changed) = transaction.row(change.bind(disabled).bind(&name)).await? else {
            let known = transaction.row(statement("SELECT name FROM account WHERE name = $1").bind(&name)).await?;
            return known.map(|_| false).ok_or(IdentityError::UnknownAccount);
        };
        let office = work_office(Some(&changed), &name)?;
        if disabled {
            revoke_all(&mut transaction, &name, self.clock.now()).await?;
        }
        let action = if disabled { Action::AccountDisabled } else { Action::AccountEnabled };
        self.record(&mut transaction, by, &office, action, &name).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Sets a new password and revokes the account's sessions.
    ///
    /// # Errors
    /// [`IdentityError::UnknownAccount`], [`IdentityError::BadPassword`], [`IdentityError::Busy`],
    /// [`IdentityError::Storage`].
    pub async fn set_password(&self, name: &str, password: &str, by: &By) -> Result<(), IdentityError> {
        let name = folded(name).ok_or(IdentityError::UnknownAccount)?;
        let hash = self.passwords.hash(password).await?;
        let mut transaction = self.database.write().await?;
        let change = statement("UPDATE account SET password_hash = $1 WHERE name = $2 RETURNING work_office");
        let changed = transaction.row(change.bind(hash).bind(&name)).await?;
        let office = work_office(changed.as_ref(), &name)?;
        revoke_all(&mut transaction, &name, self.clock.now()).await?;
        self.record(&mut transaction, by, &office, Action::PasswordSet, &name).await?;
        Ok(transaction.commit().await?)
    }

    /// Revokes all sessions of an account; tells how many.
    ///
    /// # Errors
    /// [`IdentityError::UnknownAccount`], [`IdentityError::Storage`].
    pub async fn revoke_sessions(&self, name: &str, by: &By) -> Result<u64, IdentityError> {
        let name = folded(name).ok_or(IdentityError::UnknownAccount)?;
        let mut transaction = self.database.write().await?;
        let known = transaction.row(statement("SELECT work_office FROM account WHERE name = $1").bind(&name)).await?;
        let office = work_office(known.as_ref(), &name)?;
        let revoked = revoke_all(&mut transaction, &name, self.clock.now()).await?;
        self.record(&mut transaction, by, &office, Action::SessionsRevoked, &name).await?;
        transaction.commit().await?;
        Ok(revoked)
    }

    /// The account and its hash, for signing in.
    pub(super) async fn credentials(&self, folded: &str) -> Result<Option<(Account, String)>, IdentityError> {
        let select = statement(
            "SELECT id, name, display_name, work_office, home_office, role, disabled, password_hash \
             FROM account WHERE name = $1",
        );
        let row = self.database.row(select.bind(folded)).await?;
        row.map(|row| Ok((account(&row)?, row.get("password_hash")?))).transpose()
    }

    /// Records a change in its transaction. Who acts for no office acts for the one that it is about.
    pub(super) async fn record(
        &self,
        transaction: &mut Transaction,
        by: &By,
        about: &OfficeCode,
        action: Action,
        subject: &str,
    ) -> Result<(), IdentityError> {
        let by = By { office: by.office.clone().or_else(|| Some(about.clone())), ..by.clone() };
        let record = Record { at: self.clock.now(), by, action, subject: subject.to_owned() };
        Ok(audit::write(transaction, &record).await?)
    }
}

/// The office in the row of an account that may not be there.
fn work_office(row: Option<&Row>, name: &str) -> Result<OfficeCode, IdentityError> {
    let code: &str = row.ok_or(IdentityError::UnknownAccount)?.get("work_office")?;
    kept(code.parse().ok(), "account", name, "work_office")
}

async fn revoke_all(transaction: &mut Transaction, name: &str, now: Timestamp) -> Result<u64, IdentityError> {
    let revoke = statement(
        "UPDATE session SET revoked_at = $1 WHERE revoked_at IS NULL AND expires_at > $1 \
         AND account = (SELECT id FROM account WHERE name = $2)",
    );
    Ok(transaction.execute(revoke.bind(now.as_millisecond()).bind(name)).await?)
}

/// The account name as stored; `None` if it cannot be one. ASCII only, so that two names that look the
/// same are the same.
pub(super) fn folded(name: &str) -> Option<String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b".-_@".contains(&b);
    ((1..=64).contains(&name.len()) && name.bytes().all(good)).then(|| name.to_ascii_lowercase())
}

/// Whether a line of text has this many characters, and none among them that texts must not have.
pub(super) fn is_plain(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() || is_forbidden(c))
        && (least == 0 || !text.trim().is_empty())
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Field => "field",
        Role::Operator => "operator",
        Role::Admin => "admin",
    }
}

fn role(text: &str) -> Option<Role> {
    [Role::Viewer, Role::Field, Role::Operator, Role::Admin].into_iter().find(|role| role_text(*role) == text)
}

/// Reads a value that this program wrote, or says which one is damaged.
pub(super) fn kept<T>(
    value: Option<T>,
    table: &'static str,
    id: &str,
    column: &'static str,
) -> Result<T, IdentityError> {
    value.ok_or_else(|| IdentityError::Inconsistent { table, id: id.to_owned(), column })
}

fn account(row: &Row) -> Result<Account, IdentityError> {
    let id: String = row.get("id")?;
    let home: Option<&str> = row.get("home_office")?;
    let home_office = match home {
        Some(code) => Some(kept(code.parse().ok(), "account", &id, "home_office")?),
        None => None,
    };
    Ok(Account {
        staff: Staff {
            id: kept(id.parse().ok(), "account", &id, "id")?,
            name: row.get("display_name")?,
            work_office: kept(row.get::<&str>("work_office")?.parse().ok(), "account", &id, "work_office")?,
            home_office,
            role: kept(role(row.get("role")?), "account", &id, "role")?,
        },
        name: row.get("name")?,
        disabled: row.get("disabled")?,
    })
}
