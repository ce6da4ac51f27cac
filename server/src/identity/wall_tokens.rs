//! Wall tokens: long-lived, for one office's display, read-only, revocable.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use uuid::Uuid;

use super::error::IdentityError;
use super::registry::{Registry, is_plain, kept};
use super::sessions::{after, millis};
use super::tokens::Purpose;
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
    pub async fn make_wall_token(&self, office: OfficeCode, label: &str) -> Result<(WallToken, String), IdentityError> {
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
        sqlx::query("INSERT INTO wall_token (id, office, label, made_at, expires_at) VALUES (?, ?, ?, ?, ?)")
            .bind(wall.id.to_string())
            .bind(wall.office.as_str())
            .bind(label)
            .bind(wall.made_at.as_millisecond())
            .bind(wall.expires_at.as_millisecond())
            .execute(&self.pool)
            .await?;
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
        let rows = sqlx::query(
            "SELECT id, office, label, made_at, expires_at, revoked_at, last_use FROM wall_token ORDER BY made_at, id",
        )
        .fetch_all(&self.pool)
        .await?;
        let wall = |row: &sqlx::sqlite::SqliteRow| {
            let id: String = row.try_get("id")?;
            Ok(WallToken {
                id: kept(id.parse().ok(), "wall_token", &id, "id")?,
                office: kept(row.try_get::<String, _>("office")?.parse().ok(), "wall_token", &id, "office")?,
                label: row.try_get("label")?,
                made_at: millis(row.try_get("made_at")?),
                expires_at: millis(row.try_get("expires_at")?),
                revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(millis),
                last_use: row.try_get::<Option<i64>, _>("last_use")?.map(millis),
            })
        };
        rows.iter().map(wall).collect()
    }

    /// Revokes a wall token; a running node shuts its displays out within two seconds.
    ///
    /// # Errors
    /// [`IdentityError::UnknownWallToken`], also if it was revoked before; [`IdentityError::Storage`].
    pub async fn revoke_wall_token(&self, id: Uuid) -> Result<(), IdentityError> {
        let revoked = sqlx::query("UPDATE wall_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
            .bind(self.clock.now().as_millisecond())
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        if revoked.rows_affected() == 0 { Err(IdentityError::UnknownWallToken) } else { Ok(()) }
    }

    pub(super) async fn note_wall_use(&self, id: Uuid, at: Timestamp) -> Result<(), IdentityError> {
        sqlx::query("UPDATE wall_token SET last_use = ? WHERE id = ?")
            .bind(at.as_millisecond())
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
