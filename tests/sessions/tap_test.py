#!/usr/bin/env python3
"""The tap: what it passes on, what it shows and records, and how it bends what goes through it.

    python3 tests/sessions/tap_test.py --build build
"""

import argparse
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

PATIENCE = 30


class Server:
    """A listener of the test's own, which sees what the tap passes on."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]

    def accept(self) -> socket.socket:
        taken, _ = self.listener.accept()
        taken.settimeout(PATIENCE)
        return taken


class Tap:
    """A running jalon-tap."""

    def __init__(self, build: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [build / "tools" / "jalon-tap", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        first = self.wait_for("listening on")
        found = re.search(r"listening on \S+:(\d+),", first)
        assert found, first
        self.port = int(found[1])

    def wait_for(self, text: str) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}")

    def type(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


class Terminal:
    """A terminal whose foreground is held by a process that never reads; the tap runs in the background."""

    def __init__(self, *command: "str | Path") -> None:
        self.shown = b""
        told, self.tell = os.pipe()
        self.shell, self.screen = pty.fork()
        if self.shell == 0:
            self.hold_foreground(told, [str(word) for word in command])

    @staticmethod
    def hold_foreground(told: int, command: "list[str]") -> None:
        how = termios.tcgetattr(0)
        how[3] |= termios.TOSTOP  # output from the background stops a program, too
        termios.tcsetattr(0, termios.TCSANOW, how)
        tap = subprocess.Popen(command, preexec_fn=os.setpgrp)
        os.read(told, 1)
        os.tcsetpgrp(0, tap.pid)
        os._exit(tap.wait())

    def wait_for(self, pattern: str) -> "re.Match[str]":
        while not (found := re.search(pattern, self.shown.decode())):
            assert select.select([self.screen], [], [], PATIENCE)[0], self.shown
            self.shown += os.read(self.screen, 65536)
        return found

    def stop(self) -> int:
        os.write(self.screen, b"\x03")
        return os.waitstatus_to_exitcode(os.waitpid(self.shell, 0)[1])


def all_of(sock: socket.socket) -> bytes:
    got = b""
    while piece := sock.recv(65536):
        got += piece
    return got


class Tapped(unittest.TestCase):
    build = Path()

    def tapped(self, *arguments: str) -> "tuple[Tap, socket.socket, socket.socket]":
        server = Server()
        tap = Tap(self.build, "--to", str(server.port), *arguments)
        self.addCleanup(lambda: tap.process.poll() is None and tap.stop())
        client = tap.connect()
        served = server.accept()
        for sock in (client, served, server.listener):
            self.addCleanup(sock.close)
        return tap, client, served

    def test_what_each_side_says_comes_whole_and_an_end_is_passed_on(self) -> None:
        tap, client, served = self.tapped()
        big = bytes(range(256)) * 8192  # more than sockets and tap hold
        client.sendall(b"hello\n")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(all_of(served), b"hello\n")
        served.setblocking(False)
        sent, got = 0, b""
        client.settimeout(PATIENCE)
        while sent < len(big):
            try:
                sent += served.send(big[sent:])
            except BlockingIOError:
                got += client.recv(65536)
        served.close()
        self.assertEqual(got + all_of(client), big)
        self.assertEqual(tap.stop(), 0)

    def test_a_split_message_comes_in_pieces_and_is_shown_so(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            record, page = Path(directory, "record"), Path(directory, "page.html")
            tap, client, served = self.tapped(
                "--up", "split 3, every 0", "--dialect", "lines", "--record", str(record), "--html", str(page))
            client.sendall(b"hello\nyou\n")
            self.assertIn("hello", tap.wait_for("message:"))
            self.assertIn("you", tap.wait_for("message:"))
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(all_of(served), b"hello\nyou\n")
            self.assertEqual(tap.stop(), 0)
            events = [json.loads(line) for line in record.read_text().splitlines()]
            self.assertEqual([one["bytes"] for one in events if one["kind"] == "sent"],
                             ["hel", "lo\n", "you", "\n"])
            self.assertIn("<svg", page.read_text())

    def test_pieces_are_joined_and_the_rest_comes_with_the_end(self) -> None:
        tap, client, served = self.tapped("--up", "join 6")
        client.sendall(b"abc")
        client.sendall(b"defg")
        self.assertEqual(tap.wait_for("sends").rstrip()[-7:], "abcdefg")
        client.sendall(b"h")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(all_of(served), b"abcdefgh")

    def test_a_stalled_direction_goes_on_when_it_is_told_to(self) -> None:
        tap, client, served = self.tapped("--down", "stall")
        served.sendall(b"news\n")
        client.sendall(b"up still goes\n")
        self.assertEqual(served.recv(100), b"up still goes\n")
        client.setblocking(False)
        self.assertRaises(BlockingIOError, client.recv, 100)
        client.settimeout(PATIENCE)
        tap.type("down dance")
        assert tap.process.stderr
        self.assertIn('no fault is called "dance"', tap.process.stderr.readline())
        tap.type("down go")
        self.assertEqual(client.recv(100), b"news\n")

    def test_in_the_background_it_goes_on_and_leaves_the_keyboard_to_others(self) -> None:
        server = Server()
        self.addCleanup(server.listener.close)
        terminal = Terminal(self.build / "tools" / "jalon-tap", "--to", str(server.port))
        port = int(terminal.wait_for(r"listening on \S+:(\d+),")[1])
        os.write(terminal.screen, b"down dance\n")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client, server.accept() as served:
            for word in (b"one\n", b"two\n"):  # when the second one passes, the tap has seen the keyboard
                client.sendall(word)
                self.assertEqual(served.recv(100), word)
        self.assertNotIn(b"no fault", terminal.shown)
        os.write(terminal.tell, b"!")
        terminal.wait_for('no fault is called "dance"')
        self.assertEqual(terminal.stop(), 0)

    def test_the_server_may_have_a_name(self) -> None:
        for host in ("localhost", "127.0.0.1"):
            server = Server()
            self.addCleanup(server.listener.close)
            tap = Tap(self.build, "--listen", "localhost:0", "--to", f"{host}:{server.port}")
            with tap.connect() as client, server.accept() as served:
                client.sendall(b"hello\n")
                self.assertEqual(served.recv(100), b"hello\n")
            self.assertEqual(tap.stop(), 0)

    @unittest.skipUnless(socket.has_ipv6 and Path("/proc/net/if_inet6").exists(), "needs IPv6")
    def test_an_ipv6_address_stands_in_brackets(self) -> None:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
            listener.settimeout(PATIENCE)
            tap = Tap(self.build, "--to", f"[::1]:{listener.getsockname()[1]}")
            with tap.connect() as client, listener.accept()[0] as served:
                client.sendall(b"hello\n")
                self.assertEqual(served.recv(100), b"hello\n")
            self.assertEqual(tap.stop(), 0)

    def full_disk(self, tool: str, *arguments: str, stdout: "str | None" = None) -> None:
        with open(stdout or os.devnull, "w", encoding="utf-8") as out:
            run = subprocess.run([self.build / "tools" / tool, *arguments], stdout=out, stderr=subprocess.PIPE,
                                 text=True, timeout=PATIENCE, check=False)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("No space left on device", run.stderr.splitlines()[-1])

    def test_lost_output_is_an_error(self) -> None:
        echo = ["--milestone", "1", "--only", "echo.listens", "--timeout", "1"]
        for arguments in (["--list"], ["--help"], ["--report", "json", *echo, "--", "false"],
                          [*echo, "--", "false"], ["probe", "--help"]):
            with self.subTest(arguments):
                self.full_disk("jalon-check", *arguments, stdout="/dev/full")
        self.full_disk("jalon-check", *echo, "--report", "html=/dev/full", "--", "false")
        self.full_disk("jalon-tap", "--help", stdout="/dev/full")
        self.full_disk("jalon-tap", "--to", "1", stdout="/dev/full")

    def test_a_recording_that_cannot_be_written_ends_the_tap(self) -> None:
        server = Server()
        self.addCleanup(server.listener.close)
        tap = Tap(self.build, "--to", str(server.port), "--record", "/dev/full")
        with tap.connect():
            _, told = tap.process.communicate(timeout=PATIENCE)
        self.assertEqual(tap.process.returncode, 2)
        self.assertIn("No space left on device", told)

    def test_a_connection_is_cut_after_so_many_bytes(self) -> None:
        _, client, served = self.tapped("--up", "reset 4")
        client.sendall(b"abcdefgh")
        with self.assertRaises(ConnectionResetError):
            while served.recv(100):
                pass
        self.assertRaises(ConnectionResetError, all_of, client)

    def test_a_connection_is_cut_before_a_message(self) -> None:
        tap, client, served = self.tapped("--dialect", "lines", "--down", "reset-message 2")
        served.sendall(b"one\ntwo\n")
        self.assertIn("one", tap.wait_for("message:"))
        self.assertRaises(ConnectionResetError, all_of, client)

    def test_a_direction_is_ended_after_so_many_bytes_and_the_other_goes_on(self) -> None:
        _, client, served = self.tapped("--up", "half-close 4")
        client.sendall(b"abcdefgh")
        self.assertEqual(all_of(served), b"abcd")
        served.sendall(b"still here\n")
        self.assertEqual(client.recv(100), b"still here\n")

    def test_nobody_at_the_other_end_is_told_to_the_client(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        tap = Tap(self.build, "--to", str(port))
        with tap.connect() as client:
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(tap.stop(), 0)

    def test_a_recording_is_played_again(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            record = Path(directory, "record")
            tap, client, served = self.tapped("--record", str(record))
            client.sendall(b"a\x00\xff\n")
            self.assertEqual(served.recv(100), b"a\x00\xff\n")
            client.close()
            tap.wait_for("half-close")
            tap.stop()
            server = Server()
            self.addCleanup(server.listener.close)
            player = subprocess.Popen(
                [self.build / "tools" / "jalon-tap", "--to", str(server.port), "--replay", str(record)],
                stdout=subprocess.PIPE, text=True)
            served = server.accept()
            self.addCleanup(served.close)
            self.assertEqual(all_of(served), b"a\x00\xff\n")
            served.sendall(b"thanks\n")
            served.close()
            told, _ = player.communicate(timeout=PATIENCE)
            self.assertEqual(player.returncode, 0)
            self.assertIn("thanks", told)

    def test_no_control_character_reaches_the_terminal_or_a_file(self) -> None:
        deceptive = [chr(c) for c in (*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F),
                                      *range(0x2066, 0x206A)) if c not in (10, 13)]
        with tempfile.TemporaryDirectory() as directory:
            record, page = Path(directory, "record"), Path(directory, "page.html")
            tap, client, served = self.tapped("--dialect", "lines", "--record", str(record), "--html", str(page))
            for sock, other in ((client, served), (served, client)):
                for character in deceptive:
                    sock.sendall(character.encode() + b"\n")
                    self.assertEqual(other.recv(100), character.encode() + b"\n")
            client.sendall(b"\x9b the last\n")
            client.close()
            served.close()
            tap.process.send_signal(signal.SIGINT)
            shown, told = tap.process.communicate(timeout=PATIENCE)
            self.assertIn("\\x9b the last", shown)
            for text in (shown, told, record.read_text(), page.read_text()):
                self.assertEqual([hex(ord(c)) for c in deceptive if c in text], [])

    def test_what_cannot_be_done_is_one_line_and_status_2(self) -> None:
        with tempfile.NamedTemporaryFile("w") as broken:
            broken.write("no event\n")
            broken.flush()
            for wrong in (["--to", "nowhere"], ["--to", ":80"], ["--to", "host:port"], ["--to", "::1:80"],
                          ["--to", "no.such.invalid:80"], [], ["--to", "1", "--up", "split"], ["--to", "1", "--dialect", "none"],
                          ["--to", "1", "--replay", broken.name]):
                with self.subTest(wrong):
                    run = subprocess.run([self.build / "tools" / "jalon-tap", *wrong],
                                         capture_output=True, text=True, timeout=PATIENCE, check=False)
                    self.assertEqual(run.returncode, 2)
                    self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    known, rest = parser.parse_known_args()
    Tapped.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
