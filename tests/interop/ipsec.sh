#!/usr/bin/env bash
# ipsec.sh - our IKEv2 and ESP against strongSwan (ESP in userland by its kernel-libipsec, always in
# UDP) in network namespaces: both roles; shared key, certificates and EAP; COOKIE; every cipher;
# rekeying by either side, hosts that move, a NAT that forgets, a path with delay and loss; ping
# and TCP inside.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/tunnel.sh
. "$(dirname "$0")/tunnel.sh"
need ping swanctl nft conntrack socat
[ -x /usr/sbin/charon-systemd ] || missing "peer missing: charon-systemd is not installed; ./lab test installs it"
need_namespaces

version=$(swanctl --help 2>&1 | sed -n '1s/^strongSwan \([0-9.]*\).*/\1/p')
identities=$(dirname "$0")/../../sim/core/identities
ours_at=10.1.0.1:500 theirs_at=10.1.0.2:500
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
umask 077

export STRONGSWAN_CONF=$scratch/strongswan.conf SWANCTL_DIR=$scratch/swanctl
mkdir -p "$SWANCTL_DIR"/{x509,x509ca,private,ecdsa,pkcs8,rsa,x509ocsp,x509aa,x509ac,x509crl,pubkey,bliss,pkcs12}
cp "$identities"/*.example.crt "$SWANCTL_DIR/x509/"
cp "$identities/ca.crt" "$SWANCTL_DIR/x509ca/"
for key_file in "$identities"/*.example.key; do
    cp "$key_file" "$SWANCTL_DIR/pkcs8/"
done

swan() {
    ip netns exec "$b" swanctl "$@" --uri "unix://$scratch/vici" >"$scratch/swanctl.out" 2>&1
}

# theirs LOCAL REMOTE [CHARON...]: strongSwan in b, with how it proves who it is and how we do; more
# lines for its daemon.  The variables below may be set for one case.
theirs() {
    local local_auth=$1 remote_auth=$2 tries=$((patience * 50))
    shift 2
    cat >"$STRONGSWAN_CONF" <<CONF
charon-systemd {
  load_modular = no
  load = random nonce aes sha1 sha2 md5 md4 des mgf1 hmac kdf pem pkcs1 pkcs8 x509 pubkey gcm gmp openssl curve25519 chapoly constraints kernel-libipsec kernel-netlink socket-default vici updown eap-identity eap-md5 eap-mschapv2
  plugins {
    vici { socket = unix://$scratch/vici }
  }
  filelog { log {
    path = $scratch/charon.err
    default = 1
    flush_line = yes
  } }
  journal { default = -1 }
  $*
}
swanctl { load = random nonce aes sha1 sha2 hmac pem pkcs1 pkcs8 x509 pubkey openssl curve25519 }
CONF
    cat >"$SWANCTL_DIR/swanctl.conf" <<CONF
connections { lab {
  version = 2
  ${their_address-local_addrs = 10.1.0.2}
  remote_addrs = ${our_address-10.1.0.1}
  encap = yes
  proposals = ${ike_proposal-default}
  local { $local_auth }
  remote { $remote_auth }
  children { net {
    local_ts = 10.99.0.2/32
    remote_ts = 10.99.0.1/32
    esp_proposals = ${esp_proposal-aes128gcm16,default}
  } }
} }
secrets {
  ike-lab { secret = 0x$key }
  eap-lab {
    id = shakedown
    secret = 0x$key
  }
}
CONF
    ip -n "$b" addr add 10.99.0.2/32 dev lo
    rm -f "$scratch/vici"
    spawn charon ip netns exec "$b" /usr/sbin/charon-systemd
    charon=$last
    until [ -S "$scratch/vici" ] && swan --load-all; do
        [ $((tries -= 1)) -gt 0 ] || { cat "$scratch"/{charon.out,charon.err,swanctl.out}; exit 1; }
        sleep 0.02
    done
}

# One way to prove it, and what stands for it in swanctl.conf.
psk_of() { printf 'auth = psk\n id = %s\n' "$1"; }
cert_of() { printf 'auth = pubkey\n id = %s\n certs = %s.crt\n' "$1" "$1"; }
named() { printf 'auth = pubkey\n id = %s\n' "$1"; }

# ours FLAGS...: in a.
ours() {
    spawn ours ip netns exec "$a" "$SHAKEDOWN" live ipsec --tun sd0 --inner 10.99.0.1/32 \
        --allowed 10.99.0.2/32 "$@"
    own=$last
    until_seen "$scratch/ours.err" ' ipsec (client|server)$'
    ip -n "$a" route add 10.99.0.2 dev sd0 src 10.99.0.1
}

initiate() { # strongSwan begins
    swan --initiate --child net --timeout $patience || { cat "$scratch/swanctl.out"; return 1; }
}

end() {
    stop "$own" "$charon" $relay
    relay=
    drop_netns
}

we() { # MODE FLAGS...: client with the lab's names
    ours --connect $theirs_at --mode "$@" --name server.example
}
serve() {
    ours --listen $ours_at --mode "$@"
}

# -- a shared key, both roles --

direct; theirs "$(psk_of server.example)" "$(psk_of client.example)"
we psk --identity client.example --psk $key
reaches "$a" 10.99.0.2 && transfer 4194304
result $? ipsec initiator psk strongSwan "$version"
end

direct; theirs "$(psk_of client.example)" "$(psk_of server.example)"
serve psk --identity server.example --psk $key
initiate && reaches "$b" 10.99.0.1 && transfer 4194304
result $? ipsec responder psk strongSwan "$version"
end
# -- certificates: ECDSA, Ed25519 and RSA of the server, ECDSA of the client --

for identity in server.example server.ed25519.example server.rsa.example; do
    direct; theirs "$(cert_of $identity)" "$(named client.example)"
    ours --connect $theirs_at --mode fresh --identity client.example --name $identity
    reaches "$a" 10.99.0.2 && transfer 65536
    result $? ipsec initiator "certificates, $identity" strongSwan "$version"
    end

    direct; theirs "$(cert_of client.example)" "$(named $identity)"
    serve fresh --identity $identity
    initiate && reaches "$b" 10.99.0.1 && transfer 65536
    result $? ipsec responder "certificates, $identity" strongSwan "$version"
    end
done

# -- EAP: the client proves itself by a password, the server by its certificate --

for method in md5 mschapv2; do
    direct; theirs "$(cert_of server.example)" "auth = eap-$method
 eap_id = %any"
    md5=no; [ $method = md5 ] && md5=yes # it authenticates one side only: it has to be allowed
    we eap --psk $key --psk-identity shakedown --option eap_md5=$md5
    reaches "$a" 10.99.0.2 && transfer 65536
    result $? ipsec initiator "EAP-$method" strongSwan "$version"
    end

    direct; theirs "auth = eap
 id = shakedown
 eap_id = shakedown" "$(named server.example)"
    serve eap --identity server.example --psk $key --psk-identity shakedown --option eap_md5=$md5
    initiate && reaches "$b" 10.99.0.1 && transfer 65536
    result $? ipsec responder "EAP-$method" strongSwan "$version"
    end
done

# -- COOKIE: asked of us, and of them --

direct; theirs "$(psk_of server.example)" "$(psk_of client.example)" "cookie_threshold = 1
  cookie_threshold_ip = 0"
we psk --identity client.example --psk $key
reaches "$a" 10.99.0.2
result $? ipsec initiator cookie strongSwan "$version"
end

direct; theirs "$(cert_of client.example)" "$(named server.example)"
serve cookie --identity server.example
initiate && reaches "$b" 10.99.0.1 && all_seen "$scratch/charon.err" 'COOKIE'
result $? ipsec responder cookie strongSwan "$version"
end

# -- every cipher, for IKE and for ESP --

for suite in aes256gcm16-prfsha384-ecp256:aes256gcm16 chacha20poly1305-prfsha256-x25519:chacha20poly1305 \
    aes128-sha256-modp2048:aes128-sha256 aes256-sha256-prfsha384-ecp256:aes256-sha256; do
    ike_proposal=${suite%:*} esp_proposal=${suite#*:}
    direct; theirs "$(psk_of server.example)" "$(psk_of client.example)"
    we psk --identity client.example --psk $key
    reaches "$a" 10.99.0.2 && transfer 1048576
    result $? ipsec initiator "$ike_proposal, $esp_proposal" strongSwan "$version"
    end
    unset ike_proposal esp_proposal
done

# -- rekeying by either side, while a connection inside goes on --

# slowly FROM TO ADDRESS: in the background, a connection that takes some seconds; `arrived` waits.
slowly() {
    head -c 4194304 /dev/urandom >"$scratch/file"
    ip netns exec "$2" timeout 60 socat -u TCP-LISTEN:7001,reuseaddr "CREATE:$scratch/got" &
    receiver=$!
    sleep 0.2
    ip netns exec "$1" timeout 60 sh -c '
        i=0; while [ $i -lt 64 ]; do
            dd if="$1" bs=65536 skip=$i count=1 2>/dev/null; sleep 0.08; i=$((i + 1))
        done | socat -u - "TCP:$2:7001"' sh "$scratch/file" "$3" &
    sender=$!
}
arrived() {
    wait $sender && wait $receiver && cmp "$scratch/file" "$scratch/got"
}

direct; theirs "$(psk_of server.example)" "$(psk_of client.example)"
we psk --identity client.example --psk $key --rekey-after 2000
reaches "$a" 10.99.0.2
good=$?
slowly "$a" "$b" 10.99.0.2
until_seen "$scratch/ours.err" 'key update' && arrived || good=1
result $good ipsec initiator "rekeying" strongSwan "$version"
end
end

for what in child:net ike:lab; do
    direct; theirs "$(psk_of server.example)" "$(psk_of client.example)"
    we psk --identity client.example --psk $key
    reaches "$a" 10.99.0.2
    good=$?
    slowly "$a" "$b" 10.99.0.2
    sleep 1
    swan --rekey --${what%:*} ${what#*:} || good=1
    until_seen "$scratch/ours.err" 'key update' && arrived && reaches "$b" 10.99.0.1 || good=1
    result $good ipsec initiator "rekeyed by the peer, ${what%:*} SA" strongSwan "$version"
    end
done

# -- hosts that move (MOBIKE) --

direct; theirs "$(psk_of server.example)" "$(psk_of client.example)"
ip -n "$a" addr add 10.1.0.3/24 dev eth
we psk --identity client.example --psk $key --move 10.1.0.3 --move-after 2000
reaches "$a" 10.99.0.2
good=$?
slowly "$a" "$b" 10.99.0.2
until_seen "$scratch/ours.err" 'moved' && arrived && reaches "$b" 10.99.0.1 || good=1
swan --list-sas; all_seen "$scratch/swanctl.out" '10\.1\.0\.3' || good=1
result $good ipsec initiator "MOBIKE, we move" strongSwan "$version"
end

their_address=''
direct; theirs "$(psk_of client.example)" "$(psk_of server.example)"
unset their_address
ip netns exec "$b" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth/promote_secondaries'
ip -n "$b" addr add 10.1.0.4/24 dev eth
serve psk --identity server.example --psk $key
initiate && reaches "$b" 10.99.0.1
good=$?
slowly "$b" "$a" 10.99.0.1
sleep 1
ip -n "$b" addr del 10.1.0.2/24 dev eth
arrived && all_seen "$scratch/ours.err" 'migrated' || good=1
result $good ipsec responder "MOBIKE, they move" strongSwan "$version"
end

# -- a NAT that forgets: the other side follows --

behind_nat "$a" "$b"; our_address=%any theirs "$(psk_of server.example)" "$(psk_of client.example)"
we psk --identity client.example --psk $key --option liveness_s=3
reaches "$a" 10.99.0.2
good=$?
slowly "$a" "$b" 10.99.0.2
sleep 1
forget_bindings
arrived && transfer 65536 || good=1
result $good ipsec initiator rebinding strongSwan "$version"
end

behind_nat "$b" "$a"; their_address= theirs "$(psk_of client.example)" "$(psk_of server.example)"
serve psk --identity server.example --psk $key
initiate && reaches "$b" 10.99.0.1
good=$?
slowly "$b" "$a" 10.99.0.1
sleep 1
forget_bindings
arrived && all_seen "$scratch/ours.err" 'migrated' && transfer 65536 || good=1
result $good ipsec responder rebinding strongSwan "$version"
end

# -- a path with delay and loss --

relayed; theirs "$(psk_of server.example)" "$(psk_of client.example)"
we psk --identity client.example --psk $key
reaches "$a" 10.99.0.2 && transfer 1048576
result $? ipsec initiator "psk, 50 ms, 2 % loss" strongSwan "$version"
end

relayed; theirs "$(psk_of client.example)" "$(psk_of server.example)"
serve psk --identity server.example --psk $key
initiate && reaches "$b" 10.99.0.1 && transfer 1048576
result $? ipsec responder "psk, 50 ms, 2 % loss" strongSwan "$version"
end
# -- TCP, which strongSwan does not speak: ourselves, over real sockets, where UDP is dropped --

direct
ip netns exec "$b" nft -f - <<'NFT'
table ip wall {
  chain in { type filter hook input priority 0; meta l4proto udp drop; }
}
NFT
spawn peer ip netns exec "$b" "$SHAKEDOWN" live ipsec --tun sd0 --inner 10.99.0.2/32 \
    --allowed 10.99.0.1/32 --listen $theirs_at --mode psk --identity server.example --psk $key
charon=$last
until_seen "$scratch/peer.err" ' ipsec server$'
ip -n "$b" route add 10.99.0.1 dev sd0 src 10.99.0.2
we psk --identity client.example --psk $key
until_seen "$scratch/ours.err" 'ready' && transfer 1048576 && all_seen "$scratch/ours.err" connected
result $? ipsec both "psk, TCP where UDP is dropped" ourselves "-"
end
summary
