#include "protocols/ipsec/encap.h"
#include "sim/core/reader.h"
#include <string.h>

enum encap_kind encap_classify(uint8_t **data, size_t *len)
{
    static const uint8_t marker[ENCAP_MARKER];
    if (*len == 1 && **data == ENCAP_KEEPALIVE)
        return ENCAP_KEEPALIVE_BYTE;
    if (*len < ENCAP_MARKER)
        return ENCAP_MALFORMED;
    if (memcmp(*data, marker, ENCAP_MARKER) != 0)
        return ENCAP_ESP;
    *data += ENCAP_MARKER;
    *len -= ENCAP_MARKER;
    return ENCAP_IKE;
}

/* A unit with `marker` zero bytes, on TCP after its length. */
static uint8_t *unit(struct sd_outbox *out, const struct sd_path *path, size_t marker, size_t len)
{
    size_t framing = path->remote.proto == SD_PROTO_TCP ? ENCAP_LENGTH : 0;
    size_t whole = framing + marker + len;
    if (whole > UINT16_MAX)
        return NULL;
    uint8_t *data = sd_outbox_unit(out, path, whole);
    if (!data)
        return NULL;
    struct sd_writer w = sd_writer_of(data, framing + marker);
    if (framing)
        sd_put16(&w, (uint16_t)whole);
    sd_put_space(&w, marker);
    return w.at;
}

uint8_t *encap_ike(struct sd_outbox *out, const struct sd_path *path, size_t len)
{
    bool bare = path->remote.proto == SD_PROTO_UDP && path->local.port != ENCAP_PORT &&
                path->remote.port != ENCAP_PORT;
    return unit(out, path, bare ? 0 : ENCAP_MARKER, len);
}

uint8_t *encap_esp(struct sd_outbox *out, const struct sd_path *path, size_t len)
{
    return unit(out, path, 0, len);
}

void encap_keepalive(struct sd_outbox *out, const struct sd_path *path)
{
    uint8_t *data = sd_outbox_unit(out, path, 1);
    if (data)
        *data = ENCAP_KEEPALIVE;
}

void encap_prefix(struct sd_outbox *out, const struct sd_path *path)
{
    uint8_t *data = sd_outbox_unit(out, path, ENCAP_PREFIX_LEN);
    if (data)
        memcpy(data, ENCAP_PREFIX, ENCAP_PREFIX_LEN);
}

/* -- streams -- */

/* What was taken is over with; the rest moves to the front. */
static void compact(struct encap_stream *s)
{
    s->held_len -= s->taken;
    if (s->taken && s->held_len)
        memmove(s->held, s->held + s->taken, s->held_len);
    s->taken = 0;
}

int encap_stream_feed(struct encap_stream *s, struct sd_env *env, const uint8_t *data, size_t len)
{
    if (s->broken)
        return SD_DROP_MALFORMED;
    compact(s);
    if (s->held_len + len > s->held_cap) {
        size_t cap = s->held_len + len < 4096 ? 4096 : (s->held_len + len) * 2;
        uint8_t *more = sd_realloc(env, s->held, cap);
        if (!more)
            return SD_DROP_FULL;
        s->held = more;
        s->held_cap = cap;
    }
    if (len)
        memcpy(s->held + s->held_len, data, len);
    s->held_len += len;

    if (s->expect_prefix) {
        size_t n = s->held_len < ENCAP_PREFIX_LEN ? s->held_len : ENCAP_PREFIX_LEN;
        if (memcmp(s->held, ENCAP_PREFIX, n) != 0) {
            s->broken = true;
            return SD_DROP_MALFORMED;
        }
        if (n == ENCAP_PREFIX_LEN) {
            s->expect_prefix = false;
            s->taken = n;
        }
    }
    return SD_OK;
}

bool encap_stream_next(struct encap_stream *s, uint8_t **data, size_t *len)
{
    if (s->broken || s->expect_prefix)
        return false;
    struct sd_reader r = sd_reader_of(s->held + s->taken, s->held_len - s->taken);
    size_t whole = sd_get16(&r);
    if (r.bad)
        return false;
    if (whole < ENCAP_LENGTH) { /* 3: it counts itself */
        s->broken = true;
        return false;
    }
    if (sd_left(&r) < whole - ENCAP_LENGTH)
        return false;
    *data = s->held + s->taken + ENCAP_LENGTH;
    *len = whole - ENCAP_LENGTH;
    s->taken += whole;
    return true;
}

void encap_stream_fini(struct encap_stream *s)
{
    sd_free(s->held);
    *s = (struct encap_stream){0};
}
