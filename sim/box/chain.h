/* chain.h - a node's hook as a list of boxes: weather, NAT, capture, taps.  Each box stands at one
 * interface (or all) in one direction; boxes meet a packet in the order they were added.
 *
 * A useful order: coming in, weather first (it belongs to the link), then captures and taps, then
 * the NAT; going out, the NAT, then captures. */
#ifndef SD_BOX_CHAIN_H
#define SD_BOX_CHAIN_H

#include "sim/net.h"

struct sd_chain;

/* A packet on its way through a chain. */
struct sd_passage {
    struct sd_packet *packet;
    struct sd_chain *chain;
    size_t box; /* whose turn it is */
};

/* SD_PASS, SD_CHANGED: on to the next box.  SD_DROP: it ends here. */
typedef enum sd_verdict (*sd_box)(void *ctx, struct sd_passage *);

/* Becomes the node's hook.  SD_OK, SD_E_ARG, SD_E_NOMEM. */
int sd_chain_create(struct sd_chain **, struct sd_net *, int node);
/* Before sd_net_destroy(); what a box had put off is lost. */
void sd_chain_destroy(struct sd_chain *);
/* ifindex -1: every interface. */
int sd_chain_add(struct sd_chain *, int ifindex, enum sd_direction, sd_box, void *ctx);

/* For boxes: a copy of these bytes goes on behind the present box after `delay`.  A box that
 * delays a packet calls this and answers SD_DROP. */
int sd_chain_later(const struct sd_passage *, const uint8_t *data, size_t len, sd_time delay);

/* A packet as if it had come to the head of the chain at this interface. */
int sd_chain_inject(struct sd_chain *, int ifindex, enum sd_direction, const uint8_t *data,
                    size_t len);

/* A box that only shows packets to its owner: captures and traces. */
struct sd_tap_box {
    void (*see)(void *ctx, const struct sd_packet *);
    void *ctx;
};
enum sd_verdict sd_tap_box_pass(void *tap_box, struct sd_passage *);

#endif
