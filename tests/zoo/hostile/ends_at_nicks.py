#!/usr/bin/env python3
"""Speaks the course's header, and ends whenever one of probe's lasting users takes a nick.

    ends_at_nicks.py PORT FILE      FILE has a byte for each time
"""

import socket
import struct
import sys

HEADER = struct.Struct("<i128si128s")  # length, sender, type, infos
NEW_NICK = 0
LASTING = b"pr"  # probe's users are called so; for a first try of a nick it takes other words


def answer(kind: int, nick: bytes) -> bytes:
    if kind != NEW_NICK or not nick.isalnum():
        return b"refused %d" % kind
    if nick.startswith(LASTING):
        with open(sys.argv[2], "a", encoding="ascii") as ends:
            ends.write(".")
        sys.exit(3)
    return b"welcome"


def serve(client: socket.socket) -> None:
    got = b""
    while more := client.recv(65536):
        got += more
        while len(got) >= HEADER.size:
            length, _, kind, infos = HEADER.unpack_from(got)
            if length < 0 or len(got) < HEADER.size + length:
                break
            got = got[HEADER.size + length :]
            text = answer(kind, infos.split(b"\0")[0])
            client.sendall(HEADER.pack(len(text), b"Server", kind, b"") + text)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        serve(listener.accept()[0])


if __name__ == "__main__":
    main()
