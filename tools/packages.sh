# shellcheck shell=bash
# What must be installed, and installing it: the command `deps`. Sourced by jalon, whose say, die and
# quietly it uses.

# Who needs it, how to tell that it is there, its package in Debian, Homebrew, Fedora and Arch.
# Debian's packages are asked of dpkg; the others have names of their own and are looked for.
requirements() {
  cat <<'END'
chat command:c++                   g++                 gcc            gcc-c++              gcc
chat command:cmake                 cmake               cmake          cmake                cmake
chat command:ninja                 ninja-build         ninja          ninja-build          ninja
test command:pkg-config            pkg-config          pkgconf        pkgconf-pkg-config   pkgconf
chat command:python3               python3             python         python3              python
chat header:asio.hpp               libasio-dev         asio           asio-devel           asio
chat header:simdjson.h             libsimdjson-dev     simdjson       simdjson-devel       simdjson
chat header:nlohmann/json.hpp      nlohmann-json3-dev  nlohmann-json  json-devel           nlohmann-json
chat header:CLI/CLI.hpp            libcli11-dev        cli11          cli11-devel          cli11
chat header:readline/readline.h    libreadline-dev     readline       readline-devel       readline
chat header:openssl/evp.h          libssl-dev          openssl        openssl-devel        openssl
test command:git                   git                 git            git                  git
test header:catch2/catch_all.hpp   catch2              catch2         catch2-devel         catch2
test module:jsonschema             python3-jsonschema  jsonschema     python3-jsonschema   python-jsonschema
test command:doxygen               doxygen             doxygen        doxygen              doxygen
all  command:clang++               clang               llvm           clang                clang
all  command:clang-format-14       clang-format-14     llvm@14        clang-tools-extra    clang14
all  command:clang-tidy-14         clang-tidy-14       llvm@14        clang-tools-extra    clang14
all  debian:only                   libclang-rt-14-dev
all  command:gcovr                 gcovr               gcovr          gcovr                gcovr
all  command:nc                    netcat-openbsd      netcat         netcat               openbsd-netcat
all  debian:only                   libasio-doc
all  debian:only                   libbenchmark-dev
all  debian:only                   rapidjson-dev
all  command:valgrind              valgrind            valgrind       valgrind             valgrind
peers command:redis-server         redis-server        redis          redis                redis
peers command:nats-server          nats-server         nats-server    nats-server          nats-server
peers command:inspircd             inspircd            inspircd       inspircd             inspircd
peers command:ngircd               ngircd              ngircd         ngircd               ngircd
peers command:mosquitto            mosquitto           mosquitto      mosquitto            mosquitto
END
}

# The lines above for one use: the tests need what the chat needs, and all is all.
requirements_of() {
  case $1 in
    chat) requirements | grep '^chat ' ;;
    test) requirements | grep -E '^(chat|test) ' ;;
    all) requirements | grep -v '^peers ' ;;
    peers) requirements | grep '^peers ' ;;
    *) die "deps takes chat, test, all or peers, not '$1'" ;;
  esac
}

is_there() {
  local name=${1#*:}
  case $1 in
    command:*) command -v "$name" >/dev/null ;;
    module:*) python -c "import $name" 2>/dev/null ;;
    debian:*) true ;;
    header:*)
      printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$name" |
        c++ -E -x c++ -I/opt/homebrew/include -I/usr/local/include - >/dev/null 2>&1
      ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    die "not root, and no sudo here; as root, run: $*"
  fi
}

deps_debian() {
  local package missing=()
  while read -r _ _ package _; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done < <(requirements_of "$1")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  quietly apt-update as_root apt-get -o DPkg::Lock::Timeout=300 update
  # RUNLEVEL keeps servers that are installed from being started, see invoke-rc.d(8).
  quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}

# deps_elsewhere FAMILY INSTALL_COMMAND USE: names what is missing, and goes on.
deps_elsewhere() {
  local check brew fedora arch missing=()
  # shellcheck disable=SC2034  # each of the three is read under the name in $1
  while read -r _ check _ brew fedora arch; do
    is_there "$check" || missing+=("${!1}")
  done < <(requirements_of "$3")
  [ ${#missing[@]} = 0 ] || say "Missing, as far as one can see from here: $2 ${missing[*]}"
}

deps() {
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then deps_debian "$1"
  elif command -v brew >/dev/null; then deps_elsewhere brew 'brew install' "$1"
  elif command -v dnf >/dev/null; then deps_elsewhere fedora 'dnf install' "$1"
  elif command -v pacman >/dev/null; then deps_elsewhere arch 'pacman -S' "$1"
  else say "An unknown system: Debian's packages would be $(requirements_of "$1" | awk '{print $3}' | xargs)"
  fi
}
