/* stateless.c - RFC 8446 4.2.2: the first ClientHello gets a HelloRetryRequest with a cookie that
 * holds all the server needs, and no SSL object waits for the second. */
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>
#include <string.h>

#include "sim/core/reader.h"

#define HELLO_MAX (16384u + 5) /* one record; nobody's ClientHello is longer */

bool sd_ssl_wants_cookie(const struct sd_ssl_agent *a)
{
    return a->kind->version == TLS1_3_VERSION && a->config.validation != SD_VALIDATE_NEVER &&
           (a->mode->cookie || a->config.validation == SD_VALIDATE_ALWAYS);
}

/* How many bytes a ClientHello alone takes up, ChangeCipherSpec before it included (RFC 8446 D.4);
 * *skip is where it begins.  0: more bytes are needed.  SIZE_MAX: this is no ClientHello. */
static size_t hello_size(const uint8_t *data, size_t len, size_t *skip)
{
    struct sd_reader r = sd_reader_of(data, len);
    *skip = 0;
    for (;;) {
        uint8_t type = sd_get8(&r);
        sd_get16(&r);
        uint16_t record_len = sd_get16(&r);
        if (r.bad)
            return 0;
        if (type != SSL3_RT_CHANGE_CIPHER_SPEC && type != SSL3_RT_HANDSHAKE)
            return SIZE_MAX;
        if ((size_t)(r.at - data) + record_len > HELLO_MAX)
            return SIZE_MAX;
        struct sd_reader body = sd_get_sub(&r, record_len);
        if (r.bad)
            return 0;
        if (type == SSL3_RT_CHANGE_CIPHER_SPEC) {
            *skip = (size_t)(r.at - data);
            continue;
        }
        if (sd_get8(&body) != SSL3_MT_CLIENT_HELLO || sd_get24(&body) > sd_left(&body) || body.bad)
            return SIZE_MAX;
        return (size_t)(r.at - data);
    }
}

static bool keep(struct sd_ssl_session *s, const uint8_t *data, size_t len)
{
    uint8_t *more = sd_realloc(s->agent->env, s->hello, s->hello_len + len);
    if (!more)
        return false;
    memcpy(more + s->hello_len, data, len);
    s->hello = more;
    s->hello_len += len;
    return true;
}

static void forget(struct sd_ssl_session *s)
{
    sd_free(s->hello);
    s->hello = NULL;
    s->hello_len = 0;
}

/* The ClientHello is whole and s->in begins with it.  -1: refused, 0: answered, 1: cookie good. */
static int present(struct sd_ssl_session *s)
{
    if (!sd_ssl_attach(s, NULL))
        return -1;
    int r = SSL_stateless(s->ssl);
    if (r == 0) {
        SSL_free(s->ssl);
        s->ssl = NULL;
        s->reading_early = false;
        sd_ssl_phase(s, SD_SSL_WAITING);
        sd_ssl_drop(s->agent, SD_DROP_UNVALIDATED);
    }
    return r;
}

bool sd_ssl_stateless(struct sd_ssl_session *s, const uint8_t *data, size_t len, int *result)
{
    *result = SD_OK;
    if (!keep(s, data, len)) {
        *result = SD_E_NOMEM;
        return true;
    }
    size_t skip, size = hello_size(s->hello, s->hello_len, &skip);
    if (size == 0)
        return true;
    if (size == SIZE_MAX) {
        *result = sd_ssl_drop(s->agent, SD_DROP_MALFORMED);
        sd_ssl_fail(s, "this is no ClientHello");
        return false;
    }
    s->in = s->hello + skip;
    s->in_len = s->hello_len - skip;
    int r = present(s);
    if (r == 0) {
        /* What follows a first ClientHello can only be early data, which is void now. */
        forget(s);
        s->in_len = 0;
        ERR_clear_error();
        *result = SD_DROP_UNVALIDATED;
        return true;
    }
    if (r < 0) {
        *result = sd_ssl_fail(s, NULL);
        return false;
    }
    sd_ssl_tell(s, SD_EV_VALIDATED, 0, "HelloRetryRequest cookie");
    bool alive = sd_ssl_advance(s, result);
    if (alive) {
        forget(s);
        s->in_len = 0;
    }
    return alive;
}
