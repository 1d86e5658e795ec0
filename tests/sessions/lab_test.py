#!/usr/bin/env python3
"""A lab without root: what ./jalon says, builds and runs where next to nothing is installed.

    python3 tests/sessions/lab_test.py

The lab is a PATH of the few tools that are there, with an apt-get and a sudo that fail, and a
compiler that sees no library's headers. CMake is told of no library but those that a test names.
The sources are links into this tree, so that build/ is one of the lab's own.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOUND = 100  # seconds that anything may take

TOOLS = "ar as bash cat cmake cut dirname echo getconf grep ld make mkdir ranlib rm sed sort xargs"
STANDS_IN = {
    "apt-get": "exit 100",
    "dpkg-query": "exit 1",
    "id": "echo 1000",
    "sudo": "exit 1",
    # Whoever preprocesses alone looks for a header.
    "c++": f'[ "$1" != -E ] || exit 1; exec {shutil.which("c++")} "$@"',
}
LIBRARIES = ["Asio", "CLI11", "OpenSSL", "Readline", "nlohmann_json", "simdjson"]


class Lab:
    """A folder with the sources, and an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for each in ROOT.iterdir():
            if each.name not in ("build", ".git"):
                (folder / each.name).symlink_to(each)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS.split():
            found = shutil.which(tool)
            assert found, f"{tool} is not here"
            (self.bin / tool).symlink_to(found)
        for name, script in STANDS_IN.items():
            (self.bin / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (self.bin / name).chmod(0o755)

    def has(self, *libraries: str) -> None:
        """These libraries are there, and no others."""
        lines = [f"set(CMAKE_DISABLE_FIND_PACKAGE_{each} {each not in libraries})" for each in LIBRARIES]
        # What is built is run once: there is nothing to optimise.
        lines.append('set(CMAKE_CXX_FLAGS_RELEASE "-O0" CACHE STRING "")')
        (self.folder / "libraries.cmake").write_text("\n".join(lines), encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": str(self.bin), "CMAKE_TOOLCHAIN_FILE": str(self.folder / "libraries.cmake")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BOUND,
            check=False,
        )

    def programs(self) -> set[str]:
        """The programs of the milestones that CMake would build."""
        targets = (self.folder / "build/log/targets.txt").read_text(encoding="utf-8")
        names = (line.removeprefix("... ") for line in targets.splitlines())
        return {name for name in names if name[:1] == "0" and name[2:3] == "-"}


class InALab(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="lab-")
        self.addCleanup(folder.cleanup)
        self.lab = Lab(Path(folder.name))

    def echoes(self, server: Path) -> None:
        """Starts a server, and holds what it answers against what it was sent."""
        with subprocess.Popen([server, "0"], stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            port = int(process.stdout.readline().rsplit(":", 1)[1])  # type: ignore[union-attr]
            with socket.create_connection(("127.0.0.1", port), BOUND) as client:
                client.sendall(b"hello\n")
                self.assertEqual(client.recv(100), b"hello\n")
            process.kill()

    def test_with_a_compiler_alone_the_commands_of_the_chapter_build_its_programs(self) -> None:
        chapter = (ROOT / "tutorial/00-sockets/README.md").read_text(encoding="utf-8")
        commands = [line for line in chapter.splitlines() if line.startswith("g++ ")]
        self.assertEqual(len(commands), 2)
        for command in commands:
            moved = command.replace("/tmp/", f"{self.lab.folder}/").replace("g++", "c++").split()
            built = subprocess.run(
                moved, cwd=ROOT / "examples/00-sockets", check=False, capture_output=True, text=True
            )
            self.assertEqual(built.returncode, 0, built.stderr)
        self.assertTrue((self.lab.folder / "client").exists())
        self.echoes(self.lab.folder / "many_clients")

    def test_without_any_library_chat_says_what_is_missing_and_builds_echo_servers(self) -> None:
        self.lab.has()
        came = self.lab.run("./jalon", "chat")
        self.assertEqual(came.returncode, 1)
        lines = came.stdout.splitlines()
        missing = [line for line in lines if line.startswith("Missing")]
        self.assertEqual(len(missing), 1, came.stdout)
        self.assertRegex(missing[0], "an administrator installs it: apt-get install .*libcli11-dev")
        without = [line.split(":")[0] for line in lines if line.startswith("Without")]
        due = "CLI11 nlohmann/json OpenSSL Readline Asio simdjson"
        self.assertEqual(sorted(without), sorted(f"Without {each}" for each in due.split()))
        self.assertTrue((self.lab.folder / "build/Makefile").exists(), "Ninja is not here")
        self.assertIn("no chat without these libraries", came.stdout)
        for program in "00-sockets/many_clients", "00-sockets/client", "01-echo/tiny_server":
            self.assertIn(f"build/examples/{program} ", came.stdout)
            self.assertTrue((self.lab.folder / "build/examples" / program).exists())
        self.echoes(self.lab.folder / "build/examples/01-echo/tiny_server")

    def test_each_library_that_is_there_brings_the_programs_that_stand_on_it(self) -> None:
        due = {"00-sockets-client", "00-sockets-many_clients", "00-sockets-one_client", "01-echo-tiny_server"}
        self.lab.has("CLI11")
        came = self.lab.run("./jalon", "client", "2")
        self.assertIn("That has failed", came.stdout)
        self.assertIn("02-users-client cannot be built here", came.stdout)
        due |= {"01-echo-server", "01-echo-client"}
        self.assertEqual(self.lab.programs(), due)

        self.lab.has("CLI11", "nlohmann_json")
        came = self.lab.run("./jalon", "server", "4")
        self.assertNotIn("Installing", came.stdout, "nobody is asked for a password twice")
        self.assertIn("04-files-server cannot be built here", came.stdout)
        due |= {"02-users-server", "02-users-client", "03-channels-server", "03-channels-client"}
        self.assertEqual(self.lab.programs(), due)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="is not looked at: the lab has a build/ of its own")
    _, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
