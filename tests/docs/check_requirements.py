#!/usr/bin/env python3
"""Checks that docs/requirements.md names every requirement of the course, and for each of them tests that exist.

    python3 tests/docs/check_requirements.py               says what is wrong, with status 1
    python3 tests/docs/check_requirements.py --self-test   shows that what is wrong is caught

A test is a link to its file: a session or a dialogue is one; in other files, one follows by its name in quotes.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
# The course counts the files, its milestone 4 here, as 5.
DUE = [f"{part}.{number}" for part, last in ((1, 8), (2, 10), (3, 8), (5, 5)) for number in range(1, last + 1)]

ROW = re.compile(r"\| (\d+\.\d+) \| (.*?) \| (.*?) \|")
TEST = re.compile(r'\[([^\]]+)\]\(([^)]+)\)(?: "(.+)")?')
LITERAL = r'"((?:[^"\\]|\\.)*)"'
CASE = re.compile(rf"TEST_CASE\(\s*({LITERAL}(?:\s*{LITERAL})*)")
WHOLE_FILES = {".session", ".dialogue"}


def names_in(source: Path) -> set[str]:
    """The tests of a source file."""
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".py":
        return set(re.findall(r"^ *def (test_\w+)", text, re.M))
    return {"".join(re.findall(LITERAL, case[1])) for case in CASE.finditer(text)}


def wrong_test(shown: str) -> str | None:
    """What is wrong with one entry of the third column, if anything."""
    test = TEST.fullmatch(shown)
    if not test:
        return f"no link to a test: {shown}"
    label, target, name = test.groups()
    path = DOCS / target
    if not path.is_file() or path.name != label:
        return f"there is no test {target}"
    if path.suffix in WHOLE_FILES:
        return f"{label} is one test, and has none named {name}" if name else None
    return None if name in names_in(path) else f'{label} has no test "{name or ""}"'


def problems(text: str) -> Iterator[str]:
    """What is wrong with the page."""
    rows = [ROW.fullmatch(line) for line in text.splitlines() if re.match(r"\|\s*\d", line)]
    if None in rows:
        yield "a row that is not `| number | what is due | shown by |`"
    numbers = [row[1] for row in rows if row]
    if numbers != DUE:
        missing, more = sorted(set(DUE) - set(numbers)), sorted(set(numbers) - set(DUE))
        yield f"the numbers, in order: missing {missing}, unknown {more}, or not each once in its place"
    for row in filter(None, rows):
        for wrong in filter(None, map(wrong_test, row[3].split("<br>"))):
            yield f"{row[1]}: {wrong}"


def self_test(text: str) -> list[str]:
    """The mistakes that would not be caught."""
    first, second = (next(line for line in text.splitlines() if line.startswith(f"| {n} ")) for n in DUE[:2])
    mistakes = {
        "a missing number": text.replace(first + "\n", ""),
        "a number twice": text.replace(first, first + "\n" + first),
        "two in the wrong order": text.replace(first + "\n" + second, second + "\n" + first),
        "an unknown number": text.replace(first, first.replace("1.1", "4.1")),
        "no test": text.replace(first, "| 1.1 | Something. |  |"),
        "no column of tests": text.replace(first, "| 1.1 | Something. |"),
        "no link": text.replace("[01-echo.session](../tests/sessions/01-echo.session)", "01-echo.session"),
        "no such session": text.replace("01-echo.session", "01-never.session"),
        "another file than it says": text.replace("(../tests/sessions/01-echo.", "(../tests/sessions/01-wire."),
        "no such test case": text.replace('"several clients', '"no clients'),
        "a test case without a name": re.sub(r'(server_test\.cpp\)) "[^"]*"', r"\1", text),
        "no such Python test": text.replace("test_a_client_takes_names", "test_a_client_takes_games"),
    }
    return [f"not caught: {name}" for name, page in mistakes.items() if page == text or not list(problems(page))]


def main() -> int:
    text = (DOCS / "requirements.md").read_text(encoding="utf-8")
    found = self_test(text) if sys.argv[1:] == ["--self-test"] else [*problems(text), *self_test(text)]
    print(*found, f"{len(DUE)} requirements, {len(found)} problems", sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
