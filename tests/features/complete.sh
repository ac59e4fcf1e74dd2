#!/bin/sh
# complete.sh - the feature table has no empty cell and none without evidence, and a sentence says why
# each edition of the survey and the runs differ.
#   complete.sh ROOT
set -u
: "${SHAKEDOWN:?path of the shakedown program}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$SHAKEDOWN" run features --out "$dir/all" >"$dir/log" 2>&1 || {
    echo "run features: expected exit status 0, found $?; it said:"
    cat "$dir/log"
    exit 1
}
"$SHAKEDOWN" table "$dir/all" features --json >"$dir/features" 2>/dev/null &&
    "$SHAKEDOWN" table "$dir/all" disagreements --json >"$dir/disagreements" 2>/dev/null &&
    "$SHAKEDOWN" list features --json >"$dir/list" 2>/dev/null &&
    "$SHAKEDOWN" list protocols --json >"$dir/protocols" 2>/dev/null || exit 1

python3 - "$dir" "$1/results/claims/reasons.csv" <<'END'
import csv, json, sys
read = lambda name: json.load(open(f"{sys.argv[1]}/{name}"))
cells = {(c["feature"], c["protocol"]): c for c in read("features")[0]["rows"]}
wrong = 0
for feature in read("list"):
    for protocol in read("protocols"):
        cell = cells.get((feature["name"], protocol["name"]))
        where = f'{feature["name"]} of {protocol["name"]}'
        if not cell or cell["measured"] not in ("yes", "partly", "no", "not applicable"):
            print(f"{where}: expected something measured, found {cell and cell['measured']}")
            wrong += 1
        elif not cell["run"] or not cell["seen"]:
            print(f"{where}: expected a run and what was seen in it, found none")
            wrong += 1
rows = read("disagreements")[0]["rows"]
for row in rows:
    if row["reason"] == row["seen"]:
        print(f'results/claims/reasons.csv: expected why {row["feature"]} of {row["protocol"]} is '
              f'{row["measured"]} and {row["edition"]} says {row["claim"]}, found nothing')
        wrong += 1
differ = {(row["feature"], row["protocol"]) for row in rows}
titles = {feature["name"]: feature["title"] for feature in read("list")}
with open(sys.argv[2]) as reasons:
    for row in csv.DictReader(reasons):
        if (titles[row["feature"]], row["protocol"]) not in differ:
            print(f'results/claims/reasons.csv: {row["feature"]} of {row["protocol"]} has a reason, but no '
                  "edition disagrees")
            wrong += 1
print(f"{len(cells)} cells, {len(rows)} disagreements, {wrong} wrong")
sys.exit(wrong > 0)
END
