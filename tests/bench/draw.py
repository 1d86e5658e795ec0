#!/usr/bin/env python3
"""Draws the pictures of docs/performance.md from what deliveries.py has measured.

    python3 tests/bench/draw.py [RAW.json] [--to docs/pictures]

The newest raw results are taken if none are named. tests/docs/check_pictures.py fails if the pictures are others.
"""

import argparse
import json
import math
import statistics
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
FONT = 'font-family="sans-serif" font-size="13"'
COLOURS = ["#8a8a8a", "#c2410c", "#1d4ed8", "#0f766e", "#7e22ce", "#a16207", "#be185d"]


class Drawing:
    """An SVG picture, element by element."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]
        self.text(16, 24, title, extra='font-weight="bold"')

    def text(self, x: float, y: float, said: str, fill: str = "#222", extra: str = "") -> None:
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {FONT} fill="{fill}" {extra}>{escape(said)}</text>')

    def bar(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>')

    def line(self, points: list[tuple[float, float]], stroke: str, width: float = 1) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>')

    def whole(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])


def medians(raw: list[dict]) -> dict[str, dict[str, float]]:
    """What a delivery cost, by load and server, in the order in which they were measured."""
    runs: dict[str, dict[str, list[float]]] = {}
    for one in raw:
        runs.setdefault(one["what"], {}).setdefault(one["server"], []).append(one["ns_a_delivery"])
    return {what: {name: statistics.median(all) for name, all in of.items()} for what, of in runs.items()}


def deliveries(costs: dict[str, dict[str, float]]) -> str:
    """Bars, a group for each load that all servers had; a line further right is ten times as dear."""
    most = max(len(of) for of in costs.values())
    loads = {what: of for what, of in costs.items() if len(of) == most and what.startswith("R")}
    left, thick, gap = 110, 15, 14
    powers = math.ceil(math.log10(max(cost for of in loads.values() for cost in of.values())))
    scale = 600 / (powers - 1)
    height = 72 + len(loads) * ((most + 1) * thick + gap)
    drawing = Drawing(780, height, "Processor time for a delivery, in ns; the scale is logarithmic")
    for power in range(1, powers + 1):
        x = left + scale * (power - 1)
        drawing.line([(x, 58), (x, height - gap)], "#ccc")
        drawing.text(x, 50, f"{10 ** power:,}", "#666", 'text-anchor="middle"')
    y = 64.0
    for what, of in loads.items():
        drawing.text(16, y + 12, what, extra='font-weight="bold"')
        y += thick
        for colour, (name, cost) in zip(COLOURS, of.items()):
            width = scale * math.log10(cost / 10)
            drawing.text(left - 8, y + 12, name, colour, 'text-anchor="end"')
            drawing.bar(left, y + 2, width, thick - 3, colour)
            drawing.text(left + width + 6, y + 12, f"{cost:,.0f}")
            y += thick
        y += gap
    return drawing.whole()


def silent(costs: dict[str, dict[str, float]]) -> str:
    """A line for each loop: what a delivery costs with so many silent clients besides."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for what, of in costs.items():
        count, _, loop = what.partition(" silent on ")
        if loop:
            lines.setdefault(loop, []).append((int(count), of["jalon"]))
    right = max(count for points in lines.values() for count, _ in points)
    parts = 5
    top = 40 * parts * math.ceil(max(cost for points in lines.values() for _, cost in points) / 40 / parts)
    drawing = Drawing(700, 340, "Processor time for a delivery, in ns, and silent clients besides")

    def place(count: int, cost: float) -> tuple[float, float]:
        return 70 + 540 * count / right, 300 - 240 * cost / top

    for part in range(parts + 1):
        cost, count = top * part / parts, right * part // parts
        drawing.line([place(0, cost), place(right, cost)], "#ddd")
        drawing.text(60, place(0, cost)[1] + 4, f"{cost:,.0f}", extra='text-anchor="end"')
        drawing.text(place(count, 0)[0], 322, f"{count:,}", extra='text-anchor="middle"')
    for colour, (loop, points) in zip(COLOURS[1:], lines.items()):
        drawing.line([place(*point) for point in points], colour, 2.5)
        x, y = place(*points[-1])
        lift = -6 if loop == "epoll" else 10  # two of the lines lie on each other
        drawing.text(x + 8, y + lift, loop, colour)
    return drawing.whole()


def newest_results() -> Path:
    return max((ROOT / "tests" / "bench" / "results").glob("*.json"))


def pictures(raw: Path) -> dict[str, str]:
    """Each picture, by the name of its file."""
    costs = medians(json.loads(raw.read_text(encoding="utf-8")))
    return {"deliveries.svg": deliveries(costs), "silent.svg": silent(costs)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws the pictures of docs/performance.md.")
    parser.add_argument("raw", type=Path, nargs="?")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "pictures")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures(options.raw or newest_results()).items():
        (options.to / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
