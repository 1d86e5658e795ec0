#!/usr/bin/env python3
"""Checks that the texts agree with the code: README.md, CONTRIBUTING.md, docs/ and tutorial/.

    python3 tests/docs/check_docs.py               says what is stale as FILE:LINE, with status 1
    python3 tests/docs/check_docs.py --self-test   checks the checks alone, which the first does too

What holds for every page:

- A block of code, or of what a program prints, comes from a file: the line before its fence is
  `<!-- from: PATH -->`, and its lines stand in PATH in one piece, whatever their indentation. In
  sessions and dialogues, comments and blank lines may be left out. So a reader never copies what
  was right last year: the source is built and run by the tests.
- Any other block says its language: `text` for a picture, `sh` for commands.
- `./jalon COMMAND` is named only if `./jalon help` names it too.
- A link within the project leads to a file, and to a heading of it.
- A chapter has 600 to 1,200 words and names its example; the example's program names its chapter.
  The README has at most 900 words. Blocks are not counted.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count
from pathlib import Path
from typing import Iterator, NamedTuple

FROM = re.compile(r"<!-- from: (\S+) -->")
FENCE = re.compile(r"\s*(```+|~~~+)\s*([^\s`]*)")
HEADING = re.compile(r"#+\s+(.*?)\s*#*")
LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)")
INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
COMMAND = re.compile(r"\./jalon +([a-z][a-z-]*)")

FROM_A_FILE = {"c", "c++", "cc", "cpp", "cxx", "hpp", "python", "session", "dialogue", "console"}
SCRIPTS = {".session", ".dialogue"}
# What a program prints can't hide in a picture: a name and its sign, or words that ours print.
TRANSCRIPT = re.compile(r"^\s*[a-z]\w*(?:>>?|\|) |\[Server\] :|^listening on |^Connecting to ")

CHAPTER_WORDS = range(600, 1201)
README_WORDS = range(1, 901)
CONTRIBUTING_WORDS = range(1, 1001)  # a page


class Problem(NamedTuple):
    """Something that is stale, and where."""

    path: Path
    line: int
    what: str


@dataclass
class Block:
    """A fenced block: where it opens, its language, the file it is from, its lines."""

    line: int
    language: str
    source: str
    lines: list[str] = field(default_factory=list)


class Page:
    """A Markdown file, taken apart into prose and blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.lines = list(enumerate(text.splitlines(), 1))
        self.prose: list[tuple[int, str]] = []
        self.blocks: list[Block] = []
        self._take_apart()

    def _take_apart(self) -> None:
        fence = ""  # of the open block
        source = ""  # what the last line that is not blank says of where the next block is from
        for number, line in self.lines:
            if fence:
                if line.strip() == fence:
                    fence = ""
                else:
                    self.blocks[-1].lines.append(line)
            elif match := FENCE.match(line):
                fence = match[1]
                self.blocks.append(Block(number, match[2], source))
                source = ""
            else:
                self.prose.append((number, line))
                if line.strip():
                    source = match[1] if (match := FROM.fullmatch(line.strip())) else ""

    @cached_property
    def words(self) -> int:
        prose = COMMENT.sub("", "\n".join(line for _, line in self.prose))
        return sum(1 for word in prose.split() if re.search(r"\w", word))

    @cached_property
    def anchors(self) -> set[str]:
        """The names of the headings, as GitHub makes them."""
        anchors: set[str] = set()
        for _, line in self.prose:
            if match := HEADING.fullmatch(line):
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
                name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
                twins = (f"{name}-{number}" for number in count(1))
                anchors.add(next(each for each in chain([name], twins) if each not in anchors))
        return anchors

    def names(self, text: str) -> bool:
        return any(text in line for _, line in self.prose)


# ---- Blocks ----


def is_run_of(block: list[str], lines: list[str]) -> bool:
    """Whether the block stands in the lines, in one piece, whatever the indentation."""
    wanted = dedented(block)
    starts = range(len(lines) - len(block) + 1)
    return any(dedented(lines[start : start + len(block)]) == wanted for start in starts)


def dedented(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(line.rstrip() for line in lines))


def without_remarks(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip() and not line.startswith("#")]


def source_fault(block: Block, source: Path) -> str | None:
    if not source.is_file():
        return f"{block.source} is not there"
    if not without_remarks(block.lines):
        return "the block is empty"
    if not comes_from(block, source):
        return f"the block is not in {block.source} as it stands here"
    return None


def comes_from(block: Block, source: Path) -> bool:
    lines = source.read_text(encoding="utf-8").splitlines()
    if is_run_of(block.lines, lines):
        return True
    return source.suffix in SCRIPTS and is_run_of(
        without_remarks(block.lines), without_remarks(lines)
    )


def block_fault(block: Block, root: Path) -> str | None:
    if block.source:
        return source_fault(block, root / block.source)
    if not block.language:
        return "the block says neither its language (text for a picture) nor where it is from"
    if block.language in FROM_A_FILE:
        return f"a block of {block.language} needs the line <!-- from: PATH --> before it"
    if block.language == "text" and any(TRANSCRIPT.search(line) for line in block.lines):
        return "what a program prints needs the line <!-- from: PATH --> before it"
    return None


def check_blocks(pages: list[Page], root: Path) -> Iterator[Problem]:
    for page in pages:
        for block in page.blocks:
            if fault := block_fault(block, root):
                yield Problem(page.path, block.line, fault)


# ---- Commands and links ----


def check_commands(pages: list[Page], root: Path) -> Iterator[Problem]:
    answer = subprocess.run([root / "jalon", "help"], capture_output=True, text=True, check=True)
    known = set(re.findall(r"[a-z][a-z-]*", answer.stdout))
    for page in pages:
        for number, line in page.lines:
            for command in COMMAND.findall(line):
                if command not in known:
                    yield Problem(page.path, number, f"./jalon help does not know {command}")


def links(page: Page) -> Iterator[tuple[int, str]]:
    for number, line in page.prose:
        for match in LINK.finditer(INLINE_CODE.sub("", line)):
            yield number, match[1] or match[2]


def check_links(pages: list[Page], root: Path) -> Iterator[Problem]:
    known = {page.path.resolve(): page for page in pages}
    for page in pages:
        for number, link in links(page):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (page.path.parent / name).resolve() if name else page.path.resolve()
            if not target.exists():
                yield Problem(page.path, number, f"the link {link} leads to no file")
            elif anchor and target.suffix == ".md":
                if anchor not in (known.get(target) or Page(target)).anchors:
                    yield Problem(page.path, number, f"the link {link} leads to no heading")


# ---- Chapters and the README ----


def check_length(page: Page, words: range) -> Iterator[Problem]:
    if page.words not in words:
        yield Problem(page.path, 1, f"{page.words} words, not {words.start} to {words.stop - 1}")


def programs(example: Path) -> list[Path]:
    """The sources that name the chapter: the server, or all programs where none has that name."""
    server = example / "server.cpp"
    return [server] if server.exists() else sorted(example.glob("*.cpp"))


def check_chapters(root: Path) -> Iterator[Problem]:
    for chapter in sorted((root / "tutorial").glob("[0-9][0-9]-*/README.md")):
        page = Page(chapter)
        example = f"examples/{chapter.parent.name}"
        yield from check_length(page, CHAPTER_WORDS)
        if not page.names(example):
            yield Problem(chapter, 1, f"the chapter does not name {example}")
    for example in sorted((root / "examples").glob("[0-9][0-9]-*")):
        chapter = f"tutorial/{example.name}"
        if not (root / chapter / "README.md").exists():
            yield Problem(example, 1, f"there is no {chapter}/README.md")
        for program in programs(example):
            if chapter not in program.read_text(encoding="utf-8"):
                yield Problem(program, 1, f"the program does not name {chapter}")


def check(root: Path) -> list[Problem]:
    """All that is stale in the tree."""
    readme = Page(root / "README.md")
    contributing = Page(root / "CONTRIBUTING.md")
    pages = [readme, contributing]
    for folder in ("docs", "tutorial"):
        pages += [Page(path) for path in sorted((root / folder).rglob("*.md"))]
    return [
        *check_blocks(pages, root),
        *check_commands(pages, root),
        *check_links(pages, root),
        *check_length(readme, README_WORDS),
        *check_length(contributing, CONTRIBUTING_WORDS),
        *check_chapters(root),
    ]


def reports(root: Path) -> list[str]:
    return [f"{path.relative_to(root)}:{line}: {what}" for path, line, what in check(root)]


# ---- The self-test ----

SOUND_TREE = {
    "jalon": "#!/bin/sh\necho '  chat  joins the chat'\n",
    "README.md": """\
# Project

See [the chapter](tutorial/01-echo/README.md#the-idea), and type `./jalon chat`.

<!-- from: examples/01-echo/server.cpp -->
```cpp
int main() {
  return 0;
}
```
""",
    "CONTRIBUTING.md": "# How to help\n\nSee [above](#how-to-help).\n",
    "examples/01-echo/server.cpp": "// See tutorial/01-echo.\n  int main() {\n    return 0;\n  }\n",
    "tests/echo.session": "alice> hello\n\n# and back\nalice| hello\n",
    "tutorial/01-echo/README.md": """\
# Echo

The code is in [examples/01-echo](../../examples/01-echo/server.cpp).

## The idea

<!-- from: tests/echo.session -->
```session
alice> hello
alice| hello
```

"""
    + "word " * 700,
}


class Fault(NamedTuple):
    """A change that makes the sound tree stale, and what must be said of it."""

    path: str
    old: str
    new: str
    due: str


PROGRAM = "examples/01-echo/server.cpp"
CHAPTER = "tutorial/01-echo/README.md"
FROM_PROGRAM = "<!-- from: examples/01-echo/server.cpp -->\n"
FROM_SESSION = "<!-- from: tests/echo.session -->\n"

FAULTS = (
    Fault(PROGRAM, "return 0", "return 1", "README.md:6: the block is not in"),
    Fault("README.md", "  return 0;", "  return 00;", "README.md:6: the block is not in"),
    Fault("README.md", "  return 0;\n", "", "README.md:6: the block is not in"),
    Fault("README.md", "int main() {\n  return 0;\n}\n", "", "README.md:6: the block is empty"),
    Fault("README.md", "server.cpp -->", "client.cpp -->", "client.cpp is not there"),
    Fault("README.md", FROM_PROGRAM, "", "README.md:5: a block of cpp needs the line"),
    Fault("README.md", f"{FROM_PROGRAM}```cpp", "```", "README.md:5: the block says neither"),
    Fault("README.md", "chat`", "dance`", "README.md:3: ./jalon help does not know dance"),
    Fault("README.md", "# Project", "word " * 900, "README.md:1: 90"),
    Fault("README.md", "01-echo/README", "01-ecco/README", "README.md:3: the link"),
    Fault("README.md", "#the-idea", "#an-idea", "leads to no heading"),
    Fault("CONTRIBUTING.md", "(#how", "(#now", "CONTRIBUTING.md:3: the link #now-to-help leads to"),
    Fault("tests/echo.session", "| hello", "| hullo", "the block is not in tests/echo.session"),
    Fault(CHAPTER, FROM_SESSION, "", f"{CHAPTER}:7: a block of session needs the line"),
    Fault(CHAPTER, f"{FROM_SESSION}```session", "```text", f"{CHAPTER}:7: what a program prints"),
    Fault(CHAPTER, "word " * 200, "", "words, not 600 to 1200"),
    Fault(CHAPTER, "word ", "word word ", "words, not 600 to 1200"),
    Fault(CHAPTER, "examples/01-echo", "examples", "does not name examples/01-echo"),
    Fault(PROGRAM, "tutorial/01-echo", "the book", "does not name tutorial/01-echo"),
    Fault("examples/02-users/server.cpp", "", "// A server.", "there is no tutorial/02-users"),
)


def reports_of_tree(fault: Fault | None) -> list[str]:
    """What is said of the sound tree, or of the one with this fault."""
    tree = dict(SOUND_TREE)
    if fault:
        assert fault.old in tree.get(fault.path, ""), f"nothing to spoil: {fault}"
        tree[fault.path] = tree.get(fault.path, "").replace(fault.old, fault.new)
    with tempfile.TemporaryDirectory(prefix="check-docs-") as directory:
        root = Path(directory)
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        (root / "jalon").chmod(0o755)
        return reports(root)


def self_test() -> list[str]:
    """The faults that are not reported as they should, and what is reported without a fault."""
    failures = [f"of a sound tree: {report}" for report in reports_of_tree(None)]
    for fault in FAULTS:
        came = reports_of_tree(fault)
        if not any(fault.due in report for report in came):
            failures.append(f"{fault}\n  due:  {fault.due}\n  came: {came}")
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks that the texts agree with the code.")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--self-test", action="store_true", help="check the checks alone")
    options = parser.parse_args()
    failures = self_test()
    if not options.self_test:
        failures += reports(options.root.resolve())
    print("\n".join(failures) or "the texts agree with the code")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
