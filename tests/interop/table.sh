#!/usr/bin/env bash
# table.sh - puts together what the tests of interop/ and judges/ wrote (said.sh) and compares it
# with the committed table, or writes that anew.
#
#   table.sh SAID TABLE            SAID: the folder of what each test wrote; compares
#   table.sh SAID TABLE --write    writes TABLE (./lab interop does this after the tests)
#
# Compared are the tests that ran.  Versions of peers may be others; everything else must be the
# same: no case may fail, vanish, or come without standing in the table.
set -u
said=$1 table=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
header=protocol,role,mode,peer,version,outcome,test

shopt -s nullglob
for file in "$said"/*.csv; do
    test=$(basename "$file" .csv)
    sed "s/\$/,$test/" "$file"
done | LC_ALL=C sort -u >"$scratch/now"
[ -s "$scratch/now" ] || { echo "not run: no test of interoperability wrote anything to $said"; exit 77; }

if [ "${3-}" = --write ]; then
    if grep ',failed,' "$scratch/now"; then
        echo "expected every case to be ok, found those above; $table stays as it was"
        exit 1
    fi
    { echo $header; cat "$scratch/now"; } >"$scratch/table" && cp "$scratch/table" "$table"
    echo "$(wc -l <"$scratch/now") cases in $table"
    exit
fi

# Without the version, which is the last quoted field.
plain() {
    sed 's/,"[^"]*",\([a-z]*\),\([^,]*\)$/,\1,\2/' | LC_ALL=C sort -u
}
plain <"$scratch/now" >"$scratch/found"
ran=$(sed 's/.*,//' "$scratch/now" | sort -u)
sed 1d "$table" | awk -F, -v ran="$ran" '
    BEGIN { n = split(ran, names, "\n"); for (i = 1; i <= n; i++) is[names[i]] = 1 }
    $NF in is' | plain >"$scratch/expected"
cmp -s "$scratch/expected" "$scratch/found" && { echo "1 passed, 0 failed"; exit; }
diff "$scratch/expected" "$scratch/found" | grep '^[<>]'
echo "$table: expected the cases marked <, found those marked >; ./lab interop writes it anew"
exit 1
