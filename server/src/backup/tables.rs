//! The tables as they travel: each row a JSON array on a line, in the order of these columns. Bytes are
//! hexadecimal; JSON that a column holds is a string, so that it stays as it was written.

use serde_json::Value as Json;

use crate::database::statement::{Row, Statement, statement};
use crate::database::value::{Kind, Value};
use crate::domain::entry::Body;

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    /// The columns that order it.
    order: &'static str,
}

/// All tables that travel, in the order in which references allow to fill them.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "entry",
        columns: &[
            ("seq", Kind::Number),
            ("id", Kind::Id),
            ("digest", Kind::Bytes),
            ("origin", Kind::Id),
            ("hlc", Kind::Number),
            ("actor", Kind::Json),
            ("office", Kind::Text),
            ("operation", Kind::Id),
            ("kind", Kind::Text),
            ("version", Kind::Number),
            ("body", Kind::Json),
        ],
        order: "seq",
    },
    Table {
        name: "contact",
        columns: &[("report", Kind::Id), ("name", Kind::Text), ("phone", Kind::Text), ("email", Kind::Text)],
        order: "report",
    },
    Table {
        name: "account",
        columns: &[
            ("id", Kind::Text),
            ("name", Kind::Text),
            ("display_name", Kind::Text),
            ("password_hash", Kind::Text),
            ("work_office", Kind::Text),
            ("home_office", Kind::Text),
            ("role", Kind::Text),
            ("disabled", Kind::Flag),
            ("made_at", Kind::Number),
        ],
        order: "id",
    },
    Table {
        name: "wall_token",
        columns: &[
            ("id", Kind::Text),
            ("office", Kind::Text),
            ("label", Kind::Text),
            ("made_at", Kind::Number),
            ("expires_at", Kind::Number),
            ("revoked_at", Kind::Number),
            ("last_use", Kind::Number),
        ],
        order: "id",
    },
    Table {
        name: "audit",
        columns: &[
            ("at", Kind::Number),
            ("actor", Kind::Text),
            ("actor_id", Kind::Text),
            ("actor_name", Kind::Text),
            ("office", Kind::Text),
            ("action", Kind::Text),
            ("subject", Kind::Text),
            ("reason", Kind::Text),
        ],
        order: "number",
    },
];

impl Table {
    /// Its part in the archive.
    pub(super) fn part(&self) -> String {
        format!("{}.ndjson", self.name)
    }

    fn column_list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Selects all rows.
    pub(super) fn select(&self) -> Statement {
        let text = format!("SELECT {} FROM {} ORDER BY {}", self.column_list(), self.name, self.order);
        statement(sqlx::AssertSqlSafe(text))
    }

    /// Counts the rows, as `n`.
    pub(super) fn count(&self) -> Statement {
        statement(sqlx::AssertSqlSafe(format!("SELECT count(*) AS n FROM {}", self.name)))
    }

    /// Inserts rows, at least one.
    pub(super) fn insert(&self, rows: Vec<Vec<Value>>) -> Statement {
        let width = self.columns.len();
        let row = |row: usize| {
            let numbers = (1..=width).map(|column| format!("${}", row * width + column));
            format!("({})", numbers.collect::<Vec<_>>().join(", "))
        };
        let values = (0..rows.len()).map(row).collect::<Vec<_>>().join(", ");
        let text = format!("INSERT INTO {} ({}) VALUES {values}", self.name, self.column_list());
        rows.into_iter().flatten().fold(statement(sqlx::AssertSqlSafe(text)), Statement::bind)
    }

    /// A row as it was selected.
    pub(super) fn read(&self, row: &Row) -> Result<Vec<Value>, sqlx::Error> {
        self.columns.iter().map(|(name, kind)| row.value(name, *kind)).collect()
    }

    /// Appends a row's line.
    pub(super) fn write_line(&self, row: &[Value], to: &mut Vec<u8>) {
        let line = Json::Array(row.iter().map(to_json).collect());
        to.extend_from_slice(line.to_string().as_bytes());
        to.push(b'\n');
    }

    /// Reads a row's line; `None` if it is none of this table.
    pub(super) fn read_line(&self, line: &[u8]) -> Option<Vec<Value>> {
        let Json::Array(values) = serde_json::from_slice(line).ok()? else { return None };
        if values.len() != self.columns.len() {
            return None;
        }
        self.columns.iter().zip(values).map(|((_, kind), value)| from_json(*kind, value)).collect()
    }
}

/// What the row of an entry says, if it has the number that is due and this program can read it; else what is wrong,
/// as a sentence. A backup is made of such rows only, and restored from such rows only.
pub(super) fn read_entry(number: u64, row: &[Value]) -> Result<Body, String> {
    let [Value::Number(Some(seq)), .., Value::Text(Some(kind)), Value::Number(Some(version)), Value::Json(body)] = row
    else {
        return Err(format!("entry {number} is not what was promised"));
    };
    if seq.cast_unsigned() != number {
        return Err(format!("entry {number} has the number {seq}"));
    }
    let version = u32::try_from(*version).unwrap_or(u32::MAX);
    Body::decode(kind, version, body)
        .map_err(|error| format!("entry {number} cannot be read by this program ({error})"))
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => text.clone().into(),
        Value::Number(number) => (*number).into(),
        Value::Bytes(bytes) => bytes.as_ref().map(hex::encode).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Id(id) => id.to_string().into(),
        Value::Json(text) => text.clone().into(),
    }
}

fn from_json(kind: Kind, value: Json) -> Option<Value> {
    Some(match (kind, value) {
        (Kind::Text, Json::Null) => Value::Text(None),
        (Kind::Text, Json::String(text)) => Value::Text(Some(text)),
        (Kind::Number, Json::Null) => Value::Number(None),
        (Kind::Number, Json::Number(number)) => Value::Number(Some(number.as_i64()?)),
        (Kind::Bytes, Json::Null) => Value::Bytes(None),
        (Kind::Bytes, Json::String(text)) => Value::Bytes(Some(hex::decode(text).ok()?)),
        (Kind::Flag, Json::Bool(flag)) => Value::Flag(flag),
        (Kind::Id, Json::String(text)) => Value::Id(text.parse().ok()?),
        (Kind::Json, Json::String(text)) => Value::Json(text),
        _ => return None,
    })
}
