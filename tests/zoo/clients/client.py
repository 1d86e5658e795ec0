#!/usr/bin/env python3
"""A chat client in Python, JSON lines, milestone 2: a buffer each way, and a selector for both sides.

It is right in everything; the bugs of the zoo are put into it.
"""

import json
import os
import selectors
import socket
import sys

BOUND = 65536
USAGE = {"nick": ("nick",), "who": (), "whois": ("nick",), "msg": ("to", "text"), "msgall": ("text",), "quit": ()}
SHOWN = {"hello": "please take a nick with /nick NICK", "welcome": "you are {nick}", "error": "{message}",
         "renamed": "{old} is now {nick}", "msg": "[{from}] : {text}", "msgall": "[{from}] : {text}",
         "echo": "{text}", "users": "here are {users}", "user": "{nick}, since {since}, from {address}, port {port}"}


class Conversation:
    def __init__(self, server):
        self.server = server
        self.typed = b""
        self.heard = b""
        self.output = b""
        self.skipping = False  # the rest of a line that was too long
        self.typing = True
        self.said_all = False


def show(text):
    print("".join(c if c.isprintable() else "\ufffd" for c in text), flush=True)


def request_of(line):
    """What a typed line asks for, or nothing, and then the user is told why."""
    if not line.startswith("/"):
        return {"type": "echo", "text": line}
    name, _, rest = line[1:].partition(" ")
    if name not in USAGE:
        show("there is no command /" + name)
        return None
    fields = USAGE[name]
    words = rest.split(" ", len(fields) - 1) if rest and fields else []
    if len(words) < len(fields):
        show("usage: /" + " ".join((name, *fields)))
        return None
    return {"type": name, **dict(zip(fields, words))}


def take_typed(chat, data):
    *lines, chat.typed = (chat.typed + data).split(b"\n")
    for line in lines:
        request = request_of(line.decode(errors="replace"))
        if request and chat.typing:
            chat.output += json.dumps(request).encode() + b"\n"
            chat.typing = request["type"] != "quit"


def show_message(line):
    try:
        message = json.loads(line)
        form = SHOWN.get(message["type"])
        show(form.format(**message) if form else "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        show("the server said something that is no part of the protocol")


def take_heard(chat, data):
    *lines, chat.heard = (chat.heard + data).split(b"\n")
    for line in lines:
        if not chat.skipping:
            show_message(line)
        chat.skipping = False
    if len(chat.heard) > BOUND:
        chat.heard, chat.skipping = b"", True


def converse(chat):
    with selectors.DefaultSelector() as selector:
        selector.register(chat.server, selectors.EVENT_READ)
        watches_keyboard = False
        while True:
            wanted = chat.typing and not chat.output
            if wanted != watches_keyboard:
                selector.register(0, selectors.EVENT_READ) if wanted else selector.unregister(0)
                watches_keyboard = wanted
            writing = selectors.EVENT_WRITE if chat.output else 0
            selector.modify(chat.server, selectors.EVENT_READ | writing)
            ready = {key.fileobj: events for key, events in selector.select()}
            if 0 in ready:
                data = os.read(0, 4096)
                if not data:
                    chat.typing = False
                take_typed(chat, data)
            events = ready.get(chat.server, 0)
            if events & selectors.EVENT_WRITE:
                chat.output = chat.output[chat.server.send(chat.output):]
            if events & selectors.EVENT_READ:
                data = chat.server.recv(65536)
                if not data:
                    return
                take_heard(chat, data)
            if not chat.typing and not chat.output and not chat.said_all:
                chat.server.shutdown(socket.SHUT_WR)
                chat.said_all = True


def main():
    try:
        server = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    except OSError as error:
        sys.exit(f"no connection: {error}")
    server.setblocking(False)
    chat = Conversation(server)
    try:
        converse(chat)
    except ConnectionError:
        pass
    if not chat.said_all:
        sys.exit("the server has gone")


main()
