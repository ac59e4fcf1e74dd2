#!/usr/bin/env bash
# wireguard.sh - our wireguard against wireguard-go in network namespaces: both roles, ping, a TCP
# transfer both ways, cookies, new keys, a rebinding behind a real NAT, and a path with delay and
# loss (relay.c).
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/tunnel.sh
. "$(dirname "$0")/tunnel.sh"
need ping wg wireguard-go nft conntrack socat
need_namespaces

version=$(wireguard-go --version 2>/dev/null | head -n 1 | grep -o '[0-9][0-9.]*' | head -n 1)
ours_at=10.1.0.1:51820 theirs_at=10.1.0.2:51820
umask 077
wg genkey >"$scratch/a.key"; wg pubkey <"$scratch/a.key" >"$scratch/a.pub"
wg genkey >"$scratch/b.key"; wg pubkey <"$scratch/b.key" >"$scratch/b.pub"
wg genpsk >"$scratch/psk"

# theirs PSK ENDPOINT: wireguard-go in b, listening on 51820; both may be empty.
theirs() {
    spawn theirs ip netns exec "$b" wireguard-go -f wg0
    wireguard=$last
    local tries=$((patience * 50))
    until ip netns exec "$b" wg show wg0 >/dev/null 2>&1; do
        [ $((tries -= 1)) -gt 0 ] || { echo "wireguard-go did not start"; exit 1; }
        sleep 0.02
    done
    # shellcheck disable=SC2086
    ip netns exec "$b" wg set wg0 listen-port 51820 private-key "$scratch/b.key" \
        peer "$(cat "$scratch/a.pub")" allowed-ips 10.99.0.1/32 \
        ${1:+preshared-key "$1"} ${2:+endpoint $2}
    ip -n "$b" addr add 10.99.0.2/24 dev wg0
    ip -n "$b" link set wg0 mtu 1420 up
}

# ours FLAGS...: in a.
ours() {
    spawn ours ip netns exec "$a" "$SHAKEDOWN" live wireguard --tun sd0 --inner 10.99.0.1/24 \
        --private-key "$scratch/a.key" --peer-key "$(cat "$scratch/b.pub")" \
        --allowed 10.99.0.0/24 "$@"
    own=$last
    until_seen "$scratch/ours.err" ' wireguard (client|server)$'
}

their_view() { # endpoints, latest-handshakes: what wireguard-go says of us
    ip netns exec "$b" wg show wg0 "$1" | awk '{print $2}'
}

end() {
    stop "$own" "$wireguard" $relay
    relay=
    drop_netns
}

direct; theirs "" ""; ours --connect $theirs_at
reaches "$a" 10.99.0.2 && transfer 4194304
result $? wireguard initiator fresh wireguard-go "$version"
end

direct; theirs "$scratch/psk" $ours_at; ours --listen $ours_at --preshared-key "$scratch/psk"
reaches "$b" 10.99.0.1 && transfer 4194304
result $? wireguard responder psk wireguard-go "$version"
end

# We are under load: a cookie reply, and wireguard-go's next initiation carries its mac2.
direct; theirs "" $ours_at; ours --listen $ours_at --mode cookie
reaches "$b" 10.99.0.1 && all_seen "$scratch/ours.err" "validated: cookie" ready && transfer 65536
result $? wireguard responder cookie wireguard-go "$version"
end

# New keys while packets flow: none is lost, and wireguard-go saw a second handshake.
direct; theirs "" ""; ours --connect $theirs_at --rekey-after 5500
reaches "$a" 10.99.0.2
good=$?
shakes=$(their_view latest-handshakes)
ip netns exec "$a" ping -q -c 65 -i 0.1 -W 5 10.99.0.2 >"$scratch/ping.out" 2>&1
all_seen "$scratch/ping.out" ' 0% packet loss' && all_seen "$scratch/ours.err" 'key update' || good=1
[ "$shakes" != "$(their_view latest-handshakes)" ] || { echo "wireguard-go saw no new handshake"; good=1; }
result $good wireguard initiator rekey wireguard-go "$version"
end

# We are behind a NAT that forgets us: wireguard-go follows, without a new handshake.
behind_nat "$a" "$b"; theirs "" ""; ours --connect $theirs_at
reaches "$a" 10.99.0.2
good=$?
before=$(their_view endpoints) shakes=$(their_view latest-handshakes)
forget_bindings
reaches "$a" 10.99.0.2 && transfer 1048576 || good=1
[ "$before" != "$(their_view endpoints)" ] || { echo "the NAT kept its binding ($before)"; good=1; }
[ "$shakes" = "$(their_view latest-handshakes)" ] || { echo "there was a new handshake"; good=1; }
result $good wireguard initiator rebinding wireguard-go "$version"
end

# The same with wireguard-go behind it: we follow.
behind_nat "$b" "$a"; theirs "" $ours_at; ours --listen $ours_at
reaches "$b" 10.99.0.1
good=$?
shakes=$(their_view latest-handshakes)
forget_bindings
reaches "$b" 10.99.0.1 && transfer 1048576 || good=1
all_seen "$scratch/ours.err" 'migrated' || good=1
[ "$shakes" = "$(their_view latest-handshakes)" ] || { echo "there was a new handshake"; good=1; }
result $good wireguard responder rebinding wireguard-go "$version"
end

relayed; theirs "" ""; ours --connect $theirs_at
reaches "$a" 10.99.0.2 && transfer 1048576
result $? wireguard initiator "fresh, 50 ms, 2 % loss" wireguard-go "$version"
end

relayed; theirs "" $ours_at; ours --listen $ours_at
reaches "$b" 10.99.0.1 && transfer 1048576
result $? wireguard responder "fresh, 50 ms, 2 % loss" wireguard-go "$version"
end
summary
