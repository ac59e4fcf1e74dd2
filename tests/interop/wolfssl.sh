# shellcheck shell=bash
# wolfssl.sh - the peer for dtls13: wolf.c on wolfSSL as Debian's source package has it, built once with
# DTLS 1.3 and connection ids, which Debian's binary package lacks.  Sourced after lib.sh; the
# program's path is then in $wolf, its version in $version.
#
# Source packages are fetched by apt through lists of our own, so that the machine's stay as they
# are.  WOLFSSL_DIR keeps the result; a second run takes a second.

: "${WOLFSSL_DIR:=${TMPDIR:-/tmp}/shakedown-wolfssl}"
WOLFSSL_DIR=$(realpath -m "$WOLFSSL_DIR")
wolf_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/wolf
wolf=$WOLFSSL_DIR/wolf

wolf_fetch() { # the source package, into $WOLFSSL_DIR
    local lists=$WOLFSSL_DIR/apt file
    mkdir -p "$lists/lists/partial" "$lists/parts"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$lists/parts/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >"$lists/parts/${file##*/}.list"
    done
    local -a apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null
        -o Dir::Etc::sourceparts="$lists/parts" -o Dir::State::lists="$lists/lists"
        -o APT::Sandbox::User=root)
    (cd "$WOLFSSL_DIR" && { "${apt[@]}" update || true; } && "${apt[@]}" source wolfssl)
}

# Two places where 5.5.4 is not RFC 9147, and only wolfSSL understands wolfSSL: a label of TLS where 5.9
# wants that of DTLS (nobody else can resume what it began), and a counter whose bytes it turns round
# because Linux defines BIG_ENDIAN everywhere (nobody else finds its records under ChaCha20).
wolf_mend() { # SOURCE
    sed -i '/^int DeriveResumptionPSK(/,/^}/s/tls13ProtocolLabel/ssl->options.dtls ? dtls13ProtocolLabel : &/' \
        "$1/src/tls13.c" &&
        sed -i 's/^#ifdef BIG_ENDIAN$/#ifdef BIG_ENDIAN_ORDER/' "$1/src/dtls13.c"
}

wolf_build() { # SOURCE
    local flags="-O1 -w -DWOLFSSL_USER_SETTINGS -I$wolf_here -I$1"
    mkdir -p "$WOLFSSL_DIR/objects"
    ls "$1"/src/{ssl,tls,tls13,internal,keys,dtls,dtls13,wolfio}.c "$1"/wolfcrypt/src/*.c |
        grep -vE '/(misc|evp)\.c$' |
        xargs -P2 -I{} sh -c "cc $flags -c {} -o '$WOLFSSL_DIR/objects/'\$(basename {} .c).o" &&
        cc $flags "$wolf_here/wolf.c" "$WOLFSSL_DIR"/objects/*.o -lm -lpthread -o "$wolf.new" &&
        mv "$wolf.new" "$wolf"
}

wolf_get() {
    local source
    need cc apt-get dpkg-source
    if [ ! -x "$wolf" ] || [ -n "$(find "$wolf_here" -newer "$wolf" -type f)" ]; then
        mkdir -p "$WOLFSSL_DIR"
        if ! compgen -G "$WOLFSSL_DIR/wolfssl-*/src/tls13.c" >/dev/null; then
            # Also in CI: whether a mirror has sources is not ours to decide.
            wolf_fetch >"$WOLFSSL_DIR/fetch.log" 2>&1 || {
                echo "peer missing: apt cannot fetch Debian's source package wolfssl:" \
                    "$(tail -n 1 "$WOLFSSL_DIR/fetch.log")"
                exit 77
            }
            for source in "$WOLFSSL_DIR"/wolfssl-*/; do wolf_mend "$source"; done
        fi
        for source in "$WOLFSSL_DIR"/wolfssl-*/; do
            wolf_build "$source" >"$WOLFSSL_DIR/build.log" 2>&1 || {
                tail -n 20 "$WOLFSSL_DIR/build.log"
                echo "wolfSSL did not build"
                exit 1
            }
        done
    fi
    version=$(basename "$WOLFSSL_DIR"/wolfssl-*/ | sed 's/wolfssl-//')
}
