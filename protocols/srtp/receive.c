/* receive.c - what comes in by the one port (RFC 7983 7), and whose it is (RFC 5764 5.1.2). */
#include "protocols/srtp/media.h"
#include "sim/core/reader.h"
#include <string.h>

#define PACKET_MAX 65536

/* A packet out of protection, until its payload is handed over.  The process has one thread. */
static uint8_t plain[PACKET_MAX];

int sr_drop(struct srtp *a, int reason)
{
    a->stats.dropped[reason]++;
    return reason;
}

/* RFC 5764 5.1.2: by SSRC; a new one is first taken to be of its sender's address. */
static struct sr_session *session_of(const struct srtp *a, const struct sd_path *path,
                                     uint32_t ssrc, struct sr_source **source)
{
    struct sr_session *here = sr_session_by_remote(a, &path->remote);
    *source = sr_source_find(a, here, ssrc);
    return *source ? (*source)->session : here;
}

struct packet {
    enum sr_use use;
    const uint8_t *data;
    size_t len;
    size_t plain_len; /* out */
};

static int open_with(struct sr_session *s, struct sr_context *c, const struct sr_master *key,
                     struct packet *p)
{
    const struct sr_policy *policy = &s->agent->policy;
    return p->use == SR_RTP
               ? sr_unprotect_rtp(c, key, policy, p->data, p->len, plain, &p->plain_len)
               : sr_unprotect_rtcp(c, key, policy, p->data, p->len, plain, &p->plain_len);
}

static bool names(const struct sr_master *key, const struct sr_policy *policy, uint32_t mki)
{
    uint32_t bits = 8u * policy->mki_len;
    return bits >= 32 ? key->mki == mki : (key->mki & ((1u << bits) - 1)) == mki;
}

/* RFC 5764 5.2: the newest keys first, then those before; an MKI says which. */
static int open_packet(struct sr_session *s, struct sr_context *c, struct packet *p)
{
    const struct sr_policy *policy = &s->agent->policy;
    const struct sr_keys *keys[] = {&s->now, &s->old};
    int result = SD_DROP_AUTH;
    uint32_t mki = 0;
    if (!sr_mki(s->now.theirs.profile, policy, p->use, p->data, p->len, &mki))
        return SD_DROP_MALFORMED;
    for (size_t i = 0; i < 2 && result == SD_DROP_AUTH; i++) {
        if (!keys[i]->there || (policy->mki_len > 0 && !names(&keys[i]->theirs, policy, mki)))
            continue;
        result = open_with(s, c, &keys[i]->theirs, p);
        if (result == SD_OK && keys[i] == &s->now)
            s->send_old = false; /* the peer has the new keys */
    }
    return result;
}

/* A source is remembered once a packet of it proved to be authentic. */
static int open_new(struct sr_session *s, uint32_t ssrc, struct packet *p,
                    struct sr_source **source)
{
    struct sr_source *trial = sr_source_new(s->agent, ssrc, true);
    if (!trial)
        return SD_E_NOMEM;
    int result = open_packet(s, &trial->context, p);
    if (result == SD_OK && !sr_session_adopt(s, trial))
        result = SD_DROP_FULL;
    if (result == SD_OK)
        *source = trial;
    else
        sr_source_free(trial);
    return result;
}

/* RFC 5764 5.1.2: neither SSRC nor address is known, so every call is tried; but not where they are
 * many, because a stranger's packet would cost as much as there are. */
static struct sr_session *open_stranger(struct srtp *a, uint32_t ssrc, struct packet *p,
                                        struct sr_source **source)
{
    for (uint32_t i = 0; i < a->by_sid.size && a->by_sid.used <= SR_TRIALS_MAX; i++) {
        struct sr_session *s = a->by_sid.slot[i].item;
        if (s && s->phase == SR_OPEN && open_new(s, ssrc, p, source) == SD_OK)
            return s;
    }
    return NULL;
}

/* Replies follow authentic media to where it comes from now, if they may. */
static void follow(struct sr_session *s, const struct sd_unit *u)
{
    if (!s->agent->latch || sd_addr_equal(&s->path.remote, &u->path.remote))
        return;
    sr_session_move(s, &u->path);
    sr_session_tell(s, SD_EV_MIGRATED, 0, "authentic media from there");
}

/* The payload, without RFC 3550 5.1's padding. */
static bool payload_of(size_t len, size_t *at, size_t *payload)
{
    *at = sr_rtp_payload(plain, len);
    *payload = len - *at;
    if (plain[0] & 0x20) {
        size_t padding = *payload > 0 ? plain[len - 1] : 0;
        if (padding == 0 || padding > *payload)
            return false;
        *payload -= padding;
    }
    return true;
}

static int deliver(struct sr_session *s, struct sr_source *source, size_t len)
{
    struct srtp *a = s->agent;
    size_t at, payload;
    struct sd_reader r = sd_reader_of(plain, len);
    sd_get8(&r);
    uint8_t type = sd_get8(&r);
    uint16_t seq = sd_get16(&r);
    uint32_t timestamp = sd_get32(&r);
    if (!payload_of(len, &at, &payload))
        return SD_DROP_MALFORMED;
    sr_report_received(source, a, seq, timestamp);
    uint8_t *owned = payload ? sd_alloc(a->env, payload) : NULL;
    if (!owned)
        return SD_OK; /* nothing in it, or no memory: lost as on a network */
    struct sd_event *e = sd_outbox_event(&a->outbox, SD_EV_DATA, s->sid, owned);
    e->data = memcpy(owned, plain + at, payload);
    e->len = payload;
    e->fin = false;
    e->stream = (type & 0x7fu) >= SR_PAYLOAD_TYPE ? (type & 0x7fu) - SR_PAYLOAD_TYPE : 0;
    e->path = s->path;
    return SD_OK;
}

/* Where its source stands: 0 before the first packet. */
static uint64_t newest_of(const struct sr_source *source)
{
    return source ? (uint64_t)source->context.roc << 16 | source->context.s_l : 0;
}

/* An authentic packet, which is in `plain` now. */
static int accept(struct sr_session *s, struct sr_source *source, const struct packet *p,
                  const struct sd_unit *u, bool newest)
{
    s->heard_at = s->agent->now;
    if (p->use == SR_RTCP) {
        sr_report_read(s, source, plain, p->plain_len);
        return SD_OK;
    }
    if (newest) /* an old one may have been kept back on the old path */
        follow(s, u);
    return deliver(s, source, p->plain_len);
}

static int media_in(struct srtp *a, const struct sd_unit *u)
{
    struct packet p = {.data = u->data, .len = u->len};
    struct sd_reader r = sd_reader_of(u->data, u->len);
    struct sr_source *source;
    sd_get8(&r);
    uint8_t type = sd_get8(&r);
    p.use = type >= SR_RTCP_TYPE_FIRST && type <= SR_RTCP_TYPE_LAST ? SR_RTCP : SR_RTP;
    sd_get(&r, p.use == SR_RTP ? 6 : 2);
    uint32_t ssrc = sd_get32(&r);
    if (r.bad || u->len > PACKET_MAX)
        return SD_DROP_MALFORMED;
    struct sr_session *s = session_of(a, &u->path, ssrc, &source);
    if (!s)
        return (s = open_stranger(a, ssrc, &p, &source)) ? accept(s, source, &p, u, true)
                                                         : SD_DROP_UNKNOWN;
    if (s->phase != SR_OPEN)
        return SD_DROP_STATE;
    uint64_t before = newest_of(source);
    int result = source ? open_packet(s, &source->context, &p) : open_new(s, ssrc, &p, &source);
    return result == SD_OK ? accept(s, source, &p, u, newest_of(source) > before) : result;
}

int sr_receive(struct srtp *a, const struct sd_unit *u)
{
    uint8_t first = u->len > 0 ? u->data[0] : 0;
    if (first >= SR_DTLS_FIRST && first <= SR_DTLS_LAST)
        return sr_dtls_net_in(a, u);
    a->stats.units_in++;
    a->stats.bytes_in += u->len;
    int result = first >= SR_RTP_FIRST && first <= SR_RTP_LAST ? media_in(a, u) : SD_DROP_UNKNOWN;
    return result > 0 ? sr_drop(a, result) : result;
}
