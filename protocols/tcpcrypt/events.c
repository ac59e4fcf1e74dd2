/* events.c - what is told to the application, in words. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include <stdio.h>

struct sd_event *tc_tell(struct tcpcrypt *tc, const struct tc_session *s, enum sd_event_kind kind,
                         const char *detail)
{
    struct sd_event *e = sd_outbox_event(&tc->outbox, kind, s->path.conn, NULL);
    e->path = s->path;
    e->detail = detail;
    return e;
}

/* "X25519, AES-128-GCM, host A; the peer's application is aware" */
void tc_tell_ready(struct tcpcrypt *tc, const struct tc_session *s, bool resumed)
{
    enum { TEXT_MAX = 128 };
    char *text = sd_alloc(tc->env, TEXT_MAX);
    if (text)
        snprintf(text, TEXT_MAX, "%s%s, %s, host %s%s", resumed ? "resumed, once by " : "",
                 tc_scheme(s->session_id[0] & TC_ENO_GLT)->name, tc_cipher_name(s->cipher),
                 s->host_b ? "B" : "A", s->peer_aware ? "; the peer's application is aware" : "");
    struct sd_event *e = sd_outbox_event(&tc->outbox, SD_EV_READY, s->path.conn, text);
    e->path = s->path;
    e->detail = text;
}
