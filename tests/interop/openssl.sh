# shellcheck shell=bash disable=SC2034,SC2154
# openssl.sh - one conversation between our agents and OpenSSL's programs.  Sourced after lib.sh by
# tls.sh and tls-relay.sh, which say where each side lives: ours_in and peer_in are commands that
# go before it (in a namespace, or nothing), ours_at and peer_at its addresses.

ids=$(cd "$(dirname "$0")/../.." && pwd)/sim/core/identities
version=$(openssl version | cut -d' ' -f2)
server_cert="-cert $ids/server.example.crt -key $ids/server.example.key"
client_cert="-cert $ids/client.example.crt -key $ids/client.example.key"
ours_in=() peer_in=()
ours_at=127.0.0.1 peer_at=127.0.0.1
note= # appended to the mode in the report
lossy= # over DTLS what is lost stays lost: replies are repeated, a close_notify may not come

lost_for_good() { # ID: true when nobody repeats what the path loses
    [ -n "$lossy" ] && [ "$1" = dtls12 ]
}

flag_of() { # OpenSSL's flag for a protocol
    case $1 in
    tls13) echo -tls1_3 ;;
    tls12) echo -tls1_2 ;;
    # It guesses a path MTU on loopback that its own records do not survive.
    dtls12) echo -dtls1_2 -timeout -mtu 1400 ;;
    esac
}

# An exporter's secret (RFC 5705) shows that both sides agree on all that went before.
label=EXPORTER-shakedown
export_theirs="-keymatexport $label -keymatexportlen 32"
same_secret() {
    local ours theirs
    ours=$(sed -n 's/.*exported: //p' "$scratch/ours.err" | tail -n 1)
    theirs=$(sed -n 's/.*Keying material: //p' "$scratch/peer.out" | tail -n 1 | tr A-F a-f)
    [ -n "$ours" ] && [ "$ours" = "$theirs" ] && return
    echo "expected the same exported secret, found '$ours' (ours) and '$theirs'"
    return 1
}

# Our client sends "hello" in each of its sessions, s_server answers "reply".
#
#   client WHAT ID MODE PEER_FLAGS OUR_FLAGS OUR_EVENTS PEER_PRINTS [SESSIONS]
#
# The two lists are regular expressions, separated by ";", each of which must be seen.  Besides,
# both sides must export the same secret.
client() {
    local what=$1 id=$2 mode=$3 peer_flags=$4 our_flags=$5 sessions=${8:-1} good=0 i
    local -a ours peers
    IFS=';' read -ra ours <<<"$6"
    IFS=';' read -ra peers <<<"$7"
    next_port
    # shellcheck disable=SC2046,SC2086
    spawn_fed peer "${peer_in[@]}" openssl s_server -accept "$peer_at:$port" $server_cert \
        $(flag_of "$id") $export_theirs $peer_flags
    local peer=$last
    until_seen "$scratch/peer.out" ACCEPT || good=1
    # shellcheck disable=SC2086
    spawn ours "${ours_in[@]}" "$SHAKEDOWN" live "$id" --connect "$peer_at:$port" --mode "$mode" \
        --sessions "$sessions" --ca "$ids/ca.crt" --send $'hello\n' --expect 6 --for "$patience" \
        --again 1000 --export $label $our_flags
    local own=$last
    for ((i = 1; i <= sessions; i++)); do
        until_seen "$scratch/peer.out" hello $i || break
        reply_until_seen "$id" $i || break
    done
    ended "$own" || { echo "our client: exit status $?"; good=1; }
    [ "$(grep -c '^reply$' "$scratch/ours.out")" -ge "$sessions" ] || good=1
    # DONE: our close_notify came.
    lost_for_good "$id" || until_seen "$scratch/peer.out" DONE "$sessions" || good=1
    all_seen "$scratch/ours.err" "${ours[@]}" || good=1
    all_seen "$scratch/peer.out" "${peers[@]}" || good=1
    same_secret || good=1
    stop "$peer"
    result $good "$id" client "$what$note" s_server "$version"
}

reply_until_seen() { # ID TIMES
    local tries=$patience
    feed reply
    until patience=1 until_seen "$scratch/ours.out" '^reply$' "$2"; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        ! lost_for_good "$1" || feed reply
    done
}

# s_client sends "hello", our server answers with the same; s_client closes.
#
#   server WHAT ID MODE PEER_FLAGS OUR_FLAGS OUR_EVENTS PEER_PRINTS [SESSIONS]
#
# In the second of two sessions s_client offers the ticket of the first, and has $second_flags.
second_flags=
server() {
    local what=$1 id=$2 mode=$3 peer_flags=$4 our_flags=$5 sessions=${8:-1} good=0 i
    local -a ours peers
    IFS=';' read -ra ours <<<"$6"
    IFS=';' read -ra peers <<<"$7"
    next_port
    # shellcheck disable=SC2086
    spawn ours "${ours_in[@]}" "$SHAKEDOWN" live "$id" --listen "$ours_at:$port" --mode "$mode" \
        --identity server.example --export $label $our_flags
    local own=$last
    until_seen "$scratch/ours.err" ' server$' || good=1
    for ((i = 1; i <= sessions && good == 0; i++)); do
        visit "$id" "$peer_flags -sess_out $scratch/session" $i || good=1
        peer_flags="$peer_flags -sess_in $scratch/session $second_flags"
    done
    all_seen "$scratch/ours.err" "${ours[@]}" || good=1
    all_seen "$scratch/peer.out" "${peers[@]}" || good=1
    same_secret || good=1
    stop "$own"
    result $good "$id" server "$what$note" s_client "$version"
}

# One visit of s_client; $commands are letters to type between the request and the end: "k" for a
# key update, "K" for one that asks us for the same.
commands=()
visit() { # ID FLAGS TIMES_CLOSED
    local command typed=0 tries=$patience peer
    # shellcheck disable=SC2046,SC2086
    spawn_fed peer "${peer_in[@]}" openssl s_client -connect "$ours_at:$port" \
        -servername server.example -verify_hostname server.example -CAfile "$ids/ca.crt" \
        -verify_return_error $(flag_of "$1") $export_theirs $2
    peer=$last
    until_seen "$scratch/peer.out" 'Verify return code' || return 1
    feed hello
    until patience=1 until_seen "$scratch/peer.out" hello; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        ! lost_for_good "$1" || feed hello
    done
    for command in "${commands[@]}"; do
        feed "$command"
        until_seen "$scratch/peer.err" KEYUPDATE $((typed += 1)) || return 1
        feed "after $command"
        until_seen "$scratch/peer.out" "after $command" || return 1
    done
    feed Q
    ended "$peer"
    lost_for_good "$1" || until_seen "$scratch/ours.err" 'closed: close_notify' "$3"
}

# A file of 1 MiB, many records and many segments, from our server to s_client.
download() { # ID
    local id=$1 good=0 peer
    next_port
    spawn ours "${ours_in[@]}" "$SHAKEDOWN" live "$id" --listen "$ours_at:$port" \
        --identity server.example --send-file "$(big_file)"
    local own=$last
    until_seen "$scratch/ours.err" ' server$' || good=1
    # shellcheck disable=SC2046
    spawn_fed peer "${peer_in[@]}" openssl s_client -connect "$ours_at:$port" -quiet \
        -servername server.example -CAfile "$ids/ca.crt" -verify_return_error $(flag_of "$id")
    peer=$last
    feed hello
    until_size "$scratch/peer.out" && cmp "$scratch/peer.out" "$(big_file)" || good=1
    stop "$peer" "$own"
    result $good "$id" server "1 MiB down$note" s_client "$version"
}

# The same from our client to s_server.
upload() { # ID
    local id=$1 good=0
    next_port
    # shellcheck disable=SC2046,SC2086
    spawn_fed peer "${peer_in[@]}" openssl s_server -accept "$peer_at:$port" $server_cert -quiet \
        $(flag_of "$id")
    local peer=$last
    until_bound "$port" "${peer_in[@]}" || good=1
    spawn ours "${ours_in[@]}" "$SHAKEDOWN" live "$id" --connect "$peer_at:$port" \
        --ca "$ids/ca.crt" --send-file "$(big_file)" --expect 6 --for "$patience"
    local own=$last
    until_size "$scratch/peer.out" && cmp "$scratch/peer.out" "$(big_file)" || good=1
    feed reply
    ended "$own" || good=1
    stop "$peer"
    result $good "$id" client "1 MiB up$note" s_server "$version"
}

big_file() {
    [ -s "$scratch/file" ] || head -c 1048576 /dev/urandom >"$scratch/file"
    echo "$scratch/file"
}

until_size() { # FILE: of the big file's size
    local tries=$((patience * 50))
    until [ "$(stat -c %s "$1")" -ge 1048576 ]; do
        [ $((tries -= 1)) -gt 0 ] || { echo "only $(stat -c %s "$1") B in ${1##*/}"; return 1; }
        sleep 0.02
    done
}

until_bound() { # PORT [COMMAND...]: somebody listens on that TCP port
    local hex tries=$((patience * 50))
    hex=$(printf ':%04X 00000000:0000 0A' "$1")
    shift
    until "$@" cat /proc/net/tcp | grep -q -- "$hex"; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.02
    done
}
