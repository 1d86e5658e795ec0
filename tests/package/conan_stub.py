"""Runs a recipe without Conan: what it imports of `conan` is done here by plain CMake and Python.

Only what Jalon's recipe uses is here, and it answers as Conan's documentation says that it does.
"""

import importlib.util
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType, SimpleNamespace


class ConanFile:
    """The base of recipes: where things are, and what the recipe has said."""

    def __init__(self, recipe, cache, options):
        self.options_of_recipe = list(self.options)
        self.recipe_folder = recipe.parent
        self.export_sources_folder = self.source_folder = cache / "source"
        self.build_folder = cache / "build"
        self.package_folder = cache / "package"
        self.options = SimpleNamespace(**options)
        self.folders = SimpleNamespace()
        self.info = SimpleNamespace(clear=lambda: None)
        self.properties = {}
        self.cpp_info = SimpleNamespace(set_property=self.properties.__setitem__)
        self.required = []
        self.cache_variables = {}

    def requires(self, reference, **_traits):
        self.required.append(reference)


class CMakeToolchain:
    """Passes variables on to CMake."""

    def __init__(self, conanfile):
        self.conanfile = conanfile
        self.cache_variables = {}

    def generate(self):
        self.conanfile.cache_variables = self.cache_variables


class CMake:
    """Runs CMake."""

    def __init__(self, conanfile):
        self.conanfile = conanfile

    def configure(self):
        variables = [f"-D{name}={value}" for name, value in self.conanfile.cache_variables.items()]
        folders = "-S", self.conanfile.source_folder, "-B", self.conanfile.build_folder
        subprocess.run(["cmake", "-G", "Ninja", *folders, *variables], check=True)

    def install(self):
        where = self.conanfile.build_folder, "--prefix", self.conanfile.package_folder
        subprocess.run(["cmake", "--install", *where], check=True)


def copy(_conanfile, pattern, source, destination):
    """Copies the files whose path below source is of the pattern; its `*` stands for folders too."""
    for file in Path(source).rglob("*"):
        path = file.relative_to(source)
        if file.is_file() and fnmatch(str(path), pattern):
            (destination / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, destination / path)


def module(name, **contents):
    made = ModuleType(name)
    vars(made).update(contents)
    sys.modules[name] = made


def create(recipe, cache, options):
    """As `conan create`: exports the recipe's sources, builds and packages them. Returns the recipe."""
    module("conan", ConanFile=ConanFile)
    module("conan.tools")
    module("conan.tools.build", check_min_cppstd=lambda _conanfile, _standard: None)
    module("conan.tools.cmake", CMake=CMake, CMakeToolchain=CMakeToolchain)
    module("conan.tools.files", copy=copy)
    spec = importlib.util.spec_from_file_location("conanfile", recipe)
    conanfile = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conanfile)

    made = conanfile.Jalon(recipe, cache, options)
    assert set(options) == set(made.options_of_recipe), f"the recipe has the options {made.options_of_recipe}"
    steps = ("layout", "export_sources", "requirements", "validate", "package_id", "generate", "build", "package")
    for step in (*steps, "package_info"):
        getattr(made, step)()
    return made
