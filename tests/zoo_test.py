#!/usr/bin/env python3
"""The zoo: every right server passes everything, and every bug is caught, with its cause.

    python3 tests/zoo_test.py --build build
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "zoo"))
import zoo  # noqa: E402

RIGHT = (
    ("echo.c", {"milestone": "1", "dialect": "lines"}),
    ("echo.py", {"milestone": "1", "dialect": "lines"}),
    ("course.c", {"milestone": "4", "dialect": "struct"}),
)


def right_servers_pass(build: Path) -> int:
    outcome = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, fields in RIGHT:
            source = Path(directory, name)
            source.write_text((zoo.ZOO / "servers" / name).read_text(encoding="utf-8"), encoding="utf-8")
            report = zoo.checked(build, zoo.compiled(source), fields, "--timeout", "5")
            print(f"{name:24} {report['passed']} passed, {report['failed']} failed", flush=True)
            for one in report["results"]:
                if one["outcome"] == "failed":
                    outcome = 1
                    print(f"    {one['check']}: due {one['due_text']}; {one['cause_text']}", flush=True)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    build = parser.parse_args().build
    return right_servers_pass(build) | zoo.test(build, [], whole=False)


if __name__ == "__main__":
    sys.exit(main())
