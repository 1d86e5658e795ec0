#!/usr/bin/env python3
"""How long honest clients wait while others load the server of milestone 4.

    python3 tests/bench/delays.py --build build                   # 1,000 users, about a minute
    python3 tests/bench/delays.py --build build --full            # 10,000 users
    python3 tests/bench/delays.py --server PATH --storms members leave -- --loop epoll

Each storm has a server of its own. delays.cpp plays the clients: a few honest ones talk all the
time; the table tells how long what they say was under way, until its receiver had it. The times
depend on the machine: compare only what ran on the same one, and look at the worst of several runs.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from measures import Server

USERS, FULL = 1_000, 10_000
PATIENCE = 1_800  # seconds that one storm may take

STORMS = {
    "calm": "nothing happens for a second",
    "offers": "{n} users with 64 open offers each close at once",
    "members": "{asking} clients ask 20 times for the members of a channel of {n}",
    "close": "{n} members of one channel close at once",
    "leave": "{n} members of one channel leave it at once",
    "rename": "one of {n} users changes nick {renames} times",
    "msgall": "{telling} of {n} users say {texts} things to all",
    "deep": "{n} users send two lines of 60,000 bytes of nested arrays",
    "deaf": "{deaf} clients ask 20 times for the list of {n} users, and do not read",
    "lines": "{lines} clients send 60,000 bytes of a line, and do not end it",
}


def describe(storm: str, users: int) -> str:
    return STORMS[storm].format(
        n=f"{users:,}",
        asking=min(100, users),
        renames=f"{users // 5:,}",
        telling=min(50, users),
        texts=max(1, users // 100),
        deaf=f"{users * 3 // 10:,}",
        lines=f"{users * 12 // 10:,}",
    )


def measure(storm: str, users: int, client: Path, server: Path, arguments: list[str]) -> dict | None:
    """What the storm came to; None if it failed, which is said on standard error."""
    with Server(server, *arguments, errors=subprocess.DEVNULL) as running:
        command = [client, storm, "--users", str(users), "--port", str(running.port)]
        command += ["--server-pid", str(running.process.pid)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
        return json.loads(ran.stdout) if ran.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(description="How long honest clients wait in a storm.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="where Jalon is built")
    parser.add_argument("--server", type=Path, help="another server than that of milestone 4 there")
    parser.add_argument("--users", type=int, default=USERS, help="in each storm")
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} users")
    parser.add_argument("--storms", nargs="+", choices=STORMS, default=list(STORMS), metavar="STORM")
    parser.add_argument("arguments", nargs="*", help="for the server, after --")
    options = parser.parse_args()
    users = FULL if options.full else options.users
    server = options.server or options.build / "examples/04-files/server"
    client = options.build / "tests/bench/delays"
    # AddressSanitizer keeps 256 MB that are free, so that the server's memory would grow for minutes.
    own = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = f"{own}:quarantine_size_mb=1".lstrip(":")

    print("   delay in ms       storm         MB         MB    peak")
    print(" median    worst   seconds   from server to server     MB")
    failed = False
    for storm in options.storms:
        came = measure(storm, users, client, server, options.arguments)
        failed = failed or came is None
        figures = f"{'failed':>57}"
        if came:
            figures = f"{came['median_ms']:7.2f}{came['worst_ms']:9.1f}{came['seconds']:10.2f}"
            for key in "bytes_in", "bytes_out":
                figures += f"{came[key] / 1e6:11.1f}"
            figures += f"{came['peak_bytes'] / 1e6:9.1f}"
        print(f"{figures}  {storm}: {describe(storm, users)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
