/* weather.c - draws the fate of packet n of a direction, and carries it out. */
#include "sim/box/weather.h"
#include "sim/box/ip.h"
#include "sim/core/random.h"

#include <stdlib.h>

#define DEFAULT_REORDER_DELAY (10 * SD_MS)

/* Each question has its own stream, so that changing one answer leaves the others alone. */
enum question { LOSS = 1, BURST, DUPLICATE, REORDER, JITTER, CORRUPT, CORRUPT_BIT, QUESTIONS };

struct sd_weather_box {
    struct sd_weather weather;
    uint64_t key[QUESTIONS];
    uint64_t n;       /* packets so far */
    bool burst;       /* Gilbert's bad state */
    sd_time released; /* when the last jittered packet goes on */
    bool held;        /* whether there was one */
    sd_fate_watch watch;
    void *watch_ctx;
    struct sd_weather_counters counters;
};

int sd_weather_check(const struct sd_weather *w, struct sd_error *e)
{
    const struct {
        const char *name;
        uint32_t ppm;
    } part[] = {{"loss", w->loss_ppm},
                {"duplicate", w->duplicate_ppm},
                {"reorder", w->reorder_ppm},
                {"corrupt", w->corrupt_ppm}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (part[i].ppm > SD_PPM)
            return sd_fail(e, SD_E_ARG, "%s: expected at most 100%%, found %u ppm", part[i].name,
                           part[i].ppm);
    for (int i = 1; i < SD_DROP_LIST && w->drop[i] != 0; i++)
        if (w->drop[i] <= w->drop[i - 1])
            return sd_fail(e, SD_E_ARG,
                           "drop: expected ascending numbers from 1, found %u after %u", w->drop[i],
                           w->drop[i - 1]);
    if (w->black_to < w->black_from)
        return sd_fail(e, SD_E_ARG, "blackhole: ends before it begins");
    return SD_OK;
}

struct sd_weather_box *sd_weather_box_new(const struct sd_weather *weather, uint64_t key)
{
    struct sd_weather_box *box = calloc(1, sizeof *box);
    if (box == NULL)
        return NULL;
    box->weather = *weather;
    for (int q = 1; q < QUESTIONS; q++)
        box->key[q] = sd_hash_u64(key, (uint64_t)q);
    return box;
}

void sd_weather_box_free(struct sd_weather_box *box)
{
    free(box);
}

void sd_weather_box_set(struct sd_weather_box *box, const struct sd_weather *weather)
{
    box->weather = *weather;
}

/* Packets under way keep their time, and jitter their order: `released` stays. */
void sd_weather_box_restart(struct sd_weather_box *box)
{
    box->n = 0;
    box->burst = false;
}

void sd_weather_box_watch(struct sd_weather_box *box, sd_fate_watch watch, void *ctx)
{
    box->watch = watch;
    box->watch_ctx = ctx;
}

const struct sd_weather_counters *sd_weather_box_counters(const struct sd_weather_box *box)
{
    return &box->counters;
}

__extension__ typedef unsigned __int128 wide;

/* Uniform below `bound`: the top of draw times bound. */
static uint64_t draw_below(const struct sd_weather_box *box, enum question q, uint64_t bound)
{
    uint64_t draw = sd_draw(box->key[q], box->n);
    return (uint64_t)((wide)draw * bound >> 64);
}

static bool chance(const struct sd_weather_box *box, enum question q, uint64_t ppm)
{
    return ppm != 0 && draw_below(box, q, SD_PPM) < ppm;
}

static bool listed(const struct sd_weather *w, uint64_t n)
{
    for (int i = 0; i < SD_DROP_LIST && w->drop[i] != 0; i++)
        if (w->drop[i] == n)
            return true;
    return false;
}

/* Gilbert's model: in a burst everything is lost; a burst lasts burst_mean packets on average, and
 * the gaps are as long as makes loss_ppm the share of packets lost. */
static bool burst_loss(struct sd_weather_box *box)
{
    const struct sd_weather *w = &box->weather;
    if (w->loss_ppm == 0 || w->loss_ppm >= SD_PPM)
        return w->loss_ppm != 0;
    if (box->n == 1) {
        box->burst = chance(box, BURST, w->loss_ppm);
    } else if (box->burst) {
        box->burst = !chance(box, BURST, SD_PPM / w->burst_mean);
    } else {
        uint64_t enter =
            (uint64_t)SD_PPM * w->loss_ppm / ((uint64_t)w->burst_mean * (SD_PPM - w->loss_ppm));
        box->burst = chance(box, BURST, enter < SD_PPM ? enter : SD_PPM);
    }
    return box->burst;
}

static bool lost(struct sd_weather_box *box, sd_time now)
{
    const struct sd_weather *w = &box->weather;
    bool by_chance = w->burst_mean > 1 ? burst_loss(box) : chance(box, LOSS, w->loss_ppm);
    return by_chance || listed(w, box->n) || (now >= w->black_from && now < w->black_to);
}

static void tell(const struct sd_weather_box *box, const struct sd_packet *packet,
                 enum sd_fate fate, sd_time delay)
{
    if (box->watch != NULL)
        box->watch(box->watch_ctx, packet, fate, delay);
}

static bool flip_bit(const struct sd_weather_box *box, struct sd_packet *packet)
{
    if (packet->len <= SD_IP_HEADER)
        return false;
    uint64_t bit = draw_below(box, CORRUPT_BIT, (packet->len - SD_IP_HEADER) * 8);
    packet->data[SD_IP_HEADER + bit / 8] ^= (uint8_t)(1u << bit % 8);
    return true;
}

/* When the packet goes on; jittered packets never overtake one another. */
static sd_time release_time(struct sd_weather_box *box, sd_time now)
{
    sd_time release = now + draw_below(box, JITTER, box->weather.jitter + 1);
    if (box->held && release < box->released)
        release = box->released;
    box->held = true;
    box->released = release;
    return release;
}

enum sd_verdict sd_weather_box_pass(void *ctx, struct sd_passage *passage)
{
    struct sd_weather_box *box = ctx;
    struct sd_packet *packet = passage->packet;
    const struct sd_weather *w = &box->weather;
    box->n++;
    box->counters.packets++;

    if (lost(box, packet->now)) {
        box->counters.lost++;
        tell(box, packet, SD_FATE_LOST, 0);
        return SD_DROP;
    }
    bool duplicate = chance(box, DUPLICATE, w->duplicate_ppm);
    bool corrupt = chance(box, CORRUPT, w->corrupt_ppm) && flip_bit(box, packet);
    bool reorder = chance(box, REORDER, w->reorder_ppm);
    bool queued = w->jitter != 0 || (box->held && box->released >= packet->now);
    sd_time delay = 0;
    if (reorder)
        delay = w->reorder_delay != 0 ? w->reorder_delay : DEFAULT_REORDER_DELAY;
    else if (queued)
        delay = release_time(box, packet->now) - packet->now;
    box->counters.duplicated += duplicate;
    box->counters.corrupted += corrupt;
    box->counters.reordered += reorder;

    tell(box, packet, corrupt ? SD_FATE_CORRUPTED : SD_FATE_ARRIVED, delay);
    bool later = reorder || queued;
    if (later)
        sd_chain_later(passage, packet->data, packet->len, delay);
    if (duplicate) {
        tell(box, packet, SD_FATE_DUPLICATE, delay);
        sd_chain_later(passage, packet->data, packet->len, delay);
    }
    return later ? SD_DROP : corrupt ? SD_CHANGED : SD_PASS;
}
