#!/usr/bin/env python3
"""Wires that deviate from the course's at random, and whether probe finds each of them.

    python3 tests/zoo/wires.py --build build --number 25 --seed 1

Each is a server (servers/any_wire.py) whose layout, numbers of types and forms of requests are drawn from what
programs were seen to do. A wire counts as found if every basic check passes with the dialect that probe writes.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zoo

TYPES = (
    "NICKNAME_NEW NICKNAME_LIST NICKNAME_INFOS ECHO_SEND UNICAST_SEND BROADCAST_SEND MULTICAST_CREATE MULTICAST_LIST "
    "MULTICAST_JOIN MULTICAST_SEND MULTICAST_QUIT FILE_REQUEST FILE_ACCEPT FILE_REJECT FILE_SEND FILE_ACK"
).split()
COMMANDS = {
    "NICKNAME_NEW": "/nick", "NICKNAME_INFOS": "/whois", "UNICAST_SEND": "/msg", "MULTICAST_CREATE": "/create",
    "MULTICAST_JOIN": "/join", "MULTICAST_QUIT": "/quit",
}  # fmt: skip
ORDERS = (
    ("length", "sender", "type", "infos"), ("type", "length", "sender", "infos"), ("length", "type", "sender", "infos"),
    ("type", "sender", "length", "infos"), ("sender", "type", "infos", "length"), ("length", "type", "infos", "sender"),
)  # fmt: skip


def numbered(draw: random.Random) -> dict:
    """The types in the course's order, from zero or one on, with up to three others between them."""
    gaps = sorted(draw.sample(range(len(TYPES)), draw.choice((0, 0, 1, 1, 2, 3))))
    first = draw.choice((0, 0, 0, 1))
    return {name: first + n + sum(gap <= n for gap in gaps) for n, name in enumerate(TYPES)}


def fields(draw: random.Random) -> list:
    sizes = {
        "length": draw.choice((4, 4, 4, 8, 2)), "type": draw.choice((4, 4, 4, 2)),
        "sender": draw.choice((128, 128, 20, 32, 64, 100, 48)), "infos": draw.choice((128, 128, 128, 64, 256, 100)),
    }  # fmt: skip
    chosen = [[name, sizes[name]] for name in draw.choice((ORDERS[0], ORDERS[0], ORDERS[0], *ORDERS))]
    if draw.random() < 0.3:
        chosen.insert(draw.randrange(len(chosen) + 1), ["extra", draw.choice((4, 4, 8, 20, 32, 128))])
    return chosen


def forms(draw: random.Random) -> dict:
    """A style for the whole program, as one hand wrote it; some requests stay plain."""
    place = draw.choice(("infos", "infos", "infos", "payload"))
    style = draw.choice(("plain", "plain", "newline", "command")) if place == "infos" else draw.choice(("plain", "command"))
    chosen = {}
    for name, command in COMMANDS.items():
        if name == "UNICAST_SEND" and (style == "command" and place == "infos"):
            continue
        if name == "NICKNAME_NEW" or draw.random() < 0.7:
            chosen[name] = {"place": place, "style": style, "command": command}
    if draw.random() < 0.2:
        chosen["ECHO_SEND"] = {"place": "infos"}
    return chosen


def wire(seed: int) -> dict:
    draw = random.Random(seed)
    drawn = {
        "types": numbered(draw), "fields": fields(draw), "order": draw.choice(("little", "little", "big")),
        "least_payload": draw.choice((0, 0, 0, 1)), "forms": forms(draw),
        "answers": draw.choice(("payload", "payload", "payload", "infos", "text")),
    }  # fmt: skip
    if dict(drawn["fields"])["infos"] < 64:
        drawn["answers"] = "payload"
    return drawn


def summary(data: dict) -> str:
    layout = " ".join(f"{name}{size}" for name, size in data["fields"])
    form = data["forms"]["NICKNAME_NEW"]
    echo = ", echo in infos" if "ECHO_SEND" in data["forms"] else ""
    numbers = ",".join(str(number) for number in data["types"].values())
    return (
        f"{layout} {data['order']}, {form['style']} in {form['place']}{echo}, answers in {data['answers']}, "
        f"least {data['least_payload']}, types {numbers}"
    )


def is_found(build: Path, data: dict) -> "tuple[bool, float, str]":
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "wire.json")
        file.write_text(json.dumps(data))
        server = [sys.executable, zoo.ZOO / "servers" / "any_wire.py", file, "{port}"]
        command = [build / "tools" / "jalon-check", "probe", "--output", Path(directory, "found.json"), "--", *server]
        began = time.monotonic()
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
        return ran.returncode == 0, time.monotonic() - began, ran.stderr.strip().replace("\n", " ")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--number", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=int, help="how many must be found; all but two if left out")
    options = parser.parse_args()
    found = 0
    for seed in range(options.seed, options.seed + options.number):
        data = wire(seed)
        good, took, words = is_found(options.build, data)
        found += good
        print(f"{seed:4} {'found' if good else 'NOT FOUND':10}{took:6.1f} s  {summary(data)}", flush=True)
        if not good:
            print("     " + words, flush=True)
    print(f"{found} of {options.number} found")
    return 0 if found >= (options.number - 2 if options.least is None else options.least) else 1


if __name__ == "__main__":
    sys.exit(main())
