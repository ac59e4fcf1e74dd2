/* transport.h - a tunnel's reliability and congestion control: what was sent is kept until it is
 * acknowledged, what comes too early waits until the gap before it is filled, and how much may be
 * under way is TCP's to say: slow start until the round trip grows (RFC 9406), congestion
 * avoidance, three duplicates, NewReno (RFC 5681, RFC 6582), timeouts of RFC 6298.  Everything
 * counts packets, as the acknowledgments do.
 *
 * A packet goes again with the same sequence number and the same calls, in a new box. */
#ifndef MT_TRANSPORT_H
#define MT_TRANSPORT_H

#include "protocols/minimalt/wire.h"
#include "sim/core/env.h"

struct mt_segment {
    struct mt_segment *next;
    uint32_t sequence;
    uint16_t len;
    bool lost;     /* to be sent again */
    bool measures; /* its acknowledgment shows a round trip */
    uint32_t transmissions;
    sd_time sent_at; /* the last time */
    uint8_t calls[];
};

struct mt_transport {
    /* What this side sends. */
    struct mt_segment *first, *last; /* not acknowledged, by sequence */
    uint32_t last_sequence;          /* given away so far */
    uint32_t under_way;              /* of these, packets that are not lost */
    uint32_t window, threshold;
    uint32_t grown;      /* acknowledged since the window grew by one */
    uint32_t duplicates; /* of the last acknowledgment */
    bool recovering, urgent;
    uint32_t recover_to; /* the sequence that ends a recovery */
    sd_time smoothed, variation, timeout;
    sd_time least;    /* the shortest round trip; 0: none yet */
    sd_time again_at; /* SD_NEVER: nothing is under way */

    /* What it receives. */
    uint32_t received; /* everything up to here */
    struct mt_segment *early;
    uint32_t earlies;
    bool owes; /* an acknowledgment */
};

void mt_transport_init(struct mt_transport *);
void mt_transport_fini(struct mt_transport *);

/* -- sending -- */
/* A new packet may be sent. */
bool mt_transport_may_send(const struct mt_transport *);
/* A packet of these calls, numbered; NULL: no memory. */
struct mt_segment *mt_transport_add(struct mt_transport *, struct sd_env *, const uint8_t *calls,
                                    size_t len);
/* The packet to be sent again now; NULL: none, or none may go. */
struct mt_segment *mt_transport_lost(const struct mt_transport *);
void mt_transport_sent(struct mt_transport *, struct mt_segment *, sd_time now);
/* The acknowledgment in a packet; bare: there was nothing else in it, so that it may be a
 * duplicate. */
void mt_transport_acknowledged(struct mt_transport *, sd_time now, uint32_t up_to, bool bare);
/* again_at is over: everything under way is lost. */
void mt_transport_expired(struct mt_transport *);
/* Everything under way goes again, as fast as at the beginning. */
void mt_transport_repeat(struct mt_transport *);
/* What is under way says nothing of round trips: nobody would have sent it again. */
void mt_transport_unmeasured(struct mt_transport *);
/* P: a rekey or a move may be an attacker's doing. */
void mt_transport_restart(struct mt_transport *);

/* -- receiving -- */
enum mt_arrival {
    MT_NEXT,  /* take it now, and then those of mt_transport_early() */
    MT_EARLY, /* kept */
    MT_AGAIN, /* it is here already */
    MT_FULL,  /* too early, or no memory: as if it had never come */
};
enum mt_arrival mt_transport_take(struct mt_transport *, struct sd_env *, uint32_t sequence,
                                  const uint8_t *calls, size_t len);
/* The next packet that had come too early, which is the caller's to sd_free(); NULL: none. */
struct mt_segment *mt_transport_early(struct mt_transport *);

#endif
