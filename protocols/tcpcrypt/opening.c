/* opening.c - the three segments that open a connection, and what ENO makes of them (RFC 8547 4.6).
 *
 * A segment's option is written once: TCP repeats it when it sends the segment again.  Who cannot
 * agree says nothing and leaves a reason, which the application hears when the connection is up. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include <string.h>

/* -- agreeing -- */

static bool names_a_session(const struct tc_suboption *s)
{
    return tc_suboption_has_data(s) && s->data_len >= TC_RESUME_HALF;
}

/* Whether the data of a TEP that both sent makes sense (RFC 8548 3.2, 3.5).  Only host B's v says
 * which session it will be. */
static bool tep_valid(void *ctx, const struct tc_suboption *of_a, const struct tc_suboption *of_b)
{
    struct tc_opening *o = ctx;
    const struct tc_suboption *peer = o->session->host_b ? of_a : of_b;
    if (tc_suboption_has_data(peer) && peer->data_len > TC_RESUME_HALF + TC_RESUME_NONCE)
        return false;
    if (!tc_suboption_has_data(of_b))
        return true;
    return o->has_secret && tc_suboption_tep(of_b) == o->secret.tep && names_a_session(of_a) &&
           names_a_session(of_b) &&
           sd_equal_ct(peer->data, tc_secret_peer_half(&o->secret), TC_RESUME_HALF);
}

/* Both SYN-form options are there. */
static void conclude(struct tcpcrypt *tc, struct tc_opening *o)
{
    struct tc_eno own, peer;
    struct tc_eno_rules rules = {.need_aware = tc->set.need_aware, .valid = tep_valid, .ctx = o};
    if (!tc_eno_parse(&own, o->own, o->own_len) || !tc_eno_parse(&peer, o->peer, o->peer_len)) {
        o->why_plain = "the peer's ENO option is ill-formed";
        return;
    }
    o->session->host_b = own.global & TC_ENO_PASSIVE;
    o->session->peer_aware = peer.global & TC_ENO_AWARE;
    switch (tc_eno_agree(&own, &peer, &rules, &o->tep)) {
    case TC_AGREED:
        o->agreed = true;
        o->resumed = tc_suboption_has_data(tc_eno_tep(o->session->host_b ? &own : &peer, o->tep));
        break;
    case TC_NO_COMMON_TEP:
        o->why_plain = "the peer offers no TEP that fits";
        break;
    case TC_SAME_ROLE:
        o->why_plain = "both hosts claim the same role";
        break;
    case TC_NOT_AWARE:
        o->why_plain = "the peer's application is not aware of ENO";
        break;
    }
}

/* The one SYN-form option of a segment becomes the peer's; false: there is none that counts. */
static bool take_peer_option(struct tc_opening *o, const uint8_t *options, size_t len)
{
    const uint8_t *option;
    size_t option_len;
    unsigned found = tc_eno_find(options, len, &option, &option_len);
    if (found != 1 || option_len > sizeof o->peer) {
        o->why_plain = found ? "the peer sent more than one ENO option"
                             : "the peer's SYN-ACK has no ENO option";
        return false;
    }
    memcpy(o->peer, option, option_len);
    o->peer_len = (uint8_t)option_len;
    return true;
}

/* -- own SYN-form option -- */

/* Half of the identifier and a fresh nonce, which is shorter where the segment has less room than
 * it should have: no secret is used twice here, so that even none would do (RFC 8548 3.5). */
static size_t resumption_data(struct tcpcrypt *tc, const struct tc_secret *secret, size_t room,
                              uint8_t data[TC_RESUME_HALF + TC_RESUME_NONCE])
{
    if (room < TC_RESUME_HALF)
        return 0;
    size_t nonce = tc->set.nonce_len;
    if (nonce > room - TC_RESUME_HALF)
        nonce = room - TC_RESUME_HALF;
    memcpy(data, tc_secret_own_half(secret), TC_RESUME_HALF);
    sd_random(tc->env, data + TC_RESUME_HALF, nonce);
    return TC_RESUME_HALF + nonce;
}

/* teps from the least to the most preferred one; the last has the resumption's data. */
static size_t write_own(struct tcpcrypt *tc, struct tc_opening *o, uint8_t global,
                        const uint8_t *tep, size_t teps, uint8_t *out, size_t cap)
{
    uint8_t data[TC_RESUME_HALF + TC_RESUME_NONCE];
    struct tc_offer offer = {.global = global, .tep = tep, .teps = teps, .data = data};
    size_t before = TC_ENO_HEADER + (global != 0) + teps;
    if (cap > TC_OPTION_ROOM)
        cap = TC_OPTION_ROOM;
    if (o->has_secret && cap > before)
        offer.data_len = resumption_data(tc, &o->secret, cap - before, data);
    size_t len = tc_eno_write(o->own, cap, &offer);
    o->own_len = (uint8_t)len;
    if (len)
        memcpy(out, o->own, len);
    else
        o->why_plain = "the segment has no room for an ENO option";
    return len;
}

static uint8_t own_global(const struct tcpcrypt *tc, bool passive)
{
    return (uint8_t)((passive ? TC_ENO_PASSIVE : 0) | (tc->set.aware ? TC_ENO_AWARE : 0));
}

static size_t write_syn(struct tcpcrypt *tc, const struct sd_path *path, uint8_t *out, size_t cap)
{
    struct tc_session *s = tc_session_find(tc, path->conn);
    if (s || !tc->set.speaks || tc->openings >= tc->set.openings_max)
        return 0;
    s = tc_session_new(tc, path);
    struct tc_opening *o = s ? tc_opening_new(tc, s, true) : NULL;
    if (!o) {
        if (s)
            tc_session_free(tc, s);
        return 0;
    }
    /* RFC 8547 4.5: what only one side names cannot be chosen. */
    static const uint8_t more[] = {0x79, 0x7a, 0x7b, 0x7c};
    uint8_t tep[sizeof more + TC_OWN_TEPS + 1], teps = 0;
    if (tc->set.resume)
        o->has_secret =
            tc_cache_take_for(&tc->cache, &path->remote, tc->set.tep, tc->set.teps, &o->secret);
    while (tc->set.offers_more && teps < sizeof more) {
        tep[teps] = more[teps];
        teps++;
    }
    for (size_t i = tc->set.teps; i-- > 0;)
        if (!o->has_secret || tc->set.tep[i] != o->secret.tep)
            tep[teps++] = tc->set.tep[i];
    if (o->has_secret)
        tep[teps++] = o->secret.tep;
    return write_own(tc, o, own_global(tc, tc->set.passive_role), tep, teps, out, cap);
}

/* -- a passive opener -- */

/* Resumption if the peer names a session that is in the cache, else the TEP that this host
 * likes best (RFC 8547 4.5: it sends only one). */
static uint8_t choose_tep(struct tcpcrypt *tc, struct tc_opening *o, const struct tc_eno *peer)
{
    for (size_t i = 0; tc->set.resume && i < peer->teps; i++) {
        const struct tc_suboption *p = &peer->tep[i];
        uint8_t tep = tc_suboption_tep(p);
        if (!names_a_session(p) || p->data_len > TC_RESUME_HALF + TC_RESUME_NONCE ||
            tc_eno_tep(peer, tep) != p || !memchr(tc->set.tep, tep, tc->set.teps))
            continue;
        o->has_secret = tc_cache_take_named(&tc->cache, tep, p->data, &o->secret);
        if (o->has_secret)
            return tep;
    }
    for (size_t i = 0; i < tc->set.teps; i++) {
        const struct tc_suboption *p = tc_eno_tep(peer, tc->set.tep[i]);
        if (p && p->data_len <= TC_RESUME_HALF + TC_RESUME_NONCE)
            return tc->set.tep[i];
    }
    return 0;
}

static void hear_syn(struct tcpcrypt *tc, const struct sd_path *path, const uint8_t *options,
                     size_t len)
{
    struct tc_session *s = tc_session_find(tc, path->conn);
    const uint8_t *option;
    size_t option_len;
    if (s && s->opening && s->opening->active && s->opening->own_len) {
        s->opening->simultaneous = true; /* both hosts are active openers */
        if (take_peer_option(s->opening, options, len))
            conclude(tc, s->opening);
        return;
    }
    if (s || !(tc->set.role & SD_ROLE_SERVER) || !tc->set.speaks ||
        tc->openings >= tc->set.openings_max || !tc_eno_find(options, len, &option, &option_len))
        return;
    s = tc_session_new(tc, path);
    struct tc_opening *o = s ? tc_opening_new(tc, s, false) : NULL;
    if (o)
        take_peer_option(o, options, len);
    else if (s)
        tc_session_free(tc, s);
}

static size_t write_syn_ack(struct tcpcrypt *tc, const struct sd_path *path, uint8_t *out,
                            size_t cap)
{
    struct tc_session *s = tc_session_find(tc, path->conn);
    struct tc_opening *o = s ? s->opening : NULL;
    struct tc_eno peer;
    if (!o || !o->peer_len)
        return 0;
    if (o->simultaneous) { /* what the SYN said, or nothing */
        o->ack_sent = o->agreed && o->own_len <= cap;
        if (o->ack_sent)
            memcpy(out, o->own, o->own_len);
        return o->ack_sent ? o->own_len : 0;
    }
    if (o->active || o->own_len || o->why_plain)
        return 0;
    if (!tc_eno_parse(&peer, o->peer, o->peer_len)) {
        o->why_plain = "the peer's ENO option is ill-formed";
        return 0;
    }
    s->host_b = true;
    uint8_t global = own_global(tc, true), tep = 0;
    bool role = !(peer.global & TC_ENO_PASSIVE);
    bool aware = !tc->set.need_aware || (peer.global & TC_ENO_AWARE);
    if (role && aware)
        tep = choose_tep(tc, o, &peer);
    if (!tep) {
        o->why_plain = !role    ? "both hosts claim the same role"
                       : !aware ? "the peer's application is not aware of ENO"
                                : "the peer offers no TEP that fits";
        return 0;
    }
    size_t written = write_own(tc, o, global, &tep, 1, out, cap);
    if (written)
        conclude(tc, o);
    return written;
}

/* -- acknowledgments -- */

static void hear_ack(struct tcpcrypt *tc, const struct sd_path *path, enum sd_segment segment,
                     const uint8_t *options, size_t len)
{
    struct tc_session *s = tc_session_find(tc, path->conn);
    struct tc_opening *o = s ? s->opening : NULL;
    const uint8_t *option;
    size_t option_len;
    if (!o || !o->waits)
        return;
    if (segment == SD_SEGMENT_SYN_ACK && o->active && !o->simultaneous) {
        if (o->own_len && !o->peer_len && take_peer_option(o, options, len))
            conclude(tc, o);
        o->ack_heard = o->agreed;
        return;
    }
    o->ack_heard = tc_eno_find(options, len, &option, &option_len) > 0;
}

static size_t write_ack(struct tcpcrypt *tc, const struct sd_path *path, uint8_t *out, size_t cap)
{
    struct tc_session *s = tc_session_find(tc, path->conn);
    struct tc_opening *o = s ? s->opening : NULL;
    struct tc_offer none = {0};
    if (!o || !o->agreed || !o->active)
        return 0;
    size_t len = tc_eno_write(out, cap, &none);
    o->ack_sent |= len > 0;
    if (!o->ack_sent)
        o->why_plain = "the ACK has no room for the ENO option";
    return len;
}

size_t tc_tcp_options(struct sd_agent *agent, sd_time now, const struct sd_path *path,
                      enum sd_segment segment, const uint8_t *received, size_t received_len,
                      uint8_t *out, size_t cap)
{
    struct tcpcrypt *tc = (struct tcpcrypt *)agent;
    tc->now = now;
    if (received) {
        if (segment == SD_SEGMENT_SYN)
            hear_syn(tc, path, received, received_len);
        else
            hear_ack(tc, path, segment, received, received_len);
        return 0;
    }
    switch (segment) {
    case SD_SEGMENT_SYN:
        return write_syn(tc, path, out, cap);
    case SD_SEGMENT_SYN_ACK:
        return write_syn_ack(tc, path, out, cap);
    case SD_SEGMENT_ACK:
        return write_ack(tc, path, out, cap);
    }
    return 0;
}

const char *tc_opening_objection(const struct tc_opening *o)
{
    if (!o)
        return "no ENO option came with the SYN, or none could be sent";
    if (o->why_plain)
        return o->why_plain;
    if (!o->agreed)
        return "ENO was not negotiated";
    if (!o->ack_heard)
        return "the peer's ACK has no ENO option";
    /* A passive opener's SYN-ACK was its acknowledgment; an active one's ACK may be still to come,
     * and will have the option. */
    return o->simultaneous && !o->ack_sent ? "the SYN-ACK had no room for the ENO option" : NULL;
}
