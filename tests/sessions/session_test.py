#!/usr/bin/env python3
"""Sessions that must fail: each tells one untruth of the echo server, and the runner must see it.

    python3 tests/sessions/session_test.py --build build
"""

import argparse
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RUNNER = Path(__file__).with_name("session.py")

SOUND = """\
server 00-sockets/many_clients
client alice
alice| Connecting to 127.0.0.1:8080 ... done!
raw ann
"""


class Untruths(unittest.TestCase):
    build = Path()

    def story_of(self, steps: str, due_status: int = 1, bound: int = 20) -> str:
        """What the runner tells of a session with these steps, when it ends with the status due.

        The bound is in seconds; only what comes out when it is over has a short one.
        """
        with tempfile.TemporaryDirectory() as directory:
            script = Path(directory, "told.session")
            script.write_text(SOUND + steps, encoding="utf-8")
            command = [sys.executable, RUNNER, "--build", self.build, "--bound", str(bound), script]
            run = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(run.returncode, due_status, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def test_the_truth_is_accepted(self) -> None:
        self.story_of("alice> hello\nalice| hello\nalice.\nalice= 0\n", due_status=0)

    def test_a_wrong_line_is_told_with_what_came(self) -> None:
        story = self.story_of("alice> hello\nalice| hullo\n")
        self.assertIn("due:  alice| hullo\ncame: hello\n", story)
        self.assertIn("   5  alice> hello\n   6  alice| hullo\n", story)
        self.assertIn("server said: listening on 127.0.0.1:", story)

    def test_a_line_that_nobody_expects_is_seen_before_the_next(self) -> None:
        story = self.story_of("alice> one\nalice> two\nalice| two\n")
        self.assertIn("due:  alice| two\ncame: one\n", story)

    def test_a_line_that_nobody_expects_is_seen_when_its_reader_ends(self) -> None:
        story = self.story_of("alice> hello\nalice.\nalice= 0\n")
        self.assertIn("due:  nothing more for alice\ncame: hello\n", story)

    def test_a_line_that_nobody_expects_is_seen_when_the_connection_ends(self) -> None:
        story = self.story_of("ann> hello\nann.\nann!\n")
        self.assertIn("due:  nothing more for ann\ncame: hello\n", story)

    def test_a_line_that_nobody_expects_is_seen_at_the_end(self) -> None:
        story = self.story_of("ann> hello\nraw bob\nbob> after ann\nbob| after ann\n")
        self.assertIn("due:  nothing more for ann\ncame: hello\n", story)

    def test_a_line_that_does_not_come_is_waited_for_no_longer_than_the_bound(self) -> None:
        self.assertIn("came: no whole line.", self.story_of("alice| hello\n", bound=3))

    def test_a_wrong_status_is_seen(self) -> None:
        self.assertIn("due:  alice= 1\ncame: 0\n", self.story_of("alice.\nalice= 1\n"))

    def test_a_program_that_goes_on_is_seen(self) -> None:
        self.assertIn("due:  alice ends\n", self.story_of("alice= 0\n", bound=3))

    def test_a_connection_that_stays_open_is_seen(self) -> None:
        story = self.story_of("ann!\n", bound=3)
        self.assertIn("due:  the server closes the connection of ann\n", story)

    def test_files_that_differ_are_seen(self) -> None:
        self.story_of("file a 1000\nfile b 1000\nsame a a\n", due_status=0)
        self.assertIn("came: they differ\n", self.story_of("file a 1000\nfile b 1000\nsame a b\n"))

    def test_a_line_that_is_no_step_is_the_authors_mistake(self) -> None:
        self.assertIn("told.session:5: no step of a session", self.story_of("alice says hello\n"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Checks that tests/sessions/session.py can fail.")
    parser.add_argument("--build", type=Path, required=True, help="the build tree")
    Untruths.build = parser.parse_args().build
    unittest.main(argv=sys.argv[:1])
