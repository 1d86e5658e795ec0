#!/usr/bin/env python3
"""The recipe with a datagram socket and timers on one loop: examples/recipes/heartbeat.cpp.

    heartbeat_test.py --build BUILD

Each step waits for a line of the program; no time is asserted.
"""

import argparse
import select
import subprocess
import sys
import unittest
from pathlib import Path

PATIENCE = 20  # seconds that anything may take


class Heartbeat(unittest.TestCase):
    build: Path

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [self.build / "examples/recipes/heartbeat", *arguments]
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        return program

    def next_line(self, program: "subprocess.Popen[str]") -> str:
        assert program.stdout
        ready, _, _ = select.select([program.stdout], [], [], PATIENCE)
        self.assertTrue(ready, "the program says nothing")
        return program.stdout.readline().strip()

    def address(self, program: "subprocess.Popen[str]") -> str:
        line = self.next_line(program)
        self.assertRegex(line, r"^listening on 127\.0\.0\.1:\d+$")
        return line.rpartition(" ")[2]

    def test_each_tells_that_the_other_is_there_and_then_gone(self) -> None:
        first = self.start("0")
        at = self.address(first)
        second = self.start("0", at)
        self.address(second)
        self.assertEqual(self.next_line(first), "the peer is there")
        self.assertEqual(self.next_line(second), "the peer is there")
        second.kill()
        self.assertEqual(self.next_line(first), "the peer is gone")

    def test_wrong_arguments_are_one_line_and_status_1(self) -> None:
        for arguments in [], ["80x"], ["0", "nowhere"], ["0", "127.0.0.1:1", "2"]:
            with self.subTest(arguments=arguments):
                output, errors = self.start(*arguments).communicate(timeout=PATIENCE)
                self.assertEqual((output, errors), ("", "usage: heartbeat PORT [PEER]\n"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    options, rest = parser.parse_known_args()
    Heartbeat.build = options.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
