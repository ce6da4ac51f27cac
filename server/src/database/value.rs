//! A value of the few kinds that both databases store.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

/// A value that both databases store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Text, or NULL.
    Text(Option<String>),
    /// A whole number, or NULL.
    Number(Option<i64>),
    /// Bytes, or NULL.
    Bytes(Option<Vec<u8>>),
    /// A truth: 0 or 1 in SQLite.
    Flag(bool),
    /// A UUID: 16 bytes in SQLite.
    Id(Uuid),
    /// JSON as it was written: text in SQLite.
    Json(String),
}

/// Of which kind the values of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// [`Value::Text`].
    Text,
    /// [`Value::Number`].
    Number,
    /// [`Value::Bytes`].
    Bytes,
    /// [`Value::Flag`].
    Flag,
    /// [`Value::Id`].
    Id,
    /// [`Value::Json`].
    Json,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// What PostgreSQL stores as `uuid` and SQLite as 16 bytes.
pub(super) struct Id(pub(super) Uuid);

/// What PostgreSQL stores as `json` and SQLite as text.
pub(super) struct Json(pub(super) String);

/// The numbers of PostgreSQL's own types, `pg_type.dat`.
mod oid {
    use sqlx::postgres::types::Oid;

    pub(super) const JSON: Oid = Oid(114);
    pub(super) const UUID: Oid = Oid(2950);
}

macro_rules! stored_as {
    ($name:ident: $sqlite:ty, $oid:expr, $bytes:expr) => {
        impl Type<Sqlite> for $name {
            fn type_info() -> SqliteTypeInfo {
                <$sqlite as Type<Sqlite>>::type_info()
            }
        }

        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_oid($oid)
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let bytes: fn(&Self) -> &[u8] = $bytes;
                buffer.extend_from_slice(bytes(self));
                Ok(IsNull::No)
            }
        }
    };
}

stored_as!(Id: Vec<u8>, oid::UUID, |id| id.0.as_bytes());
stored_as!(Json: String, oid::JSON, |json| json.0.as_bytes());

impl Encode<'_, Sqlite> for Id {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.0.as_bytes().to_vec(), buffer)
    }
}

impl Encode<'_, Sqlite> for Json {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode_by_ref(&self.0, buffer)
    }
}
