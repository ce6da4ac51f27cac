//! What a feature of a vector tile says of itself.

use crate::mvt::{LayerWriter, Raw};

/// Where the properties of one feature are written down.
pub struct Properties<'a> {
    layer: &'a mut LayerWriter,
}

impl<'a> Properties<'a> {
    pub(crate) fn of(layer: &'a mut LayerWriter) -> Self {
        Self { layer }
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: &str) {
        self.layer.shared(key, Raw::Text(value));
    }

    /// A text that hardly any other feature of the layer has, such as an id.
    pub fn own_text(&mut self, key: &str, value: &str) {
        self.layer.own(key, Raw::Text(value));
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: u64) {
        self.layer.shared(key, Raw::Number(value));
    }

    /// A whole number that hardly any other feature of the layer has, such as a time.
    pub fn own_number(&mut self, key: &str, value: u64) {
        self.layer.own(key, Raw::Number(value));
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.layer.shared(key, Raw::Flag(value));
    }

    /// A value that was kept.
    pub fn value(&mut self, key: &str, value: &Value) {
        match value {
            Value::Text(text) => self.text(key, text),
            Value::Number(number) => self.layer.shared(key, Raw::Signed(*number)),
            Value::Flag(flag) => self.flag(key, *flag),
        }
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
