/* header.h - what stands in front of a packet, in Q043's and Q046's form. */
#ifndef GQ_HEADER_H
#define GQ_HEADER_H

#include "protocols/gquic/wire.h"
#include "sim/core/reader.h"

enum gq_packet_kind { GQ_PACKET, GQ_VERSION_NEGOTIATION, GQ_PUBLIC_RESET };

struct gq_header {
    enum gq_packet_kind kind;
    bool invariant; /* Q046's form */
    bool has_cid;
    uint64_t cid;
    uint32_t version;     /* 0: none is given */
    uint32_t type;        /* of a long header */
    const uint8_t *nonce; /* diversification; NULL: none */
    uint64_t number;      /* its lowest bytes when read, all of it when written */
    size_t number_len;    /* 1, 2, 4, 6; Q046: 1 to 4 */
    size_t len;           /* of the header: what is authenticated with the text behind it */
};

/* False: it is no packet of gQUIC, or not of this direction.  Version lists and resets stand behind
 * the first len bytes. */
bool gq_header_parse(struct gq_header *, const uint8_t *packet, size_t len, bool to_server);
/* Writes a GQ_PACKET's header. */
void gq_header_write(const struct gq_header *, struct sd_writer *, bool to_server);
size_t gq_header_size(const struct gq_header *, bool to_server);

/* The number nearest to `expected` with these lowest bytes. */
uint64_t gq_number_expand(uint64_t lowest, size_t len, uint64_t expected);
/* How many bytes a number needs when the other side may still expect `least`. */
size_t gq_number_len(uint64_t number, uint64_t least, bool invariant);

#endif
