#include "protocols/ipsec/fragment.h"
#include <string.h>

/* One message at a time: its fragments as they come, each in a block of its own. */
struct ike_fragments {
    uint32_t message_id;
    bool response;
    uint8_t first;
    uint16_t total, count;
    size_t len[IKE_FRAGMENTS_MAX];
    uint8_t *content[IKE_FRAGMENTS_MAX];
    uint8_t *whole;
};

static void forget(struct ike_fragments *f)
{
    for (size_t i = 0; i < IKE_FRAGMENTS_MAX; i++)
        sd_free(f->content[i]);
    sd_free(f->whole);
    *f = (struct ike_fragments){0};
}

void ike_fragments_free(struct ike_sa *sa)
{
    if (sa->reassembly)
        forget(sa->reassembly);
    sd_free(sa->reassembly);
    sa->reassembly = NULL;
}

static bool same_message(const struct ike_fragments *f, const struct ike_fragment *in)
{
    return f->count && f->message_id == in->message_id && f->response == in->response;
}

static int join(struct ike_sa *sa, struct ike_fragments *f, struct ike_whole *out)
{
    size_t len = 0;
    for (size_t i = 0; i < f->total; i++)
        len += f->len[i];
    uint8_t *whole = sd_alloc(sa->ipsec->env, len + 1), *at = whole;
    if (!whole)
        return SD_DROP_FULL;
    for (size_t i = 0; i < f->total; i++) {
        memcpy(at, f->content[i], f->len[i]);
        at += f->len[i];
    }
    *out = (struct ike_whole){.whole = true, .first = f->first, .inner = whole, .len = len};
    forget(f);
    f->whole = whole;
    return SD_OK;
}

int ike_fragment_take(struct ike_sa *sa, const struct ike_fragment *in, struct ike_whole *out)
{
    out->whole = false;
    if (!in->number || in->number > in->total || in->total > IKE_FRAGMENTS_MAX)
        return SD_DROP_MALFORMED;
    if (!sa->reassembly)
        sa->reassembly = sd_alloc(sa->ipsec->env, sizeof *sa->reassembly);
    struct ike_fragments *f = sa->reassembly;
    if (!f)
        return SD_DROP_FULL;
    /* 2.6: a larger total is the sender's second attempt with smaller fragments. */
    if (same_message(f, in) && in->total < f->total)
        return SD_DROP_REPLAY;
    if (!same_message(f, in) || in->total > f->total) {
        forget(f);
        f->message_id = in->message_id;
        f->response = in->response;
        f->total = in->total;
    }
    size_t place = in->number - 1u;
    if (f->content[place])
        return SD_DROP_REPLAY;
    uint8_t *copy = sd_alloc(sa->ipsec->env, in->len + 1);
    if (!copy)
        return SD_DROP_FULL;
    memcpy(copy, in->content, in->len);
    f->content[place] = copy;
    f->len[place] = in->len;
    f->count++;
    if (in->number == 1)
        f->first = in->first;
    return f->count == f->total ? join(sa, f, out) : SD_OK;
}
