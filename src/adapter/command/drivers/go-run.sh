# Runs some tests of one Go package in the order asked for, in one process.
#     go-run.sh DRIVERS SCRATCH FOLDER NAME ORDER PACKAGE ARGUMENTS OF GO TEST
# Vet does not know overlays; listing the tests has run it.
# A file is laid over the package, beside its own files and outside of its folder: it is compiled as one of them.
drivers=$1 scratch=$2 folder=$3 name=$4 package=$6
STEADFAST_ORDER=$5 STEADFAST_PACKAGE=$6 STEADFAST_RESULTS=$2/results
export STEADFAST_ORDER STEADFAST_PACKAGE STEADFAST_RESULTS
shift 6
# The same file each time, so that it is compiled once.
driver=$drivers/order_${name}_test.go
if [ ! -f "$driver" ]; then
  { printf 'package %s\n' "$name" && cat "$drivers/go-order.txt"; } >"$driver.new" || exit
  mv "$driver.new" "$driver" || exit
fi
printf '{"Replace": {"%s/steadfast_order_test.go": "%s"}}\n' "$folder" "$driver" >"$scratch/overlay.json" || exit
exec go test -vet=off "$@" "-overlay=$scratch/overlay.json" -json -v -count=1 -parallel=1 "$package"
