#!/usr/bin/env python3
"""The bug zoo: puts bugs into right servers and clients, starts them, and has the checker find them.

    python3 tests/zoo/zoo.py --build build list
    python3 tests/zoo/zoo.py --build build start NAME PORT
    python3 tests/zoo/zoo.py --build build test [NAME...]     each bug by its own check
    python3 tests/zoo/zoo.py --build build whole [NAME...]    by all: does another fail for itself?
    python3 tests/zoo/zoo.py --build build tenth SEED         the same for a tenth of them, chosen by the seed

A bug is a file `bugs/NAME.bug`:

    # What the bug is, in a sentence.
    server echo.c               which server it is put into; or: client client.c
    milestone 1                 the checker's --milestone
    dialect lines               and its --dialect
    caught wire.two_in_one      the check that must fail
    cause read_taken_for_message  and the cause that it must name
    flags -fsanitize=address    more for the compiler; may be left out
    ---- instead of
    lines of the program, as they stand there
    ---- stands
    lines that replace them

There may be several replacements. A line `fails CHECK CAUSE` names what a bug breaks besides: a socket that
blocks does so in recv and in send. Other checks may fail too; then the report says of each that it
has the same cause, that it may be a consequence, or that only the outcome is known.

A file `habits/NAME.bug` is no bug, but a way in which a right server may differ from the one it is put
into. Instead of `caught` and `cause` it has a line `fails` for each check that must fail, mostly none. Everything else must pass.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator

ZOO = Path(__file__).parent.resolve()
# By which a habit is tested where a bug is tested by its own check.
BASIC_CHECKS = "echo,users,channels"
# The checker limits what a program sees and may use; the system's interpreter needs least.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
# What the checker says if it knows only that something did not come. Whatever the bug broke may come so.
ACCUSES_OF_NOTHING = ("no_answer", "answered_otherwise", "unsure", "refusal_missing", "answer_incomplete", "cut_off",
                      "out_of_time", "reads_unready", "exited")
COMPILERS = {".c": ["cc", "-g", "-w", "-pthread"], ".cpp": ["c++", "-std=c++20", "-g", "-w"]}


@dataclass
class Bug:
    """One bug file, read."""

    name: str
    about: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    replacements: list[tuple[str, str]] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)  # besides, and for which cause

    @classmethod
    def read(cls, path: Path) -> "Bug":
        head, *parts = path.read_text(encoding="utf-8").split("---- instead of\n")
        bug = cls(path.stem)
        for line in head.splitlines():
            if line.startswith("#"):
                bug.about += (" " if bug.about else "") + line[1:].strip()
            elif line.strip():
                key, _, value = line.partition(" ")
                if key == "fails":
                    check, cause = value.split()
                    bug.fails[check] = cause
                else:
                    bug.fields[key] = value.strip()
        for part in parts:
            old, new = part.split("---- stands\n")
            bug.replacements.append((old.strip("\n"), new.strip("\n")))
        return bug

    @property
    def is_bug(self) -> bool:
        """Whether a check must catch it. Otherwise it is a habit."""
        return "caught" in self.fields

    @property
    def program(self) -> Path:
        """The right server or client that it is put into."""
        return ZOO / "clients" / self.fields["client"] if "client" in self.fields else ZOO / "servers" / self.fields["server"]

    def source(self) -> str:
        """The program with the bug in it."""
        text = self.program.read_text(encoding="utf-8")
        for old, new in self.replacements:
            if text.count(old) != 1:
                sys.exit(f"{self.name}.bug: stands {text.count(old)} times in its program:\n{old}")
            text = text.replace(old, new)
        return text

    def build(self, folder: Path) -> list[str]:
        """Writes and compiles it. Returns the command that starts it, but for its arguments."""
        source = folder / (self.name + self.program.suffix)
        source.write_text(self.source(), encoding="utf-8")
        return compiled(source, self.fields.get("flags", "").split())


def compiled(source: Path, flags: list[str]) -> list[str]:
    if source.suffix == ".py":
        return [PYTHON, str(source)]
    program = source.with_suffix("")
    subprocess.run([*COMPILERS[source.suffix], *flags, "-o", str(program), str(source)], check=True)
    return [str(program)]


def read_all(folder: str) -> list[Bug]:
    return [Bug.read(path) for path in sorted((ZOO / folder).glob("*.bug"))]


def bugs() -> list[Bug]:
    return read_all("bugs")


def entries() -> list[Bug]:
    """The bugs, and the habits that are none."""
    return bugs() + read_all("habits")


def checked(build: Path, command: list[str], fields: dict[str, str], *options: str) -> dict:
    """The checker's JSON report of a server, or of a client if the fields say so."""
    checker = build / "tools" / "jalon-check"
    dialect = fields["dialect"]
    client = "client" in fields
    run = subprocess.run(
        [checker, "--milestone", fields["milestone"], "--dialect", dialect, "--report", "json",
         *(() if "--timeout" in options else ("--timeout", "1")), *(("--client",) if client else ()), *options,
         "--", *command, *(("{host}",) if client else ()), "{port}"],
        capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"the checker could not run: {run.stderr}")
    return json.loads(run.stdout)


def problems_of(bug: Bug, report: dict) -> list[str]:
    """What is not as the bug's file says."""
    if not bug.is_bug:
        return problems_of_habit(bug, report)
    results = {one["check"]: one for one in report["results"]}
    due = results[bug.fields["caught"]]
    if due["outcome"] != "failed":
        return [f"{due['check']} did not fail, it {due['outcome']}"]
    found = []
    if due["cause"]["id"] != bug.fields["cause"]:
        found.append(f"{due['check']} named {due['cause']['id']}, due was {bug.fields['cause']}")
    for one in results.values():
        cause = root_of(one, results)["cause"]["id"]
        allowed = {bug.fields["cause"], bug.fails.get(one["check"]), *ACCUSES_OF_NOTHING}
        if one["outcome"] == "failed" and cause not in allowed:
            found.append(f"{one['check']} failed too, and named {one['cause']['id']}")
    return found


def problems_of_habit(habit: Bug, report: dict) -> list[str]:
    """What failed for another reason than the habit's file says; and what it says, and did not fail."""
    results = {one["check"]: one for one in report["results"]}
    found = [f"{check} did not fail" for check in habit.fails if results[check]["outcome"] != "failed"]
    for one in results.values():
        if one["outcome"] == "failed" and one["cause"]["id"] != habit.fails.get(one["check"]):
            found.append(f"{one['check']} failed: due {one['due_text']}; came {one['came_text']}; {one['cause_text']}")
    return found


def root_of(one: dict, results: dict[str, dict]) -> dict:
    """The failure that this one follows from, by the report; itself if it follows from none."""
    while behind := one["follows_from"] or one["may_follow_from"]:
        one = results[behind]
    return one


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users can enter: the checker runs a program as one if it is root."""
    with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test(build: Path, names: list[str], whole: bool) -> int:
    """The table bug, check, cause; and what is not so."""
    outcome = 0
    with open_folder() as directory:

        def problems(bug: Bug) -> list[str]:
            folder = directory / bug.name
            folder.mkdir()
            options = [] if bug.is_bug else ["--timeout", "5"]
            options += [] if whole else ["--only", bug.fields.get("caught", BASIC_CHECKS)]
            return problems_of(bug, checked(build, bug.build(folder), bug.fields, *options))

        chosen = [bug for bug in entries() if not names or bug.name in names]
        for bug, found in zip(chosen, side_by_side(problems, chosen)):
            print(f"{bug.name:24} {bug.fields.get('caught', '-'):28} {bug.fields.get('cause', 'none: a habit'):28} "
                  f"{'ok' if not found else 'NOT SO'}", flush=True)
            for problem in found:
                outcome = 1
                print(f"    {problem}", flush=True)
    return outcome


def side_by_side(call: Callable[[Any], Any], values: list) -> Iterator[Any]:
    """What the call gives for each, in their order. Checks wait more than they work: two at a time."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(call, values)


def tenth(seed: str) -> list[str]:
    """A tenth of the bugs. Another seed, say the hash of another commit, chooses others."""
    names = sorted((bug.name for bug in entries()), key=lambda name: hashlib.sha256((seed + name).encode()).digest())
    chosen = names[: len(names) // 10]
    print(f"{len(chosen)} of {len(names)} bugs and habits, chosen by {seed}", flush=True)
    return chosen


def start(name: str, port: str) -> None:
    with open_folder() as folder:
        bug = Bug.read(ZOO / "bugs" / f"{name}.bug")
        host = ["127.0.0.1"] if "client" in bug.fields else []
        try:
            subprocess.run([*bug.build(folder), *host, port], check=False)
        except KeyboardInterrupt:
            pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ZOO.parent.parent / "build")
    parser.add_argument("what", choices=("list", "start", "test", "whole", "tenth"))
    parser.add_argument("names", nargs="*")
    said = parser.parse_args()
    if said.what == "list":
        for bug in bugs():
            print(f"{bug.name:24} {bug.program.name:16} {bug.about}")
        return 0
    if said.what == "start":
        if len(said.names) != 2:
            parser.error("start takes the name of a bug, and a port")
        start(*said.names)
        return 0
    if said.what == "tenth":
        if len(said.names) != 1:
            parser.error("tenth takes a seed")
        return test(said.build, tenth(said.names[0]), whole=True)
    return test(said.build, said.names, said.what == "whole")


if __name__ == "__main__":
    sys.exit(main())
