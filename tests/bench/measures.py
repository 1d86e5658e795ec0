"""What the measures of this folder share: programs at the other end of a pipe, and bars to meet.

Nothing here knows what is measured.
"""

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

PATIENCE = 300  # seconds that anything may take; whatever takes longer hangs


class Program:
    """A program that is typed to, and whose lines are waited for."""

    at_once = 100  # clients that a server takes in at the same time
    part = 1.0  # of a load's messages, for one that would take too long with all of them

    def __init__(
        self,
        command: list[str | Path],
        directory: Path | None = None,
        output: int = subprocess.PIPE,
        errors: int | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=errors, bufsize=0, cwd=directory
        )
        self.name = Path(command[0]).name
        self.pending = b""

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)

    def type(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")

    def wait_for(self, text: str) -> str:
        """The next line with this text in it; those before it are passed over."""
        seen = []
        while True:
            line = self.next_line()
            if line is None:
                sys.exit(f"{self.name} said {seen}, and never '{text}'")
            if text in line:
                return line
            seen.append(line)

    def next_line(self) -> str | None:
        """The next line; None if the output ends before, or nothing comes."""
        assert self.process.stdout
        while b"\n" not in self.pending:
            readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            came = self.process.stdout.read(65536) if readable else b""
            if not came:
                return None
            self.pending += came
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def status(self, field: str) -> int:
        """A number of proc(5)'s status file: VmHWM, the most memory it ever held, in KiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
        raise KeyError(field)

    def processor_ticks(self) -> int:
        """The processor time that it has used, in ticks: utime and stime of proc(5)."""
        after_name = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(after_name[11]) + int(after_name[12])

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Server(Program):
    """A server of a milestone, on a free port."""

    def __init__(self, path: Path, *arguments: str, errors: int | None = None) -> None:
        super().__init__([path, "0", "--bind", "127.0.0.1", *arguments], errors=errors)
        self.port = int(self.wait_for("listening on").rpartition(":")[2])


class Bars:
    """What is asked for, what it came to, and whether that will do."""

    def __init__(self) -> None:
        self.all_met = True

    def hold(self, what: str, figure: object, met: bool) -> None:
        self.all_met = self.all_met and met
        print(f"  {'met' if met else 'not met':<9}{what:<52}{figure:>12}")

    def exit_status(self) -> int:
        return 0 if self.all_met else 1


def wait_until(condition: Callable[[], bool]) -> bool:
    """Looks again and again, for what no descriptor tells of."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return condition()
