# lib.sh - what the interoperability tests share.  Sourced; wants SHAKEDOWN (the program) and
# RELAY (tests/interop/relay.c built) in the environment.  Each case appends a line to
# $SD_INTEROP_OUT when that is set: id,role,mode,peer,version,outcome.

set -u
: "${SHAKEDOWN:?path of the shakedown program}"
scratch=$(mktemp -d)
failures=0
passes=0
background=()
namespaces=()

finish() {
    local status=$?
    for pid in "${background[@]:-}"; do
        [ -n "$pid" ] && kill "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    for ns in "${namespaces[@]:-}"; do
        [ -n "$ns" ] && ip netns del "$ns" 2>/dev/null
    done
    rm -rf "$scratch"
    exit $status
}
trap finish EXIT

# A missing peer is said plainly and is a failure in CI, where it must be installed.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null && continue
        echo "peer missing: $program is not installed; ./lab test installs it"
        [ -n "${CI:-}" ] && exit 1
        exit 77
    done
}

need_root() {
    [ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && ip netns add "sdprobe$$" 2>/dev/null &&
        ip netns del "sdprobe$$" && return
    echo "not run: network namespaces and TUN need root and /dev/net/tun"
    exit 77
}

# start NAME COMMAND...: in the background, output in $scratch/NAME.out and NAME.err.  Standard
# input stays open and silent, because some peers stop at its end.
start() {
    local name=$1
    shift
    sleep 600 > >("$@" >"$scratch/$name.out" 2>"$scratch/$name.err") &
    background+=($!)
}

# background NAME COMMAND...: the same without an open standard input; pid in $last.
spawn() {
    local name=$1
    shift
    "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" </dev/null &
    last=$!
    background+=("$last")
}

stop() {
    local pid
    for pid in "$@"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
}

# until_seen FILE TEXT [SECONDS]
until_seen() {
    local tries=$((${3:-10} * 20))
    while [ $tries -gt 0 ]; do
        grep -q -- "$2" "$1" 2>/dev/null && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}

# result OUTCOME ID ROLE MODE PEER VERSION: OUTCOME is the exit status of the check before it.
result() {
    local outcome=ok
    [ "$1" = 0 ] || outcome=failed
    printf '%-6s %s as %s, %s, with %s (%s)\n' "$outcome" "$2" "$3" "$4" "$5" "$6"
    [ -n "${SD_INTEROP_OUT:-}" ] && printf '%s,%s,%s,%s,"%s",%s\n' "$2" "$3" "$4" "$5" "$6" \
        "$outcome" >>"$SD_INTEROP_OUT"
    if [ "$1" = 0 ]; then
        passes=$((passes + 1))
    else
        failures=$((failures + 1))
        tail -n 12 "$scratch"/*.err "$scratch"/*.out 2>/dev/null | cut -c1-200
    fi
    rm -f "$scratch"/*.err "$scratch"/*.out
}

summary() {
    echo "$passes passed, $failures failed"
    [ "$failures" = 0 ]
}

port=$((20000 + $$ % 20000))
next_port() {
    port=$((port + 1))
}
