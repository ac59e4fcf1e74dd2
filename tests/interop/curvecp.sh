#!/usr/bin/env bash
# curvecp.sh - our curvecp against the reference of 2011 (curvecpclient, curvecpserver and
# curvecpmessage of nacl-tools): both roles, files both ways, many at once, names, a new port, and a
# path with delay and loss (relay.c).
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${RELAY:?path of the relay program}"
need curvecpclient curvecpserver curvecpmessage curvecpmakekey curvecpprintkey
need_namespaces

version=$(dpkg-query -W -f '${Version}' nacl-tools 2>/dev/null || echo 20110221)
name=machine.example
extension=31415926535897932384626433832795
cd "$scratch" || exit 1
curvecpmakekey server; curvecpmakekey client
server_key=$(curvecpprintkey server)
head -c 200000 /dev/urandom >file
head -c 60000 /dev/urandom >small
run="" run_peer="" # what puts ours and theirs into a namespace
called=$name

# theirs ADDRESS COMMAND...: their server with that program behind curvecpmessage.
theirs() {
    local address=$1
    shift
    next_port
    # shellcheck disable=SC2086
    spawn peer $run_peer curvecpserver $name server "$address" $port $extension curvecpmessage "$@"
    peer=$last
    sleep 0.2 # it says nothing when it is ready; our Hello would be repeated
}

# ours ADDRESS [FLAGS]: our client to it; what it receives is in got.
ours() {
    local address=$1
    shift
    # shellcheck disable=SC2086
    $run "$SHAKEDOWN" live curvecp --connect "$address:$port" --name $called \
        --peer-key "$server_key" --option server_extension=$extension --receive got "$@" \
        2>ours.err
}

# our_server ADDRESS [FLAGS]
our_server() {
    local address=$1
    shift
    next_port
    # shellcheck disable=SC2086
    spawn own $run "$SHAKEDOWN" live curvecp --listen "$address:$port" --name $name \
        --private-key server/.expertsonly/secretkey --option server_extension=$extension "$@"
    own=$last
    until_seen own.err 'curvecp server'
}

# their_client ADDRESS OUT SCRIPT [FLAGS]: their client, whose program has the connection at 6 and
# 7.
their_client() {
    local address=$1 out=$2 script=$3
    shift 3
    # shellcheck disable=SC2086
    $run_peer timeout $patience curvecpclient "$@" $called "$server_key" "$address" $port \
        $extension curvecpmessage -C sh -c "$script" >"$out" 2>>client.err
}

echo_file() { # FILE: sends it, ends its stream, prints what comes back until the other's end
    echo "cat $scratch/$1 >&7; exec 7>&-; cat <&6"
}

# -- our client --

theirs 127.0.0.1 cat
ours 127.0.0.1 --send-file file --expect 200000 --for 30 && cmp file got
result $? curvecp client "file and echo" curvecpserver "$version"
ours 127.0.0.1 --send-file small --expect 60000 --for 30 --private-key client/.expertsonly/secretkey &&
    cmp small got
result $? curvecp client "long-term key" curvecpserver "$version"
called=other.example
ours 127.0.0.1 --for 2
[ $? = 1 ] && all_seen ours.err ready && [ ! -s got ]
result $? curvecp client "another name is refused" curvecpserver "$version"
called=$name
clients=()
for i in 1 2 3 4 5 6 7 8 9 10; do
    "$SHAKEDOWN" live curvecp --connect 127.0.0.1:$port --name $name --peer-key "$server_key" \
        --option server_extension=$extension --send-file small --expect 60000 --for 30 \
        --receive many$i 2>many$i.err &
    clients+=($!)
done
good=0
for pid in "${clients[@]}"; do wait "$pid" || good=1; done
for i in 1 2 3 4 5 6 7 8 9 10; do cmp small many$i || good=1; done
result $good curvecp client "ten at once" curvecpserver "$version"
stop "$peer"

theirs 127.0.0.1 cat "$scratch/file"
ours 127.0.0.1 --expect 200000 --for 30 && cmp file got
result $? curvecp client "file from the server" curvecpserver "$version"
stop "$peer"

# The reference answers the address of the first packet for ever: survey and specification say that
# connections move.
theirs 127.0.0.1 sh -c "sleep 1; cat '$scratch/small'"
ours 127.0.0.1 --expect 60000 --rebind 200 --for 5
[ $? = 1 ] && [ ! -s got ] && all_seen ours.err 'rebound'
result $? curvecp client "new port: the reference does not follow" curvecpserver "$version"
stop "$peer"

# -- our server --

our_server 127.0.0.1
their_client 127.0.0.1 got "$(echo_file file)" && cmp file got
result $? curvecp server "file and echo" curvecpclient "$version"
their_client 127.0.0.1 got "$(echo_file small)" -c client && cmp small got
result $? curvecp server "long-term key" curvecpclient "$version"
good=0
clients=()
for i in 1 2 3 4 5 6 7 8 9 10; do
    their_client 127.0.0.1 many$i "$(echo_file small)" & clients+=($!)
done
for pid in "${clients[@]}"; do wait "$pid" || good=1; done
for i in 1 2 3 4 5 6 7 8 9 10; do cmp small many$i || good=1; done
result $good curvecp server "ten at once" curvecpclient "$version"
called=other.example patience=3
their_client 127.0.0.1 got "$(echo_file small)"
[ $? = 124 ] && [ ! -s got ]
result $? curvecp server "another name is refused" curvecpclient "$version"
stop "$own"
called=$name patience=30

our_server 127.0.0.1 --send-file file
their_client 127.0.0.1 got "echo hello >&7; head -c 200000 <&6; exec 7>&-" && cmp file got &&
    all_seen own.err 'validated: cookie' 'peer auth: vouch' ready
result $? curvecp server "file to the client" curvecpclient "$version"
stop "$own"

# Both ours: the server follows the client to its new port.
our_server 127.0.0.1
ours 127.0.0.1 --send-file file --expect 200000 --rebind 1 --for 30 && cmp file got &&
    all_seen ours.err rebound && all_seen own.err migrated
result $? curvecp both "new port" ourselves "$version"
stop "$own"

# -- 50 ms and 5 % loss each way --

a=sd$$a b=sd$$b
netns "$a" "$b"
relay_wire "$a" "$b" 25 5
run="ip netns exec $a" run_peer="ip netns exec $b"
theirs 10.1.0.2 cat
ours 10.1.0.2 --send-file small --expect 60000 --for 90 && cmp small got
result $? curvecp client "50 ms, 5 % loss" curvecpserver "$version"
stop "$peer"
our_server 10.1.0.1
# Its end may be lost for ever: curvecpmessage takes it for acknowledged with the bytes before it.
patience=90
their_client 10.1.0.1 got "cat $scratch/small >&7; head -c 60000 <&6; kill \$PPID"
cmp small got
result $? curvecp server "50 ms, 5 % loss" curvecpclient "$version"
stop "$own"
summary
