#!/usr/bin/env python3
"""Plays the dialogues against a server in any language, over TCP.

    python3 tests/dialogues/play.py 2 [NAME...] -- ./my_server {port}

The server is started anew for each dialogue, with a free port for {port}. Messages are compared as JSON: the
order of fields, blanks and escapes are free. So are the server's name in hello, and times, which are the
system's. Status 0: all were as written; 1: some were not; 2: the server could not be started.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

DIALOGUES = Path(__file__).parent
MILESTONES = ("echo", "users", "channels", "files")
PATIENCE = 5.0
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REPEATED = re.compile(r"\{([^{}\"*]+)\*(\d+)\}")
FREE = re.compile(r"\{([a-z0-9]+)\}|(…)")
ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([nrt\\]))")


class Differs(Exception):
    """Something else happened than the dialogue says."""


def unescaped(text):
    """The bytes that a text with escapes stands for."""
    plain = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}
    parts, at = [], 0
    for found in ESCAPE.finditer(text):
        parts += [text[at:found.start()].encode(), bytes.fromhex(found[1]) if found[1] else plain[found[2]]]
        at = found.end()
    return b"".join(parts) + text[at:].encode()


def repeated(text):
    return REPEATED.sub(lambda found: found[1] * int(found[2]), text)


def same_text(due, came, names):
    """Whether a text is as due, where {name} and … stand for any. Learns the names."""
    pattern, at = "", 0
    new = set()
    for found in FREE.finditer(due):
        pattern += re.escape(due[at:found.start()])
        name = found[1]
        if name in names:
            pattern += re.escape(names[name])
        elif name in new:
            pattern += f"(?P=n_{name})"
        else:
            pattern += f"(?P<n_{name}>.+?)" if name else "(?:.+?)"
            new |= {name} if name else set()
        at = found.end()
    matched = re.fullmatch(pattern + re.escape(due[at:]), came, re.DOTALL)
    if matched:
        names.update({name: matched[f"n_{name}"] for name in new})
    return matched is not None


def same_json(due, came, names):
    if isinstance(due, str) and isinstance(came, str):
        return bool(TIME.fullmatch(due) and TIME.fullmatch(came)) or same_text(due, came, names)
    if isinstance(due, dict) and isinstance(came, dict):
        return due.keys() == came.keys() and all(same_json(due[key], came[key], names) for key in due)
    if isinstance(due, list) and isinstance(came, list):
        return len(due) == len(came) and all(same_json(one, other, names) for one, other in zip(due, came))
    return type(due) is type(came) and due == came


def object_in(text):
    """The JSON object in a text; none if it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def same_line(due, came, names):
    """Whether the bytes of a line are as due: as JSON if both are objects."""
    expected, actual = object_in(due), object_in(came)
    if expected is None or actual is None:
        return same_text(due.decode(errors="surrogateescape"), came.decode(errors="surrogateescape"), names)
    if expected.get("type") == "hello" and isinstance(actual.get("server"), str) and actual["server"]:
        expected["server"] = actual["server"]  # a server has a name of its own
    return same_json(expected, actual, names)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.socket.getsockname()[1]
        self.input = b""
        self.sent_whole = True
        self.has_ended = False  # its own side

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Differs(f"it could not be sent: {error}") from None
        self.sent_whole = data.endswith(b"\n") if data else self.sent_whole

    def line(self):
        """The next line that the server sends; none at its end."""
        while b"\n" not in self.input:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            except socket.timeout:
                raise Differs(f"nothing came in {PATIENCE:.0f} seconds") from None
            if not more:
                if self.input:
                    raise Differs(f"a line without its end came: {self.input[:300]!r}")
                return None
            self.input += more
        line, self.input = self.input.split(b"\n", 1)
        return line


class Player:
    """One dialogue, played once."""

    def __init__(self, port, milestone):
        self.port, self.is_raw = port, milestone == "echo"
        self.clients, self.names, self.ports = {}, {}, {}

    def with_ports(self, data):
        return re.sub(rb"\d+", lambda found: self.ports.get(found[0], found[0]), data)

    def expect(self, client, due):
        came = client.line()
        if came is None:
            raise Differs("the server closed the connection")
        if not same_line(self.with_ports(due), came, self.names):
            raise Differs(f"came: {came[:300].decode(errors='replace')}")

    def act(self, who, what, text):
        if what.startswith("+"):
            client = self.clients[who] = Client(self.port)
            if text:
                self.ports[text.rpartition(":")[2].encode()] = str(client.port).encode()
            if what == "++":
                client.line()
                client.send(json.dumps({"type": "nick", "nick": who}).encode() + b"\n")
                self.expect(client, json.dumps({"type": "welcome", "nick": who}).encode())
            return
        client = self.clients[who]
        if what in (">", ">>"):
            text = re.sub(r"\{([a-z0-9]+)\}", lambda found: self.names.get(found[1], found[0]), repeated(text))
            client.send(self.with_ports(unescaped(text) if what == ">>" else text.encode() + b"\n"))
        elif what in ("<", "<<"):
            self.expect(client, unescaped(repeated(text)) if what == "<<" else repeated(text).encode())
        elif what == ".":
            client.has_ended = True
            client.socket.shutdown(socket.SHUT_WR)
        else:
            self.end(who, what)

    def end(self, who, what):
        client = self.clients.pop(who)
        came = client.line() if what == "!" else None
        client.socket.close()
        if came is not None:
            raise Differs(f"came: {came[:300].decode(errors='replace')}")

    def expect_no_more(self):
        """Nobody has got anything that no step has taken: the next that comes is an answer to one more request."""
        last = b"the end" if self.is_raw else b'{"type":"ping","id":"the end"}'
        answer = last if self.is_raw else b'{"type":"pong","id":"the end"}'
        for who, client in self.clients.items():
            if client.has_ended or not client.sent_whole:
                continue
            client.send(last + b"\n")
            try:
                self.expect(client, answer)
            except Differs as difference:
                raise Differs(f"{who} has got more: {difference}") from None


def steps_of(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def milestone_of(path):
    return next(line.split()[1] for _, line in steps_of(path) if line.startswith("milestone "))


def play(path, port):
    """Plays it against the server at that port. Returns what was not as written; nothing if all was."""
    player = Player(port, milestone_of(path))
    where = ""
    try:
        for number, line in steps_of(path):
            where = f"line {number}: {line[:300]}"
            who, what, *text = line.split(" ", 2)
            if who not in ("milestone", "clock"):
                player.act(who, what, text[0] if text else "")
        where = "after the last line"
        player.expect_no_more()
    except (Differs, OSError) as difference:
        return f"{where}\n        {difference}"
    finally:
        for client in player.clients.values():
            client.socket.close()
    return ""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def stop(process):
    """Ends it, and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself
    process.wait()


def start(command):
    """Starts the server. Returns its process and its port."""
    port = free_port()
    process = subprocess.Popen([word.replace("{port}", str(port)) for word in command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
            return process, port
        except OSError:
            time.sleep(0.01)
    stop(process)
    print("play.py: the server does not listen on the port that it was given", file=sys.stderr)
    sys.exit(2)


def chosen(number, names):
    """The dialogues of a milestone and of those before it that its servers know: raw lines are milestone 1's alone."""
    due = MILESTONES[:1] if number == 1 else MILESTONES[1:number]
    for path in sorted(DIALOGUES.glob("*.dialogue")):
        is_due = milestone_of(path) == due[-1] or not is_for_its_own_milestone_alone(path)
        if milestone_of(path) in due and is_due and (not names or path.stem in names):
            yield path


def is_for_its_own_milestone_alone(path):
    """A later milestone can do more: the greeting lists more, and more types are known."""
    return path.stem.endswith(("_hello", "_unknown_type"))


def main():
    words = [*sys.argv[1:], "--"]
    before, command = words[:words.index("--")], words[words.index("--") + 1:-1]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("milestone", type=int, choices=(1, 2, 3, 4))
    parser.add_argument("names", nargs="*")
    said = parser.parse_args(before)
    if not command:
        parser.error("say how to start the server, behind --")
    failed = played = 0
    for path in chosen(said.milestone, said.names):
        process, port = start(command)
        problem = play(path, port)
        stop(process)
        played += 1
        failed += bool(problem)
        print(f"{'FAILED' if problem else 'passed'}  {path.stem}" + (f"\n    {problem}" if problem else ""), flush=True)
    print(f"{played - failed} passed, {failed} failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
