/* media.c - what is said by the clock: steady streams of messages, and calls of audio and video.
 *
 * A stream begins when its side is ready, with its first message at that moment. */
#include "sim/node/inside.h"

#include <stdlib.h>

#define DATAGRAM_MAX   65000
#define AUDIO_INTERVAL (20 * SD_MS)
#define FRAMES         30   /* of video in a second */
#define PIECE          1100 /* bytes of a frame in one packet, at most */
/* A key frame every two seconds is as large as five others. */
#define KEY_EVERY 60
#define KEY_TIMES 5
#define PLAYOUT   (150 * SD_MS) /* ITU-T G.114: what conversation bears one way */

struct ticker {
    struct ticker *next;
    struct conv *conv;
    int side;
    struct stream_kind kind;
    sd_time interval;
    uint64_t left, ticks;
    uint64_t frame; /* video: bytes of an ordinary frame; 0: one message a tick */
    bool begun;
};

/* The pieces of the next frame, as equal as they can be. */
static void cut_frame(struct ticker *t)
{
    uint64_t bytes = t->frame * (t->ticks % KEY_EVERY == 0 ? KEY_TIMES : 1);
    t->kind.burst = (uint32_t)((bytes + PIECE - 1) / PIECE);
    t->kind.size = (uint32_t)(bytes / t->kind.burst);
    if (t->kind.size < MESSAGE_HEADER)
        t->kind.size = MESSAGE_HEADER;
}

static void tick(void *ctx)
{
    struct ticker *t = ctx;
    struct party *p = &t->conv->side[t->side];
    if (p->over || t->left == 0)
        return;
    if (t->frame > 0)
        cut_frame(t);
    t->ticks++;
    t->left--;
    lab_enter(t->conv->lab);
    for (uint32_t i = 0; i < (t->frame > 0 ? t->kind.burst : 1); i++)
        lab_say_message(t->conv, t->side, &t->kind);
    lab_leave(t->conv->lab);
    if (t->left > 0)
        sd_net_after(t->conv->lab->net, t->interval, tick, t);
}

void lab_tickers_begin(struct party *p)
{
    for (struct ticker *t = p->tickers; t != NULL; t = t->next)
        if (!t->begun) {
            t->begun = true;
            sd_net_after(p->conv->lab->net, 0, tick, t);
        }
}

static void add(struct conv *c, int side, const struct ticker *with)
{
    struct ticker *t = lab_grow(NULL, sizeof *t);
    *t = *with;
    t->conv = c;
    t->side = side;
    t->next = c->side[side].tickers;
    c->side[side].tickers = t;
    if (c->side[side].ready) {
        t->begun = true;
        tick(t);
    }
}

void lab_tickers_free(struct ticker *t)
{
    while (t != NULL) {
        struct ticker *next = t->next;
        free(t);
        t = next;
    }
}

/* -- what scripts ask for -- */

int sd_lab_stream(struct sd_lab *lab, sd_conn id, sd_machine from, uint32_t size, sd_time interval,
                  uint64_t count)
{
    int side;
    struct conv *c = lab_conv_from(lab, id, from, &side);
    if (c == NULL || size < MESSAGE_HEADER || size > DATAGRAM_MAX || interval == 0 || count == 0)
        return SD_E_ARG;
    if (c->side[side].over)
        return SD_E_STATE;
    add(c, side, &(struct ticker){.kind = {.size = size}, .interval = interval, .left = count});
    return SD_OK;
}

int sd_lab_call(struct sd_lab *lab, sd_conn id, const struct sd_lab_call *call)
{
    struct conv *c = lab_conv(lab, id);
    sd_time playout = call->playout > 0 ? call->playout : PLAYOUT;
    uint64_t frame = call->video_bps / 8 / FRAMES * KEY_EVERY / (KEY_EVERY + KEY_TIMES - 1);
    if (c == NULL || call->last == 0 || call->audio_size > DATAGRAM_MAX ||
        (call->audio_size > 0 && call->audio_size < MESSAGE_HEADER))
        return SD_E_ARG;
    for (int side = 0; side < 2; side++) {
        if (c->side[side].over)
            return SD_E_STATE;
        if (call->audio_size > 0)
            add(c, side,
                &(struct ticker){.kind = {.size = call->audio_size, .playout = playout},
                                 .interval = AUDIO_INTERVAL,
                                 .left = call->last / AUDIO_INTERVAL});
        if (frame > 0)
            add(c, side,
                &(struct ticker){.kind = {.channel = 1, .playout = playout},
                                 .interval = SD_SECOND / FRAMES,
                                 .left = call->last * FRAMES / SD_SECOND,
                                 .frame = frame});
    }
    return SD_OK;
}
