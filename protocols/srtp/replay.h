/* replay.h - which packet indices have been seen (RFC 3711 3.3.2): a sliding bitmap of any size, in
 * the manner of RFC 6479. */
#ifndef SD_SRTP_REPLAY_H
#define SD_SRTP_REPLAY_H

#include "sim/core/env.h"

struct sr_replay {
    uint64_t next; /* greatest index seen, plus 1; 0: none yet */
    uint32_t size; /* how far back it looks */
    uint32_t
        words; /* of seen: one more than size fills, because the one being entered is cleared */
    uint64_t *seen;
};

/* size: SR_WINDOW_LEAST to SR_WINDOW_MOST.  False: no memory. */
bool sr_replay_init(struct sr_replay *, struct sd_env *, uint32_t size);
void sr_replay_fini(struct sr_replay *);
/* True: index was not seen and is not too old to tell. */
bool sr_replay_is_new(const struct sr_replay *, uint64_t index);
/* Remembers a new index, once its packet proved to be authentic. */
void sr_replay_mark(struct sr_replay *, uint64_t index);

#endif
