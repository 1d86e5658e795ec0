#!/usr/bin/env python3
"""What a delivery costs the chat, beside a server that does as little as can be done.

    python3 bench/deliveries.py --build build --rounds 3

Both servers get the same load (bench/load.cpp) by turns, and every delivery is checked. Server and
load share one processor: where a message wakes another processor it costs more than twice as much,
and how often it does is chance. The figures are medians; the least and the most stand beside them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from measures import PATIENCE, Bars, Program

@dataclass(frozen=True)
class Load:
    """One row of the table, and what it may cost: times what the limit costs."""

    name: str
    receivers: int
    senders: int
    window: int
    messages: int
    bar: float
    idle: int = 0

    def arguments(self) -> list[str]:
        given = {
            "receivers": self.receivers,
            "senders": self.senders,
            "window": self.window,
            "messages": self.messages,
            "idle": self.idle,
        }
        return [part for name, value in given.items() for part in (f"--{name}", str(value))]


GRID = [
    Load("R100 S1 W1", 100, 1, 1, 1000, 1.15),
    Load("R10 S1 W64", 10, 1, 64, 60000, 2),
    Load("R100 S1 W64", 100, 1, 64, 12000, 2),
    Load("R100 S10 W64", 100, 10, 64, 2000, 2),
    Load("R1000 S10 W64", 1000, 10, 64, 400, 2),
    Load("R100 S1 W64, 10,000 idle", 100, 1, 64, 12000, 2, idle=10_000),
]


class Bench:
    def __init__(self, build: Path, rounds: int) -> None:
        self.load_program = build / "bench" / "load"
        self.chat = [build / "examples" / "03-channels" / "server", "0", "--loop"]
        self.limit = [build / "bench" / "limit", "0"]
        self.rounds = rounds
        self.bars = Bars()

    def once(self, server: list, arguments: list[str]) -> dict:
        """One run against a fresh server."""
        with Program(server) as running:
            port = running.wait_for("listening on").rpartition(":")[2]
            ran = subprocess.run(
                [self.load_program, "--port", port, "--server-pid", str(running.process.pid)]
                + arguments,
                stdout=subprocess.PIPE,
                timeout=PATIENCE,
                check=False,
            )
        if ran.returncode:
            sys.exit(f"{' '.join(arguments)}: not every delivery was right")
        return json.loads(ran.stdout)

    def in_turn(self, servers: dict[str, list], arguments: list[str]) -> dict[str, list[dict]]:
        """All of them by turns, `rounds` times."""
        results: dict[str, list[dict]] = {name: [] for name in servers}
        for _ in range(self.rounds):
            for name, server in servers.items():
                results[name].append(self.once(server, arguments))
        return results

    def grid(self, loop: str) -> dict[str, float]:
        """The table. What ours costs, by the row's name."""
        print(f"Processor time of the server for a delivery, in ns, on {loop}\n")
        print(f"{'':<28}{'limit':>22}{'jalon':>22}{'ratio':>8}")
        costs = {}
        for load in GRID:
            servers = {"limit": [*self.limit, loop], "jalon": [*self.chat, loop]}
            runs = self.in_turn(servers, load.arguments())
            cells, medians = [], {}
            for name, results in runs.items():
                figures = sorted(one["ns_a_delivery"] for one in results)
                medians[name] = statistics.median(figures)
                cells.append(f"{medians[name]:.0f} ({figures[0]:.0f} to {figures[-1]:.0f})")
            ratio = medians["jalon"] / medians["limit"]
            print(f"{load.name:<28}{cells[0]:>22}{cells[1]:>22}{ratio:>8.2f}", flush=True)
            if loop == "epoll":
                costs[load.name] = medians["jalon"]
                costs[load.name + " ratio"] = ratio
        print()
        return costs

    def ours(self, arguments: list[str], field: str) -> float:
        server = {"jalon": [*self.chat, "epoll"]}
        return statistics.median(one[field] for one in self.in_turn(server, arguments)["jalon"])

    def run(self) -> int:
        costs = self.grid("epoll")
        for load in GRID:
            ratio = costs[load.name + " ratio"]
            self.bars.hold(
                f"{load.name}: at most {load.bar:g} times the limit",
                f"{ratio:.2f}",
                ratio <= load.bar,
            )
        quiet, crowd = costs["R100 S1 W64"], costs["R100 S1 W64, 10,000 idle"]
        self.bars.hold(
            "10,000 idle cost at most 1.1 times", f"{crowd / quiet:.2f}", crowd <= 1.1 * quiet
        )
        self.members()
        self.one_to_one()
        self.latency()
        return self.bars.exit_status()

    def members(self) -> None:
        arguments = "--idle 15000 --receivers 2000 --messages 20".split()
        results = self.in_turn({"jalon": [*self.chat, "epoll"]}, arguments)["jalon"]
        memory = statistics.median(one["idle_bytes"] for one in results)
        time = statistics.median(one["idle_ns"] for one in results) / 1000
        self.bars.hold("15,000 more, and 2,000 hear all that is said", "yes", True)
        self.bars.hold("at most 700 bytes for an idle one", f"{memory:.0f}", memory <= 700)
        self.bars.hold("at most 15 us to take one in", f"{time:.1f} us", time <= 15)

    def one_to_one(self) -> None:
        arguments = "--direct --receivers 1 --window 64 --messages 50000".split()
        cost = self.ours(arguments, "ns_a_message") / 1000
        self.bars.hold("one to one: at most 4 us a message", f"{cost:.2f} us", cost <= 4)

    def latency(self) -> None:
        arguments = "--rate 200 --messages 600".split()
        servers = {"limit": [*self.limit, "epoll"], "jalon": [*self.chat, "epoll"]}
        runs = self.in_turn(servers, arguments)
        halves = {
            name: statistics.median(one["p50_us"] for one in results)
            for name, results in runs.items()
        }
        ratio = halves["jalon"] / halves["limit"]
        self.bars.hold(
            "200 a second: p50 at most 1.1 times the limit's", f"{ratio:.2f}", ratio <= 1.1
        )
        without = statistics.median(one["p99_us"] for one in runs["jalon"])
        deaf = self.in_turn({"jalon": servers["jalon"]}, [*arguments, "--deaf", "1000"])["jalon"]
        with_deaf = statistics.median(one["p99_us"] for one in deaf)
        self.bars.hold(
            "1,000 who do not read: p99 at most twice",
            f"{with_deaf / without:.2f}",
            with_deaf <= 2 * without,
        )
        memory = statistics.median(one["server_bytes"] for one in deaf) / 2**20
        self.bars.hold("and the server holds at most 8 GiB", f"{memory:.0f} MiB", memory <= 8192)


def main() -> int:
    parser = argparse.ArgumentParser(description="What a delivery costs the chat.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # and all that is started from here
    return Bench(options.build, options.rounds).run()


if __name__ == "__main__":
    sys.exit(main())
