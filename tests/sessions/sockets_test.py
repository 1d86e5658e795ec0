#!/usr/bin/env python3
"""Attacks on the bare servers of examples/00-sockets, and two witnesses after each: a client that
was there before and did nothing, and a new one. What a session can't say stands here.

    python3 tests/sessions/sockets_test.py --build build
"""

import argparse
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import unittest
from pathlib import Path

BOUND = 20  # of every wait, in seconds
MIB = 1 << 20


class Client:
    """A raw connection that knows what a line is."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), BOUND)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        return self.input.readline()

    def echo(self, line: bytes) -> bytes:
        """What comes back of one line."""
        self.send(line + b"\n")
        return self.line().rstrip(b"\n")

    def rest(self) -> bytes:
        """All that comes until the server closes."""
        return self.input.read()

    def close(self) -> None:
        self.input.close()
        self.socket.close()

    def reset(self) -> None:
        no_time_to_linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger)
        self.close()


class ManyClients(unittest.TestCase):
    examples = Path()

    def setUp(self) -> None:
        self.start()

    def tearDown(self) -> None:
        try:
            self.assertEqual(self.witness.echo(b"I saw it all"), b"I saw it all")
            self.assertEqual(self.client().echo(b"I am new here"), b"I am new here")
            self.assertIsNone(self.server.poll(), "the server is still there")
        finally:
            self.stop()
        self.assertEqual(self.server.returncode, 0)

    def start(self, descriptors: int = 1024) -> None:
        """A fresh server that may have so many descriptors, and the witness."""
        program = self.examples / "many_clients"
        self.server = subprocess.Popen(
            [program, "0"],
            stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors,) * 2),
        )
        assert self.server.stdout
        announced = re.fullmatch(rb"listening on .*:(\d+)\n", self.server.stdout.readline())
        assert announced
        self.port = int(announced[1])
        self.clients: list[Client] = []
        self.witness = self.client()
        self.assertEqual(self.witness.echo(b"I am here"), b"I am here")

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self.server.send_signal(signal.SIGTERM)
        self.server.communicate(timeout=BOUND)

    def client(self) -> Client:
        client = Client(self.port)
        self.clients.append(client)
        return client

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def test_a_line_that_comes_byte_by_byte(self) -> None:
        client = self.client()
        for byte in b"a line that comes byte by byte\n" * 10:
            client.send(bytes([byte]))
        for _ in range(10):
            self.assertEqual(client.line(), b"a line that comes byte by byte\n")

    def test_ten_thousand_lines_in_one_piece(self) -> None:
        client = self.client()
        lines = b"".join(b"line %d\n" % number for number in range(10_000))
        client.send(lines)
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.rest(), lines)

    def test_a_client_that_sends_and_never_reads_is_stopped_and_loses_nothing(self) -> None:
        client = self.client()
        client.socket.setblocking(False)
        line = b"x" * 1023 + b"\n"
        sent = taken = 0
        pauses = 0
        while sent < 50 * MIB and pauses < 100:
            try:
                taken = client.socket.send(line)
                sent += taken
            except BlockingIOError:
                pauses += 1
                self.assertEqual(self.witness.echo(b"still here"), b"still here")
        self.assertEqual(pauses, 100, "the server has stopped reading from it")
        client.socket.settimeout(BOUND)
        client.socket.shutdown(socket.SHUT_WR)
        # The system may have taken a part of the last line only; the server ends it with a LF.
        self.assertEqual(len(client.rest()), sent + (0 if taken == len(line) else 1))

    def test_two_hundred_clients_get_their_own_lines_and_nothing_else(self) -> None:
        clients = [self.client() for _ in range(200)]
        for number, client in enumerate(clients):
            client.send(b"I am number %d\n" % number)
        for number, client in enumerate(clients):
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(client.rest(), b"I am number %d\n" % number)

    def test_a_hundred_clients_reset_in_the_middle_of_a_line(self) -> None:
        clients = [self.client() for _ in range(100)]
        for client in clients:
            client.send(b"x" * 5000 + b"\nhalf a li")
            client.reset()

    def test_a_hundred_clients_that_do_not_wait_for_their_answers(self) -> None:
        for _ in range(100):
            client = self.client()
            client.send(b"a line and a line\n" * 1000)
            client.close()

    def test_descriptors_are_back_to_the_start_when_the_clients_have_left(self) -> None:
        if not Path("/proc/self/fd").exists():
            self.skipTest("there is no /proc here")
        before = self.descriptors()
        for _ in range(50):
            client = self.client()
            client.send(b"/quit\n")
            self.assertEqual(client.rest(), b"")
        self.assertEqual(self.descriptors(), before)

    def test_who_comes_when_no_descriptor_is_left_is_told(self) -> None:
        self.stop()
        self.start(descriptors=16)
        served = []
        while (client := self.client()).echo(b"hello") == b"hello":
            served.append(client)
            self.assertLess(len(served), 16)
        self.assertEqual(self.client().rest(), b"error: the server is full\n")
        served[0].send(b"/quit\n")
        self.assertEqual(served[0].rest(), b"")

    def test_a_pause_of_the_whole_process(self) -> None:
        client = self.client()
        self.server.send_signal(signal.SIGSTOP)
        client.send(b"sent while nobody listens\n")
        self.server.send_signal(signal.SIGCONT)
        self.assertEqual(client.line(), b"sent while nobody listens\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Attacks the bare servers.")
    parser.add_argument("--build", type=Path, required=True, help="the build tree")
    ManyClients.examples = parser.parse_args().build.resolve() / "examples" / "00-sockets"
    unittest.main(argv=sys.argv[:1])
