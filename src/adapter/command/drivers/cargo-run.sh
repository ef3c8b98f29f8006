# Runs some tests of one target of a Rust workspace, as cargo starts it.
#     cargo-run.sh DRIVERS FOLDER PACKAGE KIND PROGRAM LIBRARIES TESTS...
drivers=$1 folder=$2 package=$3 kind=$4 program=$5 libraries=$6
shift 6
cd "$folder" || exit
if [ "$kind" = doc ]; then
  # Only rustdoc is told that its harness may write JSON: what cargo builds stays as it is.
  chmod u+x "$drivers/cargo-rustdoc.sh"
  # rustdoc takes names apart where they have blanks: it is asked by the line that ends a name, and others are left out.
  asked=$(mktemp) status=$(mktemp)
  printf '%s\n' "$@" >"$asked"
  for name; do
    shift
    set -- "$@" "${name##* }"
  done
  {
    RUSTDOC="$drivers/cargo-rustdoc.sh" cargo test --doc -- -Zunstable-options --format json --test-threads=1 "$@"
    echo $? >"$status"
  } | awk '
    NR == FNR { asked[$0] = 1; next }
    { name = $0; if (sub(/^.*"type": "test".*"name": "/, "", name)) { sub(/",? .*$/, "", name); if (!(name in asked)) next } }
    { print }' "$asked" -
  code=$(cat "$status")
  rm -f "$asked" "$status"
  exit "$code"
fi
CARGO=${CARGO:-cargo} CARGO_MANIFEST_DIR=$folder CARGO_MANIFEST_PATH=$folder/Cargo.toml CARGO_PKG_NAME=$package
# No program is started for this: an order may need a process for every other test.
CARGO_PKG_VERSION=
while IFS= read -r line && [ -z "$CARGO_PKG_VERSION" ]; do
  case $line in
    version*=*\"*\"*) CARGO_PKG_VERSION=${line#*\"} CARGO_PKG_VERSION=${CARGO_PKG_VERSION%%\"*} ;;
  esac
done <Cargo.toml
beside=${program%/*}
LD_LIBRARY_PATH=$beside:${beside%/*}:$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export CARGO CARGO_MANIFEST_DIR CARGO_MANIFEST_PATH CARGO_PKG_NAME CARGO_PKG_VERSION LD_LIBRARY_PATH
RUSTC_BOOTSTRAP=1 exec "$program" -Zunstable-options --format json --report-time --test-threads=1 --exact "$@"
