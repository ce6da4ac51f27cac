//! What a feature of a vector tile says of itself.

use fast_mvt::{MvtFeatureBuilder, MvtResult, MvtValueRef};

/// Where the properties of one feature are written down.
pub struct Properties<'a> {
    feature: &'a mut MvtFeatureBuilder,
    failed: MvtResult<()>,
}

impl<'a> Properties<'a> {
    pub(crate) fn of(feature: &'a mut MvtFeatureBuilder) -> Self {
        Self { feature, failed: Ok(()) }
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: &str) {
        self.put(key, MvtValueRef::String(value));
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: u64) {
        self.put(key, MvtValueRef::UInt(value));
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.put(key, MvtValueRef::Bool(value));
    }

    /// A value that was kept.
    pub fn value(&mut self, key: &str, value: &Value) {
        match value {
            Value::Text(text) => self.text(key, text),
            Value::Number(number) => self.put(key, MvtValueRef::SInt(*number)),
            Value::Flag(flag) => self.flag(key, *flag),
        }
    }

    fn put(&mut self, key: &str, value: MvtValueRef<'_>) {
        if self.failed.is_ok() {
            self.failed = self.feature.tag_ref(key, value).map(|_| ());
        }
    }

    pub(crate) fn end(self) -> MvtResult<()> {
        self.failed
    }
}

/// The value of a property.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// Why a tile could not be written: it has more values than the format can number.
#[derive(Debug, thiserror::Error)]
#[error("the tile cannot be written: {0}")]
pub struct Unwritable(#[from] fast_mvt::MvtError);
