#!/usr/bin/env python3
"""Draws boundaries.geojson: a coarse outline of our own (略図) of the region's municipalities.

It takes facts only: each municipality's label point, extent, area and neighbours (offices.json), and
places that are known to lie in it (PLACES below: town halls, stations, villages, summits). No polygon
of anybody is read. On a grid of 0.01 degrees every cell gets the municipality of the nearest known place;
then cells change hands by simulated annealing until areas, extents and neighbours are those of the facts.
The borders between the cells are traced once per pair as shared polylines through the middles of the
cells' edges, so that neighbours have no gap and no overlap, and lightly straightened.

Same input, same output. Python 3.9 or later, no dependencies:  python3 sketch.py [--check]
"""

import json
import math
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
OUTSIDE = 0
STEP = 0.01
EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius
STEPS = 4_000_000

# Places that everybody can look up on a map, degrees (lon, lat), rounded.
PLACES = {
    "07202": [(139.93, 37.495), (140.03, 37.435), (139.97, 37.475), (139.955, 37.555), (139.87, 37.48),
              (139.96, 37.345), (140.075, 37.465), (139.99, 37.395), (140.04, 37.5)],
    "07208": [(139.875, 37.65), (139.9, 37.605), (139.88, 37.72), (139.77, 37.655), (139.735, 37.625),
              (139.715, 37.845), (139.79, 37.75), (139.86, 37.79), (139.985, 37.605), (139.94, 37.77)],
    "07402": [(139.935, 37.66), (140.06, 37.68), (140.13, 37.735), (140.09, 37.65), (140.0, 37.73), (140.14, 37.67)],
    "07405": [(139.65, 37.585), (139.67, 37.68), (139.6, 37.61), (139.65, 37.77), (139.58, 37.53), (139.63, 37.73)],
    "07407": [(139.99, 37.565), (140.05, 37.59)],
    "07408": [(140.105, 37.555), (140.24, 37.655), (140.11, 37.5), (140.19, 37.57), (140.22, 37.71), (140.26, 37.66),
              (140.08, 37.54), (140.2, 37.52), (140.16, 37.63)],
    "07421": [(139.82, 37.56), (139.79, 37.57), (139.76, 37.595), (139.85, 37.61), (139.76, 37.54)],
    "07422": [(139.885, 37.565)],
    "07423": [(139.725, 37.53), (139.69, 37.43), (139.7, 37.39), (139.72, 37.47), (139.66, 37.545), (139.61, 37.505)],
    "07444": [(139.645, 37.47), (139.605, 37.45), (139.64, 37.395)],
    "07445": [(139.525, 37.455), (139.43, 37.41), (139.575, 37.455), (139.49, 37.46), (139.42, 37.365), (139.51, 37.38),
              (139.58, 37.5), (139.54, 37.49)],
    "07446": [(139.61, 37.34), (139.66, 37.27), (139.58, 37.25), (139.71, 37.3), (139.55, 37.32)],
    "07447": [(139.84, 37.46), (139.885, 37.445), (139.83, 37.505), (139.78, 37.385), (139.79, 37.33), (139.89, 37.37)],
}


class Grid:
    """Cells of STEP degrees, one ring of OUTSIDE around the region."""

    def __init__(self, towns):
        self.towns = towns  # index 1.. -> facts
        grid = lambda v: round(v / STEP)
        self.boxes = [None] + [tuple(grid(t["extent"][k]) for k in ("west", "south", "east", "north")) for t in towns[1:]]
        self.x0 = min(b[0] for b in self.boxes[1:]) - 1
        self.y0 = min(b[1] for b in self.boxes[1:]) - 1
        self.w = max(b[2] for b in self.boxes[1:]) + 1 - self.x0
        self.h = max(b[3] for b in self.boxes[1:]) + 1 - self.y0
        self.cell = [OUTSIDE] * (self.w * self.h)
        self.row_km2 = [
            EARTH_RADIUS_KM**2 * math.radians(STEP)
            * (math.sin(math.radians((self.y0 + y + 1) * STEP)) - math.sin(math.radians((self.y0 + y) * STEP)))
            for y in range(self.h)
        ]

    def allowed(self, town, x, y):
        west, south, east, north = self.boxes[town]
        return west <= x + self.x0 < east and south <= y + self.y0 < north

    def index(self, lon, lat):
        return (math.floor(round(lat / STEP, 6)) - self.y0) * self.w + math.floor(round(lon / STEP, 6)) - self.x0

    def fixed_cells(self, town):
        """The four cells around the label point."""
        label = self.towns[town]["label"]
        x, y = round(label["lon"] / STEP) - self.x0, round(label["lat"] / STEP) - self.y0
        return [yy * self.w + xx for yy in (y - 1, y) for xx in (x - 1, x)]


def nearest_places(grid, places):
    """First picture: each cell goes to the nearest place whose municipality's extent reaches it."""
    for y in range(1, grid.h - 1):
        for x in range(1, grid.w - 1):
            lon, lat = (x + grid.x0 + 0.5) * STEP, (y + grid.y0 + 0.5) * STEP
            best = (0.12, OUTSIDE)
            for town, points in places.items():
                if grid.allowed(town, x, y):
                    for px, py in points:
                        best = min(best, (math.hypot((px - lon) * 0.8, py - lat), town))
            grid.cell[y * grid.w + x] = best[1]
    for town in places:
        for i in grid.fixed_cells(town):
            grid.cell[i] = town
    # Only the piece around the label stays; holes and strays become outside, and holes are filled later.
    keep = [OUTSIDE] * len(grid.cell)
    for town in places:
        stack = grid.fixed_cells(town)[:1]
        while stack:
            i = stack.pop()
            if grid.cell[i] == town and keep[i] == OUTSIDE:
                keep[i] = town
                stack += [i - 1, i + 1, i - grid.w, i + grid.w]
    grid.cell = keep
    fill_enclosed(grid)


def fill_enclosed(grid):
    """Gives cells that are cut off from the outside to a neighbour."""
    w, cell = grid.w, grid.cell
    seen, stack = set(), [0]
    while stack:
        i = stack.pop()
        if i in seen or not 0 <= i < len(cell) or cell[i] != OUTSIDE:
            continue
        seen.add(i)
        x = i % w
        stack += [j for j, ok in ((i - 1, x > 0), (i + 1, x < w - 1), (i - w, True), (i + w, True)) if ok]
    holes = [i for i in range(len(cell)) if cell[i] == OUTSIDE and i not in seen]
    while holes:
        rest = []
        for i in holes:
            around = [cell[j] for j in (i - 1, i + 1, i - w, i + w) if cell[j] != OUTSIDE]
            if around:
                cell[i] = around[0]
            else:
                rest.append(i)
        holes = rest


class Annealing:
    """Cells change hands; energy = area error + border length + extents missed + wrong neighbours."""

    def __init__(self, grid, places):
        self.g = grid
        n = len(grid.towns)
        codes = {t["code"]: k for k, t in enumerate(grid.towns) if t}
        self.may_touch = [[True] * n for _ in range(n)]
        for k in range(1, n):
            for m in range(1, n):
                self.may_touch[k][m] = k == m or grid.towns[m]["code"] in grid.towns[k]["neighbours"]
        self.wanted = sorted({tuple(sorted((k, codes[c]))) for k in range(1, n) for c in grid.towns[k]["neighbours"]})
        self.area = [0.0] * n
        self.target = [0.0] + [t["area_km2"] for t in grid.towns[1:]]
        self.cols = [[0] * grid.w for _ in range(n)]
        self.rows = [[0] * grid.h for _ in range(n)]
        for i, k in enumerate(grid.cell):
            self.count(i, k, 1)
        self.fixed = {i for k in places for i in grid.fixed_cells(k)}
        self.home = {grid.index(*p): k for k, points in places.items() for p in points}
        self.contact = [[0] * n for _ in range(n)]
        for i, k in enumerate(grid.cell):
            x, y = i % grid.w, i // grid.w
            for j in ([i + 1] if x < grid.w - 1 else []) + ([i + grid.w] if y < grid.h - 1 else []):
                self.contact[k][grid.cell[j]] += 1
                self.contact[grid.cell[j]][k] += 1
        w = grid.w
        self.ring = (-w - 1, -w, -w + 1, 1, w + 1, w, w - 1, -1)  # clockwise, odd positions are the sides

    def count(self, i, k, d):
        x, y = i % self.g.w, i // self.g.w
        self.area[k] += d * self.g.row_km2[y]
        self.cols[k][x] += d
        self.rows[k][y] += d

    def extent_miss(self, k):
        if k == OUTSIDE:
            return 0
        west, south, east, north = self.g.boxes[k]
        cols, rows = self.cols[k], self.rows[k]
        x, y = west - self.g.x0, south - self.g.y0
        miss = 0
        while x < east - self.g.x0 and cols[x] < 2:
            x += 1; miss += 1
        x = east - self.g.x0 - 1
        while x > 0 and cols[x] < 2:
            x -= 1; miss += 1
        while y < north - self.g.y0 and rows[y] < 2:
            y += 1; miss += 1
        y = north - self.g.y0 - 1
        while y > 0 and rows[y] < 2:
            y -= 1; miss += 1
        return miss

    def one_arc(self, i, k):
        """Whether k's cells around i hang together and one of them is a side neighbour."""
        cell = self.g.cell
        around = [cell[i + d] == k for d in self.ring]
        arcs = 0
        for at in (1, 3, 5, 7):
            # a run of k that holds a side neighbour, counted where it ends
            if around[at]:
                ahead = (at + 1) % 8
                if not (around[ahead] and around[(at + 2) % 8]):
                    arcs += 1
        return arcs == 1 or (arcs == 0 and all(around))

    def local(self, i, k):
        """Border length and wrong touches of cell i if it were k's."""
        cell, touch = self.g.cell, self.may_touch[k]
        e = 0.0
        for at, d in enumerate(self.ring):
            m = cell[i + d]
            if m != k:
                e += (0.7 if at % 2 else 0.5)
                if not touch[m]:
                    e += 25.0
        if self.home.get(i, k) != k:
            e += 12.0
        return e

    def pairs_missing(self):
        return sum(3 - min(3, self.contact[a][b]) for a, b in self.wanted)

    def shift_contacts(self, i, k, d):
        for at in (1, 3, 5, 7):
            m = self.g.cell[i + self.ring[at]]
            self.contact[k][m] += d
            self.contact[m][k] += d

    def run(self, steps, chance):
        g, cell = self.g, self.g.cell
        inner = [y * g.w + x for y in range(1, g.h - 1) for x in range(1, g.w - 1)]
        border_weight, area_weight, extent_weight, pair_weight = 1.0, 0.12, 5.0, 6.0
        for step in range(steps):
            heat = 2.5 * (1 - step / steps) ** 2 + 0.02
            i = inner[int(chance.random() * len(inner))]
            old = cell[i]
            new = cell[i + self.ring[1 + 2 * int(chance.random() * 4)]]
            if new == old or i in self.fixed:
                continue
            x, y = i % g.w, i // g.w
            if new != OUTSIDE and not g.allowed(new, x, y):
                continue
            if not self.one_arc(i, old) or not self.one_arc(i, new):
                continue
            km2 = g.row_km2[y]
            change = border_weight * (self.local(i, new) - self.local(i, old))
            for k, d in ((old, -km2), (new, km2)):
                if k != OUTSIDE:
                    gap = self.area[k] - self.target[k]
                    change += area_weight * ((gap + d) ** 2 - gap**2)
            if change > 60 * heat + 40:
                continue
            before = extent_weight * (self.extent_miss(old) + self.extent_miss(new)) + pair_weight * self.pairs_missing()
            self.shift_contacts(i, old, -1)
            self.count(i, old, -1); self.count(i, new, 1); cell[i] = new
            self.shift_contacts(i, new, 1)
            change += extent_weight * (self.extent_miss(old) + self.extent_miss(new)) + pair_weight * self.pairs_missing() - before
            if change > 0 and chance.random() >= math.exp(-change / heat):
                self.shift_contacts(i, new, -1)
                self.count(i, new, -1); self.count(i, old, 1); cell[i] = old
                self.shift_contacts(i, old, 1)


def trace(grid):
    """Shared polylines. Returns {(left town, right town): [list of points]} and each town's rings."""
    w, cell = grid.w, grid.cell
    edges = {}  # corner -> list of (other corner, left cell's town, right cell's town)
    for y in range(grid.h):
        for x in range(grid.w):
            k = cell[y * w + x]
            if x + 1 < w and cell[y * w + x + 1] != k:  # vertical edge, upwards: left is k
                join(edges, (x + 1, y), (x + 1, y + 1), k, cell[y * w + x + 1])
            if y + 1 < grid.h and cell[(y + 1) * w + x] != k:  # horizontal edge, eastwards: left is above
                join(edges, (x, y + 1), (x + 1, y + 1), cell[(y + 1) * w + x], k)
    nodes = {c for c, out in edges.items() if len(out) != 2}
    arcs, used = [], set()
    starts = [(c, e) for c in sorted(nodes) for e in sorted(edges[c])]
    starts += [(c, e) for c in sorted(edges) for e in sorted(edges[c])]  # closed arcs without a node
    for corner, (to, left, right) in starts:
        if frozenset((corner, to)) in used:
            continue
        path = [corner, to]
        used.add(frozenset((corner, to)))
        while path[-1] not in nodes and path[-1] != path[0]:
            step = [e for e in edges[path[-1]] if frozenset((path[-1], e[0])) not in used][0]
            used.add(frozenset((path[-1], step[0])))
            path.append(step[0])
        arcs.append((left, right, straighten(path)))
    return arcs


def join(edges, a, b, left, right):
    edges.setdefault(a, []).append((b, left, right))
    edges.setdefault(b, []).append((a, right, left))


def straighten(path):
    """Through the middles of the cells' edges; staircases become slopes."""
    points = [path[0]] + [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(path, path[1:])] + [path[-1]]
    if path[0] == path[-1]:
        points = points[1:-1] + [points[1]]
    return thin(points, 0.36)


def thin(points, tolerance):
    """Douglas and Peucker, 1973; tolerance in cells."""
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = math.hypot(bx - ax, by - ay)
    worst, at = -1.0, 0
    for n, (x, y) in enumerate(points[1:-1], 1):
        away = abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length if length else math.hypot(x - ax, y - ay)
        if away > worst:
            worst, at = away, n
    if worst <= tolerance:
        return [points[0], points[-1]]
    return thin(points[: at + 1], tolerance)[:-1] + thin(points[at:], tolerance)


def rings(grid, arcs):
    """Each town's rings, the town on the left, from the shared polylines."""
    found = {}
    for town in range(1, len(grid.towns)):
        pieces = []
        for left, right, points in arcs:
            if left == town:
                pieces.append(points)
            elif right == town:
                pieces.append(points[::-1])
        done = []
        while pieces:
            ring = pieces.pop(0)
            while ring[0] != ring[-1]:
                n = next(n for n, p in enumerate(pieces) if p[0] == ring[-1])
                ring = ring + pieces.pop(n)[1:]
            done.append([(round((x + grid.x0) * STEP, 3), round((y + grid.y0) * STEP, 3)) for x, y in ring])
        found[town] = done
    return found


def ring_km2(ring):
    """Area on the sphere, by the trapezium of each side."""
    total = 0.0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
        total += math.radians(x2 - x1) * (2 + math.sin(math.radians(y1)) + math.sin(math.radians(y2)))
    return abs(total) * EARTH_RADIUS_KM**2 / 2


def main():
    offices = json.loads((HERE / "offices.json").read_text(encoding="utf-8"))
    towns = [None] + [o for o in offices if o["kind"] == "municipality"]
    grid = Grid(towns)
    places = {k: [(t["label"]["lon"], t["label"]["lat"])] + PLACES[t["code"]] for k, t in enumerate(towns) if t}
    nearest_places(grid, places)
    annealing = Annealing(grid, places)
    annealing.run(STEPS, random.Random(20261122))
    arcs = trace(grid)
    drawn = rings(grid, arcs)
    lines = []
    for town, ring_list in drawn.items():
        if len(ring_list) != 1:
            sys.exit(f"{towns[town]['name']} fell into {len(ring_list)} rings")
        properties = {"code": towns[town]["code"], "name": towns[town]["name"]}
        geometry = {"type": "Polygon", "coordinates": [ring_list[0]]}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
        area, target = ring_km2(ring_list[0]), towns[town]["area_km2"]
        xs, ys = [p[0] for p in ring_list[0]], [p[1] for p in ring_list[0]]
        e = towns[town]["extent"]
        off = max(abs(min(xs) - e["west"]), abs(max(xs) - e["east"]), abs(min(ys) - e["south"]), abs(max(ys) - e["north"]))
        print(f"{towns[town]['code']} {towns[town]['name']}\t{area:8.2f} km2\t{target:8.2f}\t{100 * (area / target - 1):+.1f} %\t"
              f"extent within {off:.3f}\t{len(ring_list[0])} vertices")
    touching = {tuple(sorted((l, r))) for l, r, _ in arcs if l and r}
    for a, b in sorted(touching ^ set(annealing.wanted)):
        print("wrong pair:", towns[a]["name"], towns[b]["name"])
    text = '{"type":"FeatureCollection","sketch":true,"edition":"略図 2026-11","features":[\n' + ",\n".join(lines) + "\n]}\n"
    target = HERE / "boundaries.geojson"
    if "--check" in sys.argv:
        if target.read_text(encoding="utf-8") != text:
            sys.exit("boundaries.geojson is not what this script draws")
    else:
        target.write_text(text, encoding="utf-8")
    if "--picture" in sys.argv:
        for y in range(grid.h - 1, -1, -1):
            print("".join(".ABCDEFGHIJKLM"[grid.cell[y * grid.w + x]] for x in range(grid.w)))


if __name__ == "__main__":
    main()
