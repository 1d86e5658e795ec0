#!/usr/bin/env python3
"""The pictures of docs/ are those that tests/bench/draw.py draws from the newest results."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import draw  # noqa: E402


def main() -> int:
    drawn = draw.pictures(draw.newest_results())
    kept = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "pictures").glob("*.svg")}
    stale = sorted(name for name in drawn.keys() | kept.keys() if drawn.get(name) != kept.get(name))
    for name in stale:
        print(f"docs/pictures/{name} is stale: run tests/bench/draw.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
