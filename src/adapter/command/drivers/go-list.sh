# Lists the tests of a Go module, a line each: package, test, folder, name of the package, rank.
#     go-list.sh SCRATCH ARGUMENTS OF GO TEST
scratch=$1
shift
mkdir -p "$scratch" || exit
go list -f '{{.ImportPath}}{{"\t"}}{{.Name}}{{"\t"}}{{.Dir}}' ./... >"$scratch/packages" || exit
if ! go test "$@" -list . ./... >"$scratch/listed"; then
  cat "$scratch/listed" >&2
  exit 1
fi
# Names of tests come before the line of their package.
awk -F '\t' '
  NR == FNR { name[$1] = $2; folder[$1] = $3; next }
  NF == 1 && /^(Test|Fuzz|Example)/ { tests[++count] = $1; next }
  NF > 1 {
    for (i = 1; i <= count; i++) {
      rank = tests[i] ~ /^Test/ ? 0 : tests[i] ~ /^Fuzz/ ? 1 : 2
      print $2 "\t" tests[i] "\t" folder[$2] "\t" name[$2] "\t" rank
    }
    count = 0
  }
' "$scratch/packages" "$scratch/listed"
