//! The definition of this part of the API as GIS programs read it: OpenAPI 3.0, as the standard's
//! conformance class oas30 asks (OGC 17-069r4, 9). The node's own document is OpenAPI 3.1.

use serde_json::{Map, Value, json};

use super::collections::Which;
use super::query::{GEOJSON, JSON, LIMIT, MOST, OPENAPI};
use crate::identity::caller::Caller;

/// Parameters, schemas and answers that the paths name.
const COMPONENTS: &str = include_str!("components.json");

/// The definition, but for where it is served.
///
/// # Errors
/// If the components are no JSON; a test keeps it from happening.
pub(super) fn document(region: &str) -> serde_json::Result<Value> {
    let mut components: Value = serde_json::from_str(COMPONENTS)?;
    if let Some(limit) = components.pointer_mut("/parameters/limit/schema") {
        *limit = json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT });
    }
    let mut paths = Map::new();
    let mut add = |path: &str, operation: Value| {
        paths.insert(path.to_owned(), json!({ "get": operation }));
    };
    add("/", plain("landing", "Where it begins", "landingPage", JSON));
    add("/api", plain("api", "This definition", "definition", OPENAPI));
    add("/conformance", plain("conformance", "Which parts of the standard hold", "confClasses", JSON));
    add("/collections", plain("collections", "The collections that the caller may read", "collections", JSON));
    for which in Which::ALL {
        let id = which.id();
        let mut collection = plain(&format!("{id}-collection"), which.title(), "collection", JSON);
        let mut items = plain(&format!("{id}-items"), which.title(), "featureCollectionGeoJSON", GEOJSON);
        let mut item = plain(&format!("{id}-item"), which.title(), "featureGeoJSON", GEOJSON);
        items["parameters"] = parameters(&["bbox", "datetime", "limit", "cursor", "f"]);
        item["parameters"] = parameters(&["featureId", "f"]);
        item["responses"]["404"] = response("error");
        for operation in [&mut collection, &mut items, &mut item] {
            operation["tags"] = json!([id]);
            if !which.is_for(&Caller::Public) {
                operation["security"] = json!([{ "bearer": [] }]);
                operation["responses"]["403"] = response("error");
            }
        }
        let path = format!("/collections/{id}");
        add(&path, collection);
        add(&format!("{path}/items"), items);
        add(&format!("{path}/items/{{featureId}}"), item);
    }
    Ok(json!({
        "openapi": "3.0.3",
        "info": {
            "title": format!("Sokuho 速報 {region}: OGC API – Features"),
            "description": "Incidents, offices and shelters for everybody; with a token also words, exact positions, reports and check-ins.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [],
        "tags": Which::ALL.map(|which| json!({ "name": which.id(), "description": which.title() })),
        "paths": paths,
        "components": components,
    }))
}

/// The definition as it is served here.
pub(super) fn served_at(document: &Value, address: &str) -> Value {
    let mut document = document.clone();
    document["servers"] = json!([{ "url": address }]);
    document
}

fn plain(id: &str, summary: &str, schema: &str, media_type: &str) -> Value {
    let schema = match schema {
        "definition" => json!({ "type": "object" }),
        name => json!({ "$ref": format!("#/components/schemas/{name}") }),
    };
    json!({
        "operationId": id,
        "tags": ["about"],
        "summary": summary,
        "parameters": parameters(&["f"]),
        "security": [{}, { "bearer": [] }],
        "responses": {
            "200": { "description": summary, "content": { media_type: { "schema": schema } } },
            "400": response("error"),
            "401": response("error"),
            "406": response("error"),
            "500": response("error"),
        },
    })
}

fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn parameters(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect()
}
