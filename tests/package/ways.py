"""Uses Jalon in another project, by one of the ways into it: `ways.py WAY --build BUILD`.

Most ways build and run the project in consumer/. Each does so in a folder of its own in the build
tree, and takes what it needs of the build from BUILD: the compiler and the libraries that are there. A way
that can't be tried on this machine says so, with status 77.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import conan_stub

HERE = Path(__file__).resolve().parent
CONSUMER = HERE / "consumer"
SOURCE = HERE.parents[1]
SKIPPED = 77
WARNINGS = "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, **options)


def outcome(*command):
    """How a command ends, and all that it says."""
    whole = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run([str(word) for word in command], check=False, **whole)
    return done.returncode, done.stdout


def skip(why):
    print(f"Skipped: {why}")
    sys.exit(SKIPPED)


def version():
    text = (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(jalon VERSION ([\d.]+)", text)[1]


class Way:
    """One way, tried in its own folder."""

    def __init__(self, name, build, cxx, optional):
        self.name = name
        self.build = build
        self.cxx = cxx
        self.optional = optional  # of json, simdjson, asio: those whose library is there
        self.folder = build / "tests" / "package" / name
        self.installed = build / "tests" / "package" / "installed"

    def try_it(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        getattr(self, self.name)()

    # ---- with CMake ----

    def consume(self, way, parts, **variables):
        """Builds the project in consumer/, and runs its programs."""
        variables = {
            "CMAKE_CXX_COMPILER": self.cxx,
            "CMAKE_PREFIX_PATH": self.installed,
            "JALON_SOURCE_DIR": SOURCE,
            "WAY": way,
            "PARTS": ";".join(parts),
            **variables,
        }
        build = self.folder / "build"
        options = [f"-D{name}={value}" for name, value in variables.items()]
        run("cmake", "-G", "Ninja", "-S", CONSUMER, "-B", build, *options)
        run("cmake", "--build", build)
        run("ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error")

    def find_package(self):
        self.consume("find_package", ["compiled", *self.optional])

    def pkg_config(self):
        self.consume("pkg_config", ["jalon"])

    def add_subdirectory(self):
        self.consume("add_subdirectory", ["jalon"])

    def fetch_content(self):
        if not (SOURCE / ".git").exists():
            skip(f"{SOURCE} is no git checkout")
        status, commit = outcome("git", "-C", SOURCE, "rev-parse", "HEAD")
        if status != 0:
            skip(f"git does not read {SOURCE}: {commit}")
        self.consume("fetch_content", ["jalon"], JALON_REPOSITORY=SOURCE, JALON_TAG=commit.strip())

    def missing_libraries(self):
        """What find_package says where a component can't be had."""
        reasons = {
            "json": "nlohmann/json 3.11 or newer (Debian's package nlohmann-json3-dev).",
            "simdjson": "simdjson (Debian's package libsimdjson-dev).",
            "asio": "standalone Asio 1.22 or newer (Debian's package libasio-dev).",
        }
        packages = {"json": "nlohmann_json", "simdjson": "simdjson", "asio": "Asio"}
        for part, package in packages.items():
            if part not in self.optional:
                continue
            without = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}={name == package}" for name in packages.values()]
            self.refuses(part, reasons[part], *without)
            self.leaves_out(part, *without)
        self.refuses("compiled", "CXX among the LANGUAGES of the project.", "-DLANGUAGES=NONE")
        self.leaves_out("compiled", "-DLANGUAGES=NONE")
        self.refuses("jsno", "a name that is known: jalon, json, simdjson, asio or compiled.")

    def find(self, arguments, *options):
        """How a project that only calls find_package is configured, and what that says."""
        project = self.folder / "find"
        project.mkdir(exist_ok=True)
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\n"
            "project(find LANGUAGES ${LANGUAGES})\n"
            f"find_package(jalon CONFIG {arguments})\n"
            "foreach(part IN ITEMS jalon json simdjson asio compiled)\n"
            "  if(TARGET jalon::${part})\n"
            '    message(STATUS "has jalon::${part}")\n'
            "  endif()\n"
            "endforeach()\n",
            encoding="utf-8",
        )
        usual = "-DLANGUAGES=CXX", f"-DCMAKE_CXX_COMPILER={self.cxx}", f"-DCMAKE_PREFIX_PATH={self.installed}"
        # A build tree is used again: then CMake does not look for the compiler once more.
        build = project / ("none" if "-DLANGUAGES=NONE" in options else "cxx")
        return outcome("cmake", "-S", project, "-B", build, *usual, *options)

    def refuses(self, part, reason, *options):
        status, said = self.find(f"REQUIRED COMPONENTS {part}", *options)
        assert status != 0 and f"jalon::{part} needs {reason}" in " ".join(said.split()), f"{part} is required: {said}"

    def leaves_out(self, part, *options):
        status, said = self.find("", *options)
        assert status == 0 and "has jalon::jalon" in said, f"{part} is not asked for: {said}"
        assert f"has jalon::{part}" not in said, f"{part} is there: {said}"

    # ---- with package managers ----

    def vcpkg(self):
        port = SOURCE / "cmake" / "ports" / "vcpkg" / "jalon"
        manifest = json.loads((port / "vcpkg.json").read_text(encoding="utf-8"))
        assert set(manifest["features"]) == {"json", "simdjson", "asio"}, manifest["features"]
        assert manifest["version"] == version(), f"the port's version is {manifest['version']}"
        prefix = self.folder / "installed"
        run(
            "cmake",
            f"-DPORT={manifest['name']}",
            f"-DVERSION={manifest['version']}",
            f"-DCURRENT_PORT_DIR={port}",
            f"-DCURRENT_PACKAGES_DIR={prefix}",
            f"-DCURRENT_BUILDTREES_DIR={self.folder}",
            "-P",
            HERE / "vcpkg_stub.cmake",
        )
        assert (prefix / "share" / "jalon" / "copyright").is_file(), "no licence is installed"
        self.consume("find_package", ["jalon"], CMAKE_PREFIX_PATH=prefix)

    def conan(self):
        recipe = SOURCE / "cmake" / "ports" / "conan" / "conanfile.py"
        package = conan_stub.create(recipe, self.folder / "cache", {"json": True, "simdjson": True, "asio": True})
        assert package.version == version(), f"the recipe's version is {package.version}"
        needed = {name.split("/")[0] for name in package.required}
        assert needed == {"nlohmann_json", "simdjson", "asio"}, f"all options require {needed}"
        assert (package.package_folder / "licenses" / "LICENSE").is_file(), "no licence is in the package"
        prefixes = [package.package_folder / folder for folder in package.cpp_info.builddirs]
        self.consume("find_package", ["jalon"], CMAKE_PREFIX_PATH=";".join(map(str, prefixes)))

    # ---- without CMake ----

    def compile(self, *arguments):
        run(self.cxx, *arguments, cwd=self.folder)

    def single_header(self):
        """Programs made of jalon.hpp, in a folder that has nothing else."""
        self.copy(self.build / "single_header" / "jalon.hpp", SOURCE / "examples" / "01-echo" / "tiny_server.cpp")
        self.compile(*WARNINGS, "-I.", "tiny_server.cpp", "-o", "tiny_server")
        run(sys.executable, HERE / "echoes.py", self.folder / "tiny_server")
        self.copy(CONSUMER / "uses_jalon.cpp")
        self.compile_in_two("jalon.hpp", "uses_jalon.cpp")

    def single_header_json(self):
        """Programs made of jalon_json.hpp and jalon.hpp, in a folder that has nothing else but nlohmann/json."""
        self.copy(*(self.build / "single_header").glob("*.hpp"), HERE / "single_json.cpp")
        shutil.copytree(self.nlohmann(), self.folder / "nlohmann")
        self.compile(*WARNINGS, "-I.", "single_json.cpp", "-o", "single_json")
        run(self.folder / "single_json")
        self.compile_in_two("jalon_json.hpp", "single_json.cpp")

    def copy(self, *files):
        for file in files:
            shutil.copy(file, self.folder)

    def compile_in_two(self, header, program):
        """A program of two files, of which one compiles what is long in the header, for both."""
        (self.folder / "source.cpp").write_text(f"#define JALON_SOURCE\n#include <{header}>\n", encoding="utf-8")
        self.compile(*WARNINGS, "-I.", "-DJALON_COMPILED", program, "source.cpp", "-o", "in_two")
        run(self.folder / "in_two")

    def nlohmann(self):
        """The folder of nlohmann/json's headers: of a release it is one file."""
        probe = self.folder / "where.cpp"
        probe.write_text("#include <nlohmann/json.hpp>\n", encoding="utf-8")
        included = outcome(self.cxx, "-std=c++20", "-fsyntax-only", "-H", probe)[1]
        first = next(line for line in included.splitlines() if line.endswith("/nlohmann/json.hpp"))
        return Path(first.lstrip(". ")).parent

    def beside_macros(self):
        has = {"simdjson": ["-DJALON_SIMDJSON"], "asio": ["-DWITH_ASIO", "-DASIO_STANDALONE"]}
        flags = [flag for part in self.optional for flag in has.get(part, [])]
        self.compile("-std=gnu++20", "-fsyntax-only", f"-I{SOURCE / 'include'}", *flags, HERE / "beside_macros.cpp")

    def libcxx(self):
        """All headers, and a program, with clang's own standard library."""
        flags = "-std=c++20", "-stdlib=libc++", f"-I{SOURCE / 'include'}"
        probe = self.folder / "probe.cpp"
        probe.write_text("#include <version>\nint main() { return _LIBCPP_VERSION == 0; }\n", encoding="utf-8")
        if outcome(self.cxx, *flags, probe, "-o", self.folder / "probe")[0] != 0:
            skip("there is no libc++ here; Debian's packages are libc++-dev and libc++abi-dev")
        # Those that include the fewest others first: so few find what they need in another one's includes.
        headers = list((SOURCE / "include" / "jalon").glob("*.hpp"))
        headers.sort(key=lambda header: header.read_text(encoding="utf-8").count('#include "'))
        for part, files in {"simdjson": "simdjson_", "asio": "asio_"}.items():
            if part not in self.optional:
                headers = [header for header in headers if not header.name.startswith(files)]
        everything = self.folder / "everything.cpp"
        everything.write_text("".join(f"#include <jalon/{header.name}>\n" for header in headers), encoding="utf-8")
        self.compile(*flags, "-DASIO_STANDALONE", "-fsyntax-only", everything)
        self.compile(*flags, CONSUMER / "uses_json.cpp", "-o", "uses_json")
        run(self.folder / "uses_json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way")
    parser.add_argument("--build", type=Path, required=True, help="a build tree of Jalon, with what it installs")
    parser.add_argument("--cxx", default="c++", help="the compiler")
    parser.add_argument("--with", dest="optional", nargs="*", default=[], help="of json, simdjson, asio: what can be used")
    given = parser.parse_args()
    Way(given.way, given.build.resolve(), given.cxx, given.optional).try_it()


if __name__ == "__main__":
    main()
