#!/usr/bin/env python3
"""The programs as a shell sees them: first words, status, and the ways to start them wrong.

    python3 tests/sessions/programs_test.py --build build
"""

import argparse
import contextlib
import json
import re
import resource
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

BOUND = 20  # seconds that anything may take
ALONE = "for this machine only; --bind 0.0.0.0 is for everybody\n"
MILESTONES = ("01-echo", "json-echo", "02-users", "03-channels", "04-files")
LOOPS = ("poll", "epoll", "asio")


class Programs(unittest.TestCase):
    build = Path()

    def path(self, name: str) -> str:
        return str(self.build / "examples" / name)

    def start(self, *command: str, **how: Any) -> "subprocess.Popen[str]":
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        program = subprocess.Popen(command, text=True, **{**pipes, **how})
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        return program

    def start_server(self, *options: str, milestone: str = "01-echo", **how: Any) -> tuple[Any, int]:
        """A server on a free port, and the port."""
        server = self.start(self.path(f"{milestone}/server"), "0", *options, **how)
        return server, self.port_of(server)

    def port_of(self, server: "subprocess.Popen[str]") -> int:
        assert server.stdout
        first = server.stdout.readline()
        self.assertRegex(first, r"^listening on .*:\d+$", "the server's first line")
        return int(first.rpartition(":")[2])

    def run_client(self, *arguments: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        command = [self.path("01-echo/client"), *arguments]
        return subprocess.run(command, text=True, capture_output=True, timeout=BOUND, **how)

    def has_loop(self, loop: str) -> bool:
        """Whether it is built in: if so, the server gets as far as an address that is not ours."""
        server = self.start(self.path("01-echo/server"), "0", "--bind", "192.0.2.1", "--loop", loop)
        return server.wait(BOUND) == 1

    def assert_echoes(self, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), BOUND) as client:
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(100), b"hello\n")

    def test_wrong_arguments_are_one_line_and_status_2(self) -> None:
        for milestone in MILESTONES:
            for program in "server", "client":
                for arguments in [], ["--nonsense"], ["localhost", "80x"]:
                    with self.subTest(milestone=milestone, program=program, arguments=arguments):
                        run = self.start(self.path(f"{milestone}/{program}"), *arguments)
                        output, errors = run.communicate(timeout=BOUND)
                        self.assertEqual(run.returncode, 2)
                        self.assertEqual(output, "")
                        self.assertRegex(errors, rf"\A{program}: .+; see --help\n\Z")

    def test_help_and_version_are_no_mistake(self) -> None:
        for milestone in MILESTONES:
            for program in "server", "client":
                for option, due in ("--help", "Usage: "), ("--version", f"jalon {milestone} 0."):
                    with self.subTest(milestone=milestone, program=program, option=option):
                        run = self.start(self.path(f"{milestone}/{program}"), option)
                        output, errors = run.communicate(timeout=BOUND)
                        self.assertEqual((run.returncode, errors), (0, ""))
                        self.assertIn(due, output)

    def test_a_port_that_is_taken_is_one_line_and_status_1(self) -> None:
        _, port = self.start_server()
        second = self.start(self.path("01-echo/server"), str(port))
        output, errors = second.communicate(timeout=BOUND)
        self.assertEqual((second.returncode, output), (1, ""))
        self.assertEqual(errors, f"bind 127.0.0.1:{port}: Address already in use\n")

    def test_an_address_of_others_is_one_line_and_status_1(self) -> None:
        server = self.start(self.path("01-echo/server"), "0", "--bind", "192.0.2.1")
        output, errors = server.communicate(timeout=BOUND)
        self.assertEqual((server.returncode, output), (1, ""))
        self.assertEqual(errors, "bind 192.0.2.1:0: Cannot assign requested address\n")

    def test_a_server_says_that_it_is_there_for_this_machine_alone_if_nobody_asked(self) -> None:
        for options, due in ([], True), (["--bind", "127.0.0.1"], False):
            with self.subTest(options=options):
                server, _ = self.start_server(*options)
                server.send_signal(signal.SIGTERM)
                self.assertEqual(ALONE in server.communicate(timeout=BOUND)[1], due)

    def test_a_server_that_is_told_to_end_does_so_with_status_0(self) -> None:
        for loop in filter(self.has_loop, LOOPS):
            for number in signal.SIGINT, signal.SIGTERM:
                with self.subTest(loop=loop, signal=number.name):
                    server, port = self.start_server("--loop", loop)
                    self.assert_echoes(port)
                    with socket.create_connection(("127.0.0.1", port), BOUND) as client:
                        client.sendall(b"half a li")
                        server.send_signal(number)
                        self.assertEqual(client.recv(100), b"", "the server closes")
                    self.assertEqual(server.wait(BOUND), 0)

    def test_a_server_outlives_the_reader_of_its_log(self) -> None:
        server, port = self.start_server("--trace")
        server.stderr.close()
        self.assert_echoes(port)
        self.assert_echoes(port)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(BOUND), 0)
        server.stderr = None

    def test_who_does_not_finish_a_line_is_told_so_and_the_log_counts_them(self) -> None:
        server, port = self.start_server("--line-timeout", "1", milestone="02-users")
        ports = []
        for nick in "ann", "bob", "cat":
            with socket.create_connection(("127.0.0.1", port), BOUND) as client:
                ports.append(client.getsockname()[1])
                client.sendall(b'{"type":"nick","nick":"%s"}\nhalf' % nick.encode())
                *_, last = client.makefile("rb")  # up to the end
                self.assertEqual(json.loads(last)["code"], "line_timeout")
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=BOUND)
        event, held = "a client does not finish a frame", "4 bytes of it are held"
        self.assertIn(f"{event}: ann, 127.0.0.1:{ports[0]}: {held}\n", errors)
        self.assertIn(f"2 more like it: {event}; the last: cat, 127.0.0.1:{ports[2]}: {held}\n", errors)

    def test_a_server_may_have_as_many_descriptors_as_the_system_lets_it(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        few = (100, most)
        server, _ = self.start_server(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few)
        )
        server.send_signal(signal.SIGTERM)
        told = server.communicate(timeout=BOUND)[1]
        self.assertRegex(told, r"(?m)^may have \d+ descriptors, 100 before$")

    def test_a_server_without_standard_input_and_errors_serves_all_the_same(self) -> None:
        server = self.start("sh", "-c", f"exec {self.path('01-echo/server')} 0 --trace <&- 2>&-")
        port = self.port_of(server)
        self.assert_echoes(port)

    def test_a_client_without_standard_input_has_nothing_to_say(self) -> None:
        _, port = self.start_server()
        client = f"exec {self.path('01-echo/client')} 127.0.0.1 {port} <&-"
        run = subprocess.run(["sh", "-c", client], text=True, capture_output=True, timeout=BOUND)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(run.stdout, f"Connecting to 127.0.0.1:{port} ... done!\n")

    def test_a_client_takes_names_and_ipv6(self) -> None:
        if not socket.has_ipv6:
            self.skipTest("no IPv6 here")
        for bind, host, shown in ("127.0.0.1", "localhost", "localhost"), ("::1", "::1", "[::1]"):
            with self.subTest(host=host):
                _, port = self.start_server("--bind", bind)
                run = self.run_client(host, str(port), input="hello\n")
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                self.assertEqual(run.stdout, f"Connecting to {shown}:{port} ... done!\nhello\n")

    def test_a_server_on_every_address_shows_ipv4_users_as_ipv4(self) -> None:
        try:
            socket.create_server(("::", 0), family=socket.AF_INET6).close()
        except OSError as failure:
            self.skipTest(f"no IPv6 here: {failure}")
        server, port = self.start_server("--bind", "::", "--trace", milestone="04-files")
        sockets = [socket.create_connection(("127.0.0.1", port), BOUND) for _ in range(2)]
        alice, bob = (each.makefile("rw", newline="\n") for each in sockets)

        def answer(user: Any, due: str, **request: object) -> dict:
            user.write(json.dumps(request) + "\n")
            user.flush()
            return next(each for each in map(json.loads, user) if each["type"] == due)

        for nick, user in ("alice", alice), ("bob", bob):
            answer(user, "welcome", type="nick", nick=nick)
        self.assertEqual(answer(alice, "user", type="whois", nick="bob")["address"], "127.0.0.1")
        file = {"file": "f", "size": 1, "sha256": "0" * 64}
        name = answer(alice, "file_offered", type="file_offer", to="bob", **file)["transfer"]
        answer(bob, "ok", id=1, type="file_accept", transfer=name, port=1, token="k")
        self.assertEqual(answer(alice, "file_accept", type="ping")["address"], "127.0.0.1")
        for user in alice, bob, *sockets:
            user.close()
        server.send_signal(signal.SIGTERM)
        trace = server.communicate(timeout=BOUND)[1]
        self.assertRegex(trace, r" from 127\.0\.0\.1:\d+\n")
        self.assertNotIn("::ffff:", trace)

    def test_a_client_without_a_server_says_so_in_one_line_with_status_1(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        run = self.run_client("127.0.0.1", str(port), stdin=subprocess.DEVNULL)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, f"Connecting to 127.0.0.1:{port} ... failed!\n")
        self.assertEqual(run.stderr, f"connect 127.0.0.1:{port}: Connection refused\n")

    def test_a_client_whose_output_nobody_reads_says_so_with_status_1(self) -> None:
        for milestone in MILESTONES:
            with self.subTest(milestone=milestone):
                _, port = self.start_server(milestone=milestone)
                client = self.start(
                    self.path(f"{milestone}/client"), "127.0.0.1", str(port), stdin=subprocess.PIPE
                )
                self.assertRegex(client.stdout.readline(), "done!$")
                client.stdout.close()
                with contextlib.suppress(BrokenPipeError):  # the greeting may have ended the client
                    client.stdin.write("hello\n")
                    client.stdin.close()
                self.assertEqual(client.wait(BOUND), 1)
                self.assertEqual(client.stderr.read(), "write standard output: Broken pipe\n")
                client.stdin = client.stdout = None

    def test_a_file_comes_back_as_it_went(self) -> None:
        _, port = self.start_server()
        lines = "".join(f"line {number} of many, and à bientôt\n" for number in range(100_000))
        run = self.run_client("127.0.0.1", str(port), input=lines)
        self.assertEqual(run.returncode, 0)
        self.assertTrue(re.sub(r"\A.*\n", "", run.stdout) == lines, "every line, in order, once")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    known, rest = parser.parse_known_args()
    Programs.build = known.build.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
