//! N03 as a Shapefile: `.shp`, `.shx`, `.dbf`, and where they are there `.prj` and `.cpg`.

use std::borrow::Cow;
use std::io::Cursor;

use geo_types::MultiPolygon;
use shapefile::Shape;

use super::table::Table;
use super::{ImportError, RawFeature, RawFile, crs};

/// The files that make one Shapefile.
pub(super) struct Files<'a> {
    pub(super) name: &'a str,
    pub(super) shp: &'a [u8],
    pub(super) shx: Option<&'a [u8]>,
    pub(super) dbf: Option<&'a [u8]>,
    pub(super) prj: Option<&'a [u8]>,
    pub(super) cpg: Option<&'a [u8]>,
}

/// Reads all features.
pub(super) fn read(files: &Files<'_>) -> Result<RawFile, ImportError> {
    let shx = files.shx.ok_or_else(|| ImportError::MissingPart(".shx".to_owned()))?;
    let dbf = files.dbf.ok_or_else(|| ImportError::MissingPart(".dbf".to_owned()))?;
    if let Some(prj) = files.prj {
        crs::check_prj(&String::from_utf8_lossy(prj))?;
    }
    let malformed = |reason: String| ImportError::Malformed { file: files.name.to_owned(), reason };
    let table = Table::read(dbf).map_err(malformed)?;
    let declared = files.cpg.map(|cpg| String::from_utf8_lossy(cpg).trim().to_owned());
    let mut shapes = shapefile::ShapeReader::with_shx(Cursor::new(files.shp), Cursor::new(shx))
        .map_err(|error| malformed(error.to_string()))?;
    let mut features = Vec::with_capacity(table.len());
    for (at, shape) in shapes.iter_shapes().enumerate() {
        let shape = shape.map_err(|error| malformed(format!("feature {at}: {error}")))?;
        let shape = polygons(shape).map_err(|error| malformed(format!("feature {at}: {error}")))?;
        let text = |field: &str| {
            let bytes = table.get(at, field);
            bytes
                .map(|b| decode(b, declared.as_deref()).ok_or(ImportError::UnknownEncoding { feature: at }))
                .transpose()
        };
        features.push(RawFeature { code: text("N03_007")?.map(code), name: text("N03_004")?, shape });
    }
    if features.len() == table.len() {
        Ok(RawFile { name: files.name.to_owned(), features })
    } else {
        Err(malformed(format!("it has {} shapes, but {} rows in its table", features.len(), table.len())))
    }
}

fn polygons(shape: Shape) -> Result<MultiPolygon<f64>, String> {
    let shape: Result<MultiPolygon<f64>, shapefile::Error> = match shape {
        Shape::Polygon(polygon) => polygon.try_into(),
        Shape::PolygonM(polygon) => polygon.try_into(),
        Shape::PolygonZ(polygon) => polygon.try_into(),
        other => return Err(format!("it is a {}, not a polygon", other.shapetype())),
    };
    shape.map_err(|error| error.to_string())
}

/// Codes come as text, and after a spreadsheet had them as numbers: `7202`, `7202.00`.
fn code(text: String) -> String {
    match text.parse::<f64>() {
        Ok(number) if text.len() != 5 && number.fract() == 0.0 && number >= 0.0 => format!("{number:05.0}"),
        _ => text,
    }
}

/// What the bytes mean: what `.cpg` says if it says it and is right, else UTF-8, else Shift_JIS as Windows
/// has it (CP932). Shift_JIS is hardly ever valid UTF-8 by chance, so the order decides rightly.
fn decode(bytes: &[u8], declared: Option<&str>) -> Option<String> {
    let declared = declared.and_then(|label| match label.to_ascii_uppercase().as_str() {
        "932" | "CP932" => Some(encoding_rs::SHIFT_JIS),
        "65001" => Some(encoding_rs::UTF_8),
        label => encoding_rs::Encoding::for_label(label.as_bytes()),
    });
    let strictly = |encoding: &'static encoding_rs::Encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
    };
    declared.into_iter().chain([encoding_rs::UTF_8, encoding_rs::SHIFT_JIS]).find_map(strictly)
}
