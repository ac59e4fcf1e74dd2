#include "protocols/srtp/replay.h"

bool sr_replay_init(struct sr_replay *r, struct sd_env *env, uint32_t size)
{
    *r = (struct sr_replay){.size = size, .words = (size + 63) / 64 + 1};
    r->seen = sd_alloc(env, r->words * sizeof *r->seen);
    return r->seen != NULL;
}

void sr_replay_fini(struct sr_replay *r)
{
    sd_free(r->seen);
    r->seen = NULL;
}

bool sr_replay_is_new(const struct sr_replay *r, uint64_t index)
{
    if (index >= r->next)
        return true;
    if (index + r->size < r->next)
        return false;
    return !(r->seen[index / 64 % r->words] >> index % 64 & 1);
}

void sr_replay_mark(struct sr_replay *r, uint64_t index)
{
    if (index >= r->next) {
        /* The window moves: words it enters hold bits of indices it has left. */
        uint64_t last = index / 64, from = r->next ? (r->next - 1) / 64 + 1 : 0;
        if (last >= r->words && from < last - (r->words - 1))
            from = last - (r->words - 1);
        for (uint64_t word = from; word <= last; word++)
            r->seen[word % r->words] = 0;
        r->next = index + 1;
    }
    r->seen[index / 64 % r->words] |= UINT64_C(1) << index % 64;
}
