/* wire.h - MinimaLT's whole protocol on one page: packets, calls, records, constants, timers.
 *
 * P is the paper: Petullo, Zhang, Solworth, Bernstein, Lange, "MinimaLT: Minimal-latency Networking
 * Through Better Security", ACM CCS 2013.  It fixes the packet and names the calls; it fixes
 * neither their encoding nor most limits: those are marked "ours", and the README gives reasons.
 *
 * Capital letters are public keys, small ones private: S and s are a server's long-term keys, S'
 * and s' its ephemeral ones, which the directory publishes, C' and c' live as long as one tunnel,
 * U and u are a user's.  Integers on the wire are big endian (ours). */
#ifndef MT_WIRE_H
#define MT_WIRE_H

#include "sim/core/base.h"

#define MT_PORT      4646 /* ours: none is assigned */
#define MT_KEY_LEN   32
#define MT_TAG_LEN   16 /* every box is so much longer than its plaintext */
#define MT_NONCE_LEN 24
#define MT_SIGNATURE 64 /* Ed25519 */

/* P: a packet.
 *
 *   offset size
 *        0    8  TID; its first bit: a public key follows; its second: a puzzle or a solution does
 *        8    8  nonce: of time, strictly increasing; its last bit is the direction
 *       16   32  (ephemeral public key C': in the client's packets until the server was heard)
 *              148  (puzzle or solution)
 *               16  tag of the box between C' and S', or S' and C'
 *                4  sequence number of this packet, 0: it needs no acknowledgment
 *                4  acknowledgment: everything up to that sequence number has arrived
 *                   and then as often as there is something to say:
 *                4    connection; 0 is the control connection
 *                     call
 *
 * The packet of a puzzle ends after it, because there is no key yet. */
#define MT_HEADER         16u
#define MT_PUZZLE_LEN     148u
#define MT_TID_HAS_KEY    (UINT64_C(1) << 63)
#define MT_TID_HAS_PUZZLE (UINT64_C(1) << 62)
#define MT_TID_BITS       (MT_TID_HAS_PUZZLE - 1)
#define MT_TRANSPORT      8u /* sequence and acknowledgment */
#define MT_PACKET_MIN     (MT_HEADER + MT_TAG_LEN + MT_TRANSPORT)

/* Ours: the nonce is twice the Unix time in ns, and one more from who opened the tunnel; the
 * box's nonce is a label, TID without its two bits, nonce.  */
#define MT_FROM_INITIATOR 1u
#define MT_NONCE_LABEL    "minimaLT"

/* Ours: a call is its number, the length of what follows, and its arguments in order. */
#define MT_CALL_HEADER 7u /* connection 4, call 1, length 2 */
enum mt_call {
    MT_CALL_NONE, /* ours: nothing but zeros follow */

    /* P: of the control connection */
    MT_CALL_NEXT_TID,        /* TID t 8, C' 32: what the tunnel will be called next */
    MT_CALL_REKEY_NOW,       /* server: please do */
    MT_CALL_CREATE,          /* connection 4, service text */
    MT_CALL_CREATE_AUTH,     /* connection 4, U 32, authenticator 48, service text */
    MT_CALL_ACK,             /* connection 4: it was created */
    MT_CALL_REFUSE,          /* connection 4: it was not; 0: no such certificate */
    MT_CALL_CLOSE,           /* connection 4 */
    MT_CALL_REQUEST_CERT,    /* S 32 */
    MT_CALL_GIVE_CERT,       /* service record */
    MT_CALL_OK,              /* the record was taken */
    MT_CALL_PUZZLE,          /* q 80, H(r) 64, w 4, n' 8 */
    MT_CALL_PUZZLE_SOLUTION, /* r 80, n' 8 */
    MT_CALL_WINDOW_SIZE,     /* connection 4, position 8 up to which its bytes are welcome */

    /* Ours: connection 4, connection it stands beside 4, number 8: for the same user and service;
     * to the application, another stream of the same session */
    MT_CALL_BESIDE,

    /* Ours: of every other connection, the one call of an application that speaks in bytes */
    MT_CALL_DATA, /* the next bytes; none: that was the last */
    MT_CALLS
};

#define MT_AUTHENTICATOR   (MT_KEY_LEN + MT_TAG_LEN) /* Box[C'](U to S) */
#define MT_AUTH_LABEL      "mLT-user"                /* of its nonce; then TID, connection, 0 */
#define MT_SERVICE_MAX     64u
#define MT_SERVICE_DEFAULT "bytes"

/* P: r = Secretbox[S', C'](the server's key), whose nonce is made of TID and n'; q is r with its
 * last w bits cleared.  80 + 64 + 4 are the packet's 148 bytes when H is NaCl's SHA-512 and n' is
 * the nonce of the packet that brings the puzzle; a solution is r, n', zeros (ours). */
#define MT_PUZZLE_R     (2 * MT_KEY_LEN + MT_TAG_LEN)
#define MT_PUZZLE_HASH  64u
#define MT_PUZZLE_LABEL "mLT-puzz"
_Static_assert(MT_PUZZLE_R + MT_PUZZLE_HASH + 4 == MT_PUZZLE_LEN, "P: a puzzle");

/* P: a service record is a long-term certificate and an ephemeral one.  Ours: how they look.
 *
 *   certificate:  name length 1, name, S 32, V 32, signature 64 of the lab's authority;
 *   ephemeral:    S' 32, IPv4 address 4, port 2 (zeros: where you asked), not before 8,
 *                 not after 8, least bytes of calls in a first packet 2, signature 64 by V.
 *
 * V is the Ed25519 key of the server.  Times are Unix seconds. */
#define MT_NAME_MAX       253u
#define MT_CERTIFICATE(n) (1u + (n) + 2 * MT_KEY_LEN + MT_SIGNATURE)
#define MT_EPHEMERAL      (MT_KEY_LEN + 4u + 2u + 8u + 8u + 2u + MT_SIGNATURE)
#define MT_RECORD_MAX     (MT_CERTIFICATE(MT_NAME_MAX) + MT_EPHEMERAL)
#define MT_SIGNED_LONG    "minimaLT certificate" /* stands before what is signed */
#define MT_SIGNED_SHORT   "minimaLT ephemeral"
#define MT_AUTHORITY      "authority.example" /* whose key signs certificates in this lab */

/* P: timers. */
#define MT_PUZZLE_LIFE (300 * SD_SECOND)
#define MT_REKEY       (600 * SD_SECOND)
#define MT_REKEY_LATER (20 * SD_SECOND) /* and by chance up to so much more */
#define MT_WINDOW      2u               /* packets, after a rekey or a move, */
                                        /* and ours: at the beginning, too */

/* Ours: a first packet is so large that neither a puzzle nor most records are larger. */
#define MT_FIRST_CALLS 320u
/* Ours: bytes to an address from which nothing was acknowledged yet, for each byte from there. */
#define MT_AMPLIFICATION 3u

/* Ours: times. */
#define MT_SPEAK_WAIT      SD_MS              /* a tunnel waits so long for its first data */
#define MT_EPHEMERAL_EVERY (600 * SD_SECOND)  /* a server makes a new S', */
#define MT_EPHEMERAL_LIFE  (1200 * SD_SECOND) /* and forgets s' after so long */
#define MT_FRESH           (60 * SD_SECOND)   /* clocks may be so far apart */
#define MT_PROOF           (30 * SD_SECOND)   /* for an initiator's first acknowledgment */
#define MT_LINGER          (2 * SD_SECOND)    /* a tunnel without connections; twice at a server */
#define MT_PROBE_FIRST     SD_SECOND          /* silence after which an initiator asks, doubled */
#define MT_PROBE_LAST      (16 * SD_SECOND)   /* up to this */
#define MT_SILENCE_MAX     (300 * SD_SECOND)  /* then the other is taken for dead */
/* A responder waits longer for one that looks up: it rekeys meanwhile. */
#define MT_RESOLVER_SILENCE (1300 * SD_SECOND)

/* Ours: TCP's, RFC 6298, with Linux's least. */
#define MT_TIMEOUT_FIRST SD_SECOND
#define MT_TIMEOUT_LEAST (200 * SD_MS)
#define MT_TIMEOUT_MOST  (60 * SD_SECOND)
#define MT_DUPLICATES    3u /* acknowledgments that say a packet is lost (RFC 5681) */
/* RFC 9406: slow start ends when a round trip is longer by an eighth, within these. */
#define MT_DELAY_LEAST  (4 * SD_MS)
#define MT_DELAY_MOST   (16 * SD_MS)
#define MT_DELAY_WINDOW 16u /* packets; smaller windows fill no queue */

/* Ours: sizes. */
#define MT_IP_UDP             28u
#define MT_CALLS_ROOM         64u  /* least room for calls in a packet, whatever the path takes */
#define MT_FLIGHT             256u /* packets under way, and held that came too early */
#define MT_STREAM_BUFFER      131072u /* bytes of a connection not yet sent */
#define MT_STREAM_WINDOW      262144u /* bytes of a connection that its receiver grants */
#define MT_CONNECTIONS        65535u  /* of an agent */
#define MT_TUNNEL_CONNECTIONS 1024u   /* of a tunnel, at its responder */
#define MT_HELD               8u      /* of a tunnel, until a puzzle is solved */
#define MT_HALF_OPEN          128u    /* tunnels without a first acknowledgment; then puzzles */
#define MT_PUZZLE_BITS        12u     /* of a puzzle that this agent poses */
#define MT_PUZZLE_BITS_MAX    20u     /* of one that it solves */
#define MT_PUZZLE_TRIES       3u      /* puzzles that it solves for one tunnel */
#define MT_RECORDS            4096u   /* of a client's cache, and of a directory */
#define MT_OPENING_TRIES      6u      /* of a tunnel's first packet: 1 + 2 + 4 + ... + 32 s */

#endif
