# shellcheck shell=bash disable=SC2154  # jalon sets build
# What must be installed, and installing it: the command `deps`. Sourced by jalon, whose say, die and
# logged it uses.

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
test command:make                  make                make           make                 make
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
all  debian:only                   libc++-dev
all  debian:only                   libc++abi-dev
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
        c++ -E -x c++ -I/opt/homebrew/include -I/usr/local/include -I"${CMAKE_PREFIX_PATH-}/include" - >/dev/null 2>&1
      ;;
  esac
}

# not_installed USE: Debian's packages for it that dpkg does not have.
not_installed() {
  local package
  while read -r _ _ package _; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done < <(requirements_of "$1")
}

# report FAMILY INSTALL_COMMAND USE: says what is not there, in one line, and fails; or nothing.
report() {
  local check debian brew fedora arch missing=()
  # shellcheck disable=SC2034  # each of the four is read under the name in $1
  while read -r _ check debian brew fedora arch; do
    is_there "$check" || missing+=("${!1}")
  done < <(requirements_of "$3")
  [ ${#missing[@]} = 0 ] && return
  say "Missing, as far as one can see from here; $2 ${missing[*]}"
  return 1
}

# apt_get PACKAGE...: installs them. RUNLEVEL keeps servers from being started, see invoke-rc.d(8).
apt_get() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  logged apt-update "${root[@]}" apt-get -o DPkg::Lock::Timeout=300 update &&
    logged apt-install "${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

# Installs what is missing for a use. If that failed before, or Ctrl-C ended it at the question for a password,
# sudo is not called again for the same packages: ./jalon deps does.
deps_debian() {
  local wanted failed=$build/log/not-installed-$1.txt
  wanted=$(not_installed "$1" | xargs)
  [ -n "$wanted" ] || return 0
  if [ "$(id -u)" = 0 ] || command -v sudo >/dev/null && [ "$wanted" != "$(cat "$failed" 2>/dev/null)" ]; then
    say "Installing $wanted"
    mkdir -p "$build/log"
    echo "$wanted" >"$failed"
    # shellcheck disable=SC2086  # one word each
    apt_get $wanted && rm "$failed" && return
    say "That has failed; build/log/apt-update.txt and apt-install.txt say why, ./jalon deps tries again"
  fi
  report debian 'an administrator installs it: apt-get install' "$1"
}

# deps USE: installs what is missing, or says how. Fails if something still is.
deps() {
  requirements_of "$1" >/dev/null
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then deps_debian "$1"
  elif command -v brew >/dev/null; then report brew 'this installs it: brew install' "$1"
  elif command -v dnf >/dev/null; then report fedora 'an administrator installs it: dnf install' "$1"
  elif command -v pacman >/dev/null; then report arch 'an administrator installs it: pacman -S' "$1"
  else report debian "the packages by Debian's names:" "$1"
  fi
}
