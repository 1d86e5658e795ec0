#!/usr/bin/env python3
"""Checks that the dialogues, the schemas and the text of the protocol say the same.

    python3 tests/dialogues/check_dialogues.py               checks tests/dialogues; status 1 if at fault
    python3 tests/dialogues/check_dialogues.py PATH ...      checks these, or all that these folders hold
    python3 tests/dialogues/check_dialogues.py --self-test   checks the check alone, which the others do too

A transcript is what was really sent and received, in the steps of a dialogue
(tests/dialogues/README.md). What holds for each of them:

- Every step is one.
- What a server sends is an answer or an event of docs/schema/messages.json, and its fields come in
  the order listed there.
- A request with an id was accepted or refused as the schema would.

And for a folder of them: it shows every request, answer, event and error code of the schema, and
docs/protocol.md tells of the same ones, with an example of each request.
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Iterator

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/messages.json").read_text(encoding="utf-8"))
DEFINITIONS = SCHEMA["definitions"]
GROUPS = {group: DEFINITIONS[group] for group in ("requests", "answers", "events", "peers")}
CODES = set(DEFINITIONS["code"]["enum"])

MILESTONES = ("echo", "users", "channels", "files")
STEP = re.compile(r"([A-Za-z][A-Za-z0-9_-]*) (\+\+|\+|>>|>|<<|<|\.|-|!)(?: (.*))?")
REPETITION = re.compile(r'\{([^{}"*]+)\*([0-9]+)\}')
ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([nrt\\]))")

# What a refusal says of the request. Of the codes in neither set, the schema sees some cases.
SEEN_BY_SCHEMA = {"bad_request", "bad_nick", "bad_channel"}
UNSEEN_BY_SCHEMA = {
    "nick_taken",
    "no_such_nick",
    "channel_exists",
    "no_such_channel",
    "not_in_channel",
    "no_such_transfer",
}

# What no dialogue can bring about: its clients read all that they get, and no time passes.
UNPLAYED = {"not_reading", "read_timeout", "line_timeout", "memory_limit"}
UNPLAYED |= {"rate_limited", "login_timeout", "too_many_connections"}

Message = dict[str, Any]


# ---- A message ----


def parse(line: bytes) -> Message | None:
    """The JSON object on a line, or None."""
    try:
        message = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def fault(group: str, message: Message) -> str | None:
    """What the schema has against a message of this group."""
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in GROUPS[group]:
        return f"{kind!r} is no type of {group}"
    schema = {"$ref": f"#/definitions/{group}/{kind}", "definitions": DEFINITIONS}
    error = best_match(Draft7Validator(schema).iter_errors(message))
    return f"{error.json_path}: {error.message[:200]}" if error else None


def disorder(group: str, message: Message) -> str | None:
    """How the order of the fields differs from the one that the schema lists."""
    listed = GROUPS[group][message["type"]]["properties"]
    due = [field for field in listed if field in message]
    came = [field for field in message if field in listed]
    return None if came == due else f"the fields come as {came}, due is {due}"


# ---- A dialogue ----


def repeated(text: str) -> str:
    return REPETITION.sub(lambda match: match[1] * int(match[2]), text)


def unescaped(text: bytes) -> bytes:
    plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}
    return ESCAPE.sub(
        lambda match: bytes.fromhex(match[1].decode()) if match[1] else plain[match[2]], text
    )


class Checker:
    """Reads dialogues; keeps what is wrong with them, and what they show."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.shown: dict[str, set[str]] = defaultdict(set)  # by group, the types seen to work
        self.codes: set[str] = set()

    def read_file(self, path: Path) -> None:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        if path.suffix == ".dialogue" and not text.startswith("# "):
            self.faults.append(f"{path.name}: no comment says what is shown")
        self.read(text, path.name)

    def read(self, text: str, name: str) -> None:
        self.milestone = ""
        self.begun: dict[str, bytes] = defaultdict(bytes)  # by client, the line it has begun
        self.asked: dict[tuple[str, Any], Message] = {}  # by client and id
        for number, line in enumerate(text.split("\n"), 1):
            if line and not line.startswith("#") and (wrong := self.step(line)):
                self.faults.append(f"{name}:{number}: {wrong}\n    {line[:200]}")

    def step(self, line: str) -> str | None:
        word, _, rest = line.partition(" ")
        if word == "milestone":
            self.milestone = rest
            return None if rest in MILESTONES else "no such milestone"
        if not self.milestone:
            return "a dialogue begins with its milestone"
        step = STEP.fullmatch(line)
        if not step and word != "clock":
            return "no step of a dialogue"
        if not step or self.milestone == "echo":
            return None
        client, sign = step[1], step[2]
        text = repeated(step[3] or "").encode("utf-8", "surrogateescape")
        if sign in (">", ">>"):
            return self.sent(client, text + b"\n" if sign == ">" else unescaped(text))
        if sign in ("<", "<<") and text != "…".encode():
            return self.received(client, text if sign == "<" else unescaped(text))
        return None

    def sent(self, client: str, data: bytes) -> None:
        *lines, self.begun[client] = (self.begun[client] + data).split(b"\n")
        for message in filter(None, map(parse, lines)):
            if type(message.get("id")) in (str, int):
                self.asked[client, message["id"]] = message

    def received(self, client: str, line: bytes) -> str | None:
        message = parse(line)
        if message is None:
            return "the server sends no JSON object"
        groups = ["answers"] if "id" in message else ["answers", "events"]
        groups = [group for group in groups if message.get("type") in GROUPS[group]] or groups
        faults = {group: fault(group, message) or disorder(group, message) for group in groups}
        if None not in faults.values():
            return "; ".join(map(str, faults.values()))
        for group in groups:
            if not faults[group]:
                self.shown[group].add(message["type"])
        if message["type"] == "error":
            self.codes.add(message["code"])
        return self.answered(client, message) if "id" in message else None

    def answered(self, client: str, answer: Message) -> str | None:
        """Whether the request was judged as the schema judges it."""
        request = self.asked.pop((client, answer["id"]), None)
        if request is None:
            return None  # too deep for Python, or the last line of the input, without LF
        code = answer["code"] if answer["type"] == "error" else ""
        wrong = fault("requests", request)
        if code in SEEN_BY_SCHEMA and not wrong:
            return f"refused as {code}, but the schema has nothing against it"
        if (not code or code in UNSEEN_BY_SCHEMA) and wrong:
            return f"taken for a right request, but the schema says {wrong}"
        if not code:
            self.shown["requests"].add(request["type"])
        return None

    def unseen(self) -> Iterator[str]:
        """The messages and codes of the schema that nothing has shown."""
        for group in ("requests", "answers", "events"):
            for kind in sorted(set(GROUPS[group]) - self.shown[group]):
                yield f"nothing shows {kind} of the {group}"
        for code in sorted(CODES - self.codes - UNPLAYED):
            yield f"nothing shows the error {code}"


# ---- docs/protocol.md ----

TYPE = re.compile(r'"type":"([a-z_0-9]+)"')
CODE_ROW = re.compile(r"^\| `([a-z]+(?:_[a-z]+)+)` \| .* \|$", re.M)
EXAMPLE = re.compile(r"<!-- from: tests/dialogues/\S+ -->\n```\w*\n(.*?)```", re.S)
EXAMPLE_REQUEST = re.compile(r'^\S+ >>? \{"type":"([a-z_]+)"', re.M)
PEER_MESSAGE = re.compile(r'^\{"type":.*\}$', re.M)


def against_text(text: str) -> Iterator[str]:
    """Where the text and the schema differ."""
    known = set().union(*GROUPS.values())
    told = set(TYPE.findall(text))
    for kind in sorted(told - known):
        yield f"the schema does not know {kind}"
    for kind in sorted(known - told):
        yield f"the text does not tell of {kind}"
    for code in sorted(CODES ^ set(CODE_ROW.findall(text))):
        yield f"the schema and the text differ about the code {code}"
    examples = EXAMPLE_REQUEST.findall("\n".join(EXAMPLE.findall(text)))
    for kind in sorted(set(GROUPS["requests"]) - set(examples)):
        yield f"no example shows {kind}"
    for line in PEER_MESSAGE.findall(text):
        if wrong := fault("peers", parse(line.encode()) or {}):
            yield f"{wrong}\n    {line}"


# ---- The self-test ----

WRONG = {
    "a kind": 'a < {"type":"welcome","nick":5}',
    "a nick": 'a < {"type":"welcome","nick":"two words"}',
    "the reserved nick": 'a < {"type":"welcome","nick":"Server"}',
    "a missing field": 'a < {"type":"joined","channel":"room"}',
    "a date": 'a < {"type":"user","nick":"a","since":"today","address":"::1","port":1}',
    "a port": 'a < {"type":"user","nick":"a","since":"2026-11-23T09:30:00Z","address":"::1",'
    '"port":65536}',
    "a control character": r'a < {"type":"msgall","from":"b","text":"\u001b[2J"}',
    "an item of a list": 'a < {"type":"users","users":["a",5]}',
    "an empty channel": 'a < {"type":"channels","channels":[{"channel":"room","users":0}]}',
    "an event with an id": 'a < {"type":"renamed","id":1,"old":"a","nick":"b"}',
    "ok without id": 'a < {"type":"ok"}',
    "an unknown code": 'a < {"type":"error","code":"bad_luck","message":"…"}',
    "an unknown type": 'a < {"type":"greetings"}',
    "no type": 'a < {"nick":"a"}',
    "another order": 'a < {"nick":"a","type":"welcome"}',
    "no object": 'a < ["welcome"]',
    "no UTF-8": r'a << {"type":"welcome","nick":"\xff"}',
    "a request wrongly accepted": 'a > {"type":"whois","id":1}\na < {"type":"ok","id":1}',
    "a request wrongly refused": 'a > {"type":"ping","id":1}\n'
    'a < {"type":"error","id":1,"code":"bad_request","message":"…"}',
    "an answer to another request": 'a > {"type":"whois","id":1,"nick":"9"}\n'
    'a < {"type":"error","id":1,"code":"no_such_nick","message":"…"}',
    "no step": "a ? what",
}

RIGHT = r"""
a + 127.0.0.1:52322
a < …
a > {"nick":"a","id":1,"type":"nick"}
a < {"type":"welcome","id":1,"nick":"a","mood":"an unknown field"}
a >> {"type":"echo","text":"{a*5}",
a >> "id":2}\n
a < {"type":"echo","id":2,"text":"aaaaa"}
a << {"type":"renamed","old":"b","nick":"\x63"}
a !
"""

STALE_TEXT = """
| `{"type":"dance"}` | |
{"type":"file_send","transfer":5,"token":"k","offset":0}
"""
DUE_OF_A_STALE_TEXT = (
    "nothing shows pong of the answers",
    "nothing shows the error bad_text",
    "the schema does not know dance",
    "the text does not tell of welcome",
    "differ about the code bad_json",
    "no example shows nick",
    "$.transfer: 5 is not of type 'string'",
)


def faults_of(steps: str) -> list[str]:
    checker = Checker()
    checker.read(f"milestone users\n{steps}\n", "told")
    return checker.faults


def self_test() -> list[str]:
    """What the check does not see though it should, and what it sees where nothing is."""
    told = "\n".join([*against_text(STALE_TEXT), *Checker().unseen()])
    return [
        *(f"not seen: {name}" for name, steps in WRONG.items() if not faults_of(steps)),
        *(f"seen where nothing is: {wrong}" for wrong in faults_of(RIGHT)),
        *(f"not said: {due}" for due in DUE_OF_A_STALE_TEXT if due not in told),
    ]


def files_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".dialogue", ".transcript"))


def check(paths: list[Path]) -> list[str]:
    checker = Checker()
    files = [file for path in paths for file in files_in(path)]
    for file in files:
        checker.read_file(file)
    if any(path.is_dir() for path in paths):
        checker.faults += checker.unseen()
        text = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
        checker.faults += (f"docs/protocol.md: {wrong}" for wrong in against_text(text))
    print(f"{len(files)} dialogues read")
    return checker.faults


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--self-test", action="store_true", help="check the check alone")
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH")
    options = parser.parse_args()
    faults = self_test()
    if not options.self_test:
        faults += check(options.paths or [ROOT / "tests/dialogues"])
    print(*faults, f"{len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
