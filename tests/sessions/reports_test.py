#!/usr/bin/env python3
"""The checker's reports and batches, where the graded programs and their builds mean harm.

    python3 tests/sessions/reports_test.py --build build
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PATIENCE = 120
# C0, DEL, C1, and what changes the direction or the line of a text.
DECEPTIVE = [chr(c) for c in (*range(1, 32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F),
                              *range(0x2066, 0x206A))]
LAYOUT = "\n\r"  # what a report itself is made of


def raw_in(shown: bytes) -> "list[str]":
    """The deceptive characters in a text that must be UTF-8."""
    text = shown.decode()
    return [f"U+{ord(c):04X}" for c in DECEPTIVE if c not in LAYOUT and c in text]


class Reports(unittest.TestCase):
    build = Path()

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.directory.chmod(0o755)  # where the checker is root, the programs run as another user

    def run_checker(self, *arguments: str, **options: object) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run([self.build / "tools" / "jalon-check", "--timeout", "1", *arguments],
                              capture_output=True, timeout=PATIENCE, check=False, **options)  # type: ignore

    def batch(self, *arguments: str) -> "tuple[subprocess.CompletedProcess[bytes], dict[str, dict[str, str]]]":
        run = self.run_checker("--milestone", "1", "--only", "echo.listens", "--batch", str(self.directory / "teams"),
                               "--results", str(self.directory / "results"), *arguments)
        with Path(self.directory, "results", "table.csv").open(newline="", encoding="utf-8") as table:
            return run, {row["program"]: row for row in csv.DictReader(table)}

    def team(self, name: str, **files: str) -> Path:
        folder = self.directory / "teams" / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_text(content, encoding="utf-8")
        return folder

    def test_no_report_passes_on_what_a_program_says_to_the_terminal(self) -> None:
        words = self.directory / "words"
        words.write_bytes(b"\x9b\xff" + "".join(DECEPTIVE).replace("\n", "").encode())  # long texts are shortened
        files = {kind: self.directory / kind for kind in ("text", "json", "junit", "gradescope", "html")}
        reports = ",".join(f"{kind}={path}" for kind, path in files.items())
        for program in (f"cat {words} {words} >&2; exit 3",
                        f"exec python3 -c \"import socket; s = socket.create_server(('127.0.0.1', $0)); "
                        f"[c[0].sendall(open('{words}', 'rb').read() + b'\\n') for c in iter(s.accept, 0)]\""):
            run = self.run_checker("--milestone", "1", "--only", "echo.listens,echo.comes_back", "--report", reports,
                                   "--", "/bin/sh", "-c", program, "{port}")
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertEqual(raw_in(run.stdout + run.stderr), [])
            for kind, path in files.items():
                with self.subTest(kind):
                    shown = path.read_bytes()
                    self.assertIn(b"9b", shown)  # it is told in another form
                    self.assertEqual(raw_in(shown), [])

    def test_a_batch_passes_nothing_on_from_names_and_builds(self) -> None:
        self.team("b" + "".join(c for c in DECEPTIVE if c not in "\n"), say="".join(DECEPTIVE))
        self.team("=cmd|x", say="".join(DECEPTIVE))
        run, rows = self.batch("--build", "cat say; exit 1", "--", "./server", "{port}")
        self.assertEqual(raw_in(run.stdout + run.stderr), [])
        self.assertIn("'=cmd|x", rows)
        for file in Path(self.directory, "results").iterdir():
            self.assertEqual(raw_in(file.read_bytes()), [], file)
            self.assertEqual(raw_in(str(file).encode()), [])

    def test_folders_whose_names_differ_in_case_have_reports_of_their_own(self) -> None:
        for name in ("table", "Table", "one", "ONE"):
            self.team(name, file=name)
        self.batch("--", "/bin/sh", "-c", "exit 3")
        results = [path.name.lower() for path in Path(self.directory, "results").iterdir()]
        self.assertEqual(len(results), 4 * 3 + 2)
        self.assertEqual(len(set(results)), len(results), "two names differ in case only")

    def test_a_build_cannot_change_the_folder_or_the_result_of_another_team(self) -> None:
        victim = self.team("a", program="exit 3")
        attack = ("echo 'exit 0' > ../a/program; ln -s x ../a/link; mkdir ../c; mv program ../a/; "
                  f"echo 100 > {self.directory}/results/table.csv; echo x > /dev/null && touch built $TMPDIR/x; "
                  "rm -r ../a")
        self.team("b", program="exit 4", attack=attack)
        run, rows = self.batch("--build", "test ! -e attack || sh ./attack; true", "--", "/bin/sh", "./program")
        if b"no Landlock" in run.stderr:
            self.skipTest("this system has no Landlock")
        self.assertEqual([path.name for path in victim.iterdir()], ["program"])
        self.assertEqual((victim / "program").read_text(), "exit 3")
        self.assertIn("3", rows["a"]["the first cause"])
        self.assertIn("4", rows["b"]["the first cause"])
        self.assertEqual(sorted(os.listdir(self.directory / "teams")), ["a", "b"])
        self.assertTrue((self.directory / "teams" / "b" / "built").exists(), "its own folder is not its own")
        data = json.loads((self.directory / "results" / "b.json").read_text())
        self.assertEqual(data["failed"], 1)

    def test_a_dialect_of_a_team_does_not_shrink_what_is_possible(self) -> None:
        self.echo_server(self.directory / "teams" / "a")
        (self.directory / "teams" / "a" / "dialect.json").write_text('{"extends": "lines"}')
        (self.directory / "rubric").write_text('{"weights": {}, "may_leave_out": ["users.who"]}')
        for allowed, possible, failed in (([], 3, 2), (["users.freed_close"], 2, 1)):
            (self.directory / "rubric").write_text(json.dumps({"weights": {}, "may_leave_out": allowed}))
            self.run_checker("--milestone", "2", "--only", "echo.listens,users.freed_close,users.msgall_self",
                             "--batch", str(self.directory / "teams"), "--results", str(self.directory / "results"),
                             "--rubric", str(self.directory / "rubric"), "--", "python3", "server.py", "{port}")
            data = json.loads((self.directory / "results" / "a.json").read_text())
            self.assertEqual((data["possible"], data["failed"]), (possible, failed))
            causes = {result["cause"]["id"] for result in data["results"] if result["outcome"] == "failed"}
            self.assertEqual(causes, {"dialect_leaves_out"})

    def check_here(self, folder: Path, *command: str, **options: object) -> "subprocess.CompletedProcess[bytes]":
        return self.run_checker("--milestone", "1", "--only", "echo.comes_back,echo.listens", "--", *command,
                                cwd=folder, **options)

    def echo_server(self, folder: Path) -> None:
        (folder / "parts").mkdir(parents=True)
        (folder / "parts" / "answer.py").write_text(
            "def answer(sock):\n    while got := sock.recv(1000): sock.sendall(got)\n")
        (folder / "port.txt").write_text("port")
        (folder / "server.py").write_text(
            "import socket, sys, threading\nfrom parts.answer import answer\nassert open('port.txt').read() == 'port'\n"
            "open('port.txt', 'w').write('changed')\nopen('left', 'x')\n"
            "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
            "while True: threading.Thread(target=answer, args=(s.accept()[0],)).start()\n")

    def test_a_program_finds_the_files_beside_it_in_a_copy(self) -> None:
        self.echo_server(self.directory / "own")
        run = self.check_here(self.directory / "own", "python3", "server.py", "{port}")
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertEqual((self.directory / "own" / "port.txt").read_text(), "port")
        self.assertFalse((self.directory / "own" / "left").exists())

    def test_a_watched_program_is_checked_again_after_each_change(self) -> None:
        self.echo_server(self.directory)
        server = self.directory / "server.py"
        right = server.read_text()
        server.write_text("raise SystemExit(3)\n")
        with subprocess.Popen([self.build / "tools" / "jalon-check", "--milestone", "1", "--only", "echo.comes_back",
                               "--timeout", "1", "--watch", "--", "python3", "server.py", "{port}"],
                              cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True) as run:
            def wait_for(text: str) -> None:
                self.assertTrue(any(text in line for line in run.stdout or ()), text)
            wait_for("Waiting for a change of server.py")
            (self.directory / "new").write_text(right)
            (self.directory / "new").rename(server)  # as some builds do
            wait_for("NEWLY RIGHT: echo.comes_back")
            wait_for("Waiting for a change of server.py")
            server.write_text("raise SystemExit(3)\n")
            wait_for("NEWLY WRONG: echo.comes_back")
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.wait(PATIENCE), -signal.SIGINT)

    def test_a_command_without_a_file_cannot_be_watched(self) -> None:
        run = self.run_checker("--watch", "--", "true")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (2, 1))

    def test_a_cause_is_explained_and_an_unknown_one_is_an_error(self) -> None:
        self.assertIn(b"The better one", self.run_checker("--explain", "backlog").stdout)
        run = self.run_checker("--explain", "none")
        self.assertEqual((run.returncode, len(run.stderr.splitlines())), (2, 1))

    def test_what_is_too_large_for_the_copy_is_linked_and_named(self) -> None:
        own = self.directory / "own"
        self.echo_server(own)
        (own / "parts" / "large").write_bytes(bytes(9 << 20))
        (own / "many").mkdir()
        for n in range(100):
            (own / "many" / str(n)).touch()
        os.mkfifo(own / "pipe")
        run = self.check_here(own, "python3", "server.py", "{port}")
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertIn(b"Too large for the copy: pipe, many, parts.", run.stderr)
        self.assertEqual((own / "port.txt").read_text(), "port")

    @unittest.skipIf(os.geteuid() != 0, "needs root, who can become another user")
    def test_a_program_that_no_other_user_can_reach_is_graded_but_not_isolated(self) -> None:
        self.echo_server(self.directory / "teams" / "a")
        self.directory.chmod(0o700)
        program = self.directory / "teams" / "a" / "server.py"
        run, rows = self.batch("--", "python3", str(program), "{port}")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(rows["a"]["failed"], "0")
        self.assertIn("NOT ISOLATED", rows["a"]["outcome"])
        self.assertIn(b"NOT ISOLATED", run.stderr)
        self.directory.chmod(0o755)
        run, rows = self.batch("--", "python3", str(program), "{port}")
        self.assertEqual(rows["a"]["outcome"], "graded")

    def test_each_team_of_a_batch_finds_its_own_files(self) -> None:
        for name in ("a", "b"):
            self.echo_server(self.directory / "teams" / name)
        run, rows = self.batch("--", "python3", "server.py", "{port}")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([row["failed"] for row in rows.values()], ["0", "0"])

    def test_a_program_that_is_given_by_its_path_is_found(self) -> None:
        own = self.directory / "own"
        self.echo_server(own)
        (own / "server").write_text("#!/bin/sh\nexec python3 server.py $1\n")
        (own / "server").chmod(0o755)
        self.assertEqual(self.check_here(own, "./server", "{port}").returncode, 0)

    def test_no_temporary_folder_is_left_even_by_a_checker_that_is_killed(self) -> None:
        own, temporary = self.directory / "own", self.directory / "tmp"
        self.echo_server(own)
        temporary.mkdir()
        environment = {**os.environ, "TMPDIR": str(temporary)}
        (own / "slow").write_text("#!/bin/sh\nchmod 0 parts\necho > started-$$\nmv started-$$ $0.started\nexec sleep 1000\n")
        (own / "slow").chmod(0o755)
        own.chmod(0o777)  # it says there that it has started
        temporary.chmod(0o755)
        checker = subprocess.Popen([self.build / "tools" / "jalon-check", "--milestone", "1", "--", "./slow"],
                                   cwd=own, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (own / "slow.started").exists():
            self.assertIsNone(checker.poll())
        checker.kill()
        checker.wait()
        self.assertEqual(len(list(temporary.iterdir())), 1)
        self.assertEqual(self.check_here(own, "python3", "server.py", "{port}", env=environment).returncode, 0)
        self.assertEqual(list(temporary.iterdir()), [])

    def test_probe_survives_a_program_that_ends_at_each_nick(self) -> None:
        program = Path(__file__).resolve().parents[1] / "zoo" / "hostile" / "ends_at_nicks.py"
        ends = self.directory / "ends"
        ends.touch()
        ends.chmod(0o666)  # the program may be another user
        for limit in ("3", "12", "50"):  # a slow machine needs longer to come so far
            run = subprocess.run([self.build / "tools" / "jalon-check", "probe", "--limit", limit, "--output",
                                  self.directory / "found.json", "--", sys.executable, program, "{port}", ends],
                                 capture_output=True, timeout=PATIENCE, check=False)
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertIn(b"0 of ", run.stderr)
            if ends.read_text() != "":
                return
        self.fail("the program has never ended")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    known, rest = parser.parse_known_args()
    Reports.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
