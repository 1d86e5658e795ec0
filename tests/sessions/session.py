#!/usr/bin/env python3
"""Plays sessions: runs the real programs through pipes, and holds what they print against a script.

    python3 tests/sessions/session.py --build build tests/sessions/00-many-clients.session

A session is a text of one step a line. Blank lines, and lines that begin with #, are for the
reader.

    server 02-users           starts examples/02-users/server on a free port; arguments may follow;
                              `server 00-sockets/one_client` names another program of the folder
    client alice              starts the client of the same folder; arguments may follow
    raw ann                   opens a plain TCP connection instead
    alice> TEXT               alice types TEXT and the enter key
    alice>> TEXT              alice sends TEXT and no LF; \\n \\r \\t \\\\ \\xHH in TEXT are escapes
    alice| TEXT               the next line that alice gets is exactly TEXT
    alice.                    alice's input ends (a raw connection: half-close)
    alice= 0                  alice's program ends with this status, and has printed nothing more
    ann!                      the server closes ann's raw connection, and has sent nothing more
    ann-                      ann closes her raw connection
    ann~                      ann resets her raw connection
    server| TEXT              the server's log says TEXT; other lines may stand before it
    server.                   the server is told to end (SIGTERM)
    server= 0                 the server ends with this status
    file NAME SIZE            makes a file, always the same for a name and a size (in bytes)
    same NAME NAME            both files have the same content

`{a*4096}` in a TEXT stands for what is before the `*`, so many times. All programs run in one
temporary directory. What differs from run to run is shown alike: the server's port as 8080, other
ports as 52322, dates as 2026/11/23@09:30, rates as 42.0 MB/s, durations as "in 0.1 s".

A session says everything: a line that no step takes fails it, at the latest when its reader ends.
The server must end with status 0 when it is told to. Nothing sleeps here; every wait has a bound.
"""

import argparse
import filecmp
import os
import random
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

LISTENING = re.compile(r"listening on .*:(\d+)")
SETUP = re.compile(r"(server|client|raw|file|same)(?: (.+))?")
STEP = re.compile(r"([a-z]\w*)(>>|[>|.=!~-])(?: (.*))?")
REPETITION = re.compile(r"\{([^{}*\"]+)\*(\d+)\}")
ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([nrt\\]))")

PORT = re.compile(r'(127\.0\.0\.1:|\[::1\]:|localhost:|port (?:number )?|"port":)(\d+)')
VARYING = (
    (re.compile(r"\d{4}/\d\d/\d\d@\d\d:\d\d"), "2026/11/23@09:30"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-23T09:30:00Z"),
    (re.compile(r"\d+(?:\.\d+)? [kMG]?B/s"), "42.0 MB/s"),
    (re.compile(r"\bin \d+(?:\.\d+)? (?:ms|s)\b"), "in 0.1 s"),
)


class Failed(Exception):
    """What was due, and what came instead."""

    def __init__(self, due: str, came: str) -> None:
        super().__init__(f"due:  {due}\ncame: {came}")


# ---- The script ----


@dataclass(frozen=True)
class Step:
    """One line of a session: `sign` is "server", "client", ... or what stands behind the name."""

    number: int
    line: str
    name: str
    sign: str
    text: str


def parse(path: Path) -> list[Step]:
    """The steps of a session. A line that is none is the author's mistake, and ends the run."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [
        parse_line(path, number, line)
        for number, line in lines
        if line.strip() and not line.startswith("#")
    ]


def parse_line(path: Path, number: int, line: str) -> Step:
    if match := STEP.fullmatch(line):
        return Step(number, line, match[1], match[2], repeated(match[3] or ""))
    if match := SETUP.fullmatch(line):
        return Step(number, line, "", match[1], match[2] or "")
    sys.exit(f"{path}:{number}: no step of a session: {line}")


def repeated(text: str) -> str:
    return REPETITION.sub(lambda match: match[1] * int(match[2]), text)


def unescaped(text: str) -> bytes:
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}
    return ESCAPE.sub(
        lambda match: bytes.fromhex(match[1].decode()) if match[1] else plain[match[2]],
        text.encode(),
    )


def shown(line: str, server_port: int) -> str:
    """The line with what differs from run to run replaced."""
    line = PORT.sub(
        lambda match: match[1] + ("8080" if int(match[2]) == server_port else "52322"), line
    )
    for pattern, replacement in VARYING:
        line = pattern.sub(replacement, line)
    return line


def shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:80]} ... {text[-80:]} ({len(text)} characters)"


# ---- The cast ----


class Actor:
    """Somebody who is sent bytes and prints lines: a program, or the other end of a connection."""

    def __init__(self, name: str, source: int, sink: int) -> None:
        self.name = name
        self.source = source  # the descriptor that its output is read from
        self.sink = sink  # the descriptor that its input is written to
        self.pending = b""  # what has come of its next line
        self.lines: list[str] = []  # all that it has printed
        self.taken = 0  # so many of the lines have been taken by a step
        self.ended = False  # nothing more will come

    def read(self) -> None:
        """Takes what there is to read; called when there is something."""
        try:
            came = os.read(self.source, 65536)
        except ConnectionResetError:
            came = b"(the connection was reset)"
            self.ended = True
        self.ended = self.ended or not came
        *whole, self.pending = (self.pending + came).split(b"\n")
        if self.ended and self.pending:
            whole, self.pending = [*whole, self.pending], b""
        self.lines += [line.decode("utf-8", "backslashreplace") for line in whole]

    def left(self) -> list[str]:
        """What it has printed and no step has taken."""
        return self.lines[self.taken :] + ([self.pending.decode("latin-1")] if self.pending else [])

    def end_input(self) -> None:
        raise NotImplementedError

    def leave(self) -> None:
        """Goes at the end of the session, wherever it stands."""
        raise NotImplementedError


class Program(Actor):
    """A program, with its standard error in its standard output, as at a terminal."""

    def __init__(self, name: str, command: list[str], directory: Path) -> None:
        settings = {"HOME": str(directory), "TZ": "UTC", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            cwd=directory,
            env={**os.environ, **settings},
        )
        assert self.process.stdin and self.process.stdout
        super().__init__(name, self.process.stdout.fileno(), self.process.stdin.fileno())

    def end_input(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def leave(self) -> None:
        self.process.terminate()


class Wire(Actor):
    """A plain TCP connection to the server."""

    def __init__(self, name: str, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(name, self.socket.fileno(), self.socket.fileno())

    def end_input(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        self.ended = True  # whatever comes now is not for anybody
        self.socket.close()


class Stage:
    """All actors of a session. Whoever is waited for, everyone is read: no pipe fills up."""

    def __init__(self, bound: float) -> None:
        self.bound = bound  # of every wait, in seconds
        self.actors: dict[str, Actor] = {}

    def add(self, actor: Actor) -> None:
        if actor.name in self.actors:
            actor.leave()
            raise Failed(f"a name of its own for the new {actor.name}", "it is taken")
        os.set_blocking(actor.source, False)
        os.set_blocking(actor.sink, False)
        self.actors[actor.name] = actor

    def turn(self, seconds: float, sinks: Sequence[int] = ()) -> None:
        """Reads what has come, from anybody; waits for that, or for a sink that takes bytes."""
        sources = {actor.source: actor for actor in self.actors.values() if not actor.ended}
        readable, _, _ = select.select(list(sources), sinks, [], max(seconds, 0))
        for source in readable:
            sources[source].read()

    def wait(self, condition: Callable[[], bool], sinks: Sequence[int] = ()) -> bool:
        """Takes turns until the condition holds. False: it still doesn't, after all the bound."""
        deadline = time.monotonic() + self.bound
        while not condition() and time.monotonic() < deadline:
            self.turn(deadline - time.monotonic(), sinks)
        return condition()

    def send(self, actor: Actor, data: bytes) -> None:
        rest = data

        def all_is_taken() -> bool:
            nonlocal rest
            try:
                rest = rest[os.write(actor.sink, rest) :] if rest else rest
            except BlockingIOError:
                pass
            return not rest

        due = f"{actor.name} takes what is sent"
        try:
            if not self.wait(all_is_taken, [actor.sink]):
                raise Failed(due, f"{len(rest)} of {len(data)} bytes are not taken")
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Failed(due, str(error)) from error


# ---- The play ----


class Session:
    """One run of one script."""

    def __init__(self, build: Path, loop: str | None, directory: Path, bound: float) -> None:
        self.examples = build.resolve() / "examples"
        self.loop = loop
        self.directory = directory
        self.stage = Stage(bound)
        self.folder = ""  # of the server's milestone
        self.port = 0  # of the server
        self.acts: dict[str, Callable[[Step], None]] = {
            "server": self.start_server,
            "client": self.start_client,
            "raw": self.start_raw,
            "file": self.make_file,
            "same": self.compare_files,
            ">": self.type_line,
            ">>": self.send_bytes,
            "|": self.expect_line,
            ".": self.end_input,
            "=": self.expect_status,
            "!": self.expect_close,
            "-": self.close,
            "~": self.reset,
        }

    def play(self, step: Step) -> None:
        self.acts[step.sign](step)

    def finish(self) -> None:
        """The end of the play: nobody has a line left, all leave, and the server, told to, ends."""
        self.stage.turn(0)
        for actor in self.stage.actors.values():
            self.expect_nothing_more(actor)
        for actor in self.others():
            actor.leave()
        for actor in self.others():
            if isinstance(actor, Program):
                self.wait_for_end(actor)
        server = self.stage.actors.get("server")
        if isinstance(server, Program) and server.process.poll() is None:
            server.leave()
            if (status := self.wait_for_end(server)) != "0":
                raise Failed("server= 0", status)

    def clear(self) -> None:
        """Nothing of the play outlives it, however it came out."""
        for actor in self.stage.actors.values():
            if isinstance(actor, Program):
                actor.process.kill()
                actor.process.wait()

    def log(self) -> list[str]:
        """What the server has said, for the story of a failure."""
        server = self.stage.actors.get("server")
        return [f"server said: {line}" for line in server.lines] if server else []

    def others(self) -> list[Actor]:
        return [actor for name, actor in self.stage.actors.items() if name != "server"]

    # Setting up

    def start_server(self, step: Step) -> None:
        program, *arguments = shlex.split(step.text)
        self.folder, _, name = program.partition("/")
        loop = ["--loop", self.loop] if self.loop else []
        self.start("server", name or "server", ["0", *loop, *arguments])
        first_line = self.next_line(self.actor("server"), "listening on ADDRESS:PORT")
        if not (match := LISTENING.fullmatch(first_line)):
            raise Failed("server| listening on ADDRESS:PORT", first_line)
        self.port = int(match[1])

    def start_client(self, step: Step) -> None:
        name, *arguments = shlex.split(step.text)
        self.start(name, "client", ["127.0.0.1", str(self.port), *arguments])

    def start_raw(self, step: Step) -> None:
        try:
            self.stage.add(Wire(step.text, self.port))
        except OSError as error:
            raise Failed("the server takes the connection", str(error)) from error

    def start(self, name: str, program: str, arguments: list[str]) -> None:
        path = self.examples / self.folder / program
        if not path.exists():
            raise Failed(f"the program {path}", "it isn't built")
        self.stage.add(Program(name, [str(path), *arguments], self.directory))

    def make_file(self, step: Step) -> None:
        name, size = step.text.rsplit(" ", 1)
        dice = random.Random(name)
        with (self.directory / name).open("wb") as file:
            for start in range(0, int(size), 1 << 20):
                file.write(dice.randbytes(min(int(size) - start, 1 << 20)))

    def compare_files(self, step: Step) -> None:
        first, second = (self.directory / name for name in shlex.split(step.text))
        for path in (first, second):
            if not path.exists():
                raise Failed(f"the file {path.name}", "there is none")
        if not filecmp.cmp(first, second, shallow=False):
            raise Failed("files with the same content", "they differ")

    # What an actor does

    def type_line(self, step: Step) -> None:
        self.stage.send(self.actor(step.name), step.text.encode() + b"\n")

    def send_bytes(self, step: Step) -> None:
        self.stage.send(self.actor(step.name), unescaped(step.text))

    def end_input(self, step: Step) -> None:
        actor = self.actor(step.name)
        actor.leave() if step.name == "server" else actor.end_input()

    def close(self, step: Step) -> None:
        self.wire(step.name).leave()

    def reset(self, step: Step) -> None:
        no_time_to_linger = struct.pack("ii", 1, 0)  # socket(7): such a close sends RST
        wire = self.wire(step.name)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time_to_linger)
        self.close(step)

    # What must come of it

    def expect_line(self, step: Step) -> None:
        actor = self.actor(step.name)
        while True:
            line = shown(self.next_line(actor, step.text), self.port)
            if line == step.text:
                return
            if step.name != "server":
                raise Failed(f"{step.name}| {shortened(step.text)}", shortened(line))

    def expect_status(self, step: Step) -> None:
        actor = self.actor(step.name)
        if not isinstance(actor, Program):
            raise Failed(f"{step.name} is a program", "it is a connection")
        status = self.wait_for_end(actor)
        self.expect_nothing_more(actor)
        if status != step.text:
            raise Failed(f"{step.name}= {step.text}", status)

    def expect_close(self, step: Step) -> None:
        wire = self.wire(step.name)
        self.stage.wait(lambda: wire.ended)
        self.expect_nothing_more(wire)
        if not wire.ended:
            raise Failed(f"the server closes the connection of {step.name}", "it is still open")

    def wait_for_end(self, program: Program) -> str:
        """The status that the program ends with, or the name of the signal that ended it."""
        if not self.stage.wait(lambda: program.ended):
            raise Failed(f"{program.name} ends", "it still runs")
        try:
            status = program.process.wait(self.stage.bound)
        except subprocess.TimeoutExpired:
            raise Failed(f"{program.name} ends", "it has closed its output and still runs")
        return str(status) if status >= 0 else signal.Signals(-status).name

    def expect_nothing_more(self, actor: Actor) -> None:
        if actor.name != "server" and actor.left():
            lines = [shortened(shown(line, self.port)) for line in actor.left()]
            raise Failed(f"nothing more for {actor.name}", "\n      ".join(lines))

    def next_line(self, actor: Actor, due: str) -> str:
        self.stage.wait(lambda: actor.taken < len(actor.lines) or actor.ended)
        if actor.taken == len(actor.lines):
            came = "the end" if actor.ended else "no whole line. " + "".join(actor.left())
            raise Failed(f"{actor.name}| {shortened(due)}", came)
        actor.taken += 1
        return actor.lines[actor.taken - 1]

    def actor(self, name: str) -> Actor:
        if name not in self.stage.actors:
            raise Failed(f"{name} has entered", "nobody of that name has")
        return self.stage.actors[name]

    def wire(self, name: str) -> Wire:
        actor = self.actor(name)
        if not isinstance(actor, Wire):
            raise Failed(f"{name} is a raw connection", "it is a program")
        return actor


# ---- The stage door ----


def run(path: Path, options: argparse.Namespace) -> bool:
    """Plays one script, and tells the story if it fails."""
    story: list[str] = []
    with tempfile.TemporaryDirectory(prefix="session-") as directory:
        session = Session(options.build, options.loop, Path(directory), options.bound)
        try:
            for step in parse(path):
                story.append(f"{step.number:4}  {step.line}")
                session.play(step)
                if options.print:
                    print(step.line, flush=True)
            story.append("      the end")
            session.finish()
        except Failed as failure:
            print(f"FAILED {path}", *story, failure, *session.log(), sep="\n", flush=True)
            return False
        finally:
            session.clear()
    if not options.print:
        print(f"ok {path}", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description="Plays sessions of the real programs.")
    parser.add_argument("--build", type=Path, required=True, help="the build tree")
    parser.add_argument("--loop", choices=["poll", "epoll", "asio"], help="of the server")
    parser.add_argument("--bound", type=float, default=20, help="of every wait, in seconds")
    parser.add_argument("--print", action="store_true", help="print the steps as they happen")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args()
    results = [run(path, options) for path in options.files]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
