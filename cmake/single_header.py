"""Writes a header and all the project headers it includes, each once and in order, as one file.

Usage: single_header.py HEADER OUTPUT

Knows what Jalon's headers look like and no more: #pragma once on a line of its own, project includes
in quotes, beside the file that includes them, without conditions. System includes stay where they are.
"""

import re
import sys
from pathlib import Path

PROJECT_INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


def amalgamate(header, seen):
    """The lines of a header, each project include replaced by what it names, once."""
    if header in seen:
        return
    seen.add(header)
    yield f"// ---- {header.name} ----\n"
    for line in header.read_text(encoding="utf-8").splitlines(keepends=True):
        include = PROJECT_INCLUDE.match(line)
        if include:
            yield from amalgamate((header.parent / include[1]).resolve(), seen)
        elif line.strip() != "#pragma once":
            yield line


def main(header, output):
    header, output = Path(header).resolve(), Path(output)
    licence = (header.parents[2] / "LICENSE").read_text(encoding="utf-8")
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w", encoding="utf-8") as single:
        single.write("// Jalon in one header, generated from include/jalon: change it there.\n//\n")
        single.writelines(f"// {line}".rstrip() + "\n" for line in licence.splitlines())
        single.write("#pragma once\n\n")
        single.writelines(amalgamate(header, set()))


if __name__ == "__main__":
    main(*sys.argv[1:])
