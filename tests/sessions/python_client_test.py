#!/usr/bin/env python3
"""Shows that any language can join: every client of this session is the one in examples/python.

    python3 tests/sessions/python_client_test.py --build build
"""

import argparse
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from session import Failed, Program, Session, Step, parse

CLIENT = Path(__file__).resolve().parents[2] / "examples/python/client.py"
SCRIPT = CLIENT.with_suffix(".session")
BOUND = 20  # of every wait, in seconds


class PythonSession(Session):
    """A session whose `client NAME` is the client in Python, under that nick."""

    def start_client(self, step: Step) -> None:
        command = [sys.executable, str(CLIENT), "127.0.0.1", str(self.port), step.text]
        self.stage.add(Program(step.text, command, self.directory))


def is_short() -> bool:
    lines = len(CLIENT.read_text(encoding="utf-8").splitlines())
    print(f"{CLIENT.name} has {lines} lines of the thirty that are promised")
    return lines <= 30


def joins(build: Path) -> bool:
    story: list[str] = []
    with tempfile.TemporaryDirectory(prefix="session-") as directory:
        session = PythonSession(build, None, Path(directory), BOUND)
        try:
            for step in parse(SCRIPT):
                story.append(f"{step.number:4}  {step.line}")
                session.play(step)
            session.finish()
        except Failed as failure:
            print(f"FAILED {SCRIPT}", *story, failure, sep="\n")
            return False
        finally:
            session.clear()
    print(f"ok {SCRIPT.name}")
    return True


def survives() -> bool:
    """Whether a line that is no message is shown, and is not the end of the client."""
    lines = "not JSON", '["a list"]', '{"type":{}}', '{"type":"msg"}', "[" * 30_000, "the last"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        client = subprocess.Popen(
            [sys.executable, str(CLIENT), "127.0.0.1", port, "ann"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        listener.settimeout(BOUND)
        server = listener.accept()[0]
        with server:
            server.sendall("".join(line + "\n" for line in lines).encode())
            server.shutdown(socket.SHUT_WR)
            shown = client.communicate(timeout=BOUND)[0].splitlines()
    survived = client.returncode == 0 and shown == list(lines)
    print("ok" if survived else f"FAILED {client.returncode} {shown}", "lines that are no messages")
    return survived


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--build", type=Path, required=True, help="the build tree")
    build = parser.parse_args().build
    return 0 if is_short() and joins(build) and survives() else 1


if __name__ == "__main__":
    sys.exit(main())
