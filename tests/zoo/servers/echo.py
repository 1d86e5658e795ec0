#!/usr/bin/env python3
"""An echo server in Python for many clients: one thread, and two buffers for each client.

It is right in everything; the bugs of the zoo are put into it.
"""

import selectors
import socket
import sys

BOUND = 65536


class Client:
    def __init__(self, connection):
        self.connection = connection
        self.input = b""
        self.output = b""
        self.ends = False


def enter(selector, listener):
    try:
        connection, _ = listener.accept()
    except OSError:
        return pause(selector, listener)
    connection.setblocking(False)
    selector.register(connection, selectors.EVENT_READ, Client(connection))


def pause(selector, listener):
    """No descriptor is left: nobody is accepted until somebody leaves."""
    if listener in selector.get_map():
        selector.unregister(listener)


def leave(selector, client, listener):
    selector.unregister(client.connection)
    client.connection.close()
    if listener not in selector.get_map():
        selector.register(listener, selectors.EVENT_READ)


def answer_lines(client):
    while b"\n" in client.input and not client.ends:
        line, client.input = client.input.split(b"\n", 1)
        if line == b"/quit":
            client.ends = True
        else:
            client.output += line + b"\n"
    if len(client.input) > BOUND:
        client.ends = True


def hear(client):
    try:
        got = client.connection.recv(4096)
    except BlockingIOError:
        return
    if not got:
        if client.input:
            client.input += b"\n"
            answer_lines(client)
        client.ends = True
        return
    client.input += got
    answer_lines(client)


def flush(client):
    try:
        sent = client.connection.send(client.output)
        client.output = client.output[sent:]
    except BlockingIOError:
        pass


def serve(selector, client, ready, listener):
    try:
        if ready & selectors.EVENT_READ and not client.ends:
            hear(client)
        if client.output:
            flush(client)
    except OSError:
        return leave(selector, client, listener)
    if client.ends and not client.output:
        return leave(selector, client, listener)
    wanted = 0
    if not client.ends and len(client.output) < BOUND:
        wanted |= selectors.EVENT_READ
    if client.output:
        wanted |= selectors.EVENT_WRITE
    selector.modify(client.connection, wanted, client)


def main():
    listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=128)
    listener.setblocking(False)
    selector = selectors.PollSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, ready in selector.select():
            if key.data is None:
                enter(selector, listener)
            elif key.fileobj.fileno() != -1:
                serve(selector, key.data, ready, listener)


main()
