"""Checks that a program is an echo server: `echoes.py PROGRAM` starts it and talks to it."""

import socket
import subprocess
import sys


def echoed(endpoint, sent):
    """What comes back for what is sent, up to the end of the connection."""
    host, port = endpoint.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(4096), b""))


with subprocess.Popen([sys.argv[1], "0"], stdout=subprocess.PIPE, text=True) as server:
    try:
        greeting = server.stdout.readline().split()
        assert greeting[:2] == ["listening", "on"], f"the first line was {greeting}"
        answer = echoed(greeting[2], b"hello\nworld")
        assert answer == b"hello\nworld\n", f"sent hello and world, got {answer}"
    finally:
        server.kill()
