#!/usr/bin/env python3
"""The zoo: every right server and client passes everything, and every bug is caught, with its cause.

    python3 tests/zoo/zoo_test.py --build build
"""

import argparse
import subprocess
import sys
from pathlib import Path

import zoo

RIGHT = (
    {"server": "echo.c", "milestone": "1", "dialect": "lines"},
    {"server": "echo.cpp", "milestone": "1", "dialect": "lines"},
    {"server": "echo.py", "milestone": "1", "dialect": "lines"},
    {"server": "course.c", "milestone": "4", "dialect": "struct"},
    {"server": "chat.py", "milestone": "2", "dialect": "jsonl"},
    {"client": "client.c", "milestone": "1", "dialect": "lines"},
    {"client": "client.py", "milestone": "2", "dialect": "jsonl"},
    {"client": "course_client.c", "milestone": "4", "dialect": "struct"},
)
NEWEST = ("dialects/struct2026_server.bug", "dialects/struct2026_client.bug")


def tell_failures(report: dict) -> int:
    """Says what failed, and how. Returns 1 if anything did."""
    failures = [one for one in report["results"] if one["outcome"] == "failed"]
    for one in failures:
        print(f"    {one['check']}: due {one['due_text']}; came {one['came_text']}; {one['cause_text']}", flush=True)
    return int(bool(failures))


def report_of_right(build: Path, program: zoo.Bug) -> dict:
    with zoo.open_folder() as directory:
        return zoo.checked(build, program.build(directory), program.fields, "--timeout", "5")


def right_programs_pass(build: Path) -> int:
    outcome = 0
    programs = [zoo.Bug("right", fields=fields) for fields in RIGHT]
    programs += [zoo.Bug.read(zoo.ZOO / name) for name in NEWEST]
    reports = zoo.side_by_side(lambda one: report_of_right(build, one), programs)
    for program, report in zip(programs, reports):
        name = program.name if program.replacements else program.program.name
        print(f"{name:24} {report['passed']} passed, {report['failed']} failed", flush=True)
        outcome |= tell_failures(report)
    return outcome


def with_its_dialect(build: Path, path: Path) -> "dict | None":
    """The report of a server that speaks otherwise, with the dialect that probe finds; none if it finds none."""
    with zoo.open_folder() as directory:
        command = zoo.Bug.read(path).build(directory)
        found = directory / "found.json"
        probe = [build / "tools" / "jalon-check", "probe", "--output", found, "--", *command, "{port}"]
        if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
            return None
        fields = {"milestone": "3", "dialect": str(found)}
        only = "echo.comes_back,echo.several,users,channels,wire.every_cut,wire.stall"
        return zoo.checked(build, command, fields, "--timeout", "5", "--only", only)


def deviations_are_found(build: Path) -> int:
    """Each way to speak that teams were seen to have: probe finds it, and with it all is right."""
    outcome = 0
    paths = sorted((zoo.ZOO / "deviations").glob("*.bug"))
    for path, report in zip(paths, zoo.side_by_side(lambda one: with_its_dialect(build, one), paths)):
        print(f"{path.stem:24} {'found' if report else 'NOT FOUND'}", flush=True)
        outcome |= tell_failures(report) if report else 1
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    build = parser.parse_args().build
    return right_programs_pass(build) | zoo.test(build, [], whole=False) | deviations_are_found(build)


if __name__ == "__main__":
    sys.exit(main())
