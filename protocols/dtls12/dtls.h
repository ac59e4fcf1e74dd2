/* dtls.h - private to protocols/dtls12: first messages taken apart, and records judged. */
#ifndef SD_DTLS12_DTLS_H
#define SD_DTLS12_DTLS_H

#include "protocols/dtls12/wire.h"
#include "protocols/libssl/libssl.h"

/* -- hello.c: a ClientHello before there is a session -- */

/* What a cookie covers: client_version, random, session_id (RFC 6347 4.2.1: parameters that must
 * be the same the second time). */
struct dtls_hello {
    uint64_t sequence;      /* of its record */
    uint64_t id;            /* hash of random, never 0 */
    const uint8_t *covered; /* in the datagram */
    size_t covered_len;
    const uint8_t *cookie;
    size_t cookie_len;
};

/* SD_OK; SD_DROP_MALFORMED; SD_DROP_UNKNOWN when the datagram begins with something else. */
int dtls_hello_parse(const uint8_t *data, size_t len, struct dtls_hello *);
/* RFC 6347 4.2.1: answers with a HelloVerifyRequest and keeps nothing. */
void dtls_hello_verify_request(struct sd_ssl_agent *, const struct sd_path *,
                               const struct dtls_hello *);

/* -- records.c: what became of each record, which libssl does not say -- */

/* Feeds a datagram to s record by record.  SD_OK when one of them was taken, else the reason for
 * the first, counted.  s may be gone afterwards: *alive says. */
int dtls_records(struct sd_ssl_session *, const uint8_t *data, size_t len, bool *alive);
/* Takes libssl's retransmission timer over into the agent's. */
void dtls_timer(struct sd_ssl_session *);

#endif
