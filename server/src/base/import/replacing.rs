//! What an import takes the place of: so that one mistyped file does not take the lines of a region away.

use std::fmt;

use super::super::kept::Sheet;
use super::super::{Theme, edition_of};
use crate::geodata::is_loss;

/// A theme that is replaced. What lies outside the region and what is around it was never kept, so all features count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacing {
    /// The theme.
    pub theme: Theme,
    /// Its features.
    pub features: usize,
    /// What was imported before, if anything was: the sketch does not count.
    pub before: Option<Before>,
}

/// What is in force of a theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Which edition, for people.
    pub edition: String,
    /// Its features.
    pub features: usize,
}

impl Replacing {
    /// What becomes of a theme.
    pub(super) fn of(theme: Theme, features: usize, before: Option<&Sheet>) -> Self {
        let before = before.map(|sheet| Before { edition: edition_of(&sheet.sources), features: sheet.features });
        Self { theme, features, before }
    }

    /// Whether the map would be left without any, or with fewer than half of those before.
    pub fn is_loss(&self) -> bool {
        is_loss(self.features, self.before.as_ref().map(|before| before.features))
    }
}

impl fmt::Display for Replacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { theme, features, before } = self;
        write!(f, "{theme}: {features} features; ")?;
        match before {
            Some(Before { edition, features }) => write!(f, "before, in {edition}, {features}"),
            None => write!(f, "nothing was imported before"),
        }
    }
}
