#include "protocols/ipsec/stream.h"
#include "protocols/ipsec/encap.h"
#include "sim/core/error.h"

struct ipsec_stream {
    struct ipsec_stream *next;
    struct sd_path path; /* conn 0: asked for, not there yet */
    struct encap_stream in;
};

static struct ipsec_stream *add(struct ipsec *ipsec, const struct sd_path *path)
{
    struct ipsec_stream *s = sd_alloc(ipsec->env, sizeof *s);
    if (!s)
        return NULL;
    s->path = *path;
    s->next = ipsec->streams;
    ipsec->streams = s;
    return s;
}

static void drop(struct ipsec *ipsec, struct ipsec_stream *s)
{
    struct ipsec_stream **at = &ipsec->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    encap_stream_fini(&s->in);
    sd_free(s);
}

/* By its connection, or the one to that address that was asked for. */
static struct ipsec_stream *find(struct ipsec *ipsec, const struct sd_path *path)
{
    struct ipsec_stream *s = ipsec->streams;
    while (s && s->path.conn != path->conn)
        s = s->next;
    if (s && path->conn)
        return s;
    s = ipsec->streams;
    while (s && (s->path.conn || !sd_addr_equal(&s->path.remote, &path->remote)))
        s = s->next;
    return s;
}

void ipsec_streams_fini(struct ipsec *ipsec)
{
    while (ipsec->streams)
        drop(ipsec, ipsec->streams);
}

void ipsec_stream_ask(struct ipsec *ipsec, const struct sd_path *path)
{
    struct sd_path to = {.remote = path->remote};
    to.remote.proto = SD_PROTO_TCP;
    to.remote.port = ENCAP_PORT;
    for (const struct ipsec_stream *s = ipsec->streams; s; s = s->next)
        if (sd_addr_equal(&s->path.remote, &to.remote))
            return;
    if (add(ipsec, &to))
        sd_outbox_unit_with(&ipsec->out, &to, 0, SD_UNIT_BEGIN);
}

static int begin(struct ipsec *ipsec, struct ipsec_stream *asked, const struct sd_path *path)
{
    if (asked) {
        asked->path = *path;
        encap_prefix(&ipsec->out, path);
        ike_stream_up(ipsec, path);
        return SD_OK;
    }
    struct ipsec_stream *s = add(ipsec, path);
    if (!s)
        return SD_DROP_FULL;
    s->in.expect_prefix = true;
    return SD_OK;
}

static int take_messages(struct ipsec *ipsec, struct ipsec_stream *s)
{
    int result = SD_OK;
    uint8_t *data;
    size_t len;
    while (encap_stream_next(&s->in, &data, &len)) {
        switch (encap_classify(&data, &len)) {
        case ENCAP_IKE:
            result = ike_receive(ipsec, &s->path, data, len);
            break;
        case ENCAP_ESP:
            result = ipsec_esp_in(ipsec, &s->path, data, len);
            break;
        case ENCAP_KEEPALIVE_BYTE: /* 6.5: TCP needs none, and they do no harm */
            break;
        case ENCAP_MALFORMED:
            result = SD_DROP_MALFORMED;
            break;
        }
    }
    return result;
}

int ipsec_stream_in(struct ipsec *ipsec, const struct sd_unit *unit)
{
    struct ipsec_stream *s = find(ipsec, &unit->path);
    int result = SD_OK;
    if (unit->flags & SD_UNIT_BEGIN)
        return begin(ipsec, s, &unit->path);
    if (!s)
        return SD_DROP_UNKNOWN;
    if (unit->len > 0) {
        result = encap_stream_feed(&s->in, ipsec->env, unit->data, unit->len);
        if (result == SD_OK)
            result = take_messages(ipsec, s);
    }
    bool ends = unit->flags & (SD_UNIT_FIN | SD_UNIT_RESET);
    if (!ends && !s->in.broken)
        return result;
    /* What follows cannot be told apart any more, or nothing follows. */
    struct sd_path path = s->path;
    if (!(unit->flags & SD_UNIT_RESET))
        sd_outbox_unit_with(&ipsec->out, &path, 0, s->in.broken ? SD_UNIT_RESET : SD_UNIT_FIN);
    drop(ipsec, s);
    ike_stream_down(ipsec, &path);
    return result;
}
