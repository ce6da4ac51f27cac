//! Tiles of layers that stay as they are while the node runs: boundaries, hazard zones, a base map.

use std::sync::Arc;

use geo_types::Geometry;
use sokuho_tiles::Tile;
use sokuho_tiles::cache::{Cache, Made};
use sokuho_tiles::drawers::Once;
use sokuho_tiles::properties::Value;
use sokuho_tiles::shapes::{self, Layer, LayerBuilder};

use super::desk::Desk;
use super::sources::TileError;
use crate::base::{self, Base};
use crate::hazard::LayerInForce;
use crate::region::Region;

/// Bytes of tiles that are kept, of each set of layers.
const KEPT: usize = 16 << 20;

/// Makes layers when they are first asked for: large ones take their time, and memory.
pub type Making = Arc<dyn Fn() -> anyhow::Result<Vec<Layer>> + Send + Sync>;

/// Layers that are drawn together, and the tiles that were drawn.
#[derive(Clone)]
pub struct StillTiles {
    layers: Arc<Once<Arc<[Layer]>>>,
    making: Making,
    desk: Desk,
    cache: Arc<Cache<()>>,
}

impl StillTiles {
    /// Of these layers; nothing is drawn yet.
    pub fn new(layers: Vec<Layer>, desk: &Desk) -> Self {
        let of_none: Making = Arc::new(|| Ok(Vec::new()));
        Self { layers: Arc::new(Once::from(Arc::from(layers))), ..Self::made_by(of_none, desk) }
    }

    /// Of layers that are made for the first tile that is asked for.
    pub fn made_by(making: Making, desk: &Desk) -> Self {
        let cache = Arc::new(Cache::new(KEPT, Arc::clone(&desk.tiles)));
        Self { layers: Arc::default(), making, desk: desk.clone(), cache }
    }

    /// The tile.
    ///
    /// # Errors
    /// If too many wait, or the layers cannot be made.
    pub async fn get(&self, tile: Tile) -> Result<Arc<Made>, TileError> {
        let making = Arc::clone(&self.making);
        let layers = self.layers.get(&self.desk.layers, move || making().map(Arc::from)).await?;
        let draw = move || Ok::<_, anyhow::Error>(Made::new(shapes::draw(&layers, tile), 0));
        Ok(self.cache.get(tile, (), draw).await?)
    }
}

/// The layer `boundaries`: municipalities with `code` and `name`.
pub fn boundaries(region: &Region) -> Layer {
    let mut layer = LayerBuilder::new("boundaries");
    for (code, shape) in region.boundaries() {
        let name = region.office(code).map(|office| office.name.clone()).unwrap_or_default();
        let properties = [("code", Value::Text(code.to_string())), ("name", Value::Text(name))];
        // A verified region has no shape that would not be taken.
        layer.add(&Geometry::MultiPolygon(shape.clone()), &properties, 0);
    }
    layer.build()
}

/// The layers of a base map, in the order in which they are drawn; features have `name`, `name_en`, `ref`, `kind`,
/// `rank` and, of a sketch, `sketch`.
pub fn base(base: &Base) -> Vec<Layer> {
    let layer = |of: base::Layer| {
        let mut layer = LayerBuilder::new(of.name());
        for feature in base.features().iter().filter(|feature| feature.layer == of) {
            let text = |text: &Option<String>| text.clone().map(Value::Text);
            let said = [
                ("name", text(&feature.name)),
                ("name_en", text(&feature.english)),
                ("ref", text(&feature.reference)),
                ("kind", feature.kind.map(|kind| Value::Text(kind.name().to_owned()))),
                ("rank", Some(Value::Number(feature.rank.into()))),
                ("sketch", feature.sketch.then_some(Value::Flag(true))),
            ];
            let said: Vec<(&str, Value)> = said.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            layer.add(&feature.geometry, &said, 0);
        }
        layer.build()
    };
    base::Layer::ALL.into_iter().map(layer).collect()
}

/// The layer `zones` of a layer of hazard zones: areas with `class`, the most severe above the others.
///
/// # Errors
/// If the edition cannot be read.
pub fn zones(hazard: &LayerInForce) -> anyhow::Result<Layer> {
    let about = hazard.about();
    let class = |code: &str| [("class", Value::Text(code.to_owned()))];
    let mut layer = LayerBuilder::new(ZONES);
    let mut by_severity: Vec<_> = about.classes.iter().collect();
    by_severity.sort_by_key(|legend| (legend.severity, legend.class.code.clone()));
    for legend in by_severity {
        layer.expect(&class(&legend.class.code));
    }
    for zone in hazard.edition.zones() {
        let (index, shape) = zone?;
        let code = about.classes.get(usize::from(index)).map_or("", |legend| legend.class.code.as_str());
        layer.add(&Geometry::MultiPolygon(shape), &class(code), 0);
    }
    Ok(layer.build())
}

/// The layer of hazard zones in their tiles.
pub const ZONES: &str = "zones";
