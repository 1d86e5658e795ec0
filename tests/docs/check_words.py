#!/usr/bin/env python3
"""Checks that the code uses the terms of docs/glossary.md: no retired word is an identifier.

    python3 tests/docs/check_words.py               says what is wrong as FILE:LINE, with status 1
    python3 tests/docs/check_words.py --self-test   checks the check alone, which the first does too

It reads the C++ files of include/, examples/ and tools/. Comments and literals are prose, and may
contain any word. Names after a leading `::` are names of the system, such as `::linger`.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = next(
    folder
    for folder in Path(__file__).resolve().parents
    if (folder / "CMakePresets.json").exists()
)
FOLDERS = ("include", "examples", "tools")
SUFFIXES = {".hpp", ".cpp"}

# The retired words, and what to write instead. A word of several parts is also found inside a
# longer identifier (`carry_out_all`). A single word is only found alone: `give` and `give_`, but
# not `give_up`.
RETIRED = {
    "attends": "mark",
    "bends": "inject_faults",
    "carry_out": "apply",
    "dispatcher": "router",
    "equip": "set_socket_options",
    "give": "enqueue",
    "go_out": "handle(connection_id, const leave&, actions&)",
    "hand_out": "flush_batch",
    "id_table": "slot_map",
    "is_let_go": "is_disconnected",
    "linger": "drain_timeout",
    "opens_line": "listen",
    "part_from_deaf": "disconnect_slow_consumer",
    "part_with": "disconnect",
    "pass_on": "handle(connection_id, const say&, actions&)",
    "settle": "release_shared_blocks",
    "survives": "loop.retire",
    "tell_who_is": "handle(connection_id, const whois&, actions&)",
    "want": "set_interest",
}

# `one` is not a name for everything: an entry, a field and a frame have names of their own.
ONE_LIMIT = 300  # uses in all files together must stay below this

TOKEN = re.compile(
    r"""
      //(?:\\\n|[^\n])*                                # a comment to the end of the line
    | /\*.*?\*/                                        # a comment
    | \w*R"(?P<delimiter>[^()\\\s]*)\(.*?\)(?P=delimiter)"   # a raw string
    | "(?:\\.|[^"\\\n])*"                              # a string
    | \d(?:'?[\w.])*                                   # a number, which may have a ' in it
    | '(?:\\.|[^'\\\n])+'                              # a character
    | (?P<system>(?<![\w>])::\s*[A-Za-z_]\w*)          # a name of the system
    | (?P<identifier>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)


class Use(NamedTuple):
    """An identifier, and where it is."""

    path: Path
    line: int
    identifier: str


def identifiers(path: Path) -> Iterator[Use]:
    """The identifiers of a C++ file, in order."""
    text = path.read_text(encoding="utf-8")
    line, counted = 1, 0
    for token in TOKEN.finditer(text):
        line += text.count("\n", counted, token.start())
        counted = token.start()
        if token["identifier"]:
            yield Use(path, line, token["identifier"])


def retired_word(identifier: str) -> str | None:
    """The retired word in an identifier, if there is one."""
    whole = identifier.strip("_")
    if whole in RETIRED:
        return whole
    parts = [word for word in RETIRED if "_" in word]
    return next((word for word in parts if f"_{word}_" in f"_{whole}_"), None)


def sources(root: Path) -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.suffix in SUFFIXES
    )


def reports(root: Path) -> list[str]:
    """What is wrong in the tree."""
    uses = [use for path in sources(root) for use in identifiers(path)]
    found = [(use, word) for use in uses if (word := retired_word(use.identifier))]
    wrong = [
        f"{use.path.relative_to(root)}:{use.line}: {use.identifier}: "
        f"{word} is retired, write {RETIRED[word]}"
        for use, word in found
    ]
    ones = sum(use.identifier == "one" for use in uses)
    if ones >= ONE_LIMIT:
        wrong.append(f"the identifier one is used {ones} times; it must be less than {ONE_LIMIT}")
    return wrong


# ---- The self-test ----

# A line of code, and how many retired words are due in it.
SAMPLES = (
    ("int settle();", 1),
    ("queue.settle();", 1),
    ("watch_.want(io_events::read), sender.give(line);", 2),
    ("std::chrono::milliseconds linger_;", 1),
    ("options.linger = limit;", 1),
    ("void carry_out_all();", 1),
    ("id_table<link> links;", 1),
    ("#define settle 1", 1),
    ("const int million = 1'000'000; settle();", 1),
    ("const char quote = '\"'; settle();", 1),
    ('const auto raw = R"(")"; settle();', 1),
    ("const int half = total / /* settle */ 2; settle();", 1),
    ("jalon::settle();", 1),
    ("int settled, give_up, wanted, lingering, phase_one;", 0),
    ("set_option(SO_LINGER, ::linger{1, 0});", 0),
    ("// settle the matter", 0),
    ("/* to settle,\n   want and give */", 0),
    ('log("they settle");', 0),
    ('log("a \\" and settle");', 0),
    ('const auto text = R"json({"type":"settle"})json";', 0),
    ("const char letters[] = {'a', '\\'', 'b'};  // settle", 0),
)


def reports_of_code(code: str) -> list[str]:
    """What is wrong in a tree with one file of this code."""
    with tempfile.TemporaryDirectory(prefix="check-words-") as directory:
        source = Path(directory) / "include" / "sample.hpp"
        source.parent.mkdir()
        source.write_text(code + "\n", encoding="utf-8")
        return reports(Path(directory))


def self_test() -> list[str]:
    """The samples for which the check is wrong."""
    failures = []
    for code, due in SAMPLES:
        came = reports_of_code(code)
        if len(came) != due:
            failures.append(f"{code}\n  due:  {due} reports\n  came: {came}")
    third_line = reports_of_code("\n/* a\n*/ int settle();")
    if not "".join(third_line).startswith("include/sample.hpp:3: settle: settle is retired"):
        failures.append(f"a word in line 3\n  came: {third_line}")
    for uses, due in ((ONE_LIMIT - 1, 0), (ONE_LIMIT, 1)):
        if len(reports_of_code("one;\n" * uses + "// one")) != due:
            failures.append(f"{uses} uses of one\n  due:  {due} reports")
    if not sources(ROOT):
        failures.append(f"there are no sources in {ROOT}")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the words of the code.")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--self-test", action="store_true", help="check the check alone")
    options = parser.parse_args()
    failures = self_test()
    if not options.self_test:
        failures += reports(options.root.resolve())
    print("\n".join(failures) or "the code uses no retired words")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
