#!/usr/bin/env python3
"""The chat with length-prefixed messages, on each loop: examples/length-chat.

    length_chat_test.py --build BUILD
"""

import argparse
import contextlib
import socket
import struct
import subprocess
import sys
import unittest
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 20  # seconds that anything may take


def message(text: bytes) -> bytes:
    return struct.pack("!I", len(text)) + text


class Client:
    """A client that reads as many bytes as are due."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (piece := self.socket.recv(size - len(data))):
            data += piece
        return data


class LengthChat(unittest.TestCase):
    build: Path

    @contextlib.contextmanager
    def server(self, loop: str) -> Iterator[int]:
        command = [self.build / "examples/length-chat/server", "0", "--loop", loop]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            try:
                assert running.stdout
                yield int(running.stdout.readline().rpartition(":")[2])
            finally:
                running.terminate()

    def loops(self) -> list[str]:
        told = subprocess.check_output([self.build / "examples/length-chat/server", "--help"], text=True)
        return [loop for loop in ("poll", "epoll", "asio") if loop in told]

    def client(self, port: int) -> Client:
        made = Client(port)
        self.addCleanup(made.socket.close)
        return made

    def gets(self, who: Client, *texts: bytes) -> None:
        due = b"".join(message(text) for text in texts)
        self.assertEqual(who.receive(len(due)), due)

    def test_what_one_sends_reaches_all_others_whatever_bytes_it_is_and_however_it_is_cut(self) -> None:
        for loop in self.loops():
            with self.subTest(loop), self.server(loop) as port:
                anna = self.client(port)
                bob = self.client(port)
                self.gets(anna, b"somebody has joined")
                carol = self.client(port)
                for there in (anna, bob):
                    self.gets(there, b"somebody has joined")
                sent = message(b"hello") + message(b"") + message(b"two\nlines, \0 and more") + message(b"x" * 1000)
                for byte in range(30):
                    anna.send(sent[byte : byte + 1])
                anna.send(sent[30:])
                for other in (bob, carol):
                    self.gets(other, b"hello", b"", b"two\nlines, \0 and more", b"x" * 1000)
                carol.socket.close()
                self.gets(bob, b"somebody has left")

    def test_a_wrong_length_is_answered_and_hurts_nobody_else(self) -> None:
        for loop in self.loops():
            with self.subTest(loop), self.server(loop) as port:
                anna = self.client(port)
                mallory = self.client(port)
                self.gets(anna, b"somebody has joined")
                mallory.send(message(b"before") + struct.pack("!I", 0xFFFFFFFF) + b"what follows is lost")
                self.gets(mallory, b"a message has at most 1000 bytes")
                self.assertEqual(mallory.receive(1), b"")
                self.gets(anna, b"before", b"somebody has left")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    given, rest = parser.parse_known_args()
    LengthChat.build = given.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
