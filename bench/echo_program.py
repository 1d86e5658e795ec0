#!/usr/bin/env python3
"""Compares two echo servers of many clients, ours and Asio's own example: lines and compile time.

    python3 bench/echo_program.py --rounds 5

Lines are lines of code: those that are neither blank nor comment. Both are compiled for C++20 with
-O2 by $CXX or g++, by turns, each round to nothing; the time is the processor's, which other
programs that run meanwhile hardly change.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

from measures import Bars

ROOT = Path(__file__).resolve().parent.parent
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

    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(compile_time("-I", ROOT / "include", OURS))
        theirs.append(compile_time("-DASIO_STANDALONE", options.asio))
    our_time, their_time = statistics.median(ours), statistics.median(theirs)
    our_lines, their_lines = lines_of_code(OURS), lines_of_code(options.asio)

    print("An echo server of many clients: the toolkit's, and Asio's own example\n")
    print(f"{'':<20}{'jalon':>10}{'asio':>10}")
    print(f"{'lines of code':<20}{our_lines:>10}{their_lines:>10}")
    print(f"{'compile time':<20}{our_time:>8.2f} s{their_time:>8.2f} s\n")

    bars = Bars()
    bars.hold(f"at most {LINES_BAR} lines", our_lines, our_lines <= LINES_BAR)
    length, time = 100 * our_lines / their_lines, 100 * our_time / their_time
    bars.hold("fewer lines than Asio's", f"{length:.0f} %", length < 100)
    bars.hold(f"at most {TIME_BAR} % of its compile time", f"{time:.0f} %", time <= TIME_BAR)
    return bars.exit_status()


if __name__ == "__main__":
    sys.exit(main())
