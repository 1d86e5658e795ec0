#!/usr/bin/env python3
"""A client at a terminal: what its user sees while lines come and go, and what is left at the end.

    python3 tests/sessions/terminal_test.py --build build

The user is this program, at a pseudo-terminal; so is the server, on a socket. A small model of a
terminal tells what is on the screen. Nothing sleeps; every wait has a bound.
"""

import argparse
import codecs
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path
from typing import Any, Callable

BOUND = 20  # seconds that anything may take
CONNECTED = "Connecting to 127.0.0.1:PORT ... done!"
SEQUENCE = re.compile(r"\x1b(?:\[(?P<arguments>[?0-9;]*)(?P<final>[@-~])|[=>78]|[()].)")


class Screen:
    """What a terminal shows of what it is sent, as far as Readline asks; it never scrolls."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.rest = ""  # the start of a sequence
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, sent: bytes) -> None:
        text = self.rest + self.decode(sent)
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.put(text[at])
                at += 1
            elif sequence := SEQUENCE.match(text, at):
                self.obey(sequence)
                at = sequence.end()
            else:
                break  # the rest of it is to come
        self.rest = text[at:]

    def put(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.move_to(self.row + 1)
        elif character == "\b":
            self.column = max(0, min(self.column, self.columns - 1) - 1)
        elif character != "\a":
            if self.column == self.columns:  # only the next character wraps, as with xterm
                self.move_to(self.row + 1)
                self.column = 0
            line = self.rows[self.row]
            line.extend(" " * (self.column + 1 - len(line)))
            line[self.column] = character
            self.column += 1

    def move_to(self, row: int) -> None:
        self.row = max(0, row)
        while len(self.rows) <= self.row:
            self.rows.append([])

    def obey(self, sequence: re.Match[str]) -> None:
        final, arguments = sequence["final"], sequence["arguments"] or ""
        count = int(arguments) if arguments.isdigit() else 1
        line = self.rows[self.row]
        if final == "A":
            self.move_to(self.row - count)
        elif final == "B":
            self.move_to(self.row + count)
        elif final == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif final == "D":
            self.column = max(0, self.column - count)
        elif final == "K" and arguments == "":
            del line[self.column :]
        elif final == "J" and arguments == "":
            del line[self.column :]
            del self.rows[self.row + 1 :]
        elif final == "P":
            del line[self.column : self.column + count]
        elif final == "@":
            line[self.column : self.column] = " " * count
        elif final not in (None, "m", "h", "l"):
            raise AssertionError(f"the screen does not know {sequence[0]!r}")

    @property
    def lines(self) -> list[str]:
        """All lines, down to the last that is not empty."""
        return "\n".join("".join(row).rstrip() for row in self.rows).rstrip("\n").split("\n")


class Terminal:
    """A client with its user and its server."""

    def __init__(
        self,
        build: Path,
        milestone: str = "01-echo",
        options: str = "",
        columns: int = 80,
        script: str = "exec {}",
        host: str = "127.0.0.1",
        prompt: str = ">",
        **environment: str,
    ) -> None:
        self.screen = Screen(columns)
        self.raw = b""  # all that the terminal was sent
        self.typed: list[str] = []
        self.master, self.slave = pty.openpty()
        self.resize(columns)
        self.settings = termios.tcgetattr(self.slave)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host.strip("[]"), 0), family=family) as listener:
            listener.settimeout(BOUND)
            port = listener.getsockname()[1]
            client = f"{build}/examples/{milestone}/client {host} {port} {options}"
            plain = {"PATH": os.environ["PATH"], "TERM": "xterm", "INPUTRC": "/dev/null"}
            self.process = subprocess.Popen(
                ["sh", "-c", script.format(client)],
                stdin=self.slave,
                stdout=self.slave,
                stderr=self.slave,
                env={**plain, **environment},
                start_new_session=True,
                preexec_fn=self.prepare_child,
            )
            self.server = listener.accept()[0]
        self.received = b""  # what the server got
        self.input_ended = False  # and whether it got the end
        self.until_shown(CONNECTED.replace("127.0.0.1", "[::1]" if ":" in host else host), prompt)

    @staticmethod
    def prepare_child() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests may have it ignored

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.server.close()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, columns: int, rows: int = 24) -> None:
        """As when a window is resized; the system tells the programs by SIGWINCH."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.columns = columns

    def type(self, keys: str) -> None:
        """The user types it; a surrogate stands for a byte that is only a part of a character."""
        self.typed.append(keys)
        os.write(self.master, keys.encode(errors="surrogateescape"))

    def send(self, text: str) -> None:
        """The server sends it."""
        self.server.sendall(text.encode())

    def hang_up(self) -> None:
        """The server closes."""
        self.server.close()
        self.input_ended = True

    def until(self, condition: Callable[[], bool], due: str) -> None:
        """Waits for it, and reads meanwhile what comes; fails with a story."""
        deadline = time.monotonic() + BOUND
        while not condition():
            if time.monotonic() > deadline:
                shown = "\n      ".join(self.shown()[-24:])
                raise AssertionError(
                    f"\ntyped {self.typed}\nthe server got {self.received!r}\n"
                    f"shown {shown}\ndue   {due}"
                )
            # A process's end is nothing to select for, so a wait is cut into short ones.
            self.read(0.05)

    def read(self, limit: float) -> None:
        server = [] if self.input_ended else [self.server]
        ready, _, _ = select.select([self.master, *server], [], [], limit)
        if self.master in ready:
            sent = os.read(self.master, 65536)
            self.raw += sent
            self.screen.feed(sent)
        if self.server in ready:
            try:
                received = self.server.recv(65536)
            except ConnectionResetError:  # the client has ended with our bytes unread
                received = b""
            self.received += received
            self.input_ended = not received

    def shown(self) -> list[str]:
        """The lines on the screen, without what differs from run to run."""
        text = re.sub(r"(127\.0\.0\.1|\[::1\]):\d+", r"\1:PORT", "\n".join(self.screen.lines))
        return re.sub(r": \d+ % of (\S+ \S+)(, .*)?", r": N % of \1", text).split("\n")

    def until_shown(self, *lines: str) -> None:
        """Waits until these are the last lines on the screen."""
        self.until(lambda: tuple(self.shown()[-len(lines) :]) == lines, "\n      ".join(lines))

    def until_received(self, text: str) -> None:
        self.until(lambda: self.received == text.encode(), f"the server gets {text!r}")

    def until_input_ends(self) -> None:
        self.until(lambda: self.input_ended, "the server gets the end of the input")

    def status(self) -> int:
        """The status that the program ends with; the screen is then complete."""
        self.until(lambda: self.process.poll() is not None, "the client ends")
        while select.select([self.master], [], [], 0)[0]:
            self.read(0)
        return self.process.returncode

    def is_restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.settings


class AtATerminal(unittest.TestCase):
    build = Path()

    def client(self, **how: Any) -> Terminal:
        terminal = Terminal(self.build, **how)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_message_leaves_the_line_being_typed_whole(self) -> None:
        terminal = self.client()
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.send("a message\nand another\n")
        terminal.until_shown("a message", "and another", "> half a li")
        terminal.type("ne\r")
        terminal.until_received("half a line\n")
        terminal.until_shown("> half a line", ">")

    def test_a_message_leaves_the_cursor_where_it_was(self) -> None:
        terminal = self.client()
        terminal.type("line\x01")  # Ctrl-A: to the start
        terminal.until_shown("> line")
        terminal.send("a message\n")
        terminal.until_shown("a message", "> line")
        terminal.type("the ")
        terminal.until_shown("a message", "> the line")
        terminal.type("\r")
        terminal.until_received("the line\n")

    def test_a_message_leaves_a_line_of_several_rows_whole(self) -> None:
        terminal = self.client(columns=40)
        terminal.type("x" * 100)
        rows = ("> " + "x" * 38, "x" * 40, "x" * 22)
        terminal.until_shown(*rows)
        terminal.send("m" * 50 + "\n")
        terminal.until_shown(CONNECTED, "m" * 40, "m" * 10, *rows)

    def test_many_messages_at_once_are_all_shown(self) -> None:
        terminal = self.client()
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        lines = [f"message {number}" for number in range(500)]
        terminal.send("\n".join(lines) + "\n")
        terminal.until_shown(*lines, "> half a li")

    def test_a_message_can_not_move_the_cursor(self) -> None:
        terminal = self.client()
        terminal.send("\x1b[2J\x1b[5A\rI am the server\x08\x08\n")
        terminal.until_shown("\ufffd[2J\ufffd[5A\ufffdI am the server\ufffd\ufffd", ">")

    def test_letters_with_accents_are_one_key_each(self) -> None:
        terminal = self.client()  # without any locale set
        terminal.type("à bientôé\x7f\x7ft!")
        terminal.until_shown("> à bientt!")
        terminal.type("\x7f\x7f\x7fôt\r")
        terminal.until_received("à bienôt\n")

    def test_the_last_line_is_in_the_history(self) -> None:
        terminal = self.client()
        terminal.type("first\r")
        terminal.type("second\r")
        terminal.type("\x1b[A\x1b[A\r")  # up, up
        terminal.until_received("first\nsecond\nfirst\n")

    def test_pasted_lines_are_lines(self) -> None:
        terminal = self.client()
        terminal.type("\x1b[200~one\rtwo\x1b[201~\r")
        terminal.until_received("one\ntwo\n")

    def test_a_paste_is_shown_while_it_comes_and_ends_at_its_mark(self) -> None:
        terminal = self.client()
        terminal.type("\x1b[200~one \x1b[20")
        terminal.until_shown("> one")
        terminal.type("1~t\udcc3")
        terminal.until_shown("> one t")
        terminal.type("\udca9\r")
        terminal.until_received("one té\n")

    def test_a_paste_can_not_move_the_cursor(self) -> None:
        terminal = self.client()
        terminal.type("\x1b[200~a\x9b2J\x1b[2J\u202eb\x00\x1b[201~")
        terminal.until_shown("> a\ufffd2J^[[2J\ufffdb")
        terminal.send("a message\n")
        terminal.until_shown("a message", "> a\ufffd2J^[[2J\ufffdb")

    def test_lines_typed_faster_than_they_are_answered_are_all_sent(self) -> None:
        terminal = self.client(milestone="02-users")
        terminal.type("".join(f"line {number}\r" for number in range(300)))
        answered = 0

        def all_come() -> bool:
            nonlocal answered
            requests = terminal.received.split(b"\n")[:-1]
            for request in requests[answered:]:
                self.assertEqual(json.loads(request)["text"], f"line {answered}")
                terminal.server.sendall(request + b"\n")
                answered += 1
            return answered == 300

        terminal.until(all_come, "300 requests, one after the other")

    def test_a_long_paste_is_taken_whole(self) -> None:
        terminal = self.client()
        lines = "".join(f"line {number}\r" for number in range(3000))
        pasted = "\x1b[200~" + lines + "\x1b[201~\r"
        for at in range(0, len(pasted), 1000):
            terminal.type(pasted[at : at + 1000])
            terminal.read(0)
        terminal.until_received(lines.replace("\r", "\n") + "\n")

    def test_a_paste_without_an_end_holds_up_nothing(self) -> None:
        def pasting() -> Terminal:
            terminal = self.client()
            terminal.type("\x1b[200~half a paste")
            terminal.until_shown("> half a paste")
            return terminal

        with self.subTest("a message"):
            terminal = pasting()
            terminal.send("a message\n")
            terminal.until_shown("a message", "> half a paste")
        with self.subTest("the server's end"):
            terminal = pasting()
            terminal.hang_up()
            self.assertEqual(terminal.status(), 1)
            self.assertTrue(terminal.is_restored())
        with self.subTest("Ctrl-C"):
            terminal = pasting()
            terminal.type("\x03")
            terminal.until_input_ends()
            terminal.hang_up()
            self.assertEqual(terminal.status(), 0)
            self.assertTrue(terminal.is_restored())
        with self.subTest("SIGTERM"):
            terminal = pasting()
            terminal.process.send_signal(signal.SIGTERM)
            self.assertEqual(terminal.status(), -signal.SIGTERM)
            self.assertTrue(terminal.is_restored())

    def test_the_terminal_marks_pastes_only_while_lines_are_edited(self) -> None:
        terminal = self.client()
        terminal.type("\x04")
        terminal.until_input_ends()
        terminal.hang_up()
        self.assertEqual(terminal.status(), 0)
        self.assertLess(terminal.raw.rfind(b"\x1b[?2004h"), terminal.raw.rfind(b"\x1b[?2004l"))
        self.assertIn(b"\x1b[?2004h", terminal.raw)

    def test_no_key_that_waits_for_another_holds_up_a_message(self) -> None:
        emacs = {
            "quoted insert": "\x16",
            "incremental search": "\x12",
            "incremental search for a part of a letter": "\x12\udcc3",
            "search": "\x1bp",
            "argument": "\x1b5",
            "universal argument": "\x15",
            "escape": "\x1b",
            "a part of an arrow key": "\x1b[",
            "control x": "\x18",
            "character search": "\x1d",
            "character search for a part of a letter": "\x1d\udcc3",
            "a part of a letter": "\udcc3",
            "a part of a letter after an argument": "\x1b5\udcc3",
            "a part of a letter in overwrite mode": "\x18o\udcc3",
            "macro": "\x18(",
        }
        vi = {
            "vi: escape": "\x1b",
            "vi: find": "\x1b0f",
            "vi: find a part of a letter": "\x1b0f\udcc3",
            "vi: replace": "\x1b0r",
            "vi: replace by a part of a letter": "\x1b0r\udcc3",
            "vi: overwrite by a part of a letter": "\x1b0R\udcc3",
            "vi: delete": "\x1b0d",
            "vi: delete up to": "\x1b0df",
            "vi: change": "\x1b0c",
            "vi: mark": "\x1b0m",
            "vi: go to mark": "\x1b0`",
            "vi: search": "\x1b0/",
            "vi: argument": "\x1b03",
        }
        keymaps = tempfile.NamedTemporaryFile("w")
        self.addCleanup(keymaps.close)
        keymaps.write('set editing-mode vi\n"\x18o": overwrite-mode\n')
        keymaps.flush()
        emacs_keys = tempfile.NamedTemporaryFile("w")
        self.addCleanup(emacs_keys.close)
        emacs_keys.write('"\\C-xo": overwrite-mode\n"\\C-u": universal-argument\n')
        emacs_keys.flush()
        for keys, inputrc in (emacs, emacs_keys.name), (vi, keymaps.name):
            for name, typed in keys.items():
                with self.subTest(name):
                    terminal = self.client(INPUTRC=inputrc)
                    terminal.type("half a line" + typed)
                    terminal.until(lambda: b"half a line" in terminal.raw, "the line is shown")
                    terminal.send("a message\n")
                    terminal.until(lambda: b"a message" in terminal.raw, "the message is shown")
                    terminal.type("\x03")
                    terminal.until_input_ends()
                    terminal.hang_up()
                    self.assertEqual(terminal.status(), 0)
                    self.assertTrue(terminal.is_restored())

    def inputrc(self, text: str) -> str:
        file = tempfile.NamedTemporaryFile("w")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def test_a_paste_behind_a_key_that_waits_for_another_is_not_sent_without_enter(self) -> None:
        vi = self.inputrc("set editing-mode vi\n")
        emacs_keys = "", "\x1b", "\x16", "\x1bp", "\x1bnab", "\x1d", "\x18", "\x1b5", "\x12o"
        vi_keys = "\x1b", "\x1b/", "\x1b0r", "\x1b0f", "\x1b0c", "\x1b3", "\x12"
        for inputrc, keys in ("/dev/null", emacs_keys), (vi, vi_keys):
            for waiting in keys:
                with self.subTest(inputrc=inputrc, waiting=waiting):
                    terminal = self.client(INPUTRC=inputrc)
                    terminal.type("one\r" + waiting)
                    terminal.until(lambda: not self.unread(terminal), "the client reads")
                    terminal.type("\x1b[200~pasted\rtwice\x1b[201~")
                    terminal.until(lambda: b"twice" in terminal.raw, "the paste is shown")
                    terminal.until_received("one\n")
                    terminal.type("\r")
                    terminal.until(lambda: b"\ntwice" in terminal.received, "Enter sends it")
                    terminal.hang_up()
                    self.assertEqual(terminal.status(), 1)

    def test_keys_of_which_readline_knows_nothing_end_a_search_and_not_the_client(self) -> None:
        others = self.inputrc('"\\C-oa": beginning-of-line\n')
        for keys in "\x18)", "\x18(", "\x18e", "\x18a", "\x18q\udcff", "\x11\x18)", "\x0fb":
            with self.subTest(keys):
                terminal = self.client(INPUTRC=others)
                terminal.type("one\r\x12o" + keys + "\x05\x15still here\r")
                terminal.until(lambda: b"still here\n" in terminal.received, "the client goes on")

    def test_macros_are_not_recorded(self) -> None:
        terminal = self.client()
        terminal.type("\x18(one\r\x18)\x18etwo\r")
        terminal.until_received("one\ntwo\n")

    def test_a_terminal_of_a_few_columns_does_not_kill_the_client(self) -> None:
        vi = self.inputrc("set editing-mode vi\nset show-mode-in-prompt on\n")
        scrolling = self.inputrc("set horizontal-scroll-mode on\n")
        names = '{"type":"welcome","nick":"%s"}\n{"type":"joined","channel":"%s","nick":"%s"}\n'
        names %= "n" * 32, "c" * 32, "n" * 32
        in_vi = {"INPUTRC": vi, "prompt": "(ins)>"}
        for how in {}, {"TERM": "dumb"}, in_vi, {"INPUTRC": scrolling}:
            for columns in 1, 2, 3, 5, 20:
                with self.subTest(columns=columns, **how):
                    terminal = self.client(milestone="04-files", **how)
                    terminal.type("/x before\r")
                    terminal.resize(columns, 1)
                    terminal.send(names)
                    terminal.type("ab" + "\x7f" + "w" * 60 + "\x01\x05\x1b[A\x1b[B")
                    terminal.resize(80)
                    terminal.resize(columns)
                    terminal.type("\x1b[D\x1b[A\rstill\r")
                    terminal.until(lambda: not self.unread(terminal), "the client reads")
                    terminal.process.send_signal(signal.SIGTERM)
                    self.assertEqual(terminal.status(), -signal.SIGTERM)

    def test_keys_that_come_in_pieces_mean_the_same(self) -> None:
        vi = tempfile.NamedTemporaryFile("w")
        self.addCleanup(vi.close)
        vi.write("set editing-mode vi\n")
        vi.flush()
        for inputrc, pieces, due in (
            ("/dev/null", ("ab", "\x1b", "5", "x"), "> abxxxxx"),
            ("/dev/null", ("ab", "\x1b", "[", "D", "X"), "> aXb"),
            ("/dev/null", ("ab\udcc3", "\udca9c\x01", "\x1d", "\udcc3", "\udca9", "X"), "> abXéc"),
            ("/dev/null", ("one\r", "\x12", "o", "n"), "(reverse-i-search)`on': one"),
            (vi.name, ("ab", "\x1b", "0", "r", "\udcc3", "\udca9"), "> éb"),
            (vi.name, ("ab", "\x1b", "2", "x", "i", "c", "\x1b[200~d", "e\x1b[201~f"), "> cdefa"),
        ):
            with self.subTest(due):
                terminal = self.client(INPUTRC=inputrc)
                for piece in pieces:
                    terminal.type(piece)
                    # Answered in the turn after the one that has read the keys, or later.
                    terminal.until(lambda: not self.unread(terminal), "the client reads")
                    terminal.send("a message\n")
                    seen = terminal.raw.count(b"a message") + 1
                    terminal.until(
                        lambda: terminal.raw.count(b"a message") >= seen, "the message is shown"
                    )
                terminal.until_shown(due)

    @staticmethod
    def unread(terminal: Terminal) -> int:
        """How many bytes the client has not read from its terminal."""
        count = fcntl.ioctl(terminal.slave, termios.FIONREAD, struct.pack("i", 0))
        return int(struct.unpack("i", count)[0])

    def test_a_narrower_window_wraps_the_line_earlier(self) -> None:
        terminal = self.client(columns=80)
        terminal.resize(30)
        terminal.send("seen\n")  # what comes after the signal is shown after it
        terminal.until_shown("seen", ">")
        terminal.type("y" * 50)
        terminal.until_shown("> " + "y" * 28, "y" * 22)
        terminal.send("message\n")
        terminal.until_shown("message", "> " + "y" * 28, "y" * 22)

    def test_the_tab_key_completes_commands_and_lists_them(self) -> None:
        terminal = self.client(milestone="04-files")
        terminal.type("/wh\t")
        terminal.until_shown("> /who")
        terminal.type("\t\t")
        terminal.until_shown("/who  /whois", "> /who")
        terminal.type("i\tbob")
        terminal.until_shown("/who  /whois", "> /whois bob")

    def test_names_that_are_none_are_not_shown(self) -> None:
        terminal = self.client(milestone="04-files")
        complaint = "the server said something that is no part of the protocol"
        for sent in (
            {"type": "welcome", "nick": "a" * 30_000},
            {"type": "welcome", "nick": "\u202ecba"},
            {"type": "joined", "channel": "b" * 60_000, "nick": ""},
            {"type": "renamed", "old": "bob", "nick": "Server"},
        ):
            with self.subTest(sent["type"]):
                terminal.send(json.dumps(sent) + "\n")
                terminal.until_shown(complaint, ">")
                terminal.send('{"type":"msgall","from":"bob","text":"hello"}\n')
                terminal.until_shown(complaint, "[bob] : hello", ">")
        terminal.send('{"type":"welcome","nick":"alice"}\n')
        terminal.until_shown("[Server] : Welcome on the chat, alice", "alice>")

    def test_a_line_that_is_too_long_is_left_out(self) -> None:
        terminal = self.client(milestone="04-files")
        complaint = "the server said something that is no part of the protocol"
        terminal.send("x" * 1_000_000)
        terminal.send('\n{"type":"msgall","from":"bob","text":"hello"}\n')
        terminal.until_shown(complaint, "[bob] : hello", ">")

    def test_a_server_that_floods_does_not_hold_up_the_user(self) -> None:
        terminal = self.client(milestone="02-users")
        flood = 100 * b'{"type":"msgall","from":"bob","text":"hello"}\n'
        terminal.server.setblocking(False)

        def reaches(text: bytes) -> bool:
            nonlocal flood
            try:
                sent = terminal.server.send(flood)
                flood = flood[sent:] + flood[:sent]
            except OSError:
                pass  # the client has yet to read, or has gone
            return text in terminal.received

        terminal.until(lambda: reaches(b"") and b"hello" in terminal.raw, "messages are shown")
        terminal.type("/msgall are you there?\r")
        terminal.until(lambda: reaches(b"are you there?"), "the server gets the line")
        terminal.type("\x03")
        terminal.until(lambda: reaches(b"") and terminal.is_restored(), "the input ends")
        terminal.type("\x03")
        terminal.until(lambda: reaches(b"") and terminal.process.poll() is not None, "it ends")
        self.assertTrue(terminal.is_restored())

    def test_the_prompt_says_who_the_user_is_and_in_which_channel(self) -> None:
        terminal = self.client(milestone="03-channels")
        terminal.send('{"type":"welcome","nick":"alice"}\n')
        terminal.until_shown("[Server] : Welcome on the chat, alice", "alice>")
        terminal.type("half a line")
        terminal.send('{"type":"joined","channel":"room","nick":"alice"}\n')
        terminal.until_shown("You have joined room", "alice[room]> half a line")
        terminal.send('{"type":"left","channel":"room","nick":"alice"}\n')
        terminal.until_shown("You have left room", "alice> half a line")

    def test_a_file_that_moves_has_a_line_above_the_prompt_until_it_is_there(self) -> None:
        inbox = tempfile.TemporaryDirectory()
        self.addCleanup(inbox.cleanup)
        terminal = self.client(milestone="04-files", options=f"--inbox {inbox.name}/in --reading-time 0")
        content = bytes(1_000_000)
        offer = {"type": "file_offer", "from": "bob", "transfer": "t1", "file": "notes.txt"}
        offer |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        terminal.send(json.dumps(offer) + "\n")
        terminal.until_shown(
            'bob wants to send you "notes.txt" (1.0 MB). Accept? [Y/N]',
            "Accept from bob: notes.txt? [Y/N]",
        )
        terminal.type("y\r")
        terminal.until(lambda: b"\n" in terminal.received, "the client accepts")
        accept = json.loads(terminal.received)
        with socket.create_connection(("127.0.0.1", accept["port"]), BOUND) as peer:
            start = {"type": "file_send", "transfer": "t1", "token": accept["token"], "offset": 0}
            peer.sendall(json.dumps(start).encode() + b"\n" + content[:10_000])
            told = "notes.txt: N % of 1.0 MB"
            terminal.until_shown("Receiving notes.txt from bob ...", told, ">")
            terminal.type("half")
            terminal.until_shown("Receiving notes.txt from bob ...", told, "> half")
            terminal.send('{"type":"msgall","from":"bob","text":"hello"}\n')
            terminal.until_shown("[bob] : hello", told, "> half")
            terminal.type(" a line\r")
            terminal.until_shown("[bob] : hello", "> half a line", ">")
            terminal.send('{"type":"msgall","from":"bob","text":"hello?"}\n')
            terminal.until_shown("[bob] : hello", "> half a line", "[bob] : hello?", told, ">")
            peer.sendall(content[10_000:])
            peer.shutdown(socket.SHUT_WR)
            saved = f"notes.txt saved in {inbox.name}/in/notes.txt"
            terminal.until_shown("[bob] : hello?", saved, ">")

    def test_an_answer_that_was_begun_at_another_prompt_is_asked_for_again(self) -> None:
        terminal = self.client(milestone="04-files", options="--reading-time 0")

        def offer(transfer: str, name: str) -> str:
            fields = {"type": "file_offer", "from": "bob", "transfer": transfer, "file": name}
            return json.dumps(fields | {"size": 1, "sha256": "0" * 64}) + "\n"

        terminal.send(offer("t1", "one.txt"))
        terminal.until_shown("Accept from bob: one.txt? [Y/N]")
        terminal.type("Y")
        terminal.until_shown("Accept from bob: one.txt? [Y/N] Y")
        terminal.send(offer("t2", "two.txt"))
        terminal.send('{"type":"file_cancel","transfer":"t1","from":"bob"}\n')
        terminal.until_shown("Accept from bob: two.txt? [Y/N] Y")
        terminal.type("\r")
        question = 'bob wants to send you "two.txt" (1 B). Accept? [Y/N]'
        again = "You began to type this before you were asked. Please answer again."
        terminal.until_shown(again, question, "Accept from bob: two.txt? [Y/N]")
        self.assertEqual(terminal.received, b"")
        terminal.type("N\r")
        terminal.until(lambda: b'"file_reject"' in terminal.received, "the client refuses")
        self.assertEqual(json.loads(terminal.received)["transfer"], "t2")
        terminal.until_shown(">")

    def test_an_answer_that_waited_unread_for_another_prompt_is_asked_for_again(self) -> None:
        terminal = self.client(milestone="04-files")

        def offer(transfer: str, name: str) -> str:
            fields = {"type": "file_offer", "from": "bob", "transfer": transfer, "file": name}
            return json.dumps(fields | {"size": 1, "sha256": "0" * 64}) + "\n"

        count = 65  # so many lines that wait stop the client from reading its terminal
        terminal.type("word\r" * count)
        terminal.until(lambda: b"\n" in terminal.received, "the first line is sent")
        terminal.type("x\x7f" * 100)
        terminal.until(lambda: self.unread(terminal) == 200, "the client reads no more keys")
        terminal.send(offer("t1", "one.txt"))
        terminal.until_shown("Accept from bob: one.txt? [Y/N]")
        terminal.type("Y\r")
        terminal.until(lambda: self.unread(terminal) == 202, "the answer waits")
        terminal.send(offer("t2", "two.txt"))
        terminal.send('{"type":"file_cancel","transfer":"t1","from":"bob"}\n')
        terminal.until_shown("Accept from bob: two.txt? [Y/N]")
        for number in range(count):
            terminal.until(
                lambda number=number: terminal.received.count(b"\n") > number, "a line is sent"
            )
            asked = json.loads(terminal.received.split(b"\n")[number])
            terminal.send(json.dumps({"type": "echo", "id": asked["id"], "text": "word"}) + "\n")
        question = 'bob wants to send you "two.txt" (1 B). Accept? [Y/N]'
        again = "You began to type this before you were asked. Please answer again."
        terminal.until_shown(again, question, "Accept from bob: two.txt? [Y/N]")
        self.assertNotIn(b"file_", terminal.received)

    def test_an_answer_at_once_does_not_count_unless_the_user_says_so(self) -> None:
        fields = {"type": "file_offer", "from": "bob", "transfer": "t1", "file": "one.txt"}
        offer = json.dumps(fields | {"size": 1, "sha256": "0" * 64}) + "\n"
        question = 'bob wants to send you "one.txt" (1 B). Accept? [Y/N]'
        again = "You were asked only just now. Please read the question and answer again."
        for options, due in ("", again), ("--reading-time 0", ""):
            with self.subTest(options):
                terminal = self.client(milestone="04-files", options=options)
                terminal.send(offer)
                terminal.until_shown(question, "Accept from bob: one.txt? [Y/N]")
                terminal.type("N\r")
                if due:
                    terminal.until_shown(due, question, "Accept from bob: one.txt? [Y/N]")
                else:
                    terminal.until(lambda: b"file_reject" in terminal.received, "it is refused")

    def test_control_s_stops_nothing(self) -> None:
        terminal = self.client()
        terminal.type("\x13")
        terminal.send("a message\n")
        terminal.until(lambda: "a message" in terminal.shown(), "the message is shown")
        terminal.type("\x07\x04")  # Ctrl-G ends a search, Ctrl-D the input
        terminal.until_input_ends()
        terminal.hang_up()
        terminal.status()
        self.assertTrue(terminal.is_restored())

    def test_a_limit_of_the_size_of_files_ends_the_transfer_and_not_the_client(self) -> None:
        inbox = tempfile.TemporaryDirectory()
        self.addCleanup(inbox.cleanup)
        terminal = self.client(
            milestone="04-files",
            options=f"--inbox {inbox.name}/in --reading-time 0",
            script="ulimit -f 64; exec {}",  # in units of 512 bytes
        )
        content = bytes(1_000_000)
        offer = {"type": "file_offer", "from": "bob", "transfer": "t1", "file": "notes.txt"}
        offer |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        terminal.send(json.dumps(offer) + "\n")
        terminal.until_shown(
            'bob wants to send you "notes.txt" (1.0 MB). Accept? [Y/N]',
            "Accept from bob: notes.txt? [Y/N]",
        )
        terminal.type("y\r")
        terminal.until(lambda: b"\n" in terminal.received, "the client accepts")
        accept = json.loads(terminal.received)
        with socket.create_connection(("127.0.0.1", accept["port"]), BOUND) as peer:
            start = {"type": "file_send", "transfer": "t1", "token": accept["token"], "offset": 0}
            peer.sendall(json.dumps(start).encode() + b"\n" + content[:100_000])
            self.assertIn(b"cannot write: File too large", peer.makefile("rb").readline())
        failure = "notes.txt was not received: cannot write: File too large"
        terminal.until_shown("Receiving notes.txt from bob ...", failure, ">")
        terminal.type("still here\r")
        terminal.until_shown("> still here", ">")

    def test_failures_are_red(self) -> None:
        terminal = self.client()
        terminal.hang_up()
        self.assertEqual(terminal.status(), 1)
        self.assertIn(b"\x1b[31mthe server has gone\x1b[m", terminal.raw)

    def test_no_color_means_no_colours(self) -> None:
        terminal = self.client(NO_COLOR="1")
        terminal.hang_up()
        self.assertEqual(terminal.status(), 1)
        self.assertIn(b"the server has gone", terminal.raw)
        self.assertNotRegex(terminal.raw, rb"\x1b\[[0-9;]*m")

    def test_a_terminal_that_can_do_nothing_is_sent_plain_text(self) -> None:
        terminal = self.client(TERM="dumb")
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.send("a message\n")
        terminal.until_shown("> half a li", "a message", "> half a li")
        self.assertNotIn(b"\x1b", terminal.raw)

    def test_control_d_ends_the_input_and_the_answers_still_come(self) -> None:
        terminal = self.client()
        terminal.type("question\r")
        terminal.type("\x04")
        terminal.until_input_ends()
        terminal.until(terminal.is_restored, "the terminal is as it was")
        terminal.send("answer\n")
        terminal.hang_up()
        self.assertEqual(terminal.status(), 0)
        self.assertEqual(terminal.received, b"question\n")
        self.assertEqual(terminal.shown()[-1], "answer")

    def test_control_c_ends_as_the_end_of_the_input_does(self) -> None:
        terminal = self.client()
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.type("\x03")
        terminal.until_input_ends()
        terminal.until(terminal.is_restored, "the terminal is as it was")
        terminal.hang_up()
        self.assertEqual(terminal.status(), 0)
        self.assertEqual(terminal.received, b"")

    def test_a_second_control_c_does_not_wait_for_the_server(self) -> None:
        terminal = self.client()
        terminal.type("\x03")
        terminal.until_input_ends()
        terminal.type("\x03")
        self.assertEqual(terminal.status(), -signal.SIGINT)
        self.assertTrue(terminal.is_restored())

    def test_who_ends_it_by_a_signal_gets_the_terminal_back(self) -> None:
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
            with self.subTest(number.name):
                terminal = self.client(script="ulimit -c 0; exec {}")  # SIGQUIT leaves a core
                self.assertFalse(terminal.is_restored())
                terminal.process.send_signal(number)
                self.assertEqual(terminal.status(), -number)
                self.assertTrue(terminal.is_restored())

    def test_when_the_server_goes_the_user_gets_the_terminal_back(self) -> None:
        terminal = self.client()
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.hang_up()
        self.assertEqual(terminal.status(), 1)
        self.assertTrue(terminal.is_restored())
        self.assertEqual(terminal.shown()[1:], ["the server has gone"])

    def test_control_z_gives_the_terminal_back_until_the_program_goes_on(self) -> None:
        terminal = self.client(script="set -m; {}; echo stopped; read line; fg >/dev/null")
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.type("\x1a")
        terminal.until_shown("stopped")
        self.assertTrue(terminal.is_restored())
        terminal.type("\n")
        terminal.until_shown("> half a li")
        terminal.type("ne\r")
        terminal.until_received("half a line\n")

    def test_a_window_that_was_resized_while_the_client_was_stopped(self) -> None:
        stop_and_go_on = {
            "Ctrl-Z": lambda terminal: terminal.type("\x1a"),
            "SIGSTOP": lambda terminal: os.kill(int(terminal.shown()[0]), signal.SIGSTOP),
        }
        for name, stop in stop_and_go_on.items():
            with self.subTest(name):
                script = "set -m; sh -c 'echo $$; exec {}'; echo stopped; read line; fg >/dev/null"
                terminal = self.client(script=script)
                stop(terminal)
                terminal.until(lambda: "stopped" in terminal.shown()[-1], "it is stopped")
                terminal.resize(30)
                terminal.type("\n")
                terminal.until(lambda: terminal.shown()[-1] == ">", "it goes on")
                terminal.type("y" * 50)
                terminal.until_shown("> " + "y" * 28, "y" * 22)
                terminal.send("message\n")
                terminal.until_shown("message", "> " + "y" * 28, "y" * 22)
                self.assertEqual(terminal.shown().count("> " + "y" * 28), 1)

    def test_a_signal_that_was_ignored_remains_ignored(self) -> None:
        terminal = self.client(script="trap '' INT; exec {}")
        terminal.type("half a li")
        terminal.until_shown("> half a li")
        terminal.type("\x03")
        terminal.process.send_signal(signal.SIGINT)
        terminal.send("a message\n")
        terminal.until_shown("a message", "> half a li")
        terminal.type("ne\r")
        terminal.until_received("half a line\n")

    def test_an_ipv6_address_may_have_brackets(self) -> None:
        for host in "::1", "[::1]":
            with self.subTest(host):
                terminal = self.client(host=host)
                terminal.type("hello\r")
                terminal.until_received("hello\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    known, rest = parser.parse_known_args()
    AtATerminal.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
