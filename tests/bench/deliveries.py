#!/usr/bin/env python3
"""What a delivery costs the chat, beside a server that does as little as can be done.

    python3 tests/bench/deliveries.py --build build --rounds 3 [--peers] [--raw FILE [--kept FILE]]

All servers get the same load (tests/bench/load.cpp) by turns, and every delivery is checked; who takes long
gets less of it (`part` in peers.py). Server and load share one processor: where a message wakes another
processor it costs more than twice as much, and how often it does is chance. Neither interrupts the
other: each does all that there is to do, and then waits. The figures are medians; the least and the most
stand beside them, and the ratios of the table are medians of what ran one after the other. The file
holds all that was measured; tests/bench/draw.py draws its pictures from it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
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
    Load("R10 S1 W64", 10, 1, 64, 150000, 2),
    Load("R100 S1 W64", 100, 1, 64, 20000, 2),
    Load("R100 S64 W1", 100, 64, 1, 300, 2),
    Load("R100 S10 W64", 100, 10, 64, 3000, 2),
    Load("R1000 S10 W64", 1000, 10, 64, 400, 2),
    Load("R100 S1 W1, 10,000 idle", 100, 1, 1, 300, 1.15, idle=10_000),
    Load("R100 S1 W64, 10,000 idle", 100, 1, 64, 15000, 2, idle=10_000),
    Load("the same, on poll", 100, 1, 64, 3000, 1.2, idle=10_000, loop="poll"),
]


SILENT = [0, 1_000, 2_000, 5_000, 10_000]  # so many besides, in the picture of what they cost


class Jalon(Program):
    """A server of ours: the chat, or the limit."""

    speaks = "chat"

    def __init__(self, command: list) -> None:
        super().__init__(command)
        self.port = int(self.wait_for("listening on").rpartition(":")[2])


class Bench:
    def __init__(
        self, build: Path, rounds: int, with_peers: bool, raw_file: Path | None, kept: list[dict]
    ) -> None:
        self.load_program = build / "tests" / "bench" / "load"
        self.limit_program = build / "tests" / "bench" / "limit"
        self.chat_program = build / "examples" / "03-channels" / "server"
        self.peers = {peer.name: peer for peer in peers.installed()} if with_peers else {}
        self.rounds = rounds
        self.bars = Bars()
        self.raw: list[dict] = []  # each run: what it was, and what came out
        self.raw_file = raw_file
        self.kept = kept

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
                + ["--at-once", str(running.at_once), "--part", str(running.part), *arguments],
                stdout=subprocess.PIPE,
                timeout=PATIENCE,
                check=False,
            )
        if ran.returncode:
            sys.exit(f"{' '.join(arguments)}: not every delivery was right")
        return json.loads(ran.stdout)

    def in_turn(
        self, what: str, servers: dict[str, Callable[[], Program]], arguments: list[str], rounds: int = 0
    ) -> dict[str, list[dict]]:
        """All of them by turns, so many times; `self.rounds` if nothing else is said. What is kept of an
        earlier run is not measured again."""
        rounds = rounds or self.rounds
        results: dict[str, list[dict]] = {name: [] for name in servers}
        for one in [one for one in self.kept if one["what"] == what]:
            if len(results.setdefault(one["server"], [])) < rounds:
                results[one["server"]].append(one)
                self.kept.remove(one)
                self.raw.append(one)
        for _ in range(0 if any(results.values()) else rounds):
            for name, server in servers.items():
                results[name].append(self.once(server, arguments))
                self.raw.append({"what": what, "server": name, **results[name][-1]})
        self.keep_raw()
        return results

    def keep_raw(self) -> None:
        """After each row: a run of all takes long enough to be cut short."""
        if self.raw_file:
            lines = ",\n".join(json.dumps(one) for one in self.raw)
            self.raw_file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")

    def row(self, load: Load) -> dict[str, list[float]]:
        """One line of the table. @return what a delivery cost, by the server's name, round by round"""
        beside = {name: peer for name, peer in self.peers.items() if peer.takes_crowds or not load.idle}
        servers = self.ours(load.loop) | (beside if load.loop == "epoll" else {})
        results = self.in_turn(load.name, servers, load.arguments())
        costs = {name: figures(of, "ns_a_delivery") for name, of in results.items()}
        cells = [
            f"{median(of):.0f} ({min(of):.0f} to {max(of):.0f})" if (of := costs.get(name)) else ""
            for name in ["limit", "jalon", *self.peers]
        ]
        cells.append(f"{ratio(costs['jalon'], costs['limit']):.2f}")
        part = self.beside_best(costs)
        cells.append("" if part is None else f"{part:.2f}")
        print(f"{load.name:<26}" + "".join(f"{cell:>24}" for cell in cells), flush=True)
        return costs

    def beside_best(self, costs: dict[str, list[float]]) -> float | None:
        """Ours / the best peer; nothing where no peer was measured."""
        others = [of for name, of in costs.items() if name in self.peers]
        return ratio(costs["jalon"], min(others, key=median)) if others else None

    def grid(self) -> dict[str, dict[str, list[float]]]:
        print("Processor time of the server for a delivery, in ns: median (least to most)\n")
        for name, peer in self.peers.items():
            print(f"{name} is Debian's {peers.version(peer)}")
        names = ["limit", "jalon", *self.peers, "ours / limit", "ours / best peer"]
        print(f"\n{'':<26}" + "".join(f"{name:>24}" for name in names))
        costs = {load.name: self.row(load) for load in GRID}
        print()
        return costs

    def compare(self, load: Load, costs: dict[str, list[float]]) -> None:
        times = ratio(costs["jalon"], costs["limit"])
        bar = f"{load.name}: at most {load.bar:g} times the limit"
        self.bars.hold(bar, f"{times:.2f}", times <= load.bar)
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
        costs: dict[int, list[float]] = {idle: [] for idle in crowds}
        for _ in range(self.rounds):
            for idle, of in costs.items():
                arguments = f"--window 64 --messages 15000 --idle {idle}".split()
                results = self.in_turn(f"{idle} silent on {loop}", self.chat(loop), arguments, rounds=1)
                of += figures(results["jalon"], "ns_a_delivery")
        times = ratio(costs[SILENT[-1]], costs[SILENT[0]])
        bar = f"10,000 idle, on {loop}: at most 1.1 times without"
        if loop != "poll":
            self.bars.hold(bar, f"{times:.2f}", times <= 1.1)

    def members(self) -> None:
        """15,000 come in, and what that took. That all hear what is said is a matter of once."""
        runs = self.in_turn("15,000 come in", self.ours(), "--idle 15000 --receivers 1 --messages 1".split())
        talk = "--idle 15000 --receivers 2000 --messages 20".split()
        self.in_turn("15,000 more, and 2,000 hear", self.chat(), talk, rounds=1)
        self.bars.hold("15,000 more, and 2,000 hear all that is said", "yes", True)
        everybody = "--to-all --receivers 15000 --window 5 --messages 20".split()
        self.in_turn("15,000 hear", self.chat(), everybody, rounds=1)
        self.bars.hold("15,000 at once, and all hear what is said to all", "yes", True)
        memory = median(figures(runs["jalon"], "idle_bytes"))
        self.bars.hold("at most 700 bytes for an idle one", f"{memory:.0f}", memory <= 700)
        ours, limit = (median(figures(runs[name], "idle_ns")) / 1000 for name in ("jalon", "limit"))
        bar = f"at most 15 us to take one in (the limit: {limit:.1f} us)"
        self.bars.hold(bar, f"{ours:.1f} us", ours <= 15)

    def one_to_one(self) -> None:
        arguments = "--direct --receivers 1 --window 64 --messages 50000".split()
        runs = self.in_turn("one to one", self.chat(), arguments)["jalon"]
        cost = median(figures(runs, "ns_a_message")) / 1000
        self.bars.hold("one to one: at most 4 us a message", f"{cost:.2f} us", cost <= 4)

    def latency(self) -> None:
        # The same program differs by a tenth from one second to the next: many short runs, by turns.
        often = self.in_turn(
            "200 a second, half a second", self.ours(), "--rate 200 --messages 100".split(), rounds=45
        )
        halves = {name: median(figures(of, "p50_us")) for name, of in often.items()}
        times = halves["jalon"] / halves["limit"]
        self.bars.hold("200 a second: p50 at most 1.1 times the limit's", f"{times:.2f}", times <= 1.1)
        arguments = "--rate 200 --messages 600".split()
        runs = self.in_turn("200 a second", self.chat() | self.peers, arguments)
        late = {name: median(figures(of, "p99_us")) for name, of in runs.items()}
        without = late.pop("jalon")
        if late:
            names = ", ".join(f"{name} {figure:.0f}" for name, figure in late.items())
            print(f"           p99 of the peers, in us: {names}")
            bar = "200 a second: p99 not above all peers'"
            self.bars.hold(bar, f"{without:.0f} us", without <= max(late.values()))
        deaf = self.in_turn("200 a second, 1,000 deaf", self.chat(), [*arguments, "--deaf", "1000"])["jalon"]
        times = median(figures(deaf, "p99_us")) / without
        self.bars.hold("1,000 who do not read: p99 at most twice", f"{times:.2f}", times <= 2)
        memory = median(figures(deaf, "server_bytes")) / 2**20
        self.bars.hold("and the server holds at most 8 GiB", f"{memory:.0f} MiB", memory <= 8192)


def figures(runs: list[dict], name: str) -> list[float]:
    return [one[name] for one in runs]


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios of what ran one after the other: a machine is slow for seconds."""
    return median(a / b for a, b in zip(ours, theirs))


def main() -> int:
    parser = argparse.ArgumentParser(description="What a delivery costs the chat.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument("--peers", action="store_true", help="others that are installed, too")
    parser.add_argument("--raw", type=Path, help="a file for all that was measured, as JSON")
    parser.add_argument("--kept", type=Path, help="such a file, of a run that was cut short: goes on from it")
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is measured")
    options = parser.parse_args()
    # All of this holds for what is started from here, too. Not every server raises its own limit.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # who wakes interrupts nobody, sched(7)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    kept = json.loads(options.kept.read_text(encoding="utf-8")) if options.kept else []
    return Bench(options.build, options.rounds, options.peers, options.raw, kept).run()


if __name__ == "__main__":
    sys.exit(main())
