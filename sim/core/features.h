/* features.h - one list of what a transport security protocol may offer: the survey's sections 4
 * and 5 and the lists of its section 3, the table of its drafts -03 to -09, and RFC 8922 table 1.
 * A protocol claims features with the bits; what a run measures is another matter.
 *
 * X(bit, ID, "short", "title", "what it means") */
#ifndef SD_FEATURES_H
#define SD_FEATURES_H

#include <stdint.h>

#define SD_FEATURES(X)                                                                             \
    X(0, FORWARD_SECRECY, "FS", "forward secrecy", "long-term keys do not open recorded traffic")  \
    X(1, CONFIDENTIALITY, "RC", "record confidentiality", "application bytes never go in clear")   \
    X(2, INTEGRITY, "RI", "record integrity", "changed records are refused")                       \
    X(3, RESPONDER_AUTH, "RA", "responder authentication", "the initiator knows whom it talks to") \
    X(4, MUTUAL_AUTH, "MA", "mutual authentication", "both sides know whom they talk to")          \
    X(5, PSK, "PSK", "pre-shared key", "a key agreed out of band authenticates or joins in")       \
    X(6, ALG_NEGOTIATION, "AN", "algorithm negotiation", "the peers agree on algorithms")          \
    X(7, AUTH_DELEGATION, "AD", "authentication delegation",                                       \
      "the application decides on identity")                                                       \
    X(8, DOS_MITIGATION, "DM", "DoS mitigation", "work or state is refused to the unproven")       \
    X(9, MOBILITY, "CM", "connection mobility", "a session survives a change of address or port")  \
    X(10, SOURCE_VALIDATION, "SV", "source validation", "a peer proves that it owns its address")  \
    X(11, APP_NEGOTIATION, "AFN", "application-layer feature negotiation", "ALPN, SNI and kin")    \
    X(12, EXTENSIONS, "CX", "configuration extensions", "new fields can be added and are ignored") \
    X(13, SESSION_CACHE, "SC", "session caching", "a later handshake is cheaper")                  \
    X(14, LENGTH_HIDING, "LHP", "length-hiding padding", "the wire does not show lengths")         \
    X(15, EARLY_DATA, "ED", "early data", "application data goes with the first flight")           \
    X(16, REPLAY_PREVENTION, "RP", "replay prevention", "a record is delivered once")              \
    X(17, OUT_OF_ORDER, "OO", "out-of-order receipt", "a record needs no earlier record")          \
    X(18, KEY_UPDATE, "KU", "key update", "traffic keys change within a session")                  \
    X(19, KEY_EXPIRATION, "KE", "key expiration", "keys die by age or volume")                     \
    X(20, TERMINATION, "CT", "connection termination", "an authenticated end of session")          \
    X(21, EXPORTER, "SSKE", "shared secret export", "the application gets keys of the session")    \
    X(22, IDENTITY_HIDING, "IH", "identity hiding", "an eavesdropper does not see identities")     \
    X(23, PARTIAL_ENCRYPTION, "PE", "partial encryption", "headers stay readable on purpose")      \
    X(24, RELIABLE, "REL", "reliable transport", "delivers everything in order")                   \
    X(25, PATH_VALIDATION, "PV", "path validation", "a new path is tested before it is used")      \
    X(26, TRANSPARENT, "TR", "transparent to applications", "carries IP or needs no new API")      \
    X(27, MULTIPLEXING, "MUX", "multiplexing", "many streams or flows in one session")             \
    X(28, IDENTITIES, "IPK", "identities and private keys", "the application says who it is")      \
    X(29, RELIABLE_HANDSHAKE, "HR", "reliable handshake", "lost handshake packets go again")       \
    X(30, SEGMENTATION, "SEG", "data segmentation", "any amount may be handed over at once")

#define SD_FEATURE_BIT(bit, id, ...) SD_F_##id = UINT64_C(1) << (bit),
enum sd_feature_bit { SD_FEATURES(SD_FEATURE_BIT) };
#undef SD_FEATURE_BIT

struct sd_feature {
    uint64_t bit;
    const char *id, *brief, *title, *meaning;
};
extern const struct sd_feature sd_features[]; /* ends with bit 0 */

#endif
