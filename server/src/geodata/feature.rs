//! A feature as it stands in a file.

use std::borrow::Cow;
use std::sync::Arc;

use geo_types::Geometry;
use serde_json::{Map, Value};

use super::table::{Columns, decode};

/// A feature as it stands in a file.
#[derive(Debug)]
pub struct Feature {
    /// Its index in the file, from 0.
    pub index: usize,
    /// What the file says of it.
    pub fields: Fields,
    /// Where it is: degrees, x east, y north, rings closed; or why that cannot be told.
    pub shape: Result<Geometry<f64>, FlawedShape>,
}

/// Why a feature has no shape that can be used as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FlawedShape {
    /// There is none.
    #[error("it has no geometry")]
    None,
    /// A ring is not closed. The shape with its rings closed is given along, for whoever mends.
    #[error("a ring is not closed, or has fewer than four positions")]
    OpenRing(Geometry<f64>),
    /// It is not one that can be read.
    #[error("{0}")]
    Malformed(String),
}

/// Text in no encoding that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its text is neither UTF-8 nor Shift_JIS")]
pub struct NotText;

/// What a file says of a feature, by field.
#[derive(Debug)]
pub struct Fields(Kind);

#[derive(Debug)]
enum Kind {
    Json(Map<String, Value>),
    Record { columns: Arc<Columns>, bytes: Vec<u8>, declared: Option<Arc<str>> },
    Row { columns: Arc<[String]>, values: Vec<Option<Vec<u8>>> },
}

impl Fields {
    /// The properties of a GeoJSON feature.
    pub(super) fn of_json(properties: Map<String, Value>) -> Self {
        Self(Kind::Json(properties))
    }

    /// A record of a Shapefile's table, in the encoding that its `.cpg` declares.
    pub(super) fn of_record(columns: Arc<Columns>, bytes: Vec<u8>, declared: Option<Arc<str>>) -> Self {
        Self(Kind::Record { columns, bytes, declared })
    }

    /// A row of a GeoPackage's table: the columns' names, and the values in the same order.
    pub(super) fn of_row(columns: Arc<[String]>, values: Vec<Option<Vec<u8>>>) -> Self {
        Self(Kind::Row { columns, values })
    }

    /// The names of all fields, in the file's order.
    pub fn names(&self) -> Vec<&str> {
        match &self.0 {
            Kind::Json(properties) => properties.keys().map(String::as_str).collect(),
            Kind::Record { columns, .. } => columns.names().collect(),
            Kind::Row { columns, .. } => columns.iter().map(String::as_str).collect(),
        }
    }

    /// Whether the file has this field at all.
    pub fn has(&self, name: &str) -> bool {
        match &self.0 {
            Kind::Json(properties) => properties.contains_key(name),
            Kind::Record { columns, .. } => columns.has(name),
            Kind::Row { columns, .. } => columns.iter().any(|column| column == name),
        }
    }

    /// A field as text without blanks around it; `None` if there is no such field, or nothing in it. Whole numbers
    /// have no fraction, whatever a table's program gave them.
    ///
    /// # Errors
    /// [`NotText`] for bytes of no encoding that we know.
    pub fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, NotText> {
        let text: Option<Cow<'_, str>> = match &self.0 {
            Kind::Json(properties) => match properties.get(name) {
                Some(Value::String(text)) => Some(Cow::Borrowed(text.trim())),
                Some(Value::Number(number)) => Some(Cow::Owned(number.to_string())),
                Some(Value::Bool(truth)) => Some(Cow::Owned(truth.to_string())),
                _ => None,
            },
            Kind::Record { columns, bytes, declared } => match columns.get(bytes, name) {
                Some(bytes) => Some(Cow::Owned(decode(bytes, declared.as_deref()).ok_or(NotText)?)),
                None => None,
            },
            Kind::Row { columns, values } => {
                let found = columns.iter().zip(values).find(|(column, _)| *column == name);
                match found.and_then(|(_, value)| value.as_deref()) {
                    Some(bytes) => Some(Cow::Owned(decode(bytes, None).ok_or(NotText)?)),
                    None => None,
                }
            }
        };
        Ok(text.map(without_fraction).filter(|text| !text.is_empty()))
    }
}

/// `2.0` and `2.00000` are `2`; other texts stay.
fn without_fraction(text: Cow<'_, str>) -> Cow<'_, str> {
    let whole = text.split_once('.').filter(|(whole, fraction)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(whole) && digits(fraction) && fraction.bytes().all(|byte| byte == b'0')
    });
    match whole.map(|(whole, _)| whole.len()) {
        Some(length) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
            Cow::Owned(mut text) => {
                text.truncate(length);
                Cow::Owned(text)
            }
        },
        None => text,
    }
}
