/* hello.c - the stateless cookie exchange of RFC 6347 4.2.1. */
#include "protocols/dtls12/dtls.h"

#include "sim/core/reader.h"

int dtls_hello_parse(const uint8_t *data, size_t len, struct dtls_hello *hello)
{
    struct sd_reader r = sd_reader_of(data, len);
    *hello = (struct dtls_hello){0};
    /* 4.1: the record */
    uint8_t content = sd_get8(&r);
    uint16_t version = sd_get16(&r), epoch = sd_get16(&r);
    hello->sequence = (uint64_t)sd_get16(&r) << 32;
    hello->sequence |= sd_get32(&r);
    struct sd_reader record = sd_get_sub(&r, sd_get16(&r));
    if (r.bad)
        return SD_DROP_MALFORMED;
    if (content != TLS_HANDSHAKE || epoch != 0 || version >> 8 != DTLS_VERSION_12 >> 8)
        return SD_DROP_UNKNOWN;
    /* 4.2.2: the message; only its first fragment can be judged */
    uint8_t type = sd_get8(&record);
    uint32_t total = sd_get24(&record);
    sd_get16(&record);
    uint32_t offset = sd_get24(&record), here = sd_get24(&record);
    struct sd_reader body = sd_get_sub(&record, here);
    if (record.bad)
        return SD_DROP_MALFORMED;
    if (type != TLS_CLIENT_HELLO || offset != 0)
        return SD_DROP_UNKNOWN;
    if (here > total)
        return SD_DROP_MALFORMED;
    /* 4.2.1: the fields up to the cookie */
    hello->covered = body.at;
    sd_get16(&body);
    const uint8_t *random = sd_get(&body, TLS_RANDOM);
    uint8_t session_len = sd_get8(&body);
    sd_get(&body, session_len);
    hello->covered_len = (size_t)(body.at - hello->covered);
    hello->cookie_len = sd_get8(&body);
    hello->cookie = sd_get(&body, hello->cookie_len);
    if (body.bad || session_len > 32)
        return SD_DROP_MALFORMED;
    hello->id = sd_hash(0, random, TLS_RANDOM) | 1;
    return SD_OK;
}

void dtls_hello_verify_request(struct sd_ssl_agent *a, const struct sd_path *path,
                               const struct dtls_hello *hello)
{
    enum { BODY = 2 + 1 + SD_SSL_COOKIE };
    uint8_t datagram[DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER + BODY];
    struct sd_writer w = sd_writer_of(datagram, sizeof datagram);
    /* 4.2.1: the record's sequence number is the ClientHello's; versions say 254.255 */
    sd_put8(&w, TLS_HANDSHAKE);
    sd_put16(&w, DTLS_VERSION_10);
    sd_put16(&w, 0);
    sd_put16(&w, (uint16_t)(hello->sequence >> 32));
    sd_put32(&w, (uint32_t)hello->sequence);
    sd_put16(&w, DTLS_HANDSHAKE_HEADER + BODY);
    sd_put8(&w, TLS_HELLO_VERIFY_REQUEST);
    sd_put24(&w, BODY);
    sd_put16(&w, 0);
    sd_put24(&w, 0);
    sd_put24(&w, BODY);
    sd_put16(&w, DTLS_VERSION_10);
    sd_put8(&w, SD_SSL_COOKIE);
    uint8_t *cookie = sd_put_space(&w, SD_SSL_COOKIE);
    sd_ssl_cookie_make(a, &path->remote, hello->covered, hello->covered_len, cookie);
    if (sd_ssl_send(a, path, datagram, sizeof datagram, SD_UNIT_DONT_FRAGMENT))
        a->stats.bytes_to_unvalidated += sizeof datagram;
}
