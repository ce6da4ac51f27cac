//! The region as `GET /api/region` tells it. Tests take their offices and positions from here, so that
//! no municipality is named in code.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// An office.
#[derive(Clone, PartialEq, Debug)]
pub struct Office {
    /// Code.
    pub code: String,
    /// `municipality` or `prefecture`.
    pub kind: String,
    /// Japanese name.
    pub name: String,
    /// Where its name is written on the map; for a municipality a place on its ground: latitude and
    /// longitude, degrees WGS 84.
    pub at: (f64, f64),
}

/// The region.
#[derive(Clone, PartialEq, Debug)]
pub struct Region {
    /// Its offices.
    pub offices: Vec<Office>,
}

impl Region {
    /// Reads what the server says.
    ///
    /// # Errors
    /// If it has another shape.
    pub fn parse(value: &Value) -> Result<Self> {
        let offices = value["offices"].as_array().context("no offices")?;
        let offices = offices.iter().map(Office::parse).collect::<Result<Vec<_>>>()?;
        let region = Self { offices };
        ensure!(region.municipalities().count() >= 3, "tests need three municipalities");
        Ok(region)
    }

    /// The municipalities.
    pub fn municipalities(&self) -> impl Iterator<Item = &Office> {
        self.offices.iter().filter(|office| office.kind == "municipality")
    }

    /// The first `N` municipalities.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn towns<const N: usize>(&self) -> Result<[&Office; N]> {
        let towns: Vec<_> = self.municipalities().take(N).collect();
        towns.try_into().ok().context("too few municipalities")
    }

    /// A branch office of the prefecture.
    ///
    /// # Errors
    /// If there is none.
    pub fn prefecture(&self) -> Result<&Office> {
        self.offices.iter().find(|office| office.kind == "prefecture").context("no office of the prefecture")
    }
}

impl Office {
    fn parse(value: &Value) -> Result<Self> {
        let text = |name: &str| {
            let text = value[name].as_str().with_context(|| format!("an office without {name}: {value}"))?;
            Ok::<_, anyhow::Error>(text.to_owned())
        };
        let degrees = |name: &str| value["label"][name].as_f64().context("an office without a place");
        Ok(Self {
            code: text("code")?,
            kind: text("kind")?,
            name: text("name")?,
            at: (degrees("lat")?, degrees("lon")?),
        })
    }
}
