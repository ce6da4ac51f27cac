#!/usr/bin/env python3
"""Invents aizu-demo.geojson: hazard zones for demonstration and drills (架空・訓練用), of no real place's danger.

Nobody's data is read. The rules are these, and nothing else:

1. River floods: rivers are sketched as lines through a few rounded positions (RIVERS). Around each, bands of fixed
   widths stand for the depth ranks 1 to 4 of flood-max, the deeper the nearer. The planned scale is the two inner
   bands of rank 1 and 2 at half the width. Bands of one river do not overlap: each is the ring between two widths.
2. House collapse: a strip of 150 m along the named bends (BENDS).
3. Landslides: along sketched valley sides (SLOPES), every 0.02 degrees a warning zone, in turn debris flow (a fan),
   steep slope (a box) and landslide (a hexagon); every second has a special warning zone within.
4. Avalanches: boxes on the sketched slopes of the snowy south-west (SNOW).

Same input, same output. Python 3.9 or later, no dependencies:  python3 aizu-demo.py [--check]
"""

import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE / "aizu-demo.geojson"
METRES = 111_195.0  # a degree of latitude on the mean sphere (6371.0088 km)

# Lines through positions that everybody can look up on a map, degrees (lon, lat), rounded to 0.005.
RIVERS = {
    "阿賀川": ([(139.905, 37.300), (139.900, 37.360), (139.910, 37.410), (139.905, 37.455), (139.895, 37.500),
               (139.875, 37.540), (139.855, 37.580), (139.835, 37.610), (139.790, 37.620)], 1.0),
    "日橋川": ([(140.020, 37.520), (139.975, 37.550), (139.935, 37.580), (139.890, 37.600), (139.840, 37.610)], 0.7),
    "只見川": ([(139.315, 37.345), (139.400, 37.400), (139.480, 37.440), (139.540, 37.475), (139.620, 37.500),
               (139.690, 37.530), (139.720, 37.575), (139.760, 37.615)], 0.35),
    "湯川": ([(139.960, 37.480), (139.930, 37.500), (139.905, 37.515), (139.885, 37.545)], 0.3),
    "長瀬川": ([(140.110, 37.640), (140.115, 37.590), (140.120, 37.550), (140.120, 37.525)], 0.4),
}
BANDS = [("4", 0, 120), ("3", 120, 450), ("2", 450, 1100), ("1", 1100, 1600)]  # rank, metres from and to, times width
BENDS = [("阿賀川", 3), ("阿賀川", 5), ("只見川", 3), ("湯川", 1)]
SLOPES = [
    [(139.965, 37.470), (139.985, 37.430), (139.975, 37.380)],
    [(139.990, 37.580), (140.010, 37.640), (139.980, 37.690)],
    [(139.780, 37.480), (139.730, 37.460), (139.680, 37.470)],
    [(139.640, 37.450), (139.590, 37.400), (139.600, 37.340)],
    [(139.520, 37.470), (139.450, 37.430), (139.390, 37.410)],
    [(139.770, 37.660), (139.710, 37.680), (139.660, 37.700)],
    [(139.790, 37.370), (139.830, 37.330), (139.780, 37.300)],
]
SNOW = [[(139.300, 37.320), (139.330, 37.280)], [(139.480, 37.380), (139.520, 37.330)], [(139.560, 37.300), (139.600, 37.260)]]


def east(lat):
    return METRES * math.cos(math.radians(lat))


def offset(line, metres):
    """The line moved to its left by so many metres, corners at the middle of both directions."""
    points = []
    for i, (lon, lat) in enumerate(line):
        before, after = line[max(i - 1, 0)], line[min(i + 1, len(line) - 1)]
        dx, dy = (after[0] - before[0]) * east(lat), (after[1] - before[1]) * METRES
        length = math.hypot(dx, dy)
        points.append((lon - dy / length * metres / east(lat), lat + dx / length * metres / METRES))
    return points


def curve(line, parts=6):
    """More corners, so that a river does not look like a fence (Catmull-Rom)."""
    points = []
    for i in range(len(line) - 1):
        p0, p1, p2, p3 = (line[min(max(i + k, 0), len(line) - 1)] for k in (-1, 0, 1, 2))
        for step in range(parts):
            t = step / parts
            points.append(tuple(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3)
                for a, b, c, d in zip(p0, p1, p2, p3)))
    return points + [line[-1]]


def ring(points):
    rounded = [[round(lon, 6), round(lat, 6)] for lon, lat in points]
    return rounded + [rounded[0]]


def feature(layer, code, name, polygons):
    return {
        "type": "Feature",
        "properties": {"layer": layer, "class": code, "name": f"{name}（架空）", "demonstration": True},
        "geometry": {"type": "MultiPolygon", "coordinates": polygons},
    }


def strip(line, inner, outer):
    """Both sides of a line between two distances; the whole of it from distance 0."""
    left, right = offset(line, outer), offset(line, -outer)
    if inner == 0:
        return [[ring(left + right[::-1])]]
    return [[ring(left + offset(line, inner)[::-1])], [ring(offset(line, -inner) + right[::-1])]]


def floods():
    for name, (line, width) in RIVERS.items():
        line = curve(line)
        for rank, inner, outer in BANDS:
            yield feature("flood-max", rank, name, strip(line, inner * width, outer * width))
        yield feature("flood-planned", "2", name, strip(line, 0, 225 * width))
        yield feature("flood-planned", "1", name, strip(line, 225 * width, 550 * width))
    for name, at in BENDS:
        bend = curve(RIVERS[name][0][at - 1:at + 2])
        yield feature("flood-collapse", "flow", name, strip(bend, 0, 150))


def steps(line, degrees):
    """Positions along a line at equal distances, with the direction there."""
    left = 0.0
    for (lon, lat), (lon2, lat2) in zip(line, line[1:]):
        length = math.hypot(lon2 - lon, lat2 - lat)
        at = left
        while at < length:
            yield lon + (lon2 - lon) * at / length, lat + (lat2 - lat) * at / length, math.atan2(lat2 - lat, lon2 - lon)
            at += degrees
        left = at - length


def shape(lon, lat, turn, corners):
    """Corners given in metres along and across a direction."""
    cos, sin = math.cos(turn), math.sin(turn)
    return [[ring([(lon + (x * cos - y * sin) / east(lat), lat + (x * sin + y * cos) / METRES) for x, y in corners])]]


FORMS = [
    ("debris", [(-40, 0), (40, 0), (160, 420), (0, 500), (-160, 420)]),
    ("steep", [(-180, 0), (180, 0), (180, 150), (-180, 150)]),
    ("slide", [(-120, 0), (120, 0), (200, 170), (120, 340), (-120, 340), (-200, 170)]),
]


def landslides():
    number = 0
    for line in SLOPES:
        for lon, lat, turn in steps(line, 0.02):
            kind, corners = FORMS[number % 3]
            number += 1
            yield feature("landslide", f"{kind}-warning", f"訓練{number}", shape(lon, lat, turn, corners))
            if number % 2 == 0:
                inner = [(x * 0.45, 20 + y * 0.4) for x, y in corners]
                yield feature("landslide", f"{kind}-special", f"訓練{number}", shape(lon, lat, turn, inner))


def avalanches():
    for line in SNOW:
        for number, (lon, lat, turn) in enumerate(steps(line, 0.012)):
            box = [(-150, 0), (150, 0), (220, 400), (-220, 400)]
            yield feature("avalanche", "danger", f"訓練{number + 1}", shape(lon, lat, turn, box))


def main():
    features = [*floods(), *landslides(), *avalanches()]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    text = (
        '{"type":"FeatureCollection","demonstration":true,'
        '"about":"架空・訓練用のハザード区域。実在の危険とは関係がない。aizu-demo.py が規則から作ったもの。",'
        '"licence":"MIT OR Apache-2.0","features":[\n' + lines + "\n]}\n"
    )
    if "--check" in sys.argv:
        same = TARGET.read_text(encoding="utf-8") == text
        print("up to date" if same else f"{TARGET} is not what this script makes")
        sys.exit(0 if same else 1)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(features)} zones")


if __name__ == "__main__":
    main()
