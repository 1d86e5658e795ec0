"""Writes headers and all the project headers they include, in order, as one file.

    single_header.py OUTPUT HEADER...

A project include is one in quotes. It is replaced by what it names, between guards that do what
#pragma once does in a file of its own: so two such files may be included by one, and an include that
depends on an #if is right whatever the compiler finds there. What cannot be done right is an error.
System includes stay where they are.
"""

import re
import sys
from pathlib import Path

DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*(.*)")
PROJECT_INCLUDE = re.compile(r'"([^"]+)"')
SYSTEM_INCLUDE = re.compile(r"<([^>]+)>")


class Refused(Exception):
    """What stands in a header, and cannot be written into one file."""


class Amalgamation:
    """The one file, line by line."""

    def __init__(self, root):
        self.root = root  # the folder that the names of guards count from
        self.lines = []
        # Of each #if that is open, of all files, the headers written since its last branch began;
        # the first is for those written whatever the conditions.
        self.written = [set()]

    def add(self, header):
        """Writes a header, unless what is written already stands wherever it would."""
        if any(header in branch for branch in self.written):
            return
        self.written[-1].add(header)
        name = header.relative_to(self.root).as_posix()
        guard = "JALON_SINGLE_" + re.sub(r"\W", "_", name).upper()
        self.lines += [f"// ---- {name} ----\n", f"#ifndef {guard}\n", f"#define {guard}\n"]
        self._add_lines(header)
        self.lines.append("#endif\n")

    def _add_lines(self, header):
        depth = len(self.written)
        has_pragma = False
        for number, line in enumerate(header.read_text(encoding="utf-8").splitlines(True), 1):
            try:
                _refuse_text_over_lines(line)
                directive = DIRECTIVE.match(line)
                kind, rest = directive.groups() if directive else ("", "")
                if kind == "pragma" and rest.split() == ["once"]:
                    has_pragma = True
                elif kind == "include" and (include := PROJECT_INCLUDE.match(rest)):
                    self.add(self._named(header, include[1]))
                else:
                    self._follow(kind, rest, depth)
                    self.lines.append(line)
            except Refused as refusal:
                raise SystemExit(f"{header}:{number}: {refusal}") from None
        if not has_pragma:
            raise SystemExit(f"{header}: has no #pragma once, so it may be meant to come twice")
        if len(self.written) != depth:
            raise SystemExit(f"{header}: an #if is not ended")

    def _named(self, header, name):
        included = (header.parent / name).resolve()
        if not included.is_file() or not included.is_relative_to(self.root):
            raise Refused(f"{name} is no header of the project")
        return included

    def _follow(self, kind, rest, depth):
        """Keeps account of the branches of conditions, and refuses includes of another kind."""
        if kind in ("if", "ifdef", "ifndef"):
            self.written.append(set())
        elif kind in ("elif", "elifdef", "elifndef", "else", "endif"):
            if len(self.written) == depth:
                raise Refused(f"#{kind} without an #if")
            self.written.pop()
            if kind != "endif":
                self.written.append(set())
        if kind in ("if", "elif") and "__has_include" in rest and '"' in rest:
            raise Refused("__has_include of a header of the project")
        if kind == "include":
            include = SYSTEM_INCLUDE.match(rest)
            if not include:
                raise Refused("an include of neither quotes nor angle brackets")
            if (self.root / include[1]).is_file():
                raise Refused("a header of the project must be included in quotes")
        if kind in ("include_next", "import"):
            raise Refused(f"#{kind}")


def _refuse_text_over_lines(line):
    """What looks like a directive may be text: in a comment or a string of many lines."""
    code = re.sub(r'//.*|"(\\.|[^"\\])*"', "", line)
    if "/*" in re.sub(r"/\*.*?\*/", "", code):
        raise Refused("a /* comment that goes on in the next line")
    if re.search(r'R"([^(\s]*)\((?!.*\)\1")', line):
        raise Refused("a raw string that goes on in the next line")


def main(output, *headers):
    headers = [Path(header).resolve() for header in headers]
    root = headers[0].parents[1]
    licence = (root.parent / "LICENSE").read_text(encoding="utf-8")
    single = Amalgamation(root)
    for header in headers:
        single.add(header)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    with Path(output).open("w", encoding="utf-8") as file:
        file.write("// Jalon in one header, generated from include/jalon: change it there.\n//\n")
        file.writelines(f"// {line}".rstrip() + "\n" for line in licence.splitlines())
        file.write("#pragma once\n\n")
        file.writelines(single.lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
