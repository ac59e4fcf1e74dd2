/* boxes.c - what stands in the way of a machine's packets, and the weather of each link. */
#include "sim/node/inside.h"

static enum sd_verdict weather_pass(void *ctx, struct sd_passage *passage)
{
    struct link_end *e = ctx;
    return e->weather != NULL ? sd_weather_box_pass(e->weather, passage) : SD_PASS;
}

static enum sd_verdict firewall_pass(void *ctx, struct sd_passage *passage)
{
    struct machine *m = ctx;
    return m->lab->preparing > 0 ? SD_PASS : sd_firewall_pass(&m->firewall, passage);
}

/* Coming in: the link's weather, then the firewall, then the NAT; going out: the NAT, then who
 * watches.  Taps are added behind. */
struct sd_chain *lab_chain(struct machine *m)
{
    if (m->chain != NULL)
        return m->chain;
    if (sd_chain_create(&m->chain, m->lab->net, m->id) != SD_OK)
        return NULL;
    lab_watch_arrivals(m);
    for (uint32_t i = 0; i < m->link_count; i++)
        sd_chain_add(m->chain, (int)i, SD_IN, weather_pass, lab_end(m, (int)i));
    if (m->firewall.blocks != 0)
        sd_chain_add(m->chain, -1, SD_IN, firewall_pass, m);
    if (m->nat != NULL) {
        sd_chain_add(m->chain, -1, SD_IN, sd_nat_pass, m->nat);
        sd_chain_add(m->chain, -1, SD_OUT, sd_nat_pass, m->nat);
    }
    lab_watch_departures(m);
    return m->chain;
}

static bool is_fair(const struct sd_weather *w)
{
    return w->loss_ppm == 0 && w->duplicate_ppm == 0 && w->reorder_ppm == 0 && w->jitter == 0 &&
           w->corrupt_ppm == 0 && w->drop[0] == 0 && w->black_to == 0;
}

/* Packets are numbered anew, and every change has draws of its own. */
int lab_weather_begin(struct sd_lab *lab, struct link *l)
{
    for (int i = 0; i < 2; i++) {
        struct link_end *e = &l->end[i];
        struct sd_weather w = i == 1 ? l->set.forth : l->set.back;
        sd_weather_box_free(e->weather);
        e->weather = NULL;
        if (is_fair(&w) || lab->preparing > 0)
            continue;
        if (w.black_to != 0) {
            w.black_from += lab->zero;
            w.black_to = w.black_to < SD_NEVER - lab->zero ? w.black_to + lab->zero : SD_NEVER;
        }
        uint64_t key = sd_hash_u64(lab->config.weather, (uint64_t)(l - lab->link));
        key = sd_hash_u64(key, (uint64_t)i << 32 | l->changes);
        e->weather = sd_weather_box_new(&w, key);
        if (e->weather == NULL || lab_chain(lab->machine[e->machine]) == NULL)
            return SD_E_NOMEM;
        lab_watch_weather(e);
    }
    return SD_OK;
}

void lab_weather_refresh(struct sd_lab *lab)
{
    for (uint32_t i = 0; i < lab->links; i++)
        lab_weather_begin(lab, &lab->link[i]);
}
