//! Wall tokens: long-lived, for one office's display, read-only, revocable.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::error::IdentityError;
use super::registry::{Registry, is_plain, kept};
use super::sessions::{after, millis};
use super::tokens::Purpose;
use crate::audit::{Action, By};
use crate::database::statement::{Row, statement};
use crate::domain::office::OfficeCode;

/// How long a wall token lasts: three years of 365 days.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// A wall token, without the token itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WallToken {
    /// Id: what it is revoked by.
    pub id: Uuid,
    /// Its office.
    pub office: OfficeCode,
    /// What people call it: 「本部の大型画面」.
    pub label: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When a display last used it, to the minute.
    pub last_use: Option<Timestamp>,
}

impl Registry {
    /// Makes a wall token; the second value is what the display needs, and is not stored.
    ///
    /// # Errors
    /// [`IdentityError::BadLabel`], [`IdentityError::Storage`], [`IdentityError::Sign`].
    pub async fn make_wall_token(
        &self,
        office: OfficeCode,
        label: &str,
        by: &By,
    ) -> Result<(WallToken, String), IdentityError> {
        if !is_plain(label, 0, 100) {
            return Err(IdentityError::BadLabel);
        }
        // Cut to the millisecond, as it is stored, so that the token can be signed alike again.
        let now = millis(self.clock.now().as_millisecond());
        let wall = WallToken {
            id: self.new_id(),
            office,
            label: label.to_owned(),
            made_at: now,
            expires_at: after(now, LIFETIME),
            revoked_at: None,
            last_use: None,
        };
        let insert =
            statement("INSERT INTO wall_token (id, office, label, made_at, expires_at) VALUES ($1, $2, $3, $4, $5)");
        let insert = insert
            .bind(wall.id.to_string())
            .bind(wall.office.as_str())
            .bind(label)
            .bind(wall.made_at.as_millisecond())
            .bind(wall.expires_at.as_millisecond());
        let mut transaction = self.database.write().await?;
        transaction.execute(insert).await?;
        self.record(&mut transaction, by, &wall.office, Action::WallTokenMade, &wall.id.to_string()).await?;
        transaction.commit().await?;
        let token = self.sign_wall_token(&wall)?;
        Ok((wall, token))
    }

    pub(super) fn sign_wall_token(&self, wall: &WallToken) -> Result<String, IdentityError> {
        self.signer.sign(Purpose::Wall, wall.id, wall.made_at, wall.expires_at)
    }

    /// All wall tokens, revoked ones included, oldest first.
    ///
    /// # Errors
    /// [`IdentityError::Storage`], [`IdentityError::Inconsistent`].
    pub async fn wall_tokens(&self) -> Result<Vec<WallToken>, IdentityError> {
        let rows = self.database.rows(statement(
            "SELECT id, office, label, made_at, expires_at, revoked_at, last_use FROM wall_token ORDER BY made_at, id",
        ));
        let wall = |row: &Row| {
            let id: String = row.get("id")?;
            Ok(WallToken {
                id: kept(id.parse().ok(), "wall_token", &id, "id")?,
                office: kept(row.get::<&str>("office")?.parse().ok(), "wall_token", &id, "office")?,
                label: row.get("label")?,
                made_at: millis(row.get("made_at")?),
                expires_at: millis(row.get("expires_at")?),
                revoked_at: row.get::<Option<i64>>("revoked_at")?.map(millis),
                last_use: row.get::<Option<i64>>("last_use")?.map(millis),
            })
        };
        rows.await?.iter().map(wall).collect()
    }

    /// Revokes a wall token; a running node shuts its displays out within two seconds.
    ///
    /// # Errors
    /// [`IdentityError::UnknownWallToken`], also if it was revoked before; [`IdentityError::Storage`].
    pub async fn revoke_wall_token(&self, id: Uuid, by: &By) -> Result<(), IdentityError> {
        let revoke =
            statement("UPDATE wall_token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL RETURNING office");
        let revoke = revoke.bind(self.clock.now().as_millisecond()).bind(id.to_string());
        let mut transaction = self.database.write().await?;
        let revoked = transaction.row(revoke).await?.ok_or(IdentityError::UnknownWallToken)?;
        let id = id.to_string();
        let office = kept(revoked.get::<&str>("office")?.parse().ok(), "wall_token", &id, "office")?;
        self.record(&mut transaction, by, &office, Action::WallTokenRevoked, &id).await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn note_wall_use(&self, id: Uuid, at: Timestamp) -> Result<(), IdentityError> {
        let note = statement("UPDATE wall_token SET last_use = $1 WHERE id = $2");
        self.database.execute(note.bind(at.as_millisecond()).bind(id.to_string())).await?;
        Ok(())
    }
}
