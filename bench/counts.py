#!/usr/bin/env python3
"""What a delivery costs, counted: system calls, allocations, instructions. No clock is read.

    python3 bench/counts.py --build build

bench/fixed_load.cpp is run as it is, and under callgrind (valgrind(1)), there shorter and longer: the
difference is what the deliveries cost without the joining. What it may come to stands in bench/budget.json.
A change that makes it dearer by more than a tenth fails; one that makes it cheaper should lower the budget.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from measures import PATIENCE, Bars

SHORT, LONG = 5, 15  # turns of the load
SLACK = 1.1  # libraries choose other functions on other processors
PLAIN = {**os.environ, "SIMDJSON_FORCE_IMPLEMENTATION": "fallback"}  # the same everywhere, if not its fastest


def run(command: list, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, text=True, timeout=PATIENCE, check=True, **options)


def counted(program: Path) -> dict:
    return json.loads(run([program, str(LONG)], stdout=subprocess.PIPE).stdout)


def instructions(program: Path, turns: int) -> int:
    """Those in a turn of the server's loop, and in all that it calls."""
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    within = ["--collect-atstart=no", "--toggle-collect=*reactor::run_once*"]
    ran = run([*callgrind, *within, program, str(turns)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=PLAIN)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if found is None:
        sys.exit(ran.stderr)
    return int(found[1])


def main() -> int:
    parser = argparse.ArgumentParser(description="What a delivery costs, counted.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    program = parser.parse_args().build / "bench" / "fixed_load"
    budget = json.loads((Path(__file__).parent / "budget.json").read_text(encoding="utf-8"))
    figures = counted(program)
    more = figures.pop("deliveries") * (LONG - SHORT) / LONG
    figures["instructions_a_delivery"] = (instructions(program, LONG) - instructions(program, SHORT)) / more
    bars = Bars()
    for name, figure in figures.items():
        # Far less than that means that something is not counted any more, or that the budget is too large.
        met = budget[name] / 2 < figure <= budget[name] * SLACK
        bars.hold(f"{name.replace('_', ' ')}: {budget[name]:g}, and a tenth", f"{figure:.4g}", met)
    return bars.exit_status()


if __name__ == "__main__":
    sys.exit(main())
