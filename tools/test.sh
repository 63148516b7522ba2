# shellcheck shell=bash
# The test runs of tools/dev. Sourced by it; the parts are meson suites, tests/README.md tells what
# is in them.
#
# Every outcome becomes a line of $results, "OUTCOME<tab>part<tab>test<tab>reason", and the closing
# summary is made from those lines alone.

suites=(lint unit wire integration clients fuzz stress)
results=
part_times=

record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$results"; }

# timed PART COMMAND..: runs one part and notes how long it took. A part that fails does not stop
# the others: one run should tell everything that is wrong.
timed() {
  local part=$1 from=$SECONDS
  shift
  say "$part"
  "$@" || true
  part_times+=$(printf '%5d s  %s' $((SECONDS - from)) "$part")$'\n'
}

# build_part PART FOLDER TARGET..: a build is a test too, and passes or fails.
build_part() {
  local part=$1 folder=$2
  shift 2
  if ninja -C "$folder" "$@"; then
    record passed "$part" build ""
  else
    record failed "$part" build "does not compile"
    return 1
  fi
}

# suite_part PART FOLDER SUITE OPTION..: one meson suite, if the folder has it. meson builds what
# the suite needs and nothing else.
suite_part() {
  local part=$1 folder=$2 suite=$3 log
  shift 3
  log=$folder/meson-logs/$suite.json
  rm -f "$log"
  meson test -C "$folder" --suite "$suite" --logbase "$suite" --print-errorlogs "$@" || true
  if [ -f "$log" ]; then
    python3 -B tools/testlog.py "$part" "$log" >>"$results"
  else
    record failed "$part" build "does not compile, or no test was started"
  fi
}

has_suite() {
  meson introspect --tests "$1" | grep -q "\"ringcached:$2\""
}

# suites_of FOLDER LABEL OPTIONS SUITE..: the named suites in turn.
suites_of() {
  local folder=$1 label=$2 options=$3 suite
  shift 3
  for suite in "$@"; do
    if ! has_suite "$folder" "$suite"; then continue; fi
    # shellcheck disable=SC2086  # OPTIONS is a list of words
    timed "$label$suite" suite_part "$label$suite" "$folder" "$suite" $options
  done
}

# Sanitizers slow the tests, so each gets four times its time. They take libc's allocator, which
# they know how to watch.
sanitizer_parts() {
  local name=$1 sanitizers=$2
  shift 2
  configure "build-$name" g++ -Db_sanitize="$sanitizers" -Doptimization=1 -Dallocator=libc \
    -Dbench=false
  suites_of "build-$name" "$name " "-t 4" "$@"
}

# Every suite, on a build with debug assertions. The time limits of tests only end what hangs; on a
# busy machine they are three times as long.
ordinary_parts() {
  configure build-test g++ "$(strict g++)"
  suites_of build-test "" "-t 3" "$@"
}

other_parts() {
  configure_release
  timed "g++ release build" build_part "g++ release build" build
  # Only for its warnings, which do not depend on optimisation.
  configure build-clang clang++ -Doptimization=0 -Ddebug=false "$(strict clang++)"
  timed "clang++ build" build_part "clang++ build" build-clang
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
  export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
  sanitizer_parts asan address,undefined unit wire hostile fuzz stress
  sanitizer_parts tsan thread unit stress
}

# Says what failed and what was skipped and why, how long each part took, and the line that counts.
# Fails if a test failed or none ran.
summary() {
  local passed failed skipped
  say "time of each part"
  printf '%s%5d s  all\n' "$part_times" "$SECONDS"
  if grep -q '^skipped' "$results"; then
    say "skipped"
    awk -F'\t' '$1 == "skipped" { print "  " $2 ": " $3 ": " $4 }' "$results"
  fi
  if grep -q '^failed' "$results"; then
    say "failed"
    awk -F'\t' '$1 == "failed" { print "  " $2 ": " $3 ": " $4 }' "$results"
  fi
  passed=$(grep -c '^passed' "$results" || true)
  failed=$(grep -c '^failed' "$results" || true)
  skipped=$(grep -c '^skipped' "$results" || true)
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

run_tests() {
  results=$(mktemp)
  trap 'rm -f "$results"' EXIT
  if [ "${1-}" = --all ]; then
    need build test all
    ordinary_parts "${suites[@]}"
    other_parts
  else
    need build test
    if [ $# -eq 0 ]; then set -- "${suites[@]}"; fi
    ordinary_parts "$@"
  fi
  summary
}
