#!/usr/bin/env python3
"""A thousand clients on one server, on each of its loops: what reaches them, what is left behind.

    python3 tests/bench/thousand_clients.py --build build --clients 1000

They take nicks; one says ten things to all; everybody answers for what came; nobody says anything
for a while, in which the server must not run at all; they leave.
"""

import argparse
import json
import resource
import socket
import sys
import time
from pathlib import Path

from measures import PATIENCE, Bars, Server, wait_until

MESSAGES = 10
IDLE_SECONDS = 3


class Client:
    """One user, who writes JSON and reads JSON."""

    def __init__(self, port: int, nick: str) -> None:
        self.nick = nick
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.lines = self.socket.makefile("rb")

    def send(self, **message: object) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def next(self) -> dict:
        return json.loads(self.lines.readline())

    def all_until(self, kind: str) -> list[dict]:
        """What came before the next message of this type."""
        came = []
        while (message := self.next())["type"] != kind:
            came.append(message)
        return came

    def leave(self) -> None:
        self.lines.close()
        self.socket.close()


def log_in(port: int, count: int) -> list[Client]:
    clients = [Client(port, f"user{number}") for number in range(count)]
    for client in clients:
        client.send(type="nick", nick=client.nick)
    for client in clients:
        client.all_until("welcome")
    return clients


def tell_everybody(clients: list[Client]) -> tuple[float, int]:
    """Sends some messages to all. The seconds until all are there, and who got just these."""
    speaker, *listeners = clients
    texts = [f"number {number}" for number in range(MESSAGES)]
    began = time.monotonic()
    for text in texts:
        speaker.send(type="msgall", text=text)
    expected = [{"type": "msgall", "from": speaker.nick, "text": text} for text in texts]
    heard = [[listener.next() for _ in texts] for listener in listeners]
    taken = time.monotonic() - began
    # What comes between these and the pong came twice, or should not have come.
    for client in clients:
        client.send(type="ping")
    more = [client.all_until("pong") for client in clients]
    right = sum(came == expected for came in heard)
    return taken, right if not any(more) else 0


def idle(server: Server) -> tuple[int, int]:
    """The ticks of processor time that the server uses, and how often it is woken, unasked."""
    ticks, switches = server.processor_ticks(), server.status("voluntary_ctxt_switches")
    time.sleep(IDLE_SECONDS)
    return server.processor_ticks() - ticks, server.status("voluntary_ctxt_switches") - switches


def measure(path: Path, loop: str, count: int, bars: Bars) -> None:
    with Server(path, "--loop", loop) as server:
        before = server.descriptors()
        began = time.monotonic()
        clients = log_in(server.port, count)
        logged_in = time.monotonic() - began
        taken, right = tell_everybody(clients)
        memory = server.status("VmRSS")
        ticks, wakes = idle(server)
        for client in clients:
            client.leave()
        wait_until(lambda: server.descriptors() <= before)
        after = server.descriptors()

    deliveries = MESSAGES * (count - 1)
    print(f"{count:,} clients on one server, --loop {loop}: {logged_in:.2f} s to log in,")
    print(f"{taken:.2f} s for {deliveries:,} deliveries, {memory / 1024:.1f} MiB of memory\n")
    bars.hold("everybody else got every message, in order, once", f"{right:,}", right == count - 1)
    bars.hold(f"idle for {IDLE_SECONDS} s: ticks of processor time", ticks, ticks == 0)
    bars.hold(f"idle for {IDLE_SECONDS} s: how often it was woken", wakes, wakes == 0)
    bars.hold("descriptors when they have left, and before", f"{after}, {before}", after == before)
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description="A thousand clients on one server.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="where Jalon is built")
    parser.add_argument("--clients", type=int, default=1000, help="how many")
    parser.add_argument("--loops", nargs="+", default=["poll", "epoll", "asio"])
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bars = Bars()
    for loop in options.loops:
        measure(options.build / "examples/04-files/server", loop, options.clients, bars)
    return bars.exit_status()


if __name__ == "__main__":
    sys.exit(main())
