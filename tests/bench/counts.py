#!/usr/bin/env python3
"""What a delivery costs, counted: system calls, allocations, instructions. No clock is read.

    python3 tests/bench/counts.py --build build
    python3 tests/bench/counts.py --profile simdjson      # where the instructions of a message go

fixed_load.cpp is run with each reader of JSON as it is, and under callgrind (valgrind(1)), there shorter and longer: the
difference is what the deliveries cost without the joining. What it may come to stands in budget.json.
A change that makes it dearer by more than a tenth fails; one that makes it cheaper should lower the budget.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measures import PATIENCE, Bars

SHORT, LONG = 5, 15  # turns of the load
SLACK = 1.1  # libraries choose other functions on other processors
PLAIN = {**os.environ, "SIMDJSON_FORCE_IMPLEMENTATION": "fallback"}  # the same everywhere, if not its fastest


MESSAGES = 64 * (LONG - SHORT)  # that the longer load has more
# The server's turns alone.
CALLGRIND = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*reactor::run_once*"]

# What a message comes through. What a function calls counts for it too.
FUNCTIONS = {
    "turn": r"reactor::run_once\(",
    "parse": r"(?:simdjson|nlohmann)_reader::read\(",
    "respond": r"_Function_handler<chat::answer .*route_one<chat::say, chat::channels>.*_M_invoke",
    "write": r"append_message<chat::say_event>\(",
    "apply": r"server<jalon::reactor, .*>::apply_all\(\)",
    "fan out": r"fan_out<.*>::flush_batch\(\)",
    "flush": r"connection<jalon::reactor, .*>::end_turn\(\)",
}


def run(command: list, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, text=True, timeout=PATIENCE, check=True, **options)


def counted(program: Path) -> dict:
    return json.loads(run([program, str(LONG)], stdout=subprocess.PIPE).stdout)


def instructions(program: Path, turns: int, receivers: int) -> int:
    """Those in the turns of the server's loop, and in all that it calls."""
    command = [*CALLGRIND, "--callgrind-out-file=/dev/null", program, str(turns), str(receivers)]
    ran = run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=PLAIN)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if found is None:
        sys.exit(ran.stderr)
    return int(found[1])


def instructions_a_message(program: Path, receivers: int) -> float:
    return (instructions(program, LONG, receivers) - instructions(program, SHORT, receivers)) / MESSAGES


def within_functions(program: Path, turns: int) -> dict[str, int]:
    with tempfile.NamedTemporaryFile() as file:
        run([*CALLGRIND, f"--callgrind-out-file={file.name}", program, str(turns)], capture_output=True)
        annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", file.name]
        told = run(annotate, stdout=subprocess.PIPE).stdout
    found = {}
    for name, pattern in FUNCTIONS.items():
        line = re.search(rf"^ *([\d,]+) .*{pattern}", told, re.MULTILINE)
        if line is None:
            sys.exit(f"no function is like {pattern}")
        found[name] = int(line[1].replace(",", ""))
    return found


def print_profile(program: Path) -> None:
    short, long = within_functions(program, SHORT), within_functions(program, LONG)
    of = {name: (long[name] - short[name]) / MESSAGES for name in FUNCTIONS}
    steps = {
        "its line is read as JSON": of["parse"],
        "its fields are checked, and the chat finds who gets it": of["respond"] - of["write"],
        "what they get is written as JSON": of["write"],
        # What is handed out while actions are carried out is nothing in this load.
        "that goes into a block, and into a hundred queues": of["carry out"] + of["hand out"],
        "a hundred writes for 64 messages, but for the system": of["flush"],
    }
    steps["the rest: the loop, the line's end, its id and type"] = of["turn"] - sum(steps.values())
    print(f"{of['turn']:>8,.0f}  instructions a message that a hundred get")
    for what, count in steps.items():
        print(f"{count:>8,.0f}  {100 * count / of['turn']:>3.0f} %  {what}")


def hold(bars: Bars, reader: str, budget: dict[str, float], program: Path) -> None:
    figures = counted(program)
    figures["instructions_a_delivery"] = instructions_a_message(program, 100) / 100
    # With few to deliver to, what the message itself costs is most of it.
    figures["instructions_a_message_to_ten"] = instructions_a_message(program, 10)
    for name, figure in figures.items():
        # Far less than that means that something is not counted any more, or that the budget is too large.
        met = budget[name] / 2 < figure <= budget[name] * SLACK
        bars.hold(f"{reader}, {name.replace('_', ' ')}: {budget[name]:g}, and a tenth", f"{figure:.4g}", met)


def main() -> int:
    parser = argparse.ArgumentParser(description="What a delivery costs, counted.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument("--profile", metavar="READER", help="print where the instructions go: simdjson or nlohmann")
    options = parser.parse_args()
    programs = {reader: options.build / "tests/bench" / f"fixed_load_{reader}" for reader in ("simdjson", "nlohmann")}
    if options.profile:
        print_profile(programs[options.profile])
        return 0
    budgets = json.loads((Path(__file__).parent / "budget.json").read_text(encoding="utf-8"))
    bars = Bars()
    for reader, program in programs.items():
        hold(bars, reader, budgets[reader], program)
    return bars.exit_status()


if __name__ == "__main__":
    sys.exit(main())
