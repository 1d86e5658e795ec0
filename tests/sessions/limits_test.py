#!/usr/bin/env python3
"""The limits of the chat servers against strangers: in a network namespace, at addresses that are
not loopback. docs/limits.md lists the limits.

    python3 tests/sessions/limits_test.py --build build

Without the right to make a namespace nothing is tested, and the status is 77.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

BOUND = 20  # seconds that anything may take
NOT_RUN = 77
MILESTONES = ("json-echo", "02-users", "03-channels", "04-files")
OURS, OURS6, NEIGHBOUR6 = "192.0.2.1", "2001:db8::1", "2001:db8::2"
NICK = '{"type":"nick","nick":"%s"}\n'

SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1  # netdevice(7)


def set_up_addresses() -> None:
    """Gives loopback of this namespace its own address, and those of the documentation (RFC 5737,
    RFC 3849): a peer at one of these is a stranger for the server."""
    with socket.socket(socket.AF_INET) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(OURS))
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16s16s", b"lo:1", address))
    with socket.socket(socket.AF_INET6) as control:
        for text in OURS6, NEIGHBOUR6:
            address = socket.inet_pton(socket.AF_INET6, text)
            fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16sIi", address, 128, 1))


def tls_greeting() -> bytes:
    """What a client of TLS sends first."""
    sent = ssl.MemoryBIO()
    greeting = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        greeting.do_handshake()
    return sent.read()


class Client:
    """A connection, and the messages that have come on it."""

    def __init__(self, port: int, address: str = "127.0.0.1"):
        self.socket = socket.create_connection((address, port), BOUND, source_address=(address, 0))
        self.lines = self.socket.makefile("rb")

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def next(self) -> Any:
        """The next message; None at the end."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


class Limits(unittest.TestCase):
    build = Path()

    def start(self, *options: str, milestone: str = "02-users") -> int:
        command = [self.build / "examples" / milestone / "server", "0", "--bind", "::", *options]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.server = subprocess.Popen(command, text=True, **pipes)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.kill)
        return int(self.server.stdout.readline().rpartition(":")[2])

    def connect(self, port: int, address: str = "127.0.0.1") -> Client:
        client = Client(port, address)
        self.addCleanup(client.close)
        return client

    def log(self) -> str:
        """What the server has said, once it has ended."""
        self.server.send_signal(signal.SIGTERM)
        return self.server.communicate(timeout=BOUND)[1]

    def test_a_stranger_without_a_nick_is_told_so_and_closed(self) -> None:
        port = self.start("--login-timeout", "1")
        named = self.connect(port, OURS)
        named.send(NICK % "ann")
        local = self.connect(port)
        silent = [self.connect(port, address) for address in (OURS, OURS6)]
        for client in silent:
            self.assertEqual(client.next()["type"], "hello")
            self.assertEqual(client.next()["code"], "login_timeout")
            self.assertIsNone(client.next())
        for client in named, local:
            client.send('{"type":"ping","id":1}\n')
            while client.next()["type"] != "pong":
                pass
        self.assertRegex(self.log(), rf"a client has taken no nick in time: {OURS}:\d+\n")

    def test_an_address_has_so_many_connections_and_a_network_of_ipv6_is_one(self) -> None:
        port = self.start("--connections-per-address", "3")
        for addresses in [OURS] * 4, [OURS6, OURS6, NEIGHBOUR6, NEIGHBOUR6]:
            clients = [self.connect(port, address) for address in addresses]
            for client in clients[:3]:
                self.assertEqual(client.next()["type"], "hello")
            self.assertEqual(clients[3].next()["code"], "too_many_connections")
            self.assertIsNone(clients[3].next())
            clients[0].send('{"type":"quit"}\n')
            while clients[0].next():
                pass
            # It counts until its socket is closed, and the server sees that a moment later.
            self.assertEqual(self.connect(port, addresses[0]).next()["code"], "too_many_connections")
            clients[0].close()
            answers = (self.connect(port, addresses[0]).next() for _ in range(1_000))
            self.assertIn("hello", (answer["type"] for answer in answers))
        for _ in range(10):
            self.assertEqual(self.connect(port).next()["type"], "hello")
        self.assertRegex(self.log(), rf"an address has too many connections: {OURS}:\d+\n")

    def test_a_thousand_refusals_are_two_lines_of_the_log(self) -> None:
        port = self.start("--connections-per-address", "1")
        self.assertEqual(self.connect(port, OURS).next()["type"], "hello")
        for _ in range(1_000):
            client = Client(port, OURS)
            self.assertEqual(client.next()["code"], "too_many_connections")
            client.close()
        lines = [line for line in self.log().splitlines() if "too many connections" in line]
        self.assertRegex(lines[0], rf"^an address has too many connections: {OURS}:\d+$")
        counts = [int(line.split()[0]) if line[0].isdigit() else 1 for line in lines]
        self.assertEqual(sum(counts), 1_000, lines)
        self.assertLess(len(lines), 100)  # two for each ten seconds that a slow machine takes

    def test_no_limits_is_none_of_these(self) -> None:
        port = self.start("--no-limits", "--connections-per-address", "1", "--login-timeout", "1")
        for _ in range(20):
            self.assertEqual(self.connect(port, OURS).next()["type"], "hello")

    def test_the_lines_in_the_body_of_an_http_request_are_not_carried_out(self) -> None:
        request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n"
        for milestone in MILESTONES:
            for start in request, "GET /" + "a" * 70_000 + " HTTP/1.1\r\n\r\n":
                with self.subTest(milestone=milestone, start=start[:20]):
                    port = self.start(milestone=milestone)
                    page = self.connect(port)
                    page.send(start + NICK % "evil" + '{"type":"echo","text":"carried out"}\n')
                    self.assertEqual(page.next()["type"], "hello")
                    self.assertEqual(page.next()["code"], "bad_json")
                    self.assertIsNone(page.next())
                    self.assertRegex(self.log(), r"a client speaks HTTP: 127\.0\.0\.1:\d+\n")

    def test_a_tls_greeting_closes_the_connection(self) -> None:
        for milestone in MILESTONES:
            with self.subTest(milestone=milestone):
                port = self.start(milestone=milestone)
                page = self.connect(port)
                page.socket.sendall(tls_greeting())
                self.assertEqual(page.next()["type"], "hello")
                self.assertEqual(page.next()["code"], "bad_json")
                self.assertIsNone(page.next())
                self.assertRegex(self.log(), r"a client speaks TLS: 127\.0\.0\.1:\d+\n")

    def test_the_echo_of_milestone_1_echoes_a_request(self) -> None:
        port = self.start(milestone="01-echo")
        with socket.create_connection(("127.0.0.1", port), BOUND) as client:
            client.sendall(b"GET / HTTP/1.1\n")
            self.assertEqual(client.recv(100), b"GET / HTTP/1.1\n")

    def test_who_asks_for_too_much_waits_and_gets_everything(self) -> None:
        port = self.start("--rate", "1000", "--burst", "100")
        listener, speaker = self.connect(port), self.connect(port)
        listener.send(NICK % "listener")
        while listener.next()["type"] != "welcome":
            pass
        speaker.send(NICK % "speaker")
        speaker.send("".join(f'{{"type":"msg","to":"listener","text":"{n}"}}\n' for n in range(500)))
        self.assertEqual([listener.next()["text"] for _ in range(500)], [str(n) for n in range(500)])

    def test_who_would_have_to_wait_for_too_long_is_told_for_how_long(self) -> None:
        port = self.start("--rate", "1", "--burst", "100", "--longest-wait", "2")
        client = self.connect(port)
        long = "x" * 4_000
        client.send(NICK % "ann")
        for n in 1, 2:
            client.send(f'{{"type":"echo","id":{n},"text":"{long}"}}\n')
        answers = [client.next() for _ in range(4)][2:]
        self.assertEqual(answers[0]["type"], "echo")
        self.assertEqual((answers[1]["code"], answers[1]["id"]), ("rate_limited", 2))
        self.assertGreater(answers[1]["retry_after"], 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if not options.inside:
        namespace = ["unshare", "--net", "--map-root-user"]
        with contextlib.suppress(OSError):
            tried = subprocess.run([*namespace, "true"], capture_output=True, timeout=BOUND)
            if tried.returncode == 0:
                os.execvp(namespace[0], [*namespace, sys.executable, *sys.argv, "--inside"])
        print("nothing is tested: this user may not make a network namespace (unshare --net)")
        return NOT_RUN
    set_up_addresses()
    Limits.build = options.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
