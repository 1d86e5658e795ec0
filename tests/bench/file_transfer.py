#!/usr/bin/env python3
"""Moves a file from client to client, and by nc, by turns; compares speed, memory and content.

    python3 tests/bench/file_transfer.py --build build --mib 1024 --rounds 5

Both ways start with the file in the page cache, write to the same file system, and find nothing
there of the round before. Ours is timed from the receiver's Y until both users are told that the
file has arrived whole and checked; nc from the start of its sender until both its ends are gone and its file
is on the disk, as ours is by then (fsync(2)).
"""

import argparse
import filecmp
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measures import Bars, Program, Server

MEMORY_BAR = 32  # MiB, of each client
SPEED_BAR = 80  # per cent of nc's


class Friends:
    """A server and two who are on it."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self.inbox = directory / "inbox"
        self.server = Server(programs / "server")
        address = ["127.0.0.1", str(self.server.port)]
        self.alice = Program([programs / "client", *address], directory)
        self.bob = Program([programs / "client", *address, "--inbox", str(self.inbox)], directory)
        for friend, nick in ((self.alice, "alice"), (self.bob, "bob")):
            friend.type(f"/nick {nick}")
            friend.wait_for("Welcome")

    def __enter__(self) -> "Friends":
        return self

    def __exit__(self, *_: object) -> None:
        for program in (self.alice, self.bob, self.server):
            program.__exit__()

    def move(self, file: Path) -> tuple[float, Path]:
        """Sends the file from alice to bob. The seconds from Y on, and where it arrived."""
        self.alice.type(f'/send bob "{file}"')
        self.bob.wait_for("Accept? [Y/N]")
        began = time.monotonic()
        self.bob.type("Y")
        self.alice.wait_for("bob has received")
        self.bob.wait_for("saved in")
        return time.monotonic() - began, self.inbox / file.name


def move_by_nc(file: Path, directory: Path) -> tuple[float, Path]:
    """Sends the file by two of nc. The seconds that they took, and where it arrived."""
    arrived = directory / "by-nc"
    where = ["127.0.0.1", str(free_port())]
    with file.open("rb") as source, arrived.open("wb") as target:
        receiver = subprocess.Popen(
            ["nc", "-v", "-l", *where],
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=subprocess.PIPE,
        )
        assert receiver.stderr
        receiver.stderr.readline()  # "Listening on"
        began = time.monotonic()
        sender = subprocess.Popen(["nc", "-N", *where], stdin=source, stdout=subprocess.DEVNULL)
        sender.wait()
        receiver.wait()
        os.fsync(target.fileno())
        taken = time.monotonic() - began
        receiver.stderr.close()
    return taken, arrived


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken_for_a_moment:
        return taken_for_a_moment.getsockname()[1]


def make_file(path: Path, mib: int) -> None:
    dice = random.Random(1)
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(dice.randbytes(1 << 20))


def is_right(arrived: Path, file: Path) -> bool:
    """Whether the content arrived; it is gone afterwards."""
    identical = filecmp.cmp(arrived, file, shallow=False)
    arrived.unlink()
    return identical


def rate(mib: int, seconds: float) -> str:
    return f"{mib / seconds:,.0f} MiB/s"


def measure(programs: Path, directory: Path, mib: int, rounds: int) -> int:
    file = directory / "large.bin"
    make_file(file, mib)
    print(f"A file of {mib:,} MiB, from client to client on one machine\n")
    print(f"{'round':<9}{'jalon':>14}{'nc':>14}")
    ours, theirs, identical = [], [], True
    with Friends(programs, directory) as friends:
        for number in range(1, rounds + 1):
            seconds, arrived = friends.move(file)
            ours.append(seconds)
            identical = identical and is_right(arrived, file)
            seconds, arrived = move_by_nc(file, directory)
            theirs.append(seconds)
            identical = identical and is_right(arrived, file)
            print(f"{number:<9}{rate(mib, ours[-1]):>14}{rate(mib, theirs[-1]):>14}")
        memory = {
            "the sender": friends.alice.status("VmHWM") / 1024,
            "the receiver": friends.bob.status("VmHWM") / 1024,
        }
    our_median, their_median = statistics.median(ours), statistics.median(theirs)
    print(f"{'median':<9}{rate(mib, our_median):>14}{rate(mib, their_median):>14}\n")

    bars = Bars()
    bars.hold("what arrived is what was sent", "yes" if identical else "no", identical)
    percent = 100 * their_median / our_median
    bars.hold(f"at least {SPEED_BAR} % of nc's speed", f"{percent:.0f} %", percent >= SPEED_BAR)
    for who, peak in memory.items():
        what = f"below {MEMORY_BAR} MiB of memory at its peak: {who}"
        bars.hold(what, f"{peak:.1f} MiB", peak < MEMORY_BAR)
    return bars.exit_status()


def main() -> int:
    parser = argparse.ArgumentParser(description="Moves a file from client to client, and by nc.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="where Jalon is built")
    parser.add_argument("--mib", type=int, default=1024, help="how large the file is")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is taken")
    options = parser.parse_args()
    if not shutil.which("nc"):
        sys.exit("nc is not installed: ./jalon deps")
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="file-transfer-", dir=build) as directory:
        programs = build / "examples" / "04-files"
        return measure(programs, Path(directory), options.mib, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
