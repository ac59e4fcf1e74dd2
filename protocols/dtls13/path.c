/* path.c - a peer that moves (RFC 9146 6): its address changes when an authenticated record, newest
 * of all, comes from another one by our connection id; but before anything else goes there, the
 * peer proves that it is reachable.  It gets a new connection id there (RFC 9147 9: immediate),
 * which nobody else can know, and its next record from there has to carry it. */
#include "protocols/dtls13/dtls.h"

#include <string.h>

bool dtls_path_pending(const struct dtls_session *s)
{
    return s->candidate.remote.family != 0;
}

static void forget_candidate(struct dtls_session *s)
{
    s->candidate = (struct sd_path){0};
    s->probe.len = 0;
}

void dtls_path_given_up(struct dtls_session *s)
{
    forget_candidate(s);
    dtls_flight_drop(s, DTLS13_NEW_CONNECTION_ID);
    dtls_tell(s, SD_EV_NOTE, 0, "the new address does not answer: back to the old one");
    dtls_session_write_waiting(s);
}

static bool carries_probe(const struct dtls_session *s, const uint8_t *cid)
{
    return cid && s->probe.len > 0 && memcmp(cid, s->probe.bytes, s->probe.len) == 0;
}

static void arrive(struct dtls_session *s)
{
    struct sd_path path = s->candidate;
    forget_candidate(s);
    dtls_session_rename(s, &path);
    dtls_tell(s, SD_EV_MIGRATED, 0, "the peer answers by the connection id given to it there");
    dtls_session_write_waiting(s);
}

static void test_candidate(struct dtls_session *s, const struct sd_path *path)
{
    const struct dtls_cid *probe;
    dtls_flight_drop(s, DTLS13_NEW_CONNECTION_ID);
    probe = dtls_cid_challenge(s);
    if (!probe)
        return;
    s->candidate = *path;
    s->probe = *probe;
    /* 9: a new id whenever we send on a new path, if there is one to spare. */
    dtls_cid_use_spare(s);
}

void dtls_path_seen(struct dtls_session *s, const struct sd_path *path,
                    const struct dtls_record *record, const uint8_t *cid)
{
    bool known = sd_addr_equal(&path->remote, &s->path.remote);
    bool pending = dtls_path_pending(s);
    if (pending && sd_addr_equal(&path->remote, &s->candidate.remote)) {
        if (carries_probe(s, cid))
            arrive(s);
        return;
    }
    if (!record->newest || s->phase != DTLS_OPEN)
        return;
    if (known && pending) {
        /* It never left: the other address was somebody's who sent a copy ahead. */
        dtls_path_given_up(s);
        return;
    }
    if (!known && cid)
        test_candidate(s, path);
}

void dtls_path_moved(struct dtls_session *s, const struct sd_path *path)
{
    s->path.local = path->local;
    if (s->phase != DTLS_OPEN || !s->cids || s->peer_cid[0].len == 0)
        return;
    dtls_cid_use_spare(s);
    dtls_cid_request(s); /* tells the peer where we are, and asks for the next spare */
}
