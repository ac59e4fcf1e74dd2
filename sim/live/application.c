/* application.c - what a live agent carries: a client's request and its reply, a server's echo or
 * file.  Events arrive inside the settle loop, which must not be re-entered, so they leave notes
 * that live_app_step() acts on. */
#include "sim/live/loop.h"
#include <stdlib.h>
#include <string.h>

static bool is_client(const struct live *l)
{
    return l->config->remote.family != 0;
}

static struct live_session *session_of(struct live *l, sd_sid sid)
{
    struct live_session *free_slot = NULL;
    for (size_t i = 0; i < LIVE_APP_MAX; i++) {
        if (l->session[i].sid == sid)
            return &l->session[i];
        if (!l->session[i].sid && !free_slot)
            free_slot = &l->session[i];
    }
    if (free_slot)
        *free_slot = (struct live_session){.sid = sid};
    return free_slot;
}

static bool is_over(const struct live *l, sd_sid sid)
{
    for (size_t i = 0; i < LIVE_APP_MAX; i++)
        if (sid && l->over[i] == sid)
            return true;
    return false;
}

static void release(struct live *l, struct live_session *s)
{
    l->over[l->overs++ % LIVE_APP_MAX] = s->sid;
    free(s->echo);
    *s = (struct live_session){0};
}

static bool needs_earlier(const struct live *l)
{
    const struct sd_mode *mode = sd_mode_find(l->config->protocol, l->config->agent.mode);
    return mode && mode->needs_earlier;
}

static bool sends_early(const struct live *l)
{
    const char *mode = l->config->agent.mode;
    return mode && !strcmp(mode, "early") && l->opened > 0;
}

int live_app_open(struct live *l, uint32_t conn, const struct sd_path *path, struct sd_error *error)
{
    struct sd_open open = {.server_name = l->config->agent.server_name};
    sd_sid sid = 0;
    if (path)
        open.path = *path;
    else
        open.path.local = l->udp[0].local;
    open.path.remote = l->config->remote;
    open.path.conn = conn;
    if (sends_early(l)) {
        open.early = l->config->send;
        open.early_len = l->config->send_len;
    }
    l->opened++;
    int r = sd_seat_open(&l->seat, live_now(l), &open, &sid);
    if (r < 0) {
        snprintf(l->why, sizeof l->why, "open: %s", sd_result_text(r));
        l->broken = l->finished = true;
        return sd_fail(error, r, "live: cannot start a session: %s", sd_result_text(r));
    }
    live_app_step(l);
    return SD_OK;
}

static void keep_echo(struct live_session *s, const uint8_t *data, size_t len)
{
    if (s->echo_len + len > s->echo_cap) {
        size_t cap = (s->echo_len + len) * 2;
        uint8_t *more = realloc(s->echo, cap);
        if (!more)
            return;
        s->echo = more;
        s->echo_cap = cap;
    }
    memcpy(s->echo + s->echo_len, data, len);
    s->echo_len += len;
}

static void data_in(struct live *l, struct live_session *s, const struct sd_event *e)
{
    if (e->stream != 0)
        return; /* what a peer says beside the conversation, as HTTP/3 does */
    s->received += e->len;
    l->result->bytes_in += e->len;
    if (l->config->received) {
        fwrite(e->data, 1, e->len, l->config->received);
        fflush(l->config->received);
    }
    if (is_client(l)) {
        if (s->received >= l->config->expect || e->fin)
            s->closing = true;
        return;
    }
    s->closing |= e->fin;
    if (!l->config->send) {
        keep_echo(s, e->data, e->len);
    } else if (!s->source) {
        s->source = l->config->send;
        s->to_send = l->config->send_len;
    }
}

/* What the configuration wants some time after READY. */
static void note_timers(struct live *l, sd_sid sid)
{
    const struct sd_live_config *c = l->config;
    sd_time now = live_now(l);
    if (c->rebind_after)
        l->rebind_at = now + c->rebind_after;
    if (c->move_after && !l->moved)
        l->move_at = now + c->move_after;
    if (c->rekey_after) {
        l->rekey_at = now + c->rekey_after;
        l->rekey_sid = sid;
    }
    if (c->again_after && is_client(l) && c->protocol->service == SD_SERVICE_DATAGRAM)
        l->again_at = now + c->again_after;
}

void live_app_event(struct live *l, const struct sd_event *e)
{
    if (is_over(l, e->sid))
        return;
    struct live_session *s = session_of(l, e->sid);
    if (e->kind != SD_EV_DATA && e->kind != SD_EV_WRITABLE)
        live_say(l, "%s%s%s", sd_event_name(e->kind), e->detail ? ": " : "",
                 e->detail ? e->detail : "");
    if (!s)
        return;
    switch (e->kind) {
    case SD_EV_READY:
        l->result->handshakes++;
        s->ready = true;
        if (is_client(l) && !(s->source && s->sent == s->to_send)) {
            s->source = l->config->send;
            s->to_send = l->config->send_len;
        }
        note_timers(l, e->sid);
        break;
    case SD_EV_RESUMED:
        l->result->resumed++;
        break;
    case SD_EV_EARLY_OK:
        l->result->early_accepted++;
        if (is_client(l)) { /* it went with open() */
            s->source = l->config->send;
            s->to_send = s->sent = l->config->send_len;
        }
        break;
    case SD_EV_MIGRATED:
        l->result->migrated++;
        break;
    case SD_EV_DATA:
        data_in(l, s, e);
        break;
    case SD_EV_CLOSED:
        s->ended = true;
        break;
    case SD_EV_ERROR:
        snprintf(l->why, sizeof l->why, "%s", e->detail ? e->detail : "session failed");
        s->ended = true;
        l->broken = true;
        break;
    default:
        break;
    }
}

static bool push(struct live *l, struct live_session *s)
{
    const uint8_t *from = s->source ? s->source + s->sent : s->echo;
    size_t left = s->source ? s->to_send - s->sent : s->echo_len;
    bool datagrams = l->config->protocol->service == SD_SERVICE_DATAGRAM;
    if (!left)
        return false;
    size_t piece = datagrams && left > 1200 ? 1200 : left > 16384 ? 16384 : left;
    long taken = sd_seat_app_in(&l->seat, live_now(l), s->sid, 0, from, piece, false);
    if (taken <= 0)
        return false;
    l->result->bytes_out += (uint64_t)taken;
    if (s->source) {
        s->sent += (size_t)taken;
    } else {
        memmove(s->echo, s->echo + taken, s->echo_len - (size_t)taken);
        s->echo_len -= (size_t)taken;
    }
    return true;
}

/* All is sent: an echo when the other side has ended, too. */
static void end_stream(struct live *l, struct live_session *s)
{
    if (l->config->end && !s->stream_ended && (s->source || s->closing))
        s->stream_ended = sd_seat_app_in(&l->seat, live_now(l), s->sid, 0, NULL, 0, true) == 0;
}

static void control(struct live *l, struct live_session *s, enum sd_verb verb)
{
    struct sd_control c = {.verb = verb};
    sd_seat_control(&l->seat, live_now(l), s->sid, &c);
}

static void tell_exported(struct live *l, struct live_session *s)
{
    uint8_t secret[32];
    char hex[2 * sizeof secret + 1];
    struct sd_control c = {.verb = SD_EXPORT,
                           .text = l->config->export_label,
                           .out = secret,
                           .out_len = sizeof secret};
    int r = sd_seat_control(&l->seat, live_now(l), s->sid, &c);
    if (r == SD_E_STATE)
        return; /* a server that answers early data is ready before the handshake is over */
    s->exported = true;
    for (size_t i = 0; r == SD_OK && i < sizeof secret; i++)
        snprintf(hex + 2 * i, 3, "%02x", secret[i]);
    live_say(l, "exported: %s", r == SD_OK ? hex : sd_result_text(r));
    sd_wipe(secret, sizeof secret);
    sd_wipe(hex, sizeof hex);
}

void live_app_rekey(struct live *l)
{
    struct sd_control c = {.verb = SD_REKEY};
    l->rekey_at = 0;
    sd_seat_control(&l->seat, live_now(l), l->rekey_sid, &c);
}

int live_app_move(struct live *l, struct sd_error *error)
{
    l->move_at = 0;
    l->moved = true;
    int r = live_udp_move(l, l->config->move_to, error);
    if (r < 0)
        return r;
    struct sd_control c = {.verb = SD_MIGRATE,
                           .path = {.local = l->udp[0].local, .remote = l->config->remote}};
    live_say(l, "moved");
    sd_seat_control(&l->seat, live_now(l), 0, &c);
    live_app_step(l);
    return SD_OK;
}

void live_app_again(struct live *l)
{
    l->again_at = 0;
    for (size_t i = 0; i < LIVE_APP_MAX; i++) {
        struct live_session *s = &l->session[i];
        if (!s->sid || !s->ready || s->received)
            continue;
        s->sent = 0;
        l->again_at = live_now(l) + l->config->again_after;
    }
    live_app_step(l);
}

static void session_over(struct live *l, struct live_session *s)
{
    release(l, s);
    if (!is_client(l))
        return;
    uint32_t wanted = l->config->sessions ? l->config->sessions : needs_earlier(l) ? 2 : 1;
    if (l->opened < wanted && !l->broken)
        l->open_wanted = true;
    else
        l->finished = true;
}

void live_app_step(struct live *l)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < LIVE_APP_MAX; i++) {
            struct live_session *s = &l->session[i];
            if (!s->sid)
                continue;
            if (s->ended) {
                session_over(l, s);
                again = true;
                continue;
            }
            if (!s->ready)
                continue;
            if (l->config->export_label && !s->exported)
                tell_exported(l, s);
            if (is_client(l) && !s->sent && s->source)
                for (uint32_t k = 0; k < l->config->rekeys; k++)
                    control(l, s, SD_REKEY);
            again |= push(l, s);
            bool all_sent = s->source ? s->sent == s->to_send : !s->echo_len;
            if (all_sent)
                end_stream(l, s);
            /* A server that ended its stream leaves the rest to the client, who may still be
             * reading. */
            bool hangs_up = is_client(l) || !l->config->end;
            if (s->closing && all_sent && hangs_up) {
                s->closing = s->ready = false;
                control(l, s, SD_CLOSE);
                s->ended = true;
                again = true;
            }
        }
    }
}

void live_app_fini(struct live *l)
{
    for (size_t i = 0; i < LIVE_APP_MAX; i++)
        if (l->session[i].sid)
            release(l, &l->session[i]);
}
