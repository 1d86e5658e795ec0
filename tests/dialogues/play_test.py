#!/usr/bin/env python3
"""The player of dialogues: our own servers pass, a right one in another language too, and a wrong one does not.

    python3 tests/dialogues/play_test.py --build build
"""

import argparse
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHAT = ROOT / "tests" / "zoo" / "servers" / "chat.py"


class Player(unittest.TestCase):
    build = Path()

    def play(self, milestone: int, *command: str) -> "subprocess.CompletedProcess[str]":
        player = str(ROOT / "tests" / "dialogues" / "play.py")
        return subprocess.run([sys.executable, player, str(milestone), "--", *command, "{port}"],
                              capture_output=True, text=True, timeout=300)

    def test_our_own_servers_pass_all_of_their_milestones(self) -> None:
        for number, name in enumerate(("01-echo", "02-users", "03-channels", "04-files"), 1):
            with self.subTest(name):
                run = self.play(number, str(self.build / "examples" / name / "server"))
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_a_server_in_another_language_passes_though_it_writes_json_otherwise(self) -> None:
        run = self.play(2, sys.executable, str(CHAT))
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_a_server_that_answers_wrongly_fails_and_the_line_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            wrong = Path(directory, "wrong.py")
            wrong.write_text(CHAT.read_text(encoding="utf-8").replace('"type": "pong"', '"type": "ping"'), encoding="utf-8")
            run = self.play(2, sys.executable, str(wrong))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn('FAILED  users_ping\n    line 6: alice < {"type":"pong"', run.stdout)

    def test_a_server_that_does_not_listen_is_status_2(self) -> None:
        self.assertEqual(self.play(2, "/bin/false").returncode, 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    known, rest = parser.parse_known_args()
    Player.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
