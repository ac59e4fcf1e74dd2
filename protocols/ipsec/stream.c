#include "protocols/ipsec/stream.h"
#include "protocols/ipsec/encap.h"
#include "sim/core/error.h"
#include "sim/core/random.h"

struct ipsec_stream {
    struct sd_path path; /* conn 0: asked for, not there yet */
    bool asked;          /* by us */
    struct encap_stream in;
};

static uint64_t conn_hash(uint32_t conn)
{
    return sd_hash_u64(1, conn);
}

static uint64_t asked_hash(const struct sd_addr *remote)
{
    return sd_hash_u64(2, sd_addr_ipv4(remote));
}

static struct ipsec_stream *add(struct ipsec *ipsec, const struct sd_path *path, bool asked)
{
    struct ipsec_stream *s = sd_alloc(ipsec->env, sizeof *s);
    uint64_t hash = asked ? asked_hash(&path->remote) : conn_hash(path->conn);
    if (!s || !sd_index_add(&ipsec->streams, ipsec->env, hash, s)) {
        sd_free(s);
        return NULL;
    }
    s->path = *path;
    s->asked = asked;
    return s;
}

static void drop(struct ipsec *ipsec, struct ipsec_stream *s)
{
    if (s->path.conn)
        sd_index_remove(&ipsec->streams, conn_hash(s->path.conn), s);
    if (s->asked)
        sd_index_remove(&ipsec->streams, asked_hash(&s->path.remote), s);
    encap_stream_fini(&s->in);
    sd_free(s);
}

static struct ipsec_stream *by_conn(const struct ipsec *ipsec, uint32_t conn)
{
    uint32_t cursor = 0;
    struct ipsec_stream *s;
    while ((s = sd_index_find(&ipsec->streams, conn_hash(conn), &cursor)))
        if (s->path.conn == conn)
            return s;
    return NULL;
}

/* The one to that address that we asked for, there or not. */
static struct ipsec_stream *asked_for(const struct ipsec *ipsec, const struct sd_addr *remote)
{
    uint32_t cursor = 0;
    struct ipsec_stream *s;
    while ((s = sd_index_find(&ipsec->streams, asked_hash(remote), &cursor)))
        if (s->asked && sd_addr_equal(&s->path.remote, remote))
            return s;
    return NULL;
}

/* By its connection, or the one to that address that is still to come. */
static struct ipsec_stream *find(const struct ipsec *ipsec, const struct sd_path *path)
{
    struct ipsec_stream *s = path->conn ? by_conn(ipsec, path->conn) : NULL;
    if (!s)
        s = asked_for(ipsec, &path->remote);
    return s && (s->path.conn == path->conn || !s->path.conn) ? s : NULL;
}

void ipsec_streams_fini(struct ipsec *ipsec)
{
    struct ipsec_stream *s;
    while ((s = sd_index_any(&ipsec->streams)))
        drop(ipsec, s);
    sd_free(ipsec->streams.slot);
}

void ipsec_stream_ask(struct ipsec *ipsec, const struct sd_path *path)
{
    struct sd_path to = {.remote = path->remote};
    to.remote.proto = SD_PROTO_TCP;
    to.remote.port = ENCAP_PORT;
    if (!asked_for(ipsec, &to.remote) && add(ipsec, &to, true))
        sd_outbox_unit_with(&ipsec->out, &to, 0, SD_UNIT_BEGIN);
}

static int begin(struct ipsec *ipsec, struct ipsec_stream *asked, const struct sd_path *path)
{
    if (asked) {
        if (!sd_index_add(&ipsec->streams, ipsec->env, conn_hash(path->conn), asked))
            return SD_DROP_FULL;
        asked->path = *path;
        encap_prefix(&ipsec->out, path);
        ike_stream_up(ipsec, path);
        return SD_OK;
    }
    struct ipsec_stream *s = add(ipsec, path, false);
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
