/* handshake.c - DTLS-SRTP (RFC 5764): from what the inner agent tells to keys, once the certificate
 * in the handshake is the one that was signalled (RFC 5763 5). */
#include "protocols/crypto/hash.h"
#include "protocols/srtp/media.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 256

/* -- keys: RFC 5764 4.2 -- */

static bool take_keys(struct sr_session *s, const struct sr_profile *p, struct sr_keys *keys)
{
    uint8_t material[2 * (SR_KEY_MAX + SR_SALT_MAX)];
    struct sd_control c = {.verb = SD_EXPORT,
                           .text = SR_EXPORTER,
                           .out = material,
                           .out_len = 2 * (p->key_len + p->salt_len)};
    if (sr_dtls_control(s->agent, s->association, &c) != SD_OK)
        return false;
    /* client_write key, server_write key, client_write salt, server_write salt */
    struct sr_master client = {.profile = p, .rate = s->agent->rate, .mki = s->now.ours.mki + 1};
    struct sr_master server = client;
    const uint8_t *salts = material + 2 * p->key_len;
    memcpy(client.key, material, p->key_len);
    memcpy(server.key, material + p->key_len, p->key_len);
    memcpy(client.salt, salts, p->salt_len);
    memcpy(server.salt, salts + p->salt_len, p->salt_len);
    *keys =
        s->client ? (struct sr_keys){true, client, server} : (struct sr_keys){true, server, client};
    sd_wipe(material, sizeof material);
    sd_wipe(&client, sizeof client);
    sd_wipe(&server, sizeof server);
    return true;
}

/* 5.2: packets under the old keys may still be on their way; and the peer may not have the new ones
 * yet: a client has them last. */
static void install(struct sr_session *s, const struct sr_keys *keys)
{
    struct srtp *a = s->agent;
    s->old = s->now;
    s->now = *keys;
    s->old_until = a->now + SR_MSL;
    s->send_old = s->old.there && !s->client;
    s->linger_at = SD_NEVER;
    a->stats.handshakes++;
    sr_session_timer(s);
}

/* -- who it is -- */

/* A call outlives its association for a while: another may bring new keys. */
static void go_on_without(struct sr_session *s)
{
    sr_session_associate(s, 0);
    s->rekeying = false;
    s->linger_at = s->agent->now + SR_LINGER;
    sr_session_timer(s);
}

/* No call begins with this peer; one that is under way is not for strangers to end. */
static void refuse(struct sr_session *s, const char *why)
{
    struct srtp *a = s->agent;
    sd_sid association = s->association;
    sr_drop(a, SD_DROP_AUTH);
    if (s->phase != SR_OPEN) {
        sr_session_over(s, SD_EV_ERROR, why);
        return;
    }
    sr_session_tell(s, SD_EV_NOTE, 0, why);
    go_on_without(s);
    sr_dtls_close(a, association);
}

static void refuse_fingerprint(struct sr_session *s, const uint8_t *expected)
{
    char found[SR_FINGERPRINT_TEXT], wanted[SR_FINGERPRINT_TEXT], text[TEXT_MAX];
    snprintf(text, sizeof text, "fingerprint: expected %s, found %s",
             expected ? sr_fingerprint_text(expected, wanted) : "one that was signalled",
             sr_fingerprint_text(s->shown.fingerprint, found));
    refuse(s, text);
}

static void begin(struct sr_session *s, const struct sr_profile *p, const char *detail)
{
    struct srtp *a = s->agent;
    char text[TEXT_MAX];
    s->phase = SR_OPEN;
    a->stats.sessions++;
    snprintf(text, sizeof text, "fingerprint of %s", s->shown.whose);
    sr_session_tell(s, SD_EV_PEER_AUTH, 0, text);
    snprintf(text, sizeof text, "%s, keys of %s", p->name, detail ? detail : "DTLS");
    sr_session_tell(s, SD_EV_READY, p->id, text);
    if (s->writable_wanted) {
        s->writable_wanted = false;
        sr_session_tell(s, SD_EV_WRITABLE, 0, NULL);
    }
    s->report_at = a->now + SR_REPORT_EVERY / 2;
    s->heard_at = a->now;
    s->silent_at = a->now + SR_SILENCE;
    sr_session_timer(s);
}

/* A handshake that took the place of a closed association begins a new call, if one was signalled;
 * else it renews the keys of the old one. */
static struct sr_session *new_call(struct sr_session *before)
{
    struct srtp *a = before->agent;
    struct sd_path path = before->path;
    struct sr_shown shown = before->shown;
    sd_sid association = before->association;
    sr_session_associate(before, 0);
    sr_session_over(before, SD_EV_CLOSED, "a new call took its place");
    struct sr_session *s = sr_session_new(a, &path, false);
    if (!s)
        return NULL;
    sr_session_associate(s, association);
    s->shown = shown;
    return s;
}

static bool is(const uint8_t *fingerprint, const struct sr_shown *shown)
{
    return memcmp(fingerprint, shown->fingerprint, SD_FINGERPRINT_LEN) == 0;
}

/* The server's side: RFC 5763 5: the certificate must be that of a call that was signalled.  NULL:
 * it was refused. */
static struct sr_session *admit(struct sr_session *s)
{
    struct srtp *a = s->agent;
    bool begun = s->phase == SR_OPEN;
    if (a->has_fixed) {
        if (is(a->fixed, &s->shown))
            return s;
        refuse_fingerprint(s, a->fixed);
        return NULL;
    }
    if (sr_call_take(a, s->shown.fingerprint, &s->path.remote))
        return begun ? new_call(s) : s;
    if (begun && is(s->fingerprint, &s->shown))
        return s;
    if (sr_call_take(a, s->shown.fingerprint, NULL)) /* a NAT stands between */
        return begun ? new_call(s) : s;
    refuse_fingerprint(s, NULL);
    return NULL;
}

static struct sr_session *check_peer(struct sr_session *s)
{
    if (!s->shown.there) {
        refuse(s, "the peer showed no certificate");
        return NULL;
    }
    if (s->client && (!s->expects || !is(s->fingerprint, &s->shown))) {
        refuse_fingerprint(s, s->expects ? s->fingerprint : NULL);
        return NULL;
    }
    if (!s->client && (s = admit(s)))
        memcpy(s->fingerprint, s->shown.fingerprint, sizeof s->fingerprint);
    return s;
}

/* -- what the inner agent told -- */

static void on_certificate(struct sr_session *s, const struct sd_event *e)
{
    s->shown.there = e->data != NULL;
    if (e->data)
        sd_sha256(s->shown.fingerprint, e->data, e->len, NULL, 0);
    snprintf(s->shown.whose, sizeof s->shown.whose, "%s", e->detail ? e->detail : "a certificate");
}

static void on_ready(struct sr_session *s, const struct sd_event *e)
{
    const struct sr_profile *p = sr_profile_of(e->code);
    struct sr_keys keys;
    if (!(s = check_peer(s)))
        return;
    if (!p) {
        refuse(s, "the peer does not agree on a protection profile (use_srtp)");
        return;
    }
    if (!take_keys(s, p, &keys)) {
        refuse(s, "DTLS exports no keys");
        return;
    }
    bool first = !s->now.there;
    s->rekeying = false;
    install(s, &keys);
    sd_wipe(&keys, sizeof keys);
    if (first)
        begin(s, p, e->detail);
    else
        sr_session_tell(s, SD_EV_KEY_UPDATE, 0,
                        s->client ? "new handshake" : "the peer's handshake");
}

static void on_closed(struct sr_session *s, const char *detail)
{
    if (s->phase == SR_OPEN) {
        go_on_without(s);
        return;
    }
    sr_session_associate(s, 0);
    sr_session_over(s, SD_EV_CLOSED, detail);
}

static void on_error(struct sr_session *s, const struct sd_event *e)
{
    if (s->rekeying && s->phase == SR_OPEN) {
        sr_session_tell(s, SD_EV_NOTE, 0, "no new keys: their handshake failed");
        go_on_without(s);
        return;
    }
    sr_session_associate(s, 0);
    sr_session_over(s, SD_EV_ERROR, e->detail);
}

/* Whose handshake it is: a server learns of one by the first event. */
static struct sr_session *session_of(struct srtp *a, const struct sd_event *e)
{
    struct sr_session *s = e->sid ? sr_session_by_association(a, e->sid) : NULL;
    if (s || !e->sid || a->role == SD_ROLE_CLIENT || e->kind == SD_EV_CLOSED ||
        e->kind == SD_EV_ERROR)
        return s;
    s = sr_session_by_remote(a, &e->path.remote);
    if (!s || s->association || s->phase != SR_OPEN)
        s = sr_session_new(a, &e->path, false);
    else
        s->rekeying = true;
    if (s) {
        s->shown.there = false;
        sr_session_associate(s, e->sid);
    }
    return s;
}

static void digest(struct srtp *a, const struct sd_event *e)
{
    struct sr_session *s = session_of(a, e);
    if (!s)
        return;
    switch (e->kind) {
    case SD_EV_PEER_AUTH:
        on_certificate(s, e);
        break;
    case SD_EV_READY:
        on_ready(s, e);
        break;
    case SD_EV_CLOSED:
        on_closed(s, e->detail);
        break;
    case SD_EV_ERROR:
        on_error(s, e);
        break;
    case SD_EV_MIGRATED:
        sr_session_move(s, &e->path);
        sr_session_tell(s, SD_EV_MIGRATED, 0, e->detail);
        break;
    case SD_EV_VALIDATED:
    case SD_EV_RESUMED:
    case SD_EV_TICKET:
    case SD_EV_NOTE:
        sr_session_tell(s, e->kind, e->code, e->detail);
        break;
    default:
        break; /* DTLS carries no application data here (RFC 5764 3) */
    }
}

void sr_handshake_digest(struct srtp *a)
{
    struct sd_event e;
    while (sd_outbox_pull_event(&a->told, &e))
        digest(a, &e);
}

/* RFC 5764 5.2 renegotiates; DTLS 1.3 has no such thing and libssl's is off, so the association is
 * closed and another begun, while media goes on under the keys there are. */
int sr_handshake_rekey(struct sr_session *s)
{
    struct srtp *a = s->agent;
    struct sd_open open = {.path = s->path, .server_name = a->inner_config.server_name};
    sd_sid before = s->association, association = 0;
    if (!s->client)
        return SD_E_UNSUPPORTED; /* only a DTLS client begins */
    if (s->phase != SR_OPEN || s->rekeying)
        return SD_E_STATE;
    sr_session_associate(s, 0);
    if (before)
        sr_dtls_close(a, before);
    int result = sr_dtls_open(a, &open, &association);
    if (result == SD_OK) {
        s->rekeying = true;
        s->shown.there = false;
        sr_session_associate(s, association);
    } else {
        s->linger_at = a->now + SR_LINGER;
        sr_session_timer(s);
    }
    sr_handshake_digest(a);
    return result;
}
