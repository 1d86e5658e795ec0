"""Checks what cmake/single_header.py makes of small headers: that conditions stand, and what it refuses."""

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "cmake" / "single_header.py"

# Both branches need common.hpp, which whoever comes after them needs too.
RIGHT = {
    "jalon.hpp": '#include "chosen.hpp"\n#include "user.hpp"\n',
    "chosen.hpp": '#ifdef FAST\n#include "fast.hpp"\n#else\n#include "slow.hpp"\n#endif\n',
    "fast.hpp": '#include "common.hpp"\ninline int chosen() { return common() + FAST; }\n',
    "slow.hpp": '#include "common.hpp"\ninline int chosen() { return common(); }\n',
    "common.hpp": "inline int common() { return 40; }\n",
    "user.hpp": '#include "common.hpp"\ninline int used() { return common() + chosen(); }\n',
    "more.hpp": '#include "user.hpp"\ninline int more() { return used(); }\n',
}
PROGRAM = "int main() { return more() == 80 + EXPECTED ? 0 : 1; }\n"

WRONG = {
    '#include "missing.hpp"\n': "missing.hpp is no header of the project",
    '#include "../../LICENSE"\n': "../../LICENSE is no header of the project",
    "#include NAME\n": "an include of neither quotes nor angle brackets",
    "#include <jalon/common.hpp>\n": "a header of the project must be included in quotes",
    '#if __has_include("common.hpp")\n#endif\n': "__has_include of a header of the project",
    "#include_next <vector>\n": "#include_next",
    "#ifdef FAST\n": "an #if is not ended",
    "#endif\n": "#endif without an #if",
    "/* from\nhere */\n": "a /* comment that goes on in the next line",
    'const char text[] = R"(\n)";\n': "a raw string that goes on in the next line",
}


def write(folder, headers):
    """A project of these headers in @p folder."""
    (folder / "include" / "jalon").mkdir(parents=True)
    (folder / "LICENSE").write_text("Free.\n", encoding="utf-8")
    for name, text in headers.items():
        (folder / "include" / "jalon" / name).write_text("#pragma once\n" + text, encoding="utf-8")


def amalgamate(folder, output, *names):
    headers = [folder / "include" / "jalon" / name for name in names]
    command = [sys.executable, SCRIPT, folder / output, *headers]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def conditions_stand(cxx):
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        write(folder, RIGHT)
        for output, names in {"one.hpp": ["jalon.hpp"], "both.hpp": ["jalon.hpp", "more.hpp"]}.items():
            made = amalgamate(folder, output, *names)
            assert made.returncode == 0, made.stderr
        for includes in itertools.permutations(["one.hpp", "both.hpp"]):
            lines = [f'#include "{name}"\n' for name in includes]
            (folder / "program.cpp").write_text("".join(lines) + PROGRAM, encoding="utf-8")
            for flags in (["-DEXPECTED=0"], ["-DFAST=2", "-DEXPECTED=2"]):
                subprocess.run([cxx, *flags, "program.cpp", "-o", "program"], cwd=folder, check=True)
                subprocess.run([folder / "program"], check=True)


def refuses_what_it_cannot_do():
    for text, reason in WRONG.items():
        with tempfile.TemporaryDirectory() as directory:
            write(Path(directory), {"common.hpp": "", "jalon.hpp": text})
            made = amalgamate(Path(directory), "one.hpp", "jalon.hpp")
            assert made.returncode != 0 and reason in made.stderr, f"of {text!r} it says: {made.stderr}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cxx", default="c++", help="the compiler")
    conditions_stand(parser.parse_args().cxx)
    refuses_what_it_cannot_do()
