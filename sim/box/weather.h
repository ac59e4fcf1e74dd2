/* weather.h - what happens to packets on a link: loss, bursts, duplicates, reordering, jitter,
 * corruption, black holes.  It acts where the packet arrives.
 *
 * The fate of packet n of a direction is a function of the direction's key and n alone, so that
 * every protocol meets the same weather. */
#ifndef SD_BOX_WEATHER_H
#define SD_BOX_WEATHER_H

#include "sim/box/chain.h"

#define SD_DROP_LIST 32
struct sd_weather {
    uint32_t loss_ppm;
    uint32_t burst_mean; /* packets a loss burst lasts on average (Gilbert); 0, 1: random */
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm;         /* held back by reorder_delay */
    sd_time reorder_delay;        /* 0: 10 ms */
    sd_time jitter;               /* uniform 0 to jitter more delay, order kept */
    uint32_t corrupt_ppm;         /* one bit of the IP payload flipped */
    uint32_t drop[SD_DROP_LIST];  /* exact: the n-th packets, from 1, ascending, 0 ends */
    sd_time black_from, black_to; /* nothing passes in between; both 0: never */
};
/* SD_OK, or SD_E_ARG with the reason in words. */
int sd_weather_check(const struct sd_weather *, struct sd_error *);

enum sd_fate { SD_FATE_ARRIVED, SD_FATE_LOST, SD_FATE_CORRUPTED, SD_FATE_DUPLICATE };
/* Told once per packet, and once more for a duplicate; `delay`: when it goes on, from now. */
typedef void (*sd_fate_watch)(void *ctx, const struct sd_packet *, enum sd_fate, sd_time delay);

struct sd_weather_counters {
    uint64_t packets, lost, duplicated, reordered, corrupted;
};

struct sd_weather_box;
struct sd_weather_box *sd_weather_box_new(const struct sd_weather *, uint64_t key);
void sd_weather_box_free(struct sd_weather_box *);
/* From the next packet on; packets go on being counted from the first. */
void sd_weather_box_set(struct sd_weather_box *, const struct sd_weather *);
/* The next packet counts as the first again, and meets the same fate as the first did. */
void sd_weather_box_restart(struct sd_weather_box *);
void sd_weather_box_watch(struct sd_weather_box *, sd_fate_watch, void *ctx);
enum sd_verdict sd_weather_box_pass(void *weather_box, struct sd_passage *);
const struct sd_weather_counters *sd_weather_box_counters(const struct sd_weather_box *);

#endif
