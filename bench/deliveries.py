#!/usr/bin/env python3
"""What a delivery costs the chat, beside a server that does as little as can be done.

    python3 bench/deliveries.py --build build --rounds 3 [--peers] [--raw FILE]

All servers get the same load (bench/load.cpp) by turns, and every delivery is checked. Server and
load share one processor: where a message wakes another processor it costs more than twice as much,
and how often it does is chance. The figures are medians; the least and the most stand beside them.
The file holds all that was measured; bench/draw.py draws its pictures from it.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import peers
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
    loop: str = "epoll"

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
    Load("the same, on poll", 100, 1, 64, 12000, 1.2, idle=10_000, loop="poll"),
]


SILENT = [0, 1_000, 2_000, 5_000, 10_000]  # so many besides, in the picture of what they cost


class Jalon(Program):
    """A server of ours: the chat, or the limit."""

    speaks = "chat"

    def __init__(self, command: list) -> None:
        super().__init__(command)
        self.port = int(self.wait_for("listening on").rpartition(":")[2])


class Bench:
    def __init__(self, build: Path, rounds: int, with_peers: bool) -> None:
        self.load_program = build / "bench" / "load"
        self.limit_program = build / "bench" / "limit"
        self.chat_program = build / "examples" / "03-channels" / "server"
        self.peers = {peer.name: peer for peer in peers.installed()} if with_peers else {}
        self.rounds = rounds
        self.bars = Bars()
        self.raw: list[dict] = []  # each run: what it was, and what came out

    def ours(self, loop: str = "epoll") -> dict[str, Callable[[], Program]]:
        """How to start the limit and the chat, on this loop."""
        return {
            "limit": lambda: Jalon([self.limit_program, "0", loop]),
            "jalon": lambda: Jalon([self.chat_program, "0", "--bind", "127.0.0.1", "--loop", loop]),
        }

    def chat(self, loop: str = "epoll") -> dict[str, Callable[[], Program]]:
        return {"jalon": self.ours(loop)["jalon"]}

    def once(self, server: Callable[[], Program], arguments: list[str]) -> dict:
        """One run against a fresh server."""
        with server() as running:
            ran = subprocess.run(
                [self.load_program, "--port", str(running.port), "--speaks", running.speaks]
                + ["--server-pid", str(running.process.pid)]
                + ["--at-once", str(running.at_once), *arguments],
                stdout=subprocess.PIPE,
                timeout=PATIENCE,
                check=False,
            )
        if ran.returncode:
            sys.exit(f"{' '.join(arguments)}: not every delivery was right")
        return json.loads(ran.stdout)

    def in_turn(
        self, what: str, servers: dict[str, Callable[[], Program]], arguments: list[str], times: int = 1
    ) -> dict[str, list[dict]]:
        """All of them by turns, `rounds` times; or so many times as often, where chance is larger."""
        results: dict[str, list[dict]] = {name: [] for name in servers}
        for _ in range(self.rounds * times):
            for name, server in servers.items():
                results[name].append(self.once(server, arguments))
                self.raw.append({"what": what, "server": name, **results[name][-1]})
        return results

    def cost(self, what: str, loop: str, arguments: list[str]) -> float:
        """What a delivery costs the chat on this loop."""
        results = self.in_turn(what, self.chat(loop), arguments)["jalon"]
        return statistics.median(one["ns_a_delivery"] for one in results)

    def row(self, load: Load) -> dict[str, float]:
        """One line of the table. @return the medians, by the server's name"""
        servers = self.ours(load.loop) | ({} if load.idle else self.peers)
        medians = {}
        cells = []
        for name, results in self.in_turn(load.name, servers, load.arguments()).items():
            figures = sorted(one["ns_a_delivery"] for one in results)
            medians[name] = statistics.median(figures)
            cells.append(f"{medians[name]:.0f} ({figures[0]:.0f} to {figures[-1]:.0f})")
        part = self.beside_best(medians)
        cells += [f"{medians['jalon'] / medians['limit']:.2f}", "" if part is None else f"{part:.2f}"]
        print(f"{load.name:<26}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
        return medians

    def beside_best(self, medians: dict[str, float]) -> float | None:
        """Ours / the best peer; nothing where no peer was measured."""
        others = [medians[name] for name in self.peers if name in medians]
        return medians["jalon"] / min(others) if others else None

    def grid(self) -> dict[str, dict[str, float]]:
        print("Processor time of the server for a delivery, in ns: median (least to most)\n")
        for name, peer in self.peers.items():
            print(f"{name} is Debian's {peers.version(peer)}")
        names = ["limit", "jalon", *self.peers, "ours / limit", "ours / best peer"]
        print(f"\n{'':<26}" + "".join(f"{name:>22}" for name in names))
        costs = {load.name: self.row(load) for load in GRID}
        print()
        return costs

    def compare(self, load: Load, costs: dict[str, float]) -> None:
        ratio = costs["jalon"] / costs["limit"]
        bar = f"{load.name}: at most {load.bar:g} times the limit"
        self.bars.hold(bar, f"{ratio:.2f}", ratio <= load.bar)
        part = self.beside_best(costs)
        if part is not None and load.window > 1:
            self.bars.hold(f"{load.name}: at most half of the best peer", f"{part:.2f}", part <= 0.5)

    def run(self) -> int:
        costs = self.grid()
        for load in GRID:
            self.compare(load, costs[load.name])
        for loop in ("epoll", "asio", "poll") if self.peers else ("epoll", "asio"):
            self.crowd(loop)
        self.members()
        self.one_to_one()
        self.latency()
        return self.bars.exit_status()

    def crowd(self, loop: str) -> None:
        """What the silent cost; on poll that is for the picture, and held to nothing."""
        crowds = SILENT if self.peers else [SILENT[0], SILENT[-1]]  # the picture is of a whole run
        costs = [
            self.cost(f"{idle} silent on {loop}", loop, f"--window 64 --messages 12000 --idle {idle}".split())
            for idle in crowds
        ]
        ratio = costs[-1] / costs[0]
        bar = f"10,000 idle, on {loop}: at most 1.1 times without"
        if loop != "poll":
            self.bars.hold(bar, f"{ratio:.2f}", ratio <= 1.1)

    def members(self) -> None:
        arguments = "--idle 15000 --receivers 2000 --messages 20".split()
        runs = self.in_turn("members", self.ours(), arguments)
        memory = statistics.median(one["idle_bytes"] for one in runs["jalon"])
        times = {
            name: statistics.median(one["idle_ns"] for one in results) / 1000
            for name, results in runs.items()
        }
        self.bars.hold("15,000 more, and 2,000 hear all that is said", "yes", True)
        everybody = "--to-all --receivers 15000 --window 5 --messages 20".split()
        self.in_turn("everybody", self.chat(), everybody)
        self.bars.hold("15,000 at once, and all hear what is said to all", "yes", True)
        self.bars.hold("at most 700 bytes for an idle one", f"{memory:.0f}", memory <= 700)
        bar = f"at most 15 us to take one in (the limit: {times['limit']:.1f} us)"
        self.bars.hold(bar, f"{times['jalon']:.1f} us", times["jalon"] <= 15)

    def one_to_one(self) -> None:
        arguments = "--direct --receivers 1 --window 64 --messages 50000".split()
        cost = self.cost("one to one", "epoll", arguments) / 1000
        self.bars.hold("one to one: at most 4 us a message", f"{cost:.2f} us", cost <= 4)

    def latency(self) -> None:
        # The same program differs by a tenth from one second to the next: many short runs, by turns.
        often = self.in_turn("200 a second, half a second", self.ours(), "--rate 200 --messages 100".split(), 15)
        halves = {name: statistics.median(one["p50_us"] for one in runs) for name, runs in often.items()}
        ratio = halves["jalon"] / halves["limit"]
        self.bars.hold("200 a second: p50 at most 1.1 times the limit's", f"{ratio:.2f}", ratio <= 1.1)
        arguments = "--rate 200 --messages 600".split()
        runs = self.in_turn("200 a second", self.chat() | self.peers, arguments)
        late = {
            name: statistics.median(one["p99_us"] for one in results)
            for name, results in runs.items()
        }
        without = late.pop("jalon")
        if late:
            names = ", ".join(f"{name} {figure:.0f}" for name, figure in late.items())
            print(f"           p99 of the peers, in us: {names}")
            bar = "200 a second: p99 not above all peers'"
            self.bars.hold(bar, f"{without:.0f} us", without <= max(late.values()))
        deaf = self.in_turn("200 a second, 1,000 deaf", self.chat(), [*arguments, "--deaf", "1000"])["jalon"]
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
    parser.add_argument("--peers", action="store_true", help="others that are installed, too")
    parser.add_argument("--raw", type=Path, help="a file for all that was measured, as JSON")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    # Both hold for all that is started from here, too. Not every server raises its own limit.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bench = Bench(options.build, options.rounds, options.peers)
    outcome = bench.run()
    if options.raw:
        lines = ",\n".join(json.dumps(one) for one in bench.raw)
        options.raw.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return outcome


if __name__ == "__main__":
    sys.exit(main())
