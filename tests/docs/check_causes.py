#!/usr/bin/env python3
"""Checks that docs/causes.md explains each cause that the checker can name, and nothing else.

    python3 tests/docs/check_causes.py

- The headings of the third level are the names of the causes in tools/texts/en.json.
- Each section says what happened, the call, and two repairs, and shows code before and after.
- Its code is in docs/causes/NAME.c, which compiles without warnings; no file there is left over.
- The code is short: at most five lines before, and five after.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "causes"
PARTS = ("- **The call**: ", "- **The first repair**: ", "- **The better one**: ")
BLOCK = re.compile(r"<!-- from: docs/causes/(\w+)\.c -->\n```c\n(.*?)```", re.DOTALL)
MOST_LINES = 5
# What is wrong before is what the compiler may warn of; after, it may not.
FLAGS = ("-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-format-security", "-Wno-unused")


def causes() -> set[str]:
    texts = json.loads((ROOT / "tools" / "texts" / "en.json").read_text(encoding="utf-8"))
    return {name.removeprefix("cause.") for name in texts if name.startswith("cause.")}


def sections(page: str) -> dict[str, str]:
    """The sections of the third level by their headings."""
    parts = re.split(r"^### (\S+)$", re.sub(r"^## .*$", "", page, flags=re.MULTILINE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def faults_of(cause: str, section: str) -> list[str]:
    faults = [f"{cause} lacks {part.strip('- :')}" for part in PARTS if part not in section]
    blocks = BLOCK.findall(section)
    if [name for name, _ in blocks] != [cause, cause]:
        faults.append(f"{cause} does not show its code before and after from docs/causes/{cause}.c")
    faults += [f"{cause} shows more than {MOST_LINES} lines" for _, code in blocks if code.count("\n") > MOST_LINES]
    return faults


def faults_of_page(page: str, known: set[str]) -> list[str]:
    explained = sections(page)
    faults = [f"{cause} is not explained" for cause in sorted(known - set(explained))]
    faults += [f"{cause} is explained, and no cause" for cause in sorted(set(explained) - known)]
    for cause, section in explained.items():
        faults += faults_of(cause, section)
    return faults


def compiled(path: Path) -> str:
    """What the compiler says of a file; nothing if it takes it."""
    run = subprocess.run(["cc", *FLAGS, str(path)], capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ""


def faults_of_code() -> list[str]:
    files = sorted(SNIPPETS.glob("*.c"))
    faults = [f"docs/causes/{path.name} is of no cause" for path in files if path.stem not in causes()]
    if not shutil.which("cc"):
        return faults
    with ThreadPoolExecutor(2) as pool:
        return faults + [said for said in pool.map(compiled, files) if said]


def self_test() -> list[str]:
    """A page that lacks something must be found out."""
    section = "### a\n\nIt died.\n\n" + "".join(part + "x\n" for part in PARTS)
    section += "\n<!-- from: docs/causes/a.c -->\n```c\nx();\n```\n" * 2
    failures = faults_of_page(section, {"a"})
    for spoilt, known in ((section, {"a", "b"}), (section, set()), (section.replace(PARTS[0], ""), {"a"}),
                          (section.replace("x();\n", "x();\n" * 6), {"a"}), (section.replace("a.c", "b.c"), {"a"})):
        if not faults_of_page(spoilt, known):
            failures.append("a fault of a page was not found")
    with tempfile.TemporaryDirectory() as directory:
        wrong = Path(directory, "wrong.c")
        wrong.write_text("void before(void) { x(); }\n", encoding="utf-8")
        if shutil.which("cc") and not compiled(wrong):
            failures.append("code that does not compile was not found")
    return failures


def main() -> int:
    page = (ROOT / "docs" / "causes.md").read_text(encoding="utf-8")
    faults = self_test() + faults_of_page(page, causes()) + faults_of_code()
    print("\n".join(faults) or "each cause has its section, and its code compiles")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
