/* recovery.h - packets under way: round-trip times, what counts as lost, and the timers that notice
 * when nothing comes back. */
#ifndef GQ_RECOVERY_H
#define GQ_RECOVERY_H

#include "protocols/gquic/cubic.h"
#include "protocols/gquic/frame.h"
#include "protocols/gquic/outgoing.h"
#include "protocols/gquic/protect.h"

/* What a packet carried that has to arrive: a slice of a stream, or a frame that is made anew. */
struct gq_piece {
    uint8_t kind; /* GQ_STREAM, GQ_RST_STREAM, GQ_WINDOW_UPDATE, GQ_BLOCKED, GQ_PING, GQ_GOAWAY */
    uint32_t stream;
    struct gq_slice slice;
};
#define GQ_PIECES 6u

struct gq_sent {
    uint64_t number;
    sd_time at;
    uint16_t size;
    bool under_way; /* counted, neither acknowledged nor lost */
    bool crypto;    /* holds handshake messages */
    uint8_t pieces;
    struct gq_piece piece[GQ_PIECES];
};

struct gq_recovery {
    struct gq_sent *sent; /* a ring of the packets from `first` on */
    uint32_t cap, count;
    uint64_t first;
    uint64_t last_number;            /* sent; numbers begin at 1 */
    uint64_t largest_acked;          /* 0: none */
    uint64_t in_flight;              /* bytes */
    uint32_t packets;                /* under way */
    uint32_t crypto;                 /* of them with handshake messages */
    sd_time last_at, last_crypto_at; /* sent */
    sd_time loss_at;                 /* early retransmit; SD_NEVER */

    sd_time srtt, rttvar, latest, min_rtt; /* srtt 0: not measured yet */
    uint32_t crypto_timeouts, tlps, rtos;  /* in a row */
    uint32_t probes;                       /* packets that may go now, whatever the window says */

    struct gq_cubic cubic;
};

void gq_recovery_init(struct gq_recovery *);
void gq_recovery_fini(struct gq_recovery *);
/* Room for a packet that is about to be sent with the next number; NULL: no memory. */
struct gq_sent *gq_recovery_next(struct gq_recovery *, struct sd_env *);
/* It was sent: `size` 0 for one that asks for no acknowledgment. */
void gq_recovery_sent(struct gq_recovery *, struct gq_sent *, sd_time now, size_t size);

/* What becomes of packets, told one by one. */
struct gq_fates {
    void (*arrived)(void *ctx, struct gq_sent *);
    void (*lost)(void *ctx, struct gq_sent *);
    void *ctx;
};
/* False: it acknowledges what was never sent.  *news: something arrived that had not before. */
bool gq_recovery_acked(struct gq_recovery *, sd_time now, const struct gq_frame *ack,
                       const struct gq_fates *, bool *news);
/* Handshake messages that were answered need no acknowledgment. */
void gq_recovery_answered(struct gq_recovery *, const struct gq_fates *);
/* Everything under way counts as lost: the keys have changed. */
void gq_recovery_abandon(struct gq_recovery *, const struct gq_fates *);
/* The path has changed: tries at once, and forgets what it knew of another network. */
void gq_recovery_moved(struct gq_recovery *, bool network, const struct gq_fates *);

/* SD_NEVER: nothing is under way. */
sd_time gq_recovery_deadline(const struct gq_recovery *);
/* The deadline came: declares losses, or says by r->probes what may be sent. */
void gq_recovery_expire(struct gq_recovery *, sd_time now, const struct gq_fates *);
/* May so many bytes more go under way? */
bool gq_recovery_may_send(const struct gq_recovery *, size_t size);
/* The least number that the other side may still hear of. */
uint64_t gq_recovery_least(const struct gq_recovery *);

#endif
