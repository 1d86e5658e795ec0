"""Jalon for Conan 2, from the clone that this recipe stands in: `conan create cmake/ports/conan`.

Each option only brings a library: the package itself is always the same. Its own CMake package is used,
so all its targets are there, jalon::compiled too, which is built where it is linked.
"""

import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain
from conan.tools.files import copy


class Jalon(ConanFile):
    name = "jalon"
    version = "0.1.0"
    description = "A header-only C++20 networking toolkit"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"json": [True, False], "simdjson": [True, False], "asio": [True, False]}
    default_options = {"json": True, "simdjson": False, "asio": False}
    no_copy_source = True

    def layout(self):
        self.folders.root = "../../.."
        self.folders.source = "."
        self.folders.build = "build/conan"

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def requirements(self):
        if self.options.json or self.options.simdjson:
            self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
        if self.options.simdjson:
            self.requires("simdjson/[>=3 <4]", transitive_headers=True, transitive_libs=True)
        if self.options.asio:
            self.requires("asio/[>=1.22 <2]", transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def generate(self):
        toolchain = CMakeToolchain(self)
        for name, value in {"BUILD_EXAMPLES": False, "BUILD_TESTS": False, "INSTALL": True}.items():
            toolchain.cache_variables[f"JALON_{name}"] = value
        toolchain.generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        self.cpp_info.libdirs = []
        self.cpp_info.bindirs = []
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "cmake", "jalon")]
