# shellcheck shell=bash
# lib.sh - what the interoperability tests share.  Sourced; wants SHAKEDOWN (the program) and
# RELAY (tests/interop/relay.c built) in the environment.
#
# Nothing waits for a time that ought to do: tests wait until something is seen, and give up after
# a time that is long even on a loaded machine.

set -u
# shellcheck source=tests/said.sh
. "$(dirname "${BASH_SOURCE[0]}")/../said.sh"
: "${SHAKEDOWN:?path of the shakedown program}"
scratch=$(mktemp -d)
failures=0
passes=0
background=()
namespaces=()
patience=30 # seconds

finish() {
    local status=$? pid ns
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
trap 'exit 130' INT TERM

# What is missing is said plainly, and is a failure in CI, where it must be there.
missing() {
    echo "$*"
    [ -n "${CI:-}" ] && exit 1
    exit 77
}

need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null ||
            missing "peer missing: $program is not installed; ./lab test installs it"
    done
}

need_namespaces() {
    need ip
    if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! ip netns add "sdprobe$$" 2>/dev/null; then
        missing "not run: network namespaces and TUN need root and /dev/net/tun"
    fi
    ip netns del "sdprobe$$"
}

netns() { # NAME...
    local ns
    for ns in "$@"; do
        ip netns add "$ns" && namespaces+=("$ns")
        # The kernel's own IPv6 chatter would take its share of the relay's losses.
        ip netns exec "$ns" sh -c 'for c in all default; do
            echo 1 >/proc/sys/net/ipv6/conf/$c/disable_ipv6; done' 2>/dev/null
        ip -n "$ns" link set lo up
    done
}

drop_netns() {
    local ns
    for ns in "${namespaces[@]:-}"; do
        [ -n "$ns" ] && ip netns del "$ns" 2>/dev/null
    done
    namespaces=()
}

# relay_wire NAMESPACE NAMESPACE DELAY_MS LOSS_PERCENT: 10.1.0.1 and 10.1.0.2 over the relay; its
# pid in $relay.
relay_wire() {
    rm -f "$scratch/relay.log" # that of an earlier relay says "up", too
    "$RELAY" "$1" "$2" "$3" "$4" 7 >"$scratch/relay.log" 2>&1 </dev/null &
    relay=$!
    background+=("$relay")
    until_seen "$scratch/relay.log" up || { echo "the relay did not start"; exit 1; }
    ip -n "$1" addr add 10.1.0.1 peer 10.1.0.2 dev wire; ip -n "$1" link set wire mtu 1500 up
    ip -n "$2" addr add 10.1.0.2 peer 10.1.0.1 dev wire; ip -n "$2" link set wire mtu 1500 up
}

# spawn NAME COMMAND...: in the background, output in $scratch/NAME.out and NAME.err; pid in $last.
spawn() {
    local name=$1
    shift
    "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" </dev/null &
    last=$!
    background+=("$last")
}

# The same with a standard input that stays open: `feed TEXT` writes a line there.
spawn_fed() {
    local name=$1
    shift
    rm -f "$scratch/feed"
    mkfifo "$scratch/feed"
    [ -n "${feed_fd:-}" ] && exec {feed_fd}>&-
    exec {feed_fd}<>"$scratch/feed"
    "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" <"$scratch/feed" &
    last=$!
    background+=("$last")
}

feed() {
    printf '%s\n' "$1" >&"$feed_fd"
}

stop() {
    local pid
    for pid in "$@"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
}

# ended PID: waits for it; its exit status, or 124 when patience is over.
ended() {
    local tries=$((patience * 50))
    while kill -0 "$1" 2>/dev/null && [ $tries -gt 0 ]; do
        sleep 0.02
        tries=$((tries - 1))
    done
    if [ $tries = 0 ]; then
        kill "$1" 2>/dev/null
        wait "$1" 2>/dev/null
        return 124
    fi
    wait "$1" 2>/dev/null
}

# until_seen FILE REGEX [TIMES]
until_seen() {
    local tries=$((patience * 50)) times=${3:-1} count
    while [ $tries -gt 0 ]; do
        count=$(grep -cE -- "$2" "$1" 2>/dev/null)
        [ "${count:-0}" -ge "$times" ] && return 0
        sleep 0.02
        tries=$((tries - 1))
    done
    return 1
}

# all_seen FILE REGEX...: says which was not.
all_seen() {
    local file=$1 regex good=0
    shift
    for regex in "$@"; do
        grep -qE -- "$regex" "$file" && continue
        echo "expected '$regex' in ${file##*/}"
        good=1
    done
    return $good
}

# result OUTCOME ID ROLE MODE PEER VERSION: OUTCOME is the exit status of the check before it.
result() {
    local outcome=ok
    [ "$1" = 0 ] || outcome=failed
    printf '%-6s %s as %s, %s, with %s (%s)\n' "$outcome" "$2" "$3" "$4" "$5" "$6"
    said $outcome "${@:2}"
    if [ "$1" = 0 ]; then
        passes=$((passes + 1))
    else
        failures=$((failures + 1))
        tail -n 20 "$scratch"/*.err "$scratch"/*.out 2>/dev/null | cut -c1-200
    fi
    rm -f "$scratch"/*.err "$scratch"/*.out
}

summary() {
    echo "$passes passed, $failures failed"
    [ "$failures" = 0 ]
}

# Below the ports that the kernel gives to clients.
port=$((10000 + $$ % 20000))
next_port() {
    port=$((port + 1))
}
