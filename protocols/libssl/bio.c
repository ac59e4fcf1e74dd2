/* bio.c - the BIO under every SSL object: reads the bytes that net_in is handing in, writes to the
 * agent's output queue.  On datagrams one read is one record and one write is one datagram. */
#include "protocols/libssl/libssl.h"

#include <string.h>

#define IP_UDP_HEADERS 28 /* IPv4 20, UDP 8 */

static int bio_write(BIO *b, const char *data, int len)
{
    struct sd_ssl_session *s = BIO_get_data(b);
    struct sd_ssl_agent *a = s->agent;
    BIO_clear_retry_flags(b);
    if (len <= 0)
        return 0;
    if (a->kind->datagram && !s->client && !s->validated)
        a->stats.bytes_to_unvalidated += (uint64_t)len;
    uint8_t flags = a->kind->datagram ? SD_UNIT_DONT_FRAGMENT : 0;
    return sd_ssl_send(a, &s->path, data, (size_t)len, flags) ? len : -1;
}

static int bio_read(BIO *b, char *data, int len)
{
    struct sd_ssl_session *s = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (len <= 0)
        return 0;
    if (s->in_len == 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    size_t n = s->in_len < (size_t)len ? s->in_len : (size_t)len;
    memcpy(data, s->in, n);
    s->in += n;
    s->in_len = s->agent->kind->datagram ? 0 : s->in_len - n;
    return (int)n;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
    (void)number, (void)pointer;
    struct sd_ssl_session *s = BIO_get_data(b);
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;
    case BIO_CTRL_PENDING:
        return (long)s->in_len;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return IP_UDP_HEADERS;
    default:
        return 0;
    }
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

const BIO_METHOD *sd_ssl_bio_method(bool datagram)
{
    static BIO_METHOD *made[2];
    BIO_METHOD **m = &made[datagram];
    if (!*m) {
        struct sd_env *agent_env = sd_enter(NULL);
        *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, datagram ? "unit" : "bytes");
        sd_leave(agent_env);
        if (!*m)
            return NULL;
        BIO_meth_set_write(*m, bio_write);
        BIO_meth_set_read(*m, bio_read);
        BIO_meth_set_ctrl(*m, bio_ctrl);
        BIO_meth_set_create(*m, bio_create);
    }
    return *m;
}
