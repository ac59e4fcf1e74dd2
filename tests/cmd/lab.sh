#!/bin/sh
# What ./lab says and returns, with doubles of every program it calls.
#   lab.sh ROOT
# The double of dpkg-query has all packages but $MISSING; that of ninja "builds" a shakedown that
# echoes its arguments, unless $BROKEN.
set -u
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
tree="$work/a tree"
mkdir -p "$tree/cmd" "$work/bin"
cp "$1/lab" "$tree/lab"
touch "$tree/CMakeLists.txt"

double() {
    cat >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
double dpkg-query <<'END'
#!/bin/sh
for package; do :; done
[ "$package" = "${MISSING-}" ] || echo installed
END
double id <<'END'
#!/bin/sh
echo 1000
END
double sudo <<'END'
#!/bin/sh
exit 1
END
double cmake <<'END'
#!/bin/sh
while [ "$1" != -B ]; do shift; done
touch "$2/build.ninja"
END
double ninja <<'END'
#!/bin/sh
[ -z "${BROKEN-}" ] || { echo "cmd/run.c:1: error"; exit 1; }
[ -e "$2/shakedown" ] || printf '#!/bin/sh\necho "ran: $*"\n' >"$2/shakedown"
chmod +x "$2/shakedown"
echo "ninja: no work to do."
END
double ctest <<'END'
#!/bin/sh
echo "ctest $*"
END
PATH="$work/bin:$PATH"
export PATH

status=0
# expect NAME STATUS OUT ERR COMMAND...: whole stdout, and a part of stderr ("": no word at all)
expect() {
    name=$1 want=$2 out=$3 err=$4
    shift 4
    "$@" >"$work/out" 2>"$work/err" </dev/null
    found=$?
    said=$(cat "$work/err")
    good=yes
    [ "$found" = "$want" ] && [ "$(cat "$work/out")" = "$out" ] || good=no
    if [ -n "$err" ]; then
        case $said in *"$err"*) ;; *) good=no ;; esac
    else
        [ -z "$said" ] || good=no
    fi
    [ $good = yes ] || {
        echo "$name: expected status $want, stdout '$out', stderr with '$err'"
        echo "found $found, stdout '$(cat "$work/out")', stderr '$said'"
        status=1
    }
}

cd / || exit 3
MISSING=libns3-dev
export MISSING
expect "no right to install" 2 "" \
    "apt-get update && apt-get install --no-install-recommends -y libns3-dev" "$tree/lab" list
MISSING=tshark
expect "the first time" 0 "ran: list words" "the first time takes some minutes" \
    "$tree/lab" list words
expect "nothing changed" 0 "ran: list words" "" "$tree/lab" list words
expect "no arguments" 0 "ran: " "" "$tree/lab"
expect "words with blanks" 0 "ran: run a b" "" "$tree/lab" run "a b"
expect "tests need more" 2 "" "-y tshark" "$tree/lab" test
MISSING=
ln -s "$tree/lab" "$work/link"
expect "by a link" 0 "ran: list" "" "$work/link" list
touch -d "1 minute" "$tree/cmd/run.c"
expect "a file changed" 0 "ran: list" "building what changed" "$tree/lab" list
BROKEN=1
export BROKEN
expect "it does not build" 3 "" "cmd/run.c:1: error" "$tree/lab" list
BROKEN=
mv "$tree" "$work/moved"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$tree" >"$work/moved/build/CMakeCache.txt"
expect "a moved tree" 0 "ran: list" "building what changed" "$work/moved/lab" list
[ ! -e "$work/moved/build/CMakeCache.txt" ] || {
    echo "a moved tree: expected its old configuration to be gone"
    status=1
}
expect "one test" 0 \
    "ctest --test-dir $work/moved/build --output-on-failure -j2 -R wire" "building" \
    "$work/moved/lab" test wire
exit $status
