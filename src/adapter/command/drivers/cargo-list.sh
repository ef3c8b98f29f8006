# Lists the tests of a Rust workspace, a line each: package's folder, package, kind and name of the target, program, its
# file or the target's name, the option of cargo that chooses the target, the folder of Rust's own libraries, test.
# Doctests have no program.
#     cargo-list.sh SCRATCH [ARGUMENTS OF CARGO TEST]
scratch=$1
shift
mkdir -p "$scratch" || exit
# What stands behind a `--` is the programs' own.
cargo test "$@" --no-run --message-format=json-render-diagnostics >"$scratch/built" || exit
tab=$(printf '\t')
libraries=$(rustc --print sysroot)/lib
targets() { # of the programs of tests that were built
  grep '"reason":"compiler-artifact"' "$scratch/built" | grep '"test":true},' | grep -v '"executable":null' |
    sed -n 's/.*"package_id":"\([^"]*\)","manifest_path":"\([^"]*\)\/Cargo\.toml","target":{"kind":\["\([^"]*\)".*"name":"\([^"]*\)","src_path".*"executable":"\([^"]*\)".*/\2\t\1\t\3\t\4\t\5/p'
}
# `path+file:///x/shop#0.1.0`, `path+file:///x/shop#name@0.1.0`
package() {
  case ${1##*#} in
    *@*) name=${1##*#}; printf '%s' "${name%@*}" ;;
    *) name=${1%#*}; printf '%s' "${name##*/}" ;;
  esac
}
targets | LC_ALL=C sort -u >"$scratch/targets"
while IFS=$tab read -r folder id kind name program; do
  of=$(package "$id")
  case $kind in
    bin | test | example | bench) chosen=--$kind=$name ;;
    *) chosen=--lib ;;
  esac
  (cd "$folder" && LD_LIBRARY_PATH="$(dirname "$program"):$libraries" "$program" --list --format terse) |
    sed -n "s|^\(.*\): test\$|\1|p" | while IFS= read -r test; do
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$folder" "$of" "$kind" "$name" "$program" "${program##*/}" "$chosen" "$libraries" "$test"
    done
done <"$scratch/targets"
# A run that chooses targets has no doctests, as with cargo itself.
for word; do
  case $word in
    --lib | --bin | --bins | --bin=* | --test | --tests | --test=* | --example | --examples | --example=* | --bench | --benches | --bench=* | --all-targets) exit 0 ;;
  esac
done
grep -E "$tab(lib|rlib|proc-macro)$tab" "$scratch/targets" | while IFS=$tab read -r folder id kind name program; do
  of=$(package "$id")
  (cd "$folder" && cargo test --doc -- --list --format terse 2>"$scratch/words" || { cat "$scratch/words" >&2; exit 1; }) |
    sed -n "s|^\(.*\): test\$|\1|p" | while IFS= read -r test; do
      printf '%s\t%s\tdoc\t%s\t-\tdoc %s\t--doc\t%s\t%s\n' "$folder" "$of" "$name" "$name" "$libraries" "$test"
    done
done
