"""Servers that people run for the same purpose, each with its limits and its log switched off.

They come from Debian's packages (`./jalon deps peers`). How they are loaded, deliveries.py says.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from measures import PATIENCE, Program

NGIRCD = """
[Global]
Name = irc.bench.test
Info = bench
Listen = 127.0.0.1
Ports = {port}
ServerUID = {user}
[Limits]
ConnectRetry = 60
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
"""

INSPIRCD = """
<config format="xml">
<server name="irc.bench.test" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" pingfreq="3600" hardsendq="1000000000" softsendq="1000000000"
 recvq="1000000" threshold="1000000" commandrate="1000000000" fakelag="no" localmax="100000"
 globalmax="100000" resolvehostnames="no" useident="no" limit="100000" maxchans="100">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000" quietbursts="yes">
<options defaultmodes="n">
<log method="file" type="* -*" level="none" target="/dev/null">
"""


MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
log_dest none
set_tcp_nodelay true
max_queued_messages 0
max_queued_bytes 0
"""


class Peer(Program):
    """One that is told its port, and is waited for until it accepts."""

    takes_crowds = True  # whether 10,000 are in within a minute

    def __init__(self, command: list) -> None:
        super().__init__(command, output=subprocess.DEVNULL)  # a pipe that nobody reads fills up
        deadline = time.monotonic() + PATIENCE
        while not self.accepts() and time.monotonic() < deadline:
            time.sleep(0.01)

    def accepts(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Redis(Peer):
    name, program, speaks = "redis", "redis-server", "resp"

    def __init__(self) -> None:
        self.port = free_port()
        options = "--bind 127.0.0.1 --save  --appendonly no --logfile /dev/null".split(" ")
        unbounded = ["--client-output-buffer-limit", "pubsub 0 0 0", "--maxclients", "100000"]
        super().__init__([self.program, "--port", str(self.port), *options, *unbounded])


class Nats(Peer):
    name, program, speaks = "nats-server", "nats-server", "nats"

    def __init__(self) -> None:
        self.port = free_port()
        super().__init__([self.program, "-a", "127.0.0.1", "-p", str(self.port), "-l", "/dev/null"])


class Configured(Peer):
    """One that reads a file."""

    text = ""
    options: list[str] = []

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "configuration"
        file.write_text(self.text.format(port=self.port, user="root"))
        super().__init__([self.program, *self.options, str(file)])

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self.folder.cleanup()


class NgIrcd(Configured):
    at_once = 8  # its queue of connections is for ten
    takes_crowds = False  # 10,000 of them, once a second eight, are twenty minutes
    part = 0.25
    name, program, speaks = "ngIRCd", "ngircd", "irc"
    text, options = NGIRCD, ["--nodaemon", "--config"]


class InspIrcd(Configured):
    at_once = 1000  # it lets in whoever waits once a second
    name, program, speaks = "InspIRCd", "inspircd", "irc"
    text, options = INSPIRCD, ["--nofork", "--runasroot", "--nopid", "--config"]


class Mosquitto(Configured):
    part = 0.1
    name, program, speaks = "Mosquitto", "mosquitto", "mqtt"
    text, options = MOSQUITTO, ["-c"]


ALL = [Redis, Nats, InspIrcd, NgIrcd, Mosquitto]


def version(peer: type) -> str:
    """As its package has it."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", {"redis": "redis-server"}.get(peer.name, peer.program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return asked.stdout or "?"


def installed() -> list[type]:
    return [peer for peer in ALL if shutil.which(peer.program)]
