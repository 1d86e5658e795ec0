"""A chat server for JSON lines, milestone 2. Each client has a buffer each way, and poll waits for all.

It writes JSON as the library does: with blanks between the parts, and letters escaped."""

import json
import re
import select
import signal
import socket
import sys
from datetime import datetime, timezone

MOST_LINE, MOST_TEXT, MOST_OUTPUT, MOST_DEPTH = 65536, 4096, 1 << 20, 512
NICK = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class Refusal(Exception):
    """An error that the client is told of, by its code."""


class Client:
    def __init__(self, connection, address):
        self.connection, self.address = connection, address
        self.since = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.nick = ""
        self.input, self.output = b"", b""
        self.skips = False  # the rest of a line that is too long
        self.ends = False  # to be closed when all has been sent
        self.lost = False

    def tell(self, message):
        self.output += json.dumps(message).encode() + b"\n"
        if len(self.output) > MOST_OUTPUT:
            self.lost = True


def parsed(line):
    try:
        text = line.decode("utf-8")
        if depth_of(text) > MOST_DEPTH:
            raise ValueError("too deep")
        message = json.loads(text, parse_constant=int)  # NaN is no JSON, and no integer
        json.dumps(message, ensure_ascii=False).encode()  # half a surrogate pair is no UTF-8
    except (ValueError, RecursionError):
        raise Refusal("bad_json") from None
    if not isinstance(message, dict):
        raise Refusal("bad_json")
    return message


def depth_of(text):
    depth = most = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        most = max(most, depth)
    return most


def string_of(message, name):
    if not isinstance(message.get(name), str):
        raise Refusal("bad_request")
    return message[name]


def nick_of(message, name):
    nick = string_of(message, name)
    if not NICK.fullmatch(nick) or nick.lower() == "server":
        raise Refusal("bad_nick")
    return nick


def text_of(message):
    text = string_of(message, "text")
    if not text or len(text.encode("utf-8", "replace")) > MOST_TEXT:
        raise Refusal("bad_text")
    if any((letter < " " and letter != "\t") or letter == "\x7f" for letter in text):
        raise Refusal("bad_text")
    return text


def id_of(message):
    name = message.get("id")
    is_name = (isinstance(name, str) and len(name.encode("utf-8", "replace")) <= 64) or (type(name) is int and -(1 << 63) <= name < 1 << 64)
    if "id" in message and not is_name:
        raise Refusal("bad_request")
    return {"id": name} if "id" in message else {}


class Chat:
    def __init__(self):
        self.clients = {}

    def named(self, nick):
        found = [one for one in self.clients.values() if one.nick.lower() == nick.lower() and nick]
        if not found:
            raise Refusal("no_such_nick")
        return found[0]

    def others(self, client):
        return [one for one in self.clients.values() if one is not client and one.nick]

    def handle(self, client, line):
        name = {}
        try:
            message = parsed(line)
            name = id_of(message)
            kind = string_of(message, "type")
            answer = self.answer(client, kind, message)
            if answer is not None:
                client.tell({"type": answer.pop("type"), **name, **answer})
            elif name:
                client.tell({"type": "ok", **name})
        except Refusal as refusal:
            client.tell({"type": "error", **name, "code": str(refusal), "message": "this is refused"})

    def answer(self, client, kind, message):
        """The direct answer; none if it is an ok."""
        requests = {"nick": self.nick, "who": self.who, "whois": self.whois, "msg": self.msg, "msgall": self.msgall,
                    "echo": self.echo, "ping": self.ping, "quit": self.quit}
        if kind not in requests:
            raise Refusal("unknown_type")
        if not client.nick and kind not in ("nick", "echo", "ping", "quit"):
            raise Refusal("nick_required")
        return requests[kind](client, message)

    def nick(self, client, message):
        nick = nick_of(message, "nick")
        if any(one.nick.lower() == nick.lower() for one in self.others(client)):
            raise Refusal("nick_taken")
        old, client.nick = client.nick, nick
        for one in self.others(client) if old and old != nick else []:
            one.tell({"type": "renamed", "old": old, "nick": nick})
        return {"type": "welcome", "nick": nick}

    def who(self, client, message):
        nicks = [one.nick for one in self.clients.values() if one.nick]
        after = string_of(message, "after").lower() if "after" in message else ""
        return {"type": "users", "users": sorted((nick for nick in nicks if nick.lower() > after), key=str.lower)}

    def whois(self, client, message):
        one = self.named(nick_of(message, "nick"))
        return {"type": "user", "nick": one.nick, "since": one.since, "address": one.address[0], "port": one.address[1]}

    def msg(self, client, message):
        string_of(message, "text")  # the kinds of all fields before the meaning of any
        to, text = nick_of(message, "to"), text_of(message)
        one = self.named(to)
        one.tell({"type": "msg", "from": client.nick, "to": one.nick, "text": text})

    def msgall(self, client, message):
        text = text_of(message)
        for one in self.others(client):
            one.tell({"type": "msgall", "from": client.nick, "text": text})

    def echo(self, client, message):
        return {"type": "echo", "text": text_of(message)}

    def ping(self, client, message):
        return {"type": "pong"}

    def quit(self, client, message):
        client.ends = True
        return {"type": "bye"}

    def enter(self, connection, address):
        connection.setblocking(False)
        client = self.clients[connection.fileno()] = Client(connection, address)
        client.tell({"type": "hello", "protocol": 1, "server": "chat.py", "features": ["users"],
                     "limits": {"line": MOST_LINE, "text": MOST_TEXT, "nick": 32, "channel": 32}})

    def hear(self, client):
        try:
            got = client.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            client.lost = True
            return
        client.input += got
        self.take_lines(client)
        if not got and not client.ends:
            if client.skips:
                client.tell({"type": "error", "code": "line_too_long", "message": "this line is too long"})
            elif client.input:
                self.handle(client, client.input)
            client.ends = True

    def take_lines(self, client):
        *lines, client.input = client.input.split(b"\n")
        for line in lines:
            if client.ends:
                return
            if client.skips or len(line) >= MOST_LINE:
                client.tell({"type": "error", "code": "line_too_long", "message": "this line is too long"})
            elif line.rstrip(b"\r"):
                self.handle(client, line[:-1] if line.endswith(b"\r") else line)
            client.skips = False
        if len(client.input) >= MOST_LINE:
            client.skips, client.input = True, b""

    def send(self, client):
        try:
            client.output = client.output[client.connection.send(client.output):]
        except BlockingIOError:
            pass
        except OSError:
            client.lost = True

    def leave(self, client):
        del self.clients[client.connection.fileno()]
        client.connection.close()


def events_of(client):
    reads = not client.ends and len(client.output) < MOST_OUTPUT // 8
    return (select.POLLIN if reads else 0) | (select.POLLOUT if client.output else 0)


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    listener = socket.create_server(("", int(sys.argv[1])), backlog=128)
    listener.setblocking(False)
    chat = Chat()
    accepts = True  # not after accept has failed for want of descriptors, until somebody leaves
    while True:
        poll = select.poll()
        if accepts:
            poll.register(listener, select.POLLIN)
        for number, client in chat.clients.items():
            poll.register(number, events_of(client))
        for number, event in poll.poll():
            if number == listener.fileno():
                try:
                    chat.enter(*listener.accept())
                except BlockingIOError:
                    pass
                except OSError:
                    accepts = False
                continue
            client = chat.clients[number]
            if event & (select.POLLERR | select.POLLHUP):
                client.lost = client.lost or bool(event & select.POLLERR)
            if event & select.POLLIN:
                chat.hear(client)
        for client in list(chat.clients.values()):
            if client.output and not client.lost:
                chat.send(client)
            if client.lost or (client.ends and not client.output):
                chat.leave(client)
                accepts = True


main()
