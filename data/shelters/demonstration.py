#!/usr/bin/env python3
"""Writes aizu-demonstration.csv: invented shelters (架空・訓練用) for the built-in region.

No shelter of anybody is read. From each municipality's label point (data/region/aizu/offices.json) three places are
laid out by fixed rules: name, bearing, distance, what it is fit for, how many it holds. A place that would fall
outside the municipality's extent goes to the other side of the point. The columns are those of the Digital Agency's
自治体標準オープンデータセット (指定緊急避難場所一覧), so that the file is an example of what
`sokuho import shelters` takes.
"""

import csv
import json
import math
from pathlib import Path

HERE = Path(__file__).parent
DANGERS = ["洪水", "崖崩れ、土石流及び地滑り", "高潮", "地震", "津波", "大規模な火事", "内水氾濫", "火山現象"]
# (id, name, English name, bearing in degrees, metres, dangers it is fit for, also a shelter, people it holds)
RULES = [
    ("D01", "架空・中央体育館", "Invented Central Gymnasium", 40, 350, "地震 大規模な火事 内水氾濫 崖崩れ、土石流及び地滑り", 1, 300),
    ("D02", "架空・高台公園", "Invented Hilltop Park", 285, 700, "洪水 内水氾濫 地震 大規模な火事 火山現象", 0, None),
    ("D03", "架空・さくら学習センター", "Invented Sakura Learning Centre", 165, 800, "洪水 内水氾濫 地震 崖崩れ、土石流及び地滑り", 1, 120),
]
METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180


def check_digit(code: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2)))
    return str((11 - total % 11) % 10)


def place(office: dict, bearing: float, metres: float) -> tuple[float, float]:
    label, extent = office["label"], office["extent"]
    for turned in (0, 180):
        angle = math.radians(bearing + turned)
        lat = label["lat"] + metres * math.cos(angle) / METRES_PER_DEGREE
        lon = label["lon"] + metres * math.sin(angle) / (METRES_PER_DEGREE * math.cos(math.radians(label["lat"])))
        if extent["west"] < lon < extent["east"] and extent["south"] < lat < extent["north"]:
            break
    return round(lat, 5), round(lon, 5)


def main() -> None:
    offices = json.loads((HERE / "../region/aizu/offices.json").read_text(encoding="utf-8"))
    header = ["全国地方公共団体コード", "ID", "地方公共団体名", "名称", "名称_英字", "所在地_連結表記", "緯度", "経度"]
    header += [f"災害種別_{danger}" for danger in DANGERS]
    header += ["指定避難所との重複", "想定収容人数", "備考"]
    with (HERE / "aizu-demonstration.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        for office in offices:
            if office["kind"] != "municipality":
                continue
            code = office["code"] + check_digit(office["code"])
            for number, name, english, bearing, metres, fit, also, holds in RULES:
                lat, lon = place(office, bearing, metres)
                marks = ["1" if danger in fit.split() else "" for danger in DANGERS]
                writer.writerow(
                    [code, number, office["name"], f"{name}（{office['name']}）", f"{english}, {office['english']}",
                     f"福島県{office['name']}（架空の所在地）", lat, lon, *marks, also, holds or "", "架空・訓練用"]
                )


if __name__ == "__main__":
    main()
