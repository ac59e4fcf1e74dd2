#!/bin/sh
# Which room may include which: the arrows of README.md, "How it is built".
#   arrows.sh ROOT
cd "$1" || exit 3
status=0

# folder: what its files may include by path, as alternatives of a regular expression
while IFS=: read -r folder allowed; do
    [ -n "$folder" ] && [ -d "$folder" ] || continue
    found=$(grep -rnE --include='*.[ch]' --include='*.cc' '^ *# *include "' "$folder" |
        grep -vE "include \"($(echo $allowed | tr ' ' '|'))") || continue
    echo "$folder may include $allowed; found:"
    echo "$found"
    status=1
done <<ROWS
sim/core: sim/core/ identity_pems.inc
sim/mem: sim/core/ sim/mem/
sim/live: sim/core/ sim/live/
sim/ns3: sim/core/ sim/net.h sim/box/ sim/ns3/ ns3/
sim/box: sim/core/ sim/net.h sim/box/
sim/node: sim/core/ sim/net.h sim/box/ sim/node/
protocols: sim/core/ protocols/
protocols/crypto: sim/core/ protocols/crypto/
lua: sim/core/ sim/net.h sim/node/ lua/ prelude.inc
results: sim/core/ results/
plots: sim/core/ results/ plots/
ROWS

# A protocol knows itself, the crypto it counts, what it shares over OpenSSL's library or the
# handshake of TLS 1.3, and of the protocols it builds upon their constants and their agents.
for folder in protocols/*/; do
    name=$(basename "$folder")
    shared="$name|crypto|libssl|engine13"
    found=$(grep -rnE --include='*.[ch]' '^ *# *include "protocols/' "$folder" |
        grep -vE "include \"protocols/(($shared)/|[a-z0-9]+/(wire|agent).h)") || continue
    echo "protocols/$name may include protocols/{$shared} and any wire.h or agent.h; found:"
    echo "$found"
    status=1
done

# A library's headers stay behind the room that wraps it.
while IFS=: read -r header room; do
    [ -n "$header" ] || continue
    found=$(grep -rnE --include='*.[ch]' --include='*.cc' "^ *# *include [<\"]$header" \
        sim lua protocols results plots cmd | grep -vE "^($room)") || continue
    echo "$header... belongs to $room; found:"
    echo "$found"
    status=1
done <<ROWS
ns3/:sim/ns3/
(lua5[.]4/)?(lua|lauxlib|lualib)[.]h:lua/
openssl/:sim/core/|protocols/|cmd/
sodium:sim/core/|protocols/|cmd/
(gnutls|nettle)/:sim/core/|protocols/quic/|cmd/
ngtcp2/:protocols/quic/|cmd/
ROWS
exit $status
