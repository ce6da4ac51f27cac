//! Words of a fixed vocabulary, read from a text and from nothing else. What serde derives for an enum also
//! takes `{"hazard":null}`; one spelling of a word is enough.

/// Makes an enum whose serde derives are marked `remote = "Self"` readable from its word alone.
macro_rules! word {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;

                impl serde::de::Visitor<'_> for Word {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a word")
                    }

                    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<$type, E> {
                        <$type>::deserialize(serde::de::value::StrDeserializer::new(word))
                    }
                }

                deserializer.deserialize_str(Word)
            }
        }
    };
}

pub(super) use word;

#[cfg(test)]
mod tests {
    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::{from_str, json};

    use crate::domain::incident::Status;
    use crate::domain::operation::OperationKind;
    use crate::domain::position::EvidenceSource;
    use crate::domain::report::Category;
    use crate::domain::shelter::{Danger, ShelterState};
    use crate::domain::staff::Role;

    fn is_read_from_its_word_alone<T: Serialize + DeserializeOwned>(value: &T) {
        let text = serde_json::to_string(value).unwrap();
        assert!(from_str::<T>(&text).is_ok(), "{text}");
        let word = text.trim_matches('"');
        for other in [json!({ word: null }), json!({ word: {} }), json!([word]), json!(null), json!(0), json!("x")] {
            assert!(from_str::<T>(&other.to_string()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_word_is_read_from_a_text_and_from_nothing_else() {
        is_read_from_its_word_alone(&Category::Hazard);
        is_read_from_its_word_alone(&EvidenceSource::Pin);
        is_read_from_its_word_alone(&Status::InProgress);
        is_read_from_its_word_alone(&OperationKind::Drill);
        is_read_from_its_word_alone(&Role::Operator);
        is_read_from_its_word_alone(&ShelterState::Full);
        is_read_from_its_word_alone(&Danger::InlandFlood);
    }
}
