#!/usr/bin/env python3
"""Holds what the servers really say in the dialogues against the schemas of docs/schema.

    transcripts_test.py --build BUILD    BUILD: the build folder, with tests/unit/jalon_tests
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DIALOGUES = Path(__file__).resolve().parent
PLAYED = "every dialogue has the same transcript in memory and over sockets on every loop"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, required=True)
    program = parser.parse_args().build.resolve() / "tests" / "unit" / "jalon_tests"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, PLAYED], env={**os.environ, "JALON_TRANSCRIPTS": folder}, check=True)
        if len(list(Path(folder).glob("*.transcript"))) != len(list(DIALOGUES.glob("*.dialogue"))):
            print("some dialogue left no transcript")
            return 1
        return subprocess.run([sys.executable, DIALOGUES / "check_dialogues.py", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
