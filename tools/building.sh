# shellcheck shell=bash disable=SC2154  # jalon sets build and jobs
# Configuring and building, as far as the libraries are here. Sourced by jalon, whose functions it uses.

# Warnings are errors where the compilers are those that we check with; others know other warnings.
werror() {
  # shellcheck source=/dev/null
  case $(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}") in
    debian12) echo ON ;;
    *) echo OFF ;;
  esac
}

# generator FOLDER: the one that it was configured with, else Ninja if it is there.
generator() {
  if [ -f "$1/CMakeCache.txt" ]; then sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$1/CMakeCache.txt"
  elif command -v ninja >/dev/null; then echo Ninja
  else echo 'Unix Makefiles'
  fi
}

# configure PRESET [CMAKE OPTIONS]: says what is lost without the libraries that are not here.
configure() {
  local folder=$build
  [ "$1" = default ] || folder=$build/$1
  command -v cmake >/dev/null || die "CMake is missing; tutorial/00-sockets/README.md does without"
  quietly "configure-$1" cmake --preset "$1" -G "$(generator "$folder")" -D JALON_WERROR="$(werror)" "${@:2}"
  sed -n 's/^-- Without/Without/p' "$build/log/configure-$1.txt" >&2
}

# compile PRESET [TARGET...]
compile() {
  say "Building what is not built yet; build/log/build-$1.txt tells how far it is"
  quietly "build-$1" cmake --build --preset "$1" -j "$jobs" ${2+--target "${@:2}"}
}

# Configures build/, unless that has been done with all libraries; without the tests, unless they
# were configured before. What can be built is then in build/log/targets.txt.
prepare() {
  local log=$build/log/configure-default.txt tests=OFF
  deps chat || true
  [ ! -f "$build/tests/CTestTestfile.cmake" ] || tests=ON
  if ! grep -qs '^-- Generating done' "$log" || grep -q '^-- Without' "$log"; then
    configure default -D JALON_BUILD_TESTS=$tests
  fi
  quietly targets cmake --build --preset default --target help
}

can_build() { grep -qE "^(\.\.\. )?$1(:|$)" "$build/log/targets.txt"; }

# build_programs TARGET...
build_programs() {
  local target
  for target; do
    can_build "$target" || die "$target cannot be built here; the lines above say why"
  done
  compile default "$@"
}
