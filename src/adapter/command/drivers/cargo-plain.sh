# Runs all tests of a Rust workspace with cargo, and tells of each how it ended, with the program that it belongs to.
#     cargo-plain.sh [ARGUMENTS OF CARGO TEST]
cargo test "$@" --no-fail-fast 2>&1 | awk '
  /^     Running .*\(.*\)$/ { target = $0; sub(/^.*\(/, "", target); sub(/\)$/, "", target); sub(/^.*\//, "", target); next }
  /^   Doc-tests / { target = "doc " $2; next }
  /^test .* \.\.\. (ok|FAILED|ignored.*)$/ { print target "\t" $0 }'
