#!/usr/bin/env python3
"""A right server of the course whose wire is described by data: layout, numbers of types, and forms of requests.

    any_wire.py wire.json PORT      # wires.py makes such files

One thread, a buffer for each client and each direction. What probe has to find out is all in the data.
"""

import json
import re
import selectors
import socket
import struct
import sys
import time

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}\Z")
FORMATS = {1: "B", 2: "H", 4: "i", 8: "q"}


class Wire:
    def __init__(self, data: dict) -> None:
        self.data = data
        self.types = {number: name for name, number in data["types"].items()}
        self.order = "<" if data["order"] == "little" else ">"
        self.size = sum(size for _, size in data["fields"])

    def number(self, value: int, size: int) -> bytes:
        return struct.pack(self.order + FORMATS[size], value)

    def encode(self, kind: str, sender: str, infos: str, payload: bytes) -> bytes:
        if self.data["answers"] == "text":
            return (f"[{sender}] " + infos + " ").encode() + payload + b"\n"
        if self.data["answers"] == "infos" and len(infos.encode() + payload) < dict(self.data["fields"])["infos"]:
            infos, payload = (infos + " " + payload.decode(errors="replace")).strip(), b""
        header = b""
        for name, size in self.data["fields"]:
            if name == "length":
                header += self.number(len(payload), size)
            elif name == "type":
                header += self.number(self.data["types"][kind], size)
            else:
                text = {"sender": sender, "infos": infos}.get(name, "").encode()[: size - 1]
                header += text.ljust(size, b"\0")
        return header + payload

    def decode(self, bytes_in: bytearray) -> "tuple | None":
        """The kind, infos and payload of the next message; removes it."""
        if len(bytes_in) < self.size:
            return None
        at, found = 0, {}
        for name, size in self.data["fields"]:
            found[name] = bytes(bytes_in[at : at + size])
            at += size
        unpack = lambda name: struct.unpack(self.order + FORMATS[len(found[name])], found[name])[0]
        length = unpack("length")
        if not 0 <= length <= 65536:
            raise ValueError("length")
        if len(bytes_in) < self.size + length:
            return None
        payload = bytes(bytes_in[self.size : self.size + length])
        del bytes_in[: self.size + length]
        if length == 0 and self.data["least_payload"]:
            raise ValueError("recv returned 0, as at the end")
        infos = found["infos"].split(b"\0")[0].decode(errors="replace")
        return self.types.get(unpack("type")), infos, payload


class Client:
    def __init__(self, sock: socket.socket, address: tuple) -> None:
        self.sock, self.address = sock, address
        self.nick, self.channel = "", ""
        self.input, self.output = bytearray(), bytearray()


class Server:
    def __init__(self, wire: Wire, port: int) -> None:
        self.wire, self.clients = wire, []
        self.ready = selectors.DefaultSelector()
        self.listener = socket.create_server(("", port), backlog=128)
        self.listener.setblocking(False)
        self.ready.register(self.listener, selectors.EVENT_READ)

    def say(self, to: Client, kind: str, text: "str | bytes", sender: str = "Server", infos: str = "") -> None:
        payload = text.encode() if isinstance(text, str) else text
        to.output += self.wire.encode(kind, sender, infos, payload)

    def find(self, nick: str) -> "Client | None":
        return next((one for one in self.clients if nick and one.nick.lower() == nick.lower()), None)

    def members(self, channel: str) -> list:
        return [one for one in self.clients if channel and one.channel == channel]

    def argument(self, kind: str, infos: str, payload: bytes) -> "tuple[str, bytes]":
        """The word and the text of a request, from where this wire has them."""
        form = self.wire.data["forms"].get(kind, {"place": "infos", "style": "plain"})
        if form["place"] == "payload":
            word, _, text = payload.rstrip(b"\0").decode(errors="replace").partition(" ")
            if form["style"] == "command":
                if word != form["command"]:
                    return "", b""
                word, _, text = text.partition(" ")
            payload = text.encode()
        else:
            word = infos
            if form["style"] == "command":
                command, _, word = infos.partition(" ")
                if command != form["command"]:
                    return "", b""
        if form["style"] == "newline":
            if not word.endswith("\n"):
                return "", b""
            word = word[:-1]
        return word, payload

    def leave_channel(self, who: Client) -> None:
        for one in self.members(who.channel):
            if one is not who:
                self.say(one, "MULTICAST_QUIT", f"{who.nick} has left", infos=who.channel)
        who.channel = ""

    def handle(self, who: Client, kind: "str | None", infos: str, payload: bytes) -> None:
        time.sleep(self.wire.data.get("sleeps", 0))
        if kind is None:
            return self.say(who, "ECHO_SEND", "unknown type")
        if kind == "ECHO_SEND":
            in_infos = self.wire.data["forms"].get(kind, {}).get("place") == "infos"
            return self.say(who, kind, infos if in_infos else payload)
        word, text = self.argument(kind, infos, payload)
        if kind == "NICKNAME_NEW":
            owner = self.find(word)
            if not NAME.match(word) or (owner and owner is not who):
                return self.say(who, kind, "this is no nick for you")
            who.nick = word
            return self.say(who, kind, "welcome")
        if not who.nick:
            return self.say(who, kind, "first take a nick")
        getattr(self, kind.lower())(who, word, payload if kind == "BROADCAST_SEND" else text)

    def nickname_list(self, who: Client, _: str, __: bytes) -> None:
        self.say(who, "NICKNAME_LIST", "\n".join("- " + one.nick for one in self.clients if one.nick))

    def nickname_infos(self, who: Client, word: str, _: bytes) -> None:
        one = self.find(word)
        text = f"{word} from {one.address[0]} port {one.address[1]}" if one else "nobody has this nick"
        self.say(who, "NICKNAME_INFOS", text)

    def unicast_send(self, who: Client, word: str, text: bytes, kind: str = "UNICAST_SEND") -> None:
        to = self.find(word)
        if to is None:
            return self.say(who, kind, "nobody has this nick")
        self.say(to, kind, text, who.nick, word)

    def broadcast_send(self, who: Client, _: str, text: bytes) -> None:
        for one in self.clients:
            if one is not who and one.nick:
                self.say(one, "BROADCAST_SEND", text, who.nick)
        self.say(who, "BROADCAST_SEND", "sent")

    def multicast_create(self, who: Client, word: str, _: bytes) -> None:
        if not NAME.match(word) or self.members(word):
            return self.say(who, "MULTICAST_CREATE", "no such channel can be made")
        self.leave_channel(who)
        who.channel = word
        self.say(who, "MULTICAST_CREATE", "created")

    def multicast_list(self, who: Client, _: str, __: bytes) -> None:
        self.say(who, "MULTICAST_LIST", "\n".join(sorted({one.channel for one in self.clients if one.channel})) or "none")

    def multicast_join(self, who: Client, word: str, _: bytes) -> None:
        if not self.members(word):
            return self.say(who, "MULTICAST_JOIN", "there is no such channel")
        self.leave_channel(who)
        who.channel = word
        for one in self.members(word):
            self.say(one, "MULTICAST_JOIN", f"{who.nick} has joined", infos=word)

    def multicast_send(self, who: Client, word: str, text: bytes) -> None:
        if not who.channel or word != who.channel:
            return self.say(who, "MULTICAST_SEND", "you are not in this channel")
        for one in self.members(word):
            if one is not who:
                self.say(one, "MULTICAST_SEND", text, who.nick, word)

    def multicast_quit(self, who: Client, _: str, __: bytes) -> None:
        self.leave_channel(who)
        self.say(who, "MULTICAST_QUIT", "left")

    def file_request(self, who: Client, word: str, text: bytes) -> None:
        self.unicast_send(who, word, text, "FILE_REQUEST")

    def file_accept(self, who: Client, word: str, text: bytes) -> None:
        self.unicast_send(who, word, text, "FILE_ACCEPT")

    def file_reject(self, who: Client, word: str, text: bytes) -> None:
        self.unicast_send(who, word, text, "FILE_REJECT")

    def file_send(self, who: Client, _: str, __: bytes) -> None:
        self.say(who, "FILE_SEND", "files go from peer to peer")

    file_ack = file_send

    def drop(self, who: Client) -> None:
        self.clients.remove(who)
        self.leave_channel(who)
        self.ready.unregister(who.sock)
        who.sock.close()

    def serve(self, who: Client, events: int) -> None:
        try:
            if events & selectors.EVENT_READ:
                came = who.sock.recv(65536)
                if not came:
                    return self.drop(who)
                who.input += came
                while (message := self.wire.decode(who.input)) is not None:
                    self.handle(who, *message)
        except BlockingIOError:
            pass
        except (OSError, ValueError):
            self.flush(who)  # what was answered before
            if who in self.clients:
                self.drop(who)

    def flush(self, who: Client) -> None:
        try:
            if who.output:
                del who.output[: who.sock.send(who.output, socket.MSG_NOSIGNAL)]
        except BlockingIOError:
            pass
        except OSError:
            return self.drop(who)
        self.ready.modify(who.sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if who.output else 0), who)

    def accept(self) -> None:
        sock, address = self.listener.accept()
        sock.setblocking(False)
        self.clients.append(Client(sock, address))
        self.ready.register(sock, selectors.EVENT_READ, self.clients[-1])

    def run(self) -> None:
        while True:
            for key, events in self.ready.select():
                if key.data is None:
                    self.accept()
                elif key.data in self.clients:
                    self.serve(key.data, events)
            for who in list(self.clients):
                self.flush(who)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        wire = Wire(json.load(file))
    Server(wire, int(sys.argv[2])).run()


if __name__ == "__main__":
    main()
