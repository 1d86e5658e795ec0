# shellcheck shell=bash disable=SC2154  # jalon sets root, build and jobs
# The commands for those who change Jalon, and their page of `./jalon help`. Sourced by jalon, whose
# functions it uses.

developer_usage() {
  cat <<'END'
For those who change Jalon:

  build [PRESET]            build everything: default, debug, asan, tsan or coverage
  docs                      write the API reference to build/docs; check that text and code agree
  format [--check]          format all C++ sources, or say which are not formatted
  tidy [REGEX]              run clang-tidy on the sources whose path matches
  alone                     compile each source by itself, without those that are built with it
  coverage                  run the unit tests and print the line coverage of include/
  fuzz [SECONDS [TARGET]]   run each fuzz target, or one, for so long; 60 seconds if not said
  bench [--peers]           measure speed, memory and compile time against what they must be,
                            some ten minutes; --peers: what a delivery costs in other servers,
                            which are installed for that
END
}

build_everything() {
  deps all || true
  configure "${1:-default}"
  compile "${1:-default}"
}

docs() {
  configure_tests
  ctest --test-dir "$build" --output-on-failure --no-tests=error -L docs
}

coverage() {
  deps all || true
  configure coverage
  compile coverage jalon_tests
  find "$build/coverage" -name '*.gcda' -delete  # of the last run
  quietly coverage-tests ctest --preset coverage -j "$jobs" -R '^unit\.' -E rules_cost
  gcovr --root . --object-directory "$build/coverage" --filter include/ -j "$jobs" \
    --print-summary --fail-under-line 95 "$build/coverage"
}

# All C++ files that are under version control or about to be.
sources() { git ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp'; }

format() {
  deps all || true
  case ${1-} in
    '') sources | xargs clang-format-14 -i ;;
    --check) sources | xargs clang-format-14 --dry-run --Werror ;;
    *) die "format takes --check, not '$1'" ;;
  esac
}

# Each source by itself is how the debug preset compiles; configured, it says with which flags.
sources_alone() {
  deps all || true
  configure debug
  compile debug tools/resources.cpp single_header  # generated
  python cmake/sources.py --build "$build/debug" "$@"
}

tidy() {
  say "Running clang-tidy, which takes minutes"
  sources_alone tidy "$@"
}

alone() { sources_alone alone; }

# fuzz SECONDS TARGET: what it finds on the way stays in build/fuzz/found, and is gone on from.
fuzz() {
  build_everything asan
  local each name found seed
  for each in "$build"/asan/tests/fuzz/${2-*}_fuzz; do
    name=$(basename "$each" _fuzz)
    found=$build/fuzz/found/$name
    seed=tests/fuzz/corpus/$name
    mkdir -p "$found"
    quietly "fuzz-$name" "$each" -max_total_time="${1-60}" -timeout=10 -print_final_stats=1 \
      -artifact_prefix="$build/fuzz/found/" "$found" "$seed"
    echo "$name: $(awk '/number_of_executed_units/ {print $2}' "$build/log/fuzz-$name.txt") inputs, no fault"
  done
}

# bench: all of them, also when one does not come up to what is asked.
bench() {
  deps all || true
  configure_tests
  compile default
  if [ "${1-}" = --peers ]; then
    deps peers || true
    python tests/bench/deliveries.py --peers
    return
  fi
  local each outcome=0
  for each in echo_program thousand_clients file_transfer deliveries counts; do
    python "tests/bench/$each.py" || outcome=1
    echo
  done
  say "The parts, one by one:"
  if [ -x "$build/tests/bench/parts" ]; then "$build/tests/bench/parts"; else say "Google Benchmark is not here"; fi
  return $outcome
}
