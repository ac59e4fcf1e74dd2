/* signal.c - the calls that signalling has agreed on, and SD_SIGNAL, by which a host carries
 * descriptions between agents (RFC 5763 5: offer, answer). */
#include "protocols/srtp/media.h"
#include <string.h>

static bool same_terms(const struct srtp *a, const struct sr_description *d)
{
    const struct sr_policy *mine = &a->policy, *theirs = &d->policy;
    return d->rate == a->rate && mine->mki_len == theirs->mki_len &&
           mine->unauthenticated_rtp == theirs->unauthenticated_rtp &&
           mine->unencrypted_rtp == theirs->unencrypted_rtp &&
           mine->unencrypted_rtcp == theirs->unencrypted_rtcp;
}

static void forget(struct srtp *a, struct sr_call **at)
{
    struct sr_call *call = *at;
    *at = call->next;
    a->call_count--;
    sd_free(call);
}

/* The newest description comes first.  A client has one of each server. */
static int remember(struct srtp *a, const struct sr_description *d)
{
    struct sr_call *call = sd_alloc(a->env, sizeof *call);
    if (!call)
        return SD_E_NOMEM;
    for (struct sr_call **at = &a->calls; *at; at = &(*at)->next)
        if (a->role == SD_ROLE_CLIENT && sd_addr_equal(&(*at)->description.address, &d->address)) {
            forget(a, at);
            break;
        }
    *call = (struct sr_call){.next = a->calls, .description = *d};
    a->calls = call;
    if (++a->call_count > SR_CALLS_MAX) {
        struct sr_call **last = &a->calls;
        while ((*last)->next)
            last = &(*last)->next;
        forget(a, last);
    }
    return SD_OK;
}

int sr_signal(struct srtp *a, struct sd_control *c)
{
    struct sr_description theirs;
    if (c->in) {
        if (!sr_description_read((const char *)c->in, c->in_len, &theirs))
            return SD_E_ARG;
        if (!same_terms(a, &theirs))
            return SD_E_UNSUPPORTED;
        int result = remember(a, &theirs);
        if (result != SD_OK)
            return result;
    }
    if (!c->out)
        return SD_OK;
    struct sr_description ours = {.call = c->in ? theirs.call : ++a->last_call,
                                  .address = c->path.local,
                                  .setup = c->in ? SR_ACTIVE : SR_ACTPASS,
                                  .rate = a->rate,
                                  .policy = a->policy};
    memcpy(ours.fingerprint, a->announced, sizeof ours.fingerprint);
    c->out_len = sr_description_write(&ours, (char *)c->out, c->out_len);
    return c->out_len ? SD_OK : SD_E_ARG;
}

const struct sr_call *sr_call_with(const struct srtp *a, const struct sd_addr *server)
{
    for (const struct sr_call *c = a->calls; c; c = c->next)
        if (sd_addr_equal(&c->description.address, server))
            return c;
    return NULL;
}

bool sr_call_take(struct srtp *a, const uint8_t *fingerprint, const struct sd_addr *address)
{
    for (struct sr_call **at = &a->calls; *at; at = &(*at)->next) {
        const struct sr_description *d = &(*at)->description;
        if (memcmp(d->fingerprint, fingerprint, SD_FINGERPRINT_LEN) != 0 ||
            (address && !sd_addr_equal(&d->address, address)))
            continue;
        forget(a, at);
        return true;
    }
    return false;
}

void sr_calls_free(struct srtp *a)
{
    while (a->calls)
        forget(a, &a->calls);
}
