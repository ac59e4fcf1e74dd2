# shellcheck shell=bash
# said.sh - what other people's programs said of ours, one line a case, for the table of
# interoperability.  Sourced by the tests in interop/ and judges/.
#
# SD_INTEROP_OUT, when it is set, is a file of lines protocol,role,mode,peer,version,outcome; a test
# begins it anew.

[ -z "${SD_INTEROP_OUT:-}" ] || { mkdir -p "$(dirname "$SD_INTEROP_OUT")" && : >"$SD_INTEROP_OUT"; }

# said OUTCOME ID ROLE MODE PEER VERSION: OUTCOME is ok or failed.  Nobody else is PEER "ourselves".
said() {
    [ -z "${SD_INTEROP_OUT:-}" ] || [ "$5" = ourselves ] ||
        printf '%s,%s,"%s",%s,"%s",%s\n' "$2" "$3" "$4" "$5" "$6" "$1" >>"$SD_INTEROP_OUT"
}

# tshark_version: "4.0.17"
tshark_version() {
    tshark --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*[0-9]\).*/\1/p'
}
