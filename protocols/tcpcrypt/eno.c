/* eno.c - the option of RFC 8547: suboptions and their rules. */
#include "protocols/tcpcrypt/eno.h"
#include "sim/core/reader.h"

unsigned tc_eno_find(const uint8_t *options, size_t len, const uint8_t **option, size_t *option_len)
{
    struct sd_reader r = sd_reader_of(options, len);
    unsigned found = 0;
    while (sd_left(&r) > 0) {
        const uint8_t *start = r.at;
        uint8_t kind = sd_get8(&r);
        if (kind == 0) /* end of the list */
            break;
        if (kind == 1) /* no operation */
            continue;
        uint8_t size = sd_get8(&r);
        if (size < TC_ENO_HEADER || !sd_get(&r, size - TC_ENO_HEADER))
            break;
        if (kind == TC_ENO_KIND && found++ == 0) {
            *option = start;
            *option_len = size;
        }
    }
    return found;
}

bool tc_eno_parse(struct tc_eno *eno, const uint8_t *option, size_t len)
{
    struct sd_reader r = sd_reader_of(option, len);
    bool has_global = false;
    *eno = (struct tc_eno){0};
    if (sd_get8(&r) != TC_ENO_KIND || sd_get8(&r) != len || len > TC_OPTION_ROOM)
        return false;
    while (sd_left(&r) > 0) {
        uint8_t byte = sd_get8(&r);
        size_t data_len = sd_left(&r);
        if ((byte & TC_ENO_GLT) < TC_ENO_TEP_MIN) {
            if (!(byte & TC_ENO_V)) {
                if (!has_global) /* 4.2: the first counts */
                    eno->global = byte;
                has_global = true;
                continue;
            }
            data_len = (byte & TC_ENO_GLT) + 1u; /* a length byte, then a TEP with data */
            byte = sd_get8(&r);
            if (r.bad || !(byte & TC_ENO_V) || (byte & TC_ENO_GLT) < TC_ENO_TEP_MIN)
                return false;
        }
        struct tc_suboption *s = &eno->tep[eno->teps++];
        s->byte = byte;
        if (byte & TC_ENO_V) {
            s->data_len = (uint8_t)data_len;
            s->data = sd_get(&r, data_len);
            if (r.bad)
                return false;
        }
    }
    return true;
}

const struct tc_suboption *tc_eno_tep(const struct tc_eno *eno, uint8_t tep)
{
    const struct tc_suboption *found = NULL;
    for (size_t i = 0; i < eno->teps; i++) {
        if (tc_suboption_tep(&eno->tep[i]) != tep)
            continue;
        if (found)
            return NULL;
        found = &eno->tep[i];
    }
    return found;
}

enum tc_agreement tc_eno_agree(const struct tc_eno *own, const struct tc_eno *peer,
                               const struct tc_eno_rules *rules, uint8_t *tep)
{
    if (!((own->global ^ peer->global) & TC_ENO_PASSIVE))
        return TC_SAME_ROLE;
    if (rules->need_aware && !(peer->global & TC_ENO_AWARE))
        return TC_NOT_AWARE;
    bool own_is_b = own->global & TC_ENO_PASSIVE;
    const struct tc_eno *a = own_is_b ? peer : own, *b = own_is_b ? own : peer;
    for (size_t i = b->teps; i-- > 0;) {
        uint8_t candidate = tc_suboption_tep(&b->tep[i]);
        const struct tc_suboption *of_a = tc_eno_tep(a, candidate),
                                  *of_b = tc_eno_tep(b, candidate);
        if (!of_a || !of_b || (rules->valid && !rules->valid(rules->ctx, of_a, of_b)))
            continue;
        *tep = candidate;
        return TC_AGREED;
    }
    return TC_NO_COMMON_TEP;
}

size_t tc_eno_write(uint8_t *out, size_t cap, const struct tc_offer *offer)
{
    bool global = offer->global != 0; /* 4.2: 0 need not be said */
    size_t len = TC_ENO_HEADER + global + offer->teps + offer->data_len;
    if (len > cap || len > TC_OPTION_ROOM)
        return 0;
    struct sd_writer w = sd_writer_of(out, cap);
    sd_put8(&w, TC_ENO_KIND);
    sd_put8(&w, (uint8_t)len);
    if (global)
        sd_put8(&w, offer->global);
    for (size_t i = 0; i < offer->teps; i++) {
        bool last = i + 1 == offer->teps;
        sd_put8(&w, (uint8_t)(offer->tep[i] | (last && offer->data_len ? TC_ENO_V : 0)));
    }
    sd_put(&w, offer->data, offer->data_len);
    return sd_written(&w);
}
