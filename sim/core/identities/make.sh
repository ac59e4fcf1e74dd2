#!/bin/sh
# make.sh - makes the lab's test identities anew: a P-256 CA, five leaves and an impostor that calls
# itself server.example but is of no CA, valid 2018 to 2048.
# The private keys are public on purpose: they authenticate nothing outside the lab.
# Usage: ./make.sh   (openssl 3.0; replaces every *.crt and *.key beside it)
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/ca.cnf" <<EOF
[ca]
default_ca = lab
[lab]
dir = $work
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = \${ENV::CN}
[root]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature\${ENV::ENCIPHER}
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:\${ENV::CN}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EOF
: > "$work/index"
echo 1001 > "$work/serial"
from=20180101000000Z
to=20480101000000Z
ENCIPHER=
export CN ENCIPHER

# issue NAME EXTENSIONS GENPKEY-ARGUMENTS...
issue() {
    CN=$1
    extensions=$2
    shift 2
    openssl genpkey "$@" -out "$CN.key" 2>/dev/null
    openssl req -new -config "$work/ca.cnf" -key "$CN.key" -out "$work/csr"
    self=
    [ "$CN" = ca ] && self=-selfsign
    openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$extensions" $self \
        -cert ca.crt -keyfile ca.key -startdate $from -enddate $to \
        -in "$work/csr" -out "$CN.crt" 2>/dev/null
}

issue ca root -algorithm EC -pkeyopt ec_paramgen_curve:P-256
issue server.example leaf -algorithm EC -pkeyopt ec_paramgen_curve:P-256
issue client.example leaf -algorithm EC -pkeyopt ec_paramgen_curve:P-256
issue server.ed25519.example leaf -algorithm ED25519
issue client.ed25519.example leaf -algorithm ED25519
ENCIPHER=', keyEncipherment' # TLS 1.2 with RSA key transport
issue server.rsa.example leaf -algorithm RSA -pkeyopt rsa_keygen_bits:2048

ENCIPHER=
CN=server.example
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out impostor.example.key 2>/dev/null
openssl req -new -config "$work/ca.cnf" -key impostor.example.key -out "$work/csr"
openssl ca -batch -notext -config "$work/ca.cnf" -extensions leaf -selfsign \
    -cert ca.crt -keyfile impostor.example.key -startdate $from -enddate $to \
    -in "$work/csr" -out impostor.example.crt 2>/dev/null
