#!/usr/bin/env python3
"""Draws the base map of the built-in region: a sketch of our own (略図) of waters, railways, roads and places.

It reads two tables that people can read too, and nothing else:

- points.csv: stations, settlements, offices, interchanges and summits, each one point;
- shapes.csv: lakes, rivers, railways and roads, each a row of points that it passes through, written as the name of
  a station, interchange or other point of the first table, or as lon/lat.

All coordinates are degrees (WGS 84), rounded to 0.005 (some 500 m), so lines are straight where the real ones wind.
One file for each layer is written beside this script. Same input, same output.

Python 3.9 or later, no dependencies:  python3 sketch.py [--check]
"""

import csv
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
EDITION = "略図 2026-11"
# Layers and the kinds of points that they hold; the order is that of drawing.
LAYERS = ("water", "waterway", "railway", "road", "station", "place")
GRID = 0.005


def table(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def on_grid(text, where):
    value = float(text)
    if abs(value / GRID - round(value / GRID)) > 1e-6:
        sys.exit(f"{where}: {text} is finer than {GRID} degrees")
    return round(value, 3)


def located(points):
    """Name -> position. A name that stands twice is for nobody to pass through."""
    found, twice = {}, set()
    for row in points:
        if row["name"] in found:
            twice.add(row["name"])
        found[row["name"]] = [on_grid(row["lon"], row["name"]), on_grid(row["lat"], row["name"])]
    return {name: at for name, at in found.items() if name not in twice}


def passed(row, places):
    for step in row["through"].split():
        if "/" in step:
            lon, lat = step.split("/")
            yield [on_grid(lon, row["name"]), on_grid(lat, row["name"])]
        elif step in places:
            yield places[step]
        else:
            sys.exit(f"{row['name']} passes through {step}, which is no point, or stands twice")


def feature(layer, row, geometry, **more):
    properties = {"layer": layer, "name": row["name"], "name_en": row["english"]}
    properties.update({key: value for key, value in more.items() if value})
    properties.update({"rank": int(row["rank"]), "sketch": True})
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def drawn(points, shapes):
    places = located(points)
    for row in shapes:
        line = list(passed(row, places))
        if row["layer"] == "water":
            if area(line) < 0:
                line.reverse()
            geometry = {"type": "Polygon", "coordinates": [line + line[:1]]}
        else:
            geometry = {"type": "LineString", "coordinates": line}
        yield row["layer"], feature(row["layer"], row, geometry, ref=row["ref"])
    for row in points:
        layer = "station" if row["kind"] == "station" else "place"
        at = [on_grid(row["lon"], row["name"]), on_grid(row["lat"], row["name"])]
        kind = "" if layer == "station" else row["kind"]
        yield layer, feature(layer, row, {"type": "Point", "coordinates": at}, kind=kind)


def area(ring):
    """Twice the signed area; positive runs against the clock, as RFC 7946 wants an outer ring."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))


def sheet(layer, features):
    lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features]
    head = {"type": "FeatureCollection", "name": layer, "sketch": True, "edition": EDITION}
    return json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"features":[\n' + ",\n".join(lines) + "\n]}\n"


def main():
    sheets = {layer: [] for layer in LAYERS}
    for layer, one in drawn(table("points.csv"), table("shapes.csv")):
        if layer not in sheets:
            sys.exit(f"no layer is called {layer}")
        sheets[layer].append(one)
    for layer, features in sheets.items():
        features.sort(key=lambda one: one["properties"]["rank"])
        text, target = sheet(layer, features), HERE / f"{layer}.geojson"
        if "--check" not in sys.argv:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            sys.exit(f"{target.name} is not what this script draws")
        print(f"{target.name}: {len(features)} features, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
