#!/usr/bin/env python3
"""The checker as its users see it: statuses, reports, and programs that mean it no good.

    python3 tests/zoo/checker_test.py --build build
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from zoo import PYTHON, ZOO, Bug, compiled

# Each takes a port, and does what no server should.
HOSTILE = {
    "forks": "import os, time\nos.fork() or (os.setsid(), os.fork() and os._exit(0))\ntime.sleep(1000)",
    "ignores SIGTERM": "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(1000)",
    "fills its output": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    "eats memory": "kept = []\nwhile True: kept.append(bytearray(50_000_000))",
    "binds another port": "import socket, time\ns = socket.create_server(('127.0.0.1', 0))\ntime.sleep(1000)",
    "deletes its folder": "import os, time\nos.rmdir(os.getcwd())\ntime.sleep(1000)",
}


class Checker(unittest.TestCase):
    build = Path()

    def run_checker(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        checker = str(self.build / "tools" / "jalon-check")
        return subprocess.run([checker, *arguments], capture_output=True, text=True, timeout=300)

    def server(self, milestone: str) -> str:
        return str(self.build / "examples" / milestone / "server")

    def test_our_own_servers_pass_everything(self) -> None:
        for number, milestone in enumerate(("01-echo", "02-users", "03-channels", "04-files"), 1):
            with self.subTest(milestone):
                run = self.run_checker("--milestone", str(number), "--timeout", "5", "--",
                                       self.server(milestone), "{port}")
                self.assertEqual(run.returncode, 0, run.stdout)

    def test_our_own_clients_pass_everything(self) -> None:
        for number, milestone in (("1", "00-sockets"), ("1", "01-echo"), ("2", "02-users"), ("3", "03-channels"),
                                  ("4", "04-files")):
            with self.subTest(milestone):
                client = str(self.build / "examples" / milestone / "client")
                run = self.run_checker("--client", "--milestone", number, "--timeout", "5",
                                       "--", client, "{host}", "{port}")
                self.assertEqual(run.returncode, 0, run.stdout)

    def test_at_least_sixty_checks_are_listed_each_with_its_text(self) -> None:
        for program in ((), ("--client",)):
            lines = self.run_checker("--list", *program).stdout.splitlines()
            self.assertGreaterEqual(len(lines), 60)
            self.assertFalse([line for line in lines if "<" in line])

    def test_the_page_lists_the_checks_that_there_are(self) -> None:
        docs = Path(__file__).parents[2] / "docs"
        for page, program in (("checks.txt", ()), ("client-checks.txt", ("--client",))):
            self.assertEqual(self.run_checker("--list", *program).stdout, (docs / page).read_text(encoding="utf-8"))

    def test_the_failure_on_the_page_is_as_the_checker_tells_it(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            bug = Bug.read(ZOO / "bugs" / "one_read_one_message.bug")
            run = self.run_checker("--milestone", "1", "--only", bug.fields["caught"], "--timeout", "1",
                                   "--", *bug.build(Path(directory)), "{port}")
        page = Path(__file__).parents[2] / "docs" / "failure.txt"
        shown = page.read_text(encoding="utf-8")
        self.assertIn(self.without_figures(shown), self.without_figures(run.stdout))

    def test_the_same_seed_gives_the_same_causes(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            bug = Bug.read(ZOO / "bugs" / "course_short_header.bug")
            command = bug.build(Path(directory))
            only = "echo.again,wire.two_in_one,wire.every_cut,users.whois_nobody"
            runs = [self.run_checker("--milestone", "2", "--dialect", "struct", "--seed", "7", "--timeout", "2",
                                     "--only", only, "--report", "json", "--", *command, "{port}") for _ in range(2)]
        named = [[(one["check"], one["outcome"], one.get("cause", {}).get("id"), one["follows_from"])
                  for one in json.loads(run.stdout)["results"]] for run in runs]
        self.assertEqual(*named)
        self.assertIn("short_header", [cause for _, _, cause, _ in named[0]])

    @staticmethod
    def without_figures(report: str) -> str:
        """A report without what differs from run to run: times, and what the system measures."""
        return re.sub(r" *\d+\.\d+ s  |\d+ % of a core|\d+ KiB", "#", report)

    def test_a_failure_is_status_1_and_names_its_cause_in_every_report(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            files = {kind: Path(directory, kind) for kind in ("text", "json", "junit", "gradescope", "html")}
            reports = ",".join(f"{kind}={path}" for kind, path in files.items())
            run = self.run_checker("--milestone", "1", "--only", "echo.listens", "--report", reports,
                                   "--", "/bin/sh", "-c", "echo no such luck; exit 3")
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertIn("no such luck", files["text"].read_text())
            self.assertEqual(json.loads(files["json"].read_text())["results"][0]["cause"]["id"], "exited")
            suite = xml.etree.ElementTree.parse(files["junit"]).getroot()
            self.assertEqual(suite.get("failures"), "1")
            self.assertEqual(json.loads(files["gradescope"].read_text())["tests"][0]["score"], 0)
            self.assertIn("<svg", files["html"].read_text())

    def test_a_server_that_dies_of_its_table_is_not_judged_with_few_descriptors(self) -> None:
        source = Bug.read(ZOO / "bugs" / "keyboard_polled.bug").source()
        # poll(2) refuses its table. On a busy machine it may have listened for a while before, and its end
        # may come a while after its sockets are closed.
        late = source
        for before, after in (("  for (;;) {\n    nfds_t used", "  usleep(300000);\n  for (;;) {\n    nfds_t used"),
                              ("      return 1;", "      close(listener);\n      usleep(200000);\n      return 1;")):
            self.assertEqual(late.count(before), 1)
            late = late.replace(before, after)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "late.c")
            path.write_text(late, encoding="utf-8")
            run = self.run_checker("--milestone", "1", "--dialect", "lines", "--only", "process.descriptors_out",
                                   "--timeout", "5", "--report", "json", "--", *compiled(path, []), "{port}")
        self.assertEqual([one["outcome"] for one in json.loads(run.stdout)["results"]], ["not_judged"])

    def test_what_could_not_run_is_status_2(self) -> None:
        for wrong in (["--milestone", "9"], ["--only", "nothing"], ["--dialect", "no-such-file", "--", "x"],
                      ["--report", "poem", "--", "x"], []):
            with self.subTest(wrong):
                self.assertEqual(self.run_checker(*wrong).returncode, 2)

    def test_a_program_that_means_harm_neither_harms_nor_outlives_the_checker(self) -> None:
        for name, source in HOSTILE.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as directory:
                program = Path(directory, "hostile.py")
                program.write_text(source, encoding="utf-8")
                run = self.run_checker("--milestone", "1", "--only", "echo.listens", "--timeout", "0.5",
                                       "--", PYTHON, str(program), "{port}")
                self.assertEqual(run.returncode, 1, run.stderr)
                left = subprocess.run(["pgrep", "-f", str(program)], capture_output=True, text=True)
                self.assertEqual(left.stdout, "", "it left a process behind")

    def attacked(self, name: str, *before: str) -> "tuple[dict, str]":
        """The JSON report of a hostile program, and its last words. `before` starts the checker."""
        with tempfile.TemporaryDirectory() as directory:
            Path(directory).chmod(0o755)  # another user runs the program and the checker
            program = Path(directory, name)
            subprocess.run(["cc", str(ZOO / "hostile" / f"{name}.c"), "-o", str(program)], check=True)
            checker = shutil.copy(self.build / "tools" / "jalon-check", directory)
            run = subprocess.run([*before, checker, "--milestone", "1", "--only", "echo.comes_back", "--timeout", "1",
                                  "--report", "json", "--", str(program), "{port}"],
                                 capture_output=True, text=True, timeout=300)
        self.assertEqual(run.returncode, 1, run.stderr)
        report = json.loads(run.stdout)
        return report, report["results"][0]["evidence"]["last_words"]

    def each_user(self) -> "list[list[str]]":
        other = ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"]
        return [[], other] if os.geteuid() == 0 else [[]]

    def test_a_program_cannot_write_its_own_marks(self) -> None:
        for before in self.each_user():
            with self.subTest(before):
                report, words = self.attacked("writes_marks", *before)
                self.assertEqual(report["points"], 0)
                self.assertIn("TRIED ALL", words)
                if not report["not_isolated"]:
                    self.assertNotIn("REACHED", words)

    def test_a_program_that_kills_all_ends_only_itself(self) -> None:
        for before in self.each_user():
            with self.subTest(before):
                # A process of the same user that has nothing to do with the checker.
                with subprocess.Popen([*before, "sleep", "1000"]) as neighbour:
                    try:
                        report, _ = self.attacked("kills_all", *before)
                        self.assertTrue(neighbour.poll() is None or report["not_isolated"])
                    finally:
                        neighbour.kill()

    def test_a_program_that_forks_without_end_is_stopped_by_a_limit(self) -> None:
        for before in self.each_user():
            with self.subTest(before):
                report, words = self.attacked("forks_without_end", *before)
                if not report["not_isolated"]:
                    self.assertIn("LIMIT 1024 as ", words)
                    self.assertNotIn("as 0\n", words)  # whom the limit does not bind

    @unittest.skipIf(os.geteuid() != 0, "needs a namespace in which root has no other user")
    def test_a_run_that_could_not_be_isolated_says_so(self) -> None:
        report, _ = self.attacked("forks_without_end", "unshare", "--user", "--map-root-user")
        self.assertIn("root", report["not_isolated"])

    def test_a_class_is_graded_by_one_line(self) -> None:
        echo = (ZOO / "servers" / "echo.c").read_text(encoding="utf-8")
        deaf = "int main(void) { return 3; }\n"
        with tempfile.TemporaryDirectory() as directory:
            Path(directory).chmod(0o755)  # where the checker is root, the programs run as another user
            teams, results = Path(directory, "teams"), Path(directory, "results")
            for team, source in (("a right one", echo), ("b, \"ends\"", deaf), ("c-broken", "int main(")):
                Path(teams, team).mkdir(parents=True)
                Path(teams, team, "server.c").write_text(source, encoding="utf-8")
            run = self.run_checker("--milestone", "1", "--only", "echo.listens,echo.comes_back", "--timeout", "5",
                                   "--batch", str(teams), "--results", str(results),
                                   "--build", "(sleep 1000 &); cc server.c -o server",
                                   "--", "./server", "{port}")
            self.assertEqual(run.returncode, 1, run.stderr)
            with Path(results, "table.csv").open(newline="", encoding="utf-8") as table:
                rows = {row["program"]: row for row in csv.DictReader(table)}
            self.assertEqual([rows["a right one"][key] for key in ("outcome", "failed")], ["graded", "0"])
            self.assertEqual(rows["b, \"ends\""]["outcome"], "graded")
            self.assertIn("3", rows["b, \"ends\""]["the first cause"])
            self.assertEqual(rows["c-broken"]["outcome"], "could not be built", run.stderr)
            page = Path(results, "table.html").read_text(encoding="utf-8")
            self.assertIn('href="a%20right%20one.html"', page)
            self.assertTrue(Path(results, "a right one.html").exists())
            self.assertIn("error", Path(results, "c-broken.log").read_text(encoding="utf-8"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    known, rest = parser.parse_known_args()
    Checker.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
