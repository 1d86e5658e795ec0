#!/usr/bin/env python3
"""Compares two echo servers of many clients, ours and Asio's own example: lines and compile time.

    python3 tests/bench/echo_program.py --rounds 5

Lines are lines of code: those that are neither blank nor comment. Both are compiled for C++20 with
-O2 by $CXX or g++, by turns, each round to nothing; the time is the processor's, which other
programs that run meanwhile hardly change.

Both libraries can be used in two ways: as headers alone, which is how Asio's example comes; or with
their own functions compiled once for all programs, jalon::compiled and ASIO_SEPARATE_COMPILATION.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from measures import Bars

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "examples" / "01-echo" / "tiny_server.cpp"
ASIO = Path("/usr/share/doc/libasio-dev/examples/cpp11/echo/async_tcp_echo_server.cpp")

LINES_BAR = 40
TIME_BAR = 50  # per cent of Asio's

COMPILE = [os.environ.get("CXX", "g++"), "-std=c++20", "-O2", "-c", "-o", os.devnull]


def lines_of_code(source: Path) -> int:
    lines = (line.strip() for line in source.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("//"))


def compile_time(*arguments: str | Path) -> float:
    """The seconds of processor time that the compiler takes."""
    compiler = subprocess.Popen([*COMPILE, *arguments])
    _, status, used = os.wait4(compiler.pid, 0)
    if status:
        sys.exit("it does not compile")
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares our echo server with Asio's own.")
    parser.add_argument("--asio", type=Path, default=ASIO, help="Asio's example")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is compiled")
    options = parser.parse_args()
    if not options.asio.exists():
        sys.exit(f"{options.asio} is not there: it comes with libasio-doc, ./jalon deps")

    jalon = ["-I", ROOT / "include", OURS]
    asio = ["-DASIO_STANDALONE", options.asio]
    programs = {
        "jalon, headers alone": jalon,
        "jalon, compiled once": ["-DJALON_COMPILED", *jalon],
        "asio, headers alone": asio,
        "asio, compiled once": ["-DASIO_SEPARATE_COMPILATION", *asio],
    }
    rounds = [
        {name: compile_time(*arguments) for name, arguments in programs.items()}
        for _ in range(options.rounds)
    ]
    time = {name: statistics.median(one[name] for one in rounds) for name in programs}
    our_lines, their_lines = lines_of_code(OURS), lines_of_code(options.asio)

    print("An echo server of many clients: the toolkit's, and Asio's own example\n")
    print(f"{'':<20}{'jalon':>10}{'asio':>10}")
    print(f"{'lines of code':<20}{our_lines:>10}{their_lines:>10}")
    for way in ("headers alone", "compiled once"):
        print(f"{way:<20}{time['jalon, ' + way]:>8.2f} s{time['asio, ' + way]:>8.2f} s")
    print()

    bars = Bars()
    bars.hold(f"at most {LINES_BAR} lines", our_lines, our_lines <= LINES_BAR)
    length = 100 * our_lines / their_lines
    bars.hold("fewer lines than Asio's", f"{length:.0f} %", length < 100)
    for our_way, their_way in (
        ("compiled once", "headers alone"),
        ("compiled once", "compiled once"),
        ("headers alone", "headers alone"),
    ):
        share = 100 * time["jalon, " + our_way] / time["asio, " + their_way]
        bars.hold(
            f"{our_way}: at most {TIME_BAR} % of Asio's, {their_way}",
            f"{share:.0f} %",
            share <= TIME_BAR,
        )
    return bars.exit_status()


if __name__ == "__main__":
    sys.exit(main())
