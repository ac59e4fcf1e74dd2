#!/usr/bin/env bash
# wireguard.sh - our wireguard against wireguard-go in network namespaces: both roles, ping, a TCP
# transfer, a rebinding behind a real NAT, and a path with delay and loss (relay.c).
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${RELAY:?path of the relay program}"
need ip ping wg wireguard-go nft socat
need_root

version=$(wireguard-go --version 2>/dev/null | head -n 1 | grep -o '[0-9][0-9.]*' | head -n 1)
tag=sd$$
a=${tag}a b=${tag}b n=${tag}n # a: ours, b: theirs, n: the NAT between
umask 077
wg genkey >"$scratch/a.key"; wg pubkey <"$scratch/a.key" >"$scratch/a.pub"
wg genkey >"$scratch/b.key"; wg pubkey <"$scratch/b.key" >"$scratch/b.pub"
wg genpsk >"$scratch/psk"
head -c 4194304 /dev/urandom >"$scratch/file"
sum=$(sha256sum <"$scratch/file")

netns() {
    local ns
    for ns in "$@"; do
        ip netns add "$ns" && namespaces+=("$ns")
        ip -n "$ns" link set lo up
    done
}

drop_netns() {
    local ns
    for ns in "${namespaces[@]:-}"; do
        ip netns del "$ns" 2>/dev/null
    done
    namespaces=()
}

direct() { # a 10.1.0.1 -- 10.1.0.2 b
    netns "$a" "$b"
    ip -n "$a" link add eth type veth peer name eth netns "$b"
    ip -n "$a" addr add 10.1.0.1/24 dev eth; ip -n "$a" link set eth up
    ip -n "$b" addr add 10.1.0.2/24 dev eth; ip -n "$b" link set eth up
}

relayed() { # DELAY_MS LOSS_PERCENT: the same addresses over the relay's wire
    netns "$a" "$b"
    spawn relay "$RELAY" "$a" "$b" "$1" "$2" 7
    relay=$last
    until_seen "$scratch/relay.out" up || return 1
    ip -n "$a" addr add 10.1.0.1 peer 10.1.0.2 dev wire; ip -n "$a" link set wire mtu 1500 up
    ip -n "$b" addr add 10.1.0.2 peer 10.1.0.1 dev wire; ip -n "$b" link set wire mtu 1500 up
}

behind_nat() { # a 192.168.7.2 -- n 10.1.0.1, masquerading -- 10.1.0.2 b
    netns "$a" "$b" "$n"
    ip -n "$a" link add eth type veth peer name inside netns "$n"
    ip -n "$b" link add eth type veth peer name outside netns "$n"
    ip -n "$a" addr add 192.168.7.2/24 dev eth; ip -n "$a" link set eth up
    ip -n "$n" addr add 192.168.7.1/24 dev inside; ip -n "$n" link set inside up
    ip -n "$n" addr add 10.1.0.1/24 dev outside; ip -n "$n" link set outside up
    ip -n "$b" addr add 10.1.0.2/24 dev eth; ip -n "$b" link set eth up
    ip -n "$a" route add default via 192.168.7.1
    ip netns exec "$n" sysctl -qw net.ipv4.ip_forward=1
    ip netns exec "$n" nft -f - <<NFT
table ip nat {
  chain post { type nat hook postrouting priority 100; oifname "outside" masquerade random; }
}
NFT
}

# Theirs: in b, listening on 51820; $1 may be the endpoint to start towards.
theirs() {
    ip netns exec "$b" wireguard-go -f wg0 >"$scratch/theirs.out" 2>"$scratch/theirs.err" </dev/null &
    background+=($!)
    wireguard=$!
    local tries=100
    until ip -n "$b" link show wg0 >/dev/null 2>&1 || [ $tries = 0 ]; do
        sleep 0.05; tries=$((tries - 1))
    done
    # shellcheck disable=SC2086
    ip netns exec "$b" wg set wg0 listen-port 51820 private-key "$scratch/b.key" \
        peer "$(cat "$scratch/a.pub")" preshared-key "$scratch/psk" allowed-ips 10.99.0.1/32 \
        ${1:+endpoint $1}
    ip -n "$b" addr add 10.99.0.2/24 dev wg0
    ip -n "$b" link set wg0 mtu 1420 up
}

# Ours: in a; the flags say who begins.
ours() {
    spawn ours ip netns exec "$a" "$SHAKEDOWN" live wireguard --tun sd0 --inner 10.99.0.1/24 \
        --private-key "$scratch/a.key" --peer-key "$(cat "$scratch/b.pub")" \
        --preshared-key "$scratch/psk" --allowed 10.99.0.0/24 "$@"
    own=$last
    until_seen "$scratch/ours.err" wireguard
}

reaches() { # NAMESPACE ADDRESS [SECONDS]
    ip netns exec "$1" ping -q -c 3 -i 0.3 -W "${3:-2}" "$2" >"$scratch/ping.out" 2>&1
    grep -q ' [1-3] received' "$scratch/ping.out"
}

transfer() { # from a to b and the same back, over TCP inside the tunnel
    ip netns exec "$b" timeout 60 socat -u TCP-LISTEN:7000,reuseaddr "CREATE:$scratch/got" &
    local receiver=$!
    sleep 0.4
    ip netns exec "$a" timeout 60 socat -u "FILE:$scratch/file" TCP:10.99.0.2:7000 || return 1
    wait $receiver
    [ "$(sha256sum <"$scratch/got")" = "$sum" ]
}

end() {
    stop "$own" "$wireguard" ${relay:-}
    relay=
    drop_netns
}

direct; theirs; ours --connect 10.1.0.2:51820
reaches "$a" 10.99.0.2 && transfer
result $? wireguard initiator psk wireguard-go "$version"
end

direct; theirs 10.1.0.1:51820; ours --listen 10.1.0.1:51820
reaches "$b" 10.99.0.1 && transfer
result $? wireguard responder psk wireguard-go "$version"
end

# The NAT forgets its binding: the next packets come from another port, and the session lives on.
behind_nat; theirs; ours --connect 10.1.0.2:51820
reaches "$a" 10.99.0.2
good=$?
before=$(ip netns exec "$b" wg show wg0 endpoints | awk '{print $2}')
shakes=$(ip netns exec "$b" wg show wg0 latest-handshakes | awk '{print $2}')
ip netns exec "$n" nft flush ruleset
ip netns exec "$n" nft -f - <<'NFT'
table ip nat {
  chain post { type nat hook postrouting priority 100; oifname "outside" ip protocol udp masquerade to :40000-40009; }
}
NFT
# Without conntrack's own tool, the old binding goes when its interface does.
ip -n "$n" link set outside down; ip -n "$n" link set outside up
sleep 0.3
reaches "$a" 10.99.0.2 && transfer || good=1
after=$(ip netns exec "$b" wg show wg0 endpoints | awk '{print $2}')
[ "$shakes" = "$(ip netns exec "$b" wg show wg0 latest-handshakes | awk '{print $2}')" ] || good=1
[ "$before" != "$after" ] || { echo "the NAT kept its binding ($before)"; good=1; }
result $good wireguard initiator rebinding wireguard-go "$version"
end

relayed 25 2; theirs; ours --connect 10.1.0.2:51820
reaches "$a" 10.99.0.2 8 && transfer
result $? wireguard initiator "50 ms, 2 % loss" wireguard-go "$version"
end

relayed 25 2; theirs 10.1.0.1:51820; ours --listen 10.1.0.1:51820
reaches "$b" 10.99.0.1 8 && transfer
result $? wireguard responder "50 ms, 2 % loss" wireguard-go "$version"
end
summary
