//! Tile maths for the bulletin map: Web Mercator tiles (EPSG:3857, the "XYZ" scheme, y grows to the
//! south) and degrees WGS 84; and what is made of them. Knows nothing of the server.
//!
//! `points` makes vector tiles of many things with a place, `shapes` of areas and lines, both written by `mvt`, by so many
//! `drawers` at once;
//! `cache` keeps what was made until a change empties its place, `kept` holds it within its bytes. `archive` reads files
//! of tiles that were made elsewhere, `proxy` fetches and keeps those of listed servers.
//!
//! Formulas: OpenStreetMap wiki, "Slippy map tilenames".

pub mod address;
pub mod archive;
pub mod cache;
pub mod drawers;
pub mod format;
pub mod kept;
pub mod mvt;
pub mod points;
pub mod properties;
pub mod proxy;
pub mod shapes;

use std::f64::consts::PI;

/// The deepest zoom; its tile numbers still fit in 32 bits (a tile is about 4 cm at the equator).
pub const MAX_ZOOM: u8 = 30;

/// Where Web Mercator ends, degrees north and south: `atan(sinh(π))`.
pub const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

/// A tile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    /// Zoom, 0 to [`MAX_ZOOM`].
    pub z: u8,
    /// Column, from the antimeridian eastwards.
    pub x: u32,
    /// Row, from the north southwards.
    pub y: u32,
}

/// A box in degrees WGS 84, edges included.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// Degrees east.
    pub west: f64,
    /// Degrees north.
    pub south: f64,
    /// Degrees east.
    pub east: f64,
    /// Degrees north.
    pub north: f64,
}

/// A rectangle of tiles of one zoom, edges included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TileRange {
    /// Zoom.
    pub z: u8,
    /// Westernmost column.
    pub west: u32,
    /// Easternmost column.
    pub east: u32,
    /// Northernmost row.
    pub north: u32,
    /// Southernmost row.
    pub south: u32,
}

impl Tile {
    /// The tile in which a position lies. What lies beyond the projection, or is no number, counts to
    /// the outermost tile; a zoom beyond [`MAX_ZOOM`] counts as that.
    pub fn at(lat: f64, lon: f64, z: u8) -> Self {
        let deepest = f64::from(1_u32 << MAX_ZOOM);
        let lat = lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
        let across = (lon + 180.0) / 360.0;
        // atanh(sin φ) is asinh(tan φ), at half the cost: every point of a tile comes through here.
        let sine = lat.sin();
        let down = (1.0 - ((1.0 + sine) / (1.0 - sine)).ln() / 2.0 / PI) / 2.0;
        // Always through the deepest zoom, so that a tile's parent is the tile of its positions.
        let number = |part: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of u32")]
            let number = (part * deepest).floor().clamp(0.0, deepest - 1.0) as u32;
            number
        };
        Self { z: MAX_ZOOM, x: number(across), y: number(down) }.ancestor(z)
    }

    /// The tile of an outer zoom that holds this one; itself for its own zoom and deeper ones.
    #[must_use]
    pub fn ancestor(self, z: u8) -> Self {
        let up = self.z.saturating_sub(z);
        Self { z: self.z - up, x: self.x >> up, y: self.y >> up }
    }

    /// The ground that it covers.
    pub fn bounds(self) -> Bounds {
        TileRange { z: self.z, west: self.x, east: self.x, north: self.y, south: self.y }.bounds()
    }
}

impl TileRange {
    /// The tiles of this zoom that cover the box.
    pub fn covering(bounds: &Bounds, z: u8) -> Self {
        let north_west = Tile::at(bounds.north, bounds.west, z);
        let south_east = Tile::at(bounds.south, bounds.east, z);
        Self { z: north_west.z, west: north_west.x, east: south_east.x, north: north_west.y, south: south_east.y }
    }

    /// The tiles that cover the box, at the deepest zoom up to `z` at which they are at most `across`
    /// columns and `across` rows.
    pub fn covering_at_most(bounds: &Bounds, z: u8, across: u32) -> Self {
        let mut range = Self::covering(bounds, z);
        while range.z > 0 && (range.east - range.west >= across || range.south - range.north >= across) {
            range = range.parent();
        }
        range
    }

    fn parent(self) -> Self {
        Self {
            z: self.z - 1,
            west: self.west >> 1,
            east: self.east >> 1,
            north: self.north >> 1,
            south: self.south >> 1,
        }
    }

    /// Whether the tile, of this zoom or deeper, lies in the range.
    pub fn contains(&self, tile: Tile) -> bool {
        let tile = tile.ancestor(self.z);
        tile.z == self.z && (self.west..=self.east).contains(&tile.x) && (self.north..=self.south).contains(&tile.y)
    }

    /// The ground that it covers.
    pub fn bounds(&self) -> Bounds {
        let side = f64::from(1_u32 << self.z.min(MAX_ZOOM));
        let lon = |x: u32| f64::from(x) / side * 360.0 - 180.0;
        let lat = |y: u32| (PI * (1.0 - 2.0 * f64::from(y) / side)).sinh().atan().to_degrees();
        Bounds { west: lon(self.west), east: lon(self.east + 1), north: lat(self.north), south: lat(self.south + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AIZU: Bounds = Bounds { west: 139.15, south: 36.85, east: 140.25, north: 37.85 };

    #[test]
    fn a_known_place_lies_in_its_known_tile() {
        // Tsuruga castle, Aizuwakamatsu: 37.4878, 139.9297.
        let tile = Tile::at(37.4878, 139.9297, 10);
        assert_eq!((tile.z, tile.x, tile.y), (10, 910, 396));
        let bounds = tile.bounds();
        assert!(bounds.west <= 139.9297 && 139.9297 < bounds.east);
        assert!(bounds.south < 37.4878 && 37.4878 <= bounds.north);
    }

    /// The formula of the OpenStreetMap wiki, as it is written there.
    #[test]
    fn rows_are_those_of_the_usual_formula() {
        for step in 0..=2_000 {
            let lat = -MAX_LATITUDE + 2.0 * MAX_LATITUDE * f64::from(step) / 2_000.0;
            let down = (1.0 - lat.to_radians().tan().asinh() / PI) / 2.0;
            let row = (down * f64::from(1_u32 << MAX_ZOOM)).clamp(0.0, f64::from((1_u32 << MAX_ZOOM) - 1));
            assert!((f64::from(Tile::at(lat, 0.0, MAX_ZOOM).y) - row).abs() <= 1.001, "{lat}");
        }
    }

    #[test]
    fn the_world_is_one_tile_at_zoom_0() {
        for (lat, lon) in [(0.0, 0.0), (90.0, 180.0), (-90.0, -180.0), (f64::NAN, f64::NAN)] {
            assert_eq!(Tile::at(lat, lon, 0), Tile { z: 0, x: 0, y: 0 });
        }
        let world = Tile { z: 0, x: 0, y: 0 }.bounds();
        assert!((world.north - MAX_LATITUDE).abs() < 1e-9 && (world.south + MAX_LATITUDE).abs() < 1e-9);
        assert_eq!((world.west, world.east), (-180.0, 180.0));
    }

    #[test]
    fn poles_and_edges_belong_to_the_outermost_tiles() {
        assert_eq!(Tile::at(90.0, -180.0, 4), Tile { z: 4, x: 0, y: 0 });
        assert_eq!(Tile::at(-90.0, 180.0, 4), Tile { z: 4, x: 15, y: 15 });
    }

    #[test]
    fn the_covering_contains_every_position_of_the_box() {
        for z in [0, 5, 10, 17, 30] {
            let range = TileRange::covering(&AIZU, z);
            for step in 0..=100 {
                let part = f64::from(step) / 100.0;
                let lat = AIZU.south + (AIZU.north - AIZU.south) * part;
                let lon = AIZU.west + (AIZU.east - AIZU.west) * part;
                assert!(range.contains(Tile::at(lat, lon, MAX_ZOOM)), "{z} {part}");
            }
            let covered = range.bounds();
            assert!(covered.west <= AIZU.west + 1e-6 && covered.east >= AIZU.east - 1e-6);
            assert!(covered.south <= AIZU.south + 1e-6 && covered.north >= AIZU.north - 1e-6);
        }
    }

    #[test]
    fn a_large_box_takes_an_outer_zoom() {
        let world = Bounds { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
        assert_eq!(TileRange::covering_at_most(&world, 10, 8).z, 3);
        let aizu = TileRange::covering_at_most(&AIZU, 10, 8);
        assert_eq!((aizu.z, aizu.east - aizu.west), (10, 3));
    }

    #[test]
    fn a_position_outside_the_range_is_not_in_it() {
        let range = TileRange::covering_at_most(&AIZU, 10, 8);
        assert!(!range.contains(Tile::at(35.68, 139.77, MAX_ZOOM)));
        assert!(!range.contains(Tile { z: 0, x: 0, y: 0 }));
    }
}
