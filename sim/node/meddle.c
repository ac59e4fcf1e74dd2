/* meddle.c - an attacker on the path: turns a bit of a packet, or lets others overtake it. */
#include "sim/box/ip.h"
#include "sim/node/attack.h"

#include <stdlib.h>

struct meddler {
    struct meddler *next;
    struct sd_lab *lab;
    struct sd_meddle set;
    uint64_t seen; /* packets that were meant and carried something */
};

static bool is_next(struct meddler *m, struct sd_packet *packet, struct sd_ip *v, uint8_t **cargo,
                    size_t *len)
{
    if (!lab_tap_wants(m->lab, &m->set.which, packet) ||
        !sd_ip_view(v, packet->data, packet->len) || (*len = lab_cargo(v, cargo)) == 0)
        return false;
    uint64_t n = ++m->seen, count = m->set.count != 0 ? m->set.count : 1;
    return n >= m->set.nth && n < m->set.nth + count;
}

static enum sd_verdict meddle(void *ctx, struct sd_passage *passage)
{
    struct meddler *m = ctx;
    struct sd_packet *packet = passage->packet;
    struct sd_ip v;
    uint8_t *cargo;
    size_t len;
    if (!is_next(m, packet, &v, &cargo, &len))
        return SD_PASS;
    if (m->set.how == SD_DELAY) {
        sd_chain_later(passage, packet->data, packet->len, m->set.delay);
        return SD_DROP;
    }
    cargo[len / 2] ^= 1;
    sd_ip_fix_checksums(packet->data, packet->len);
    return SD_CHANGED;
}

int sd_lab_meddle(struct sd_lab *lab, const struct sd_meddle *set)
{
    int result = lab_tap_check(lab, &set->which);
    if (result != SD_OK)
        return result;
    struct machine *at = lab->machine[set->which.at];
    struct sd_chain *chain = lab_chain(at);
    if (set->nth == 0)
        return SD_E_ARG;
    if (chain == NULL)
        return SD_E_NOMEM;
    struct meddler *m = lab_new(sizeof *m);
    *m = (struct meddler){.next = lab->meddlers, .lab = lab, .set = *set};
    lab->meddlers = m;
    return sd_chain_add(chain, -1, SD_IN, meddle, m);
}

void lab_meddlers_free(struct sd_lab *lab)
{
    while (lab->meddlers != NULL) {
        struct meddler *m = lab->meddlers;
        lab->meddlers = m->next;
        free(m);
    }
}
