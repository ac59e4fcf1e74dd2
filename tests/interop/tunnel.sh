# shellcheck shell=bash
# tunnel.sh - what the tests of tunnels share: two namespaces and the ways between them, and what goes
# through the tunnel.  Sourced after lib.sh.
: "${RELAY:?path of the relay program}"

tag=sd$$
a=${tag}a b=${tag}b n=${tag}n # a: ours, b: theirs, n: the NAT between
relay=

direct() { # a 10.1.0.1 -- 10.1.0.2 b
    netns "$a" "$b"
    ip -n "$a" link add eth type veth peer name eth netns "$b"
    ip -n "$a" addr add 10.1.0.1/24 dev eth; ip -n "$a" link set eth up
    ip -n "$b" addr add 10.1.0.2/24 dev eth; ip -n "$b" link set eth up
}

# behind_nat INSIDE OUTSIDE: INSIDE 192.168.7.2 -- n, masquerading as 10.1.0.9 -- OUTSIDE, which has
# the address that it always has.
behind_nat() {
    local inside=$1 outside=$2 address=10.1.0.1
    [ "$outside" = "$b" ] && address=10.1.0.2
    netns "$a" "$b" "$n"
    ip -n "$inside" link add eth type veth peer name inside netns "$n"
    ip -n "$outside" link add eth type veth peer name outside netns "$n"
    ip -n "$inside" addr add 192.168.7.2/24 dev eth; ip -n "$inside" link set eth up
    ip -n "$n" addr add 192.168.7.1/24 dev inside; ip -n "$n" link set inside up
    ip -n "$n" addr add 10.1.0.9/24 dev outside; ip -n "$n" link set outside up
    ip -n "$outside" addr add $address/24 dev eth; ip -n "$outside" link set eth up
    ip -n "$inside" route add default via 192.168.7.1
    ip netns exec "$n" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    ip netns exec "$n" nft -f - <<'NFT'
table ip nat {
  chain post { type nat hook postrouting priority 100; oifname "outside" masquerade random; }
}
NFT
}

# The NAT forgets; what comes next goes out with another source port.
forget_bindings() {
    ip netns exec "$n" conntrack -F 2>/dev/null
}

relayed() { # a 10.1.0.1 -- 10.1.0.2 b, 25 ms each way, 2 % loss
    netns "$a" "$b"
    relay_wire "$a" "$b" 25 2
}

# Pings until one is answered.
reaches() { # NAMESPACE ADDRESS
    local tries=$patience
    until ip netns exec "$1" ping -q -c 1 -W 1 "$2" >"$scratch/ping.out" 2>&1; do
        [ $((tries -= 1)) -gt 0 ] || { echo "$2 does not answer"; return 1; }
    done
}

# carry FROM TO ADDRESS BYTES: one TCP connection inside the tunnel, compared by hash.
carry() {
    local sum receiver tries=$((patience * 50))
    head -c "$4" /dev/urandom >"$scratch/file"
    sum=$(sha256sum <"$scratch/file")
    ip netns exec "$2" timeout $((2 * patience)) \
        socat -u TCP-LISTEN:7000,reuseaddr "CREATE:$scratch/got" &
    receiver=$!
    until ip netns exec "$2" cat /proc/net/tcp | grep -q ':1B58 00000000:0000 0A'; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.02
    done
    ip netns exec "$1" timeout $((2 * patience)) socat -u "FILE:$scratch/file" "TCP:$3:7000" &&
        wait $receiver
    [ "$(sha256sum <"$scratch/got")" = "$sum" ] || { echo "$4 B towards $3 did not arrive"; return 1; }
}

transfer() { # BYTES each way
    carry "$a" "$b" 10.99.0.2 "$1" && carry "$b" "$a" 10.99.0.1 "$1"
}
