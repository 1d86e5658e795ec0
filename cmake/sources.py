#!/usr/bin/env python3
"""What clang says about the sources themselves, without building them.

    python3 cmake/sources.py --build build/debug alone           each source compiles by itself
    python3 cmake/sources.py --build build/debug tidy [REGEX]    clang-tidy 14, on sources whose path matches

Unity builds compile many sources as one: a source that lacks an include finds it in another there. `alone`
gives each to the compiler by itself.

clang-tidy walks through all that a source includes, however many sources include it. So `tidy` gives it few
files, each of which includes all the sources of some folders. Their names begin with UnifiedSource: only in
files of that name does clang's analyser take what is included for the source to be analysed.

The build folder is one that was configured to compile each source by itself; its compile_commands.json
says how.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# clang is given the flags of g++ too; warnings it has not are no fault.
COMPILER = ["clang++", "-Wno-unknown-warning-option"]

# What one file of clang-tidy's includes: its name, and patterns of the sources; those that take longest first.
UNIFIED = {
    "tools": ["tools/common/*", "tools/check/*"],
    "examples": ["examples/program/*", "examples/chat/*", "examples/json-echo/*", "examples/length-chat/*",
                 "examples/recipes/*", "examples/0[1-9]-*/*", "examples/04-files/transfer/*"],
    "bench": ["tests/bench/*"],
    "tests": ["tests/unit/*_test.cpp", "tests/support/*"],
    "tools-tests": ["tests/unit/tools/*"],
    "fuzz": ["tests/fuzz/*"],
    "tap": ["tools/tap/*"],
    "toolkit": ["include/jalon/*"],  # they include those of impl/
    "sockets": ["examples/00-*/*"],
}
# Each program defines one of them.
DEFINED_ONCE = ("main", "LLVMFuzzerTestOneInput")
# What clang's analyser is told. It gives up a function after so many steps, not the 225,000 that are usual:
# with all sources at hand it follows calls far, and would take four times as long.
ANALYSER = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000"]


@dataclass
class Compilation:
    """How the build compiles one source."""

    source: Path
    folder: Path
    options: list[str]  # without compiler, source and output


def compilations(build: Path) -> list[Compilation]:
    found = []
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        words = shlex.split(entry["command"])
        options = words[1 : words.index("-o")]
        found.append(Compilation(Path(entry["file"]), Path(entry["directory"]), options))
    return found


def ran(command: list[str], folder: Path) -> str:
    """What the command says if it fails; nothing if it does not."""
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout + f"failed: {shlex.join(command)}\n" if run.returncode != 0 else ""


def side_by_side(commands: list[tuple[list[str], Path]]) -> int:
    """Runs them, as many at once as there are cores. Prints what fails, returns how many did."""
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for said in pool.map(lambda one: ran(*one), commands):
            print(said, end="", flush=True)
            failed += bool(said)
    return failed


def alone(build: Path) -> int:
    # What the build generates, such as a source for each header, it never compiles together with others.
    commands = [
        ([*COMPILER, *one.options, "-fsyntax-only", str(one.source)], one.folder)
        for one in compilations(build)
        if build.resolve() not in one.source.resolve().parents
    ]
    failed = side_by_side(commands)
    print(f"{len(commands)} sources, {failed} do not compile alone")
    return failed


def options_of_all(found: list[Compilation]) -> list[str]:
    """Where to look for headers, what to define: together what they have each."""
    together = dict.fromkeys(word for one in found for word in one.options if re.match(r"-(D|I|isystem)", word))
    return ["-std=c++20", *together]


def unified(folder: Path, name: str, sources: list[Path]) -> Path:
    """The file that includes them. A program's main function goes by the program's name there."""
    lines = ["// NOLINTBEGIN: written by cmake/sources.py"]
    for source in sources:
        program = re.sub(r"\W+", "_", str(source.relative_to(ROOT)))
        lines += [f"#define {once} {once}_{program}" for once in DEFINED_ONCE]
        lines += [f'#include "{source}"']
        lines += [f"#undef {once}" for once in DEFINED_ONCE]
    path = folder / f"UnifiedSource-{name}.cpp"
    path.write_text("\n".join([*lines, "// NOLINTEND", ""]), encoding="utf-8")
    return path


def configs_above(path: Path) -> list[Path]:
    """Where clang-tidy's configuration for a file may stand, the nearest place first."""
    return [ROOT / folder / ".clang-tidy" for folder in path.parents]


def tidy(build: Path, pattern: str) -> int:
    folder = build / "tidy"
    folder.mkdir(exist_ok=True)
    # Warnings are for the compiler to give.
    options = [*options_of_all(compilations(build)), f"-I{ROOT}/tools/common", "-w", *ANALYSER]
    commands = []
    for name, patterns in UNIFIED.items():
        paths = [path for one in patterns for path in sorted(ROOT.glob(one)) if path.suffix in (".cpp", ".hpp")]
        sources = [path for path in paths if re.search(pattern, str(path.relative_to(ROOT)))]
        if not sources:
            continue
        config = next(one for one in configs_above(Path(patterns[0])) if one.exists())
        file = unified(folder, name, sources)
        # The toolkit's headers include the longer functions where these are not compiled once.
        how = ["-UJALON_COMPILED"] if name == "toolkit" else []
        commands.append(
            (["clang-tidy-14", "--quiet", f"--config-file={config}", str(file), "--", *options, *how], ROOT))
    return side_by_side(commands)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("what", choices=("alone", "tidy"))
    parser.add_argument("pattern", nargs="?", default="")
    said = parser.parse_args()
    build = said.build.resolve()
    return 1 if (alone(build) if said.what == "alone" else tidy(build, said.pattern)) else 0


if __name__ == "__main__":
    sys.exit(main())
