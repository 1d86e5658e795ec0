"""A service or a handler with a slip does not compile, and the compiler says where: `rejected.py --cxx COMPILER`."""

import argparse
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
INCLUDE = HERE.parents[2] / "include"
# A pattern of what g++ and clang++ say of each slip in handlers.cpp.
SLIPS = {
    1: "abstract",
    2: "disconected.*override",
    3: "connected.*override",
    4: "end_of_turn.*override",
    5: "delivred.*override",
    6: "ended.*override",
    7: "static.assert(ion)? failed",
}


def errors(compiler: str, slip: int) -> str:
    """What the compiler says, empty if it accepts the file."""
    command = [compiler, "-std=c++20", "-fsyntax-only", f"-I{INCLUDE}", f"-DSLIP={slip}", str(HERE / "handlers.cpp")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    return done.stderr if done.returncode else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cxx", required=True, help="the compiler")
    compiler = parser.parse_args().cxx
    wrong = []
    if errors(compiler, 0):
        wrong.append("it does not compile without a slip either:\n" + errors(compiler, 0))
    for slip, pattern in SLIPS.items():
        found = errors(compiler, slip)
        if not re.search(pattern, found, re.DOTALL):
            wrong.append(f"slip {slip}: the compiler should say '{pattern}', and says:\n{found[:500]}")
    print("\n".join(wrong) or f"{len(SLIPS)} slips are rejected")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
