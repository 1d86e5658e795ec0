#!/usr/bin/env python3
"""The load of tests/bench gets every delivery, from the chat on each loop and from the limit alike.

    load_test.py --build BUILD

It counts and checks; it asserts no time.
"""

import argparse
import json
import subprocess
import sys
import unittest
from pathlib import Path

BOUND = 60  # seconds that anything may take


class Load(unittest.TestCase):
    build: Path

    def deliveries(self, server: list[str], *arguments: str) -> int:
        """What `load` has counted, and found right, with this server."""
        program = [self.build / server[0], "0", *server[1:]]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            try:
                assert running.stdout
                port = running.stdout.readline().decode().strip().rpartition(":")[2]
                ran = subprocess.run(
                    [self.build / "tests/bench/load", "--port", port]
                    + ["--server-pid", str(running.pid), *arguments],
                    stdout=subprocess.PIPE,
                    timeout=BOUND,
                )
                self.assertEqual(ran.returncode, 0)
                return json.loads(ran.stdout)["deliveries"]
            finally:
                running.terminate()

    def servers(self) -> list[list[str]]:
        return [*self.chats(), ["tests/bench/limit"], ["tests/bench/limit", "poll"]]

    def chats(self) -> list[list[str]]:
        """The chat on each loop that is built in."""
        chat = "examples/03-channels/server"
        told = subprocess.check_output([self.build / chat, "--help"], text=True)
        return [[chat, "--loop", loop] for loop in ("poll", "epoll", "asio") if loop in told]

    def test_everything_that_is_said_in_a_channel_reaches_everybody(self) -> None:
        arguments = "--receivers 10 --senders 3 --window 7 --messages 100 --idle 5".split()
        for server in self.servers():
            with self.subTest(server=server):
                self.assertEqual(self.deliveries(server, *arguments), 10 * 3 * 100)

    def test_everything_that_is_said_to_one_reaches_that_one(self) -> None:
        arguments = "--direct --receivers 2 --senders 4 --window 5 --messages 50".split()
        for server in self.chats():
            with self.subTest(server=server):
                self.assertEqual(self.deliveries(server, *arguments), 4 * 50)

    def test_everything_that_is_said_to_all_reaches_all(self) -> None:
        arguments = "--to-all --receivers 20 --senders 2 --window 5 --messages 50".split()
        for server in self.chats():
            with self.subTest(server=server):
                self.assertEqual(self.deliveries(server, *arguments), 20 * 2 * 50)

    def test_a_load_by_the_clock_reaches_everybody_beside_some_who_do_not_read(self) -> None:
        arguments = "--receivers 3 --messages 20 --rate 1000 --deaf 2".split()
        for server in self.chats():
            with self.subTest(server=server):
                self.assertEqual(self.deliveries(server, *arguments), 3 * 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    options, rest = parser.parse_known_args()
    Load.build = options.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
