//! Styles for map programs other than our own pages (QGIS, MapLibre elsewhere): what is drawn how, with addresses of
//! this node alone (MapLibre Style Specification, version 8).
//!
//! They have no texts and no icons: those would need fonts and sprites, which no program can be sure to have.

use serde_json::{Value, json};

use super::drawing::INCIDENTS;
use super::sources::{Origin, Source, Sources};
use crate::wire::tiles::TileKind;

/// The style of this name that draws the base map, if there is one.
pub const STANDARD: &str = "standard";

/// The style of this name: [`STANDARD`], or the id of a source of pictures that is drawn instead of the base map.
/// `base_url` is what addresses begin with. `None`: there is no such style.
pub fn style(name: &str, base_url: &str, sources: &Sources) -> Option<Value> {
    let ground = if name == STANDARD { "base" } else { name };
    let beneath = sources.get(ground);
    if name != STANDARD && !beneath.is_some_and(|source| source.kind == TileKind::Raster) {
        return None;
    }
    let mut used = serde_json::Map::new();
    let mut use_source = |id: &str, source: &Source| {
        let address = format!("{base_url}/tiles/{id}.json");
        used.insert(
            id.to_owned(),
            match source.kind {
                TileKind::Vector => json!({ "type": "vector", "url": address }),
                TileKind::Raster => json!({ "type": "raster", "url": address, "tileSize": 256 }),
            },
        );
    };
    let mut layers = vec![json!({ "id": "ground", "type": "background", "paint": { "background-color": "#f4f2ec" } })];
    if let Some(source) = beneath {
        use_source(ground, source);
        layers.extend(match (&source.origin, source.kind) {
            (_, TileKind::Raster) => vec![json!({ "id": "pictures", "type": "raster", "source": ground })],
            (Origin::Still(_), TileKind::Vector) => base_layers(ground),
            (_, TileKind::Vector) => unknown_layers(ground, source),
        });
    }
    for (id, drawn) in [("boundaries", boundaries()), ("live", incidents())] {
        if let Some(source) = sources.get(id) {
            use_source(id, source);
            layers.extend(drawn);
        }
    }
    Some(json!({ "version": 8, "name": name, "sources": used, "layers": layers }))
}

/// Our own base map.
fn base_layers(source: &str) -> Vec<Value> {
    let line = |layer: &str, colour: &str, width: f64| {
        json!({ "id": layer, "type": "line", "source": source, "source-layer": layer,
            "paint": { "line-color": colour, "line-width": width } })
    };
    vec![
        json!({ "id": "water", "type": "fill", "source": source, "source-layer": "water",
            "paint": { "fill-color": "#a9c9e8" } }),
        line("waterway", "#a9c9e8", 1.5),
        line("road", "#c98f4b", 1.5),
        line("railway", "#707070", 1.2),
        json!({ "id": "station", "type": "circle", "source": source, "source-layer": "station",
            "paint": { "circle-radius": 3, "circle-color": "#707070" } }),
    ]
}

/// Somebody else's vector tiles: every layer as lines.
fn unknown_layers(id: &str, source: &Source) -> Vec<Value> {
    let line = |layer: &crate::wire::tiles::VectorLayer| {
        json!({ "id": format!("base-{}", layer.id), "type": "line", "source": id, "source-layer": layer.id,
            "paint": { "line-color": "#9a948a", "line-width": 0.8 } })
    };
    source.layers.iter().map(line).collect()
}

fn boundaries() -> Vec<Value> {
    vec![json!({ "id": "boundaries", "type": "line", "source": "boundaries", "source-layer": "boundaries",
        "paint": { "line-color": "#5b5470", "line-width": 1.2, "line-dasharray": [4, 2] } })]
}

/// Incidents by how far they are; a drill is hollow, so that it never looks like the real thing.
fn incidents() -> Vec<Value> {
    let colour = json!([
        "match",
        ["get", "status"],
        "received",
        "#c5221f",
        "in_progress",
        "#b06000",
        "resolved",
        "#2e7d32",
        "#5f6368"
    ]);
    let size = json!(["interpolate", ["linear"], ["coalesce", ["get", "count"], 1], 1, 6, 100, 16, 10_000, 28]);
    let colour = json!(["case", ["has", "count"], "#34495e", colour]);
    vec![
        json!({ "id": "incidents", "type": "circle", "source": "live", "source-layer": INCIDENTS,
            "filter": ["!", ["get", "drill"]],
            "paint": { "circle-color": colour, "circle-radius": size, "circle-stroke-color": "#ffffff",
                "circle-stroke-width": 1.5 } }),
        json!({ "id": "drills", "type": "circle", "source": "live", "source-layer": INCIDENTS,
            "filter": ["get", "drill"],
            "paint": { "circle-color": "#ffffff", "circle-opacity": 0.3, "circle-radius": size,
                "circle-stroke-color": colour, "circle-stroke-width": 3 } }),
    ]
}
