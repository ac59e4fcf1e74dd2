/* joined.h - two sessions of the engine joined without records: what one says the other hears, in
 * turn, and a test may change it on the way. */
#ifndef SD_TESTS_ENGINE13_JOINED_H
#define SD_TESTS_ENGINE13_JOINED_H

#include "protocols/engine13/engine13.h"

#define JOINED_QUEUE 64

struct joined_letter {
    int to; /* 0: the client */
    enum sd_e13_level level;
    uint8_t *message;
    size_t len;
};
struct joined_end {
    struct joined *joined;
    struct sd_env env;
    struct sd_config config;
    struct sd_stats stats;
    struct sd_e13_context context;
    struct sd_e13_session *session;
    size_t told[SD_EV_MAX];
};
/* What the two are to do. */
struct joined_kind {
    const struct sd_e13_flavour *flavour;
    bool psk, resume, early, cookie, mutual;
    const char *alpn;
    const struct sd_option *client, *server; /* one each, or NULL */
};
struct joined {
    struct joined_end end[2]; /* client, server */
    struct joined_letter queue[JOINED_QUEUE];
    size_t head, tail;
    /* Sees each message before it goes; may put another in its place, of malloc(). */
    void (*change)(void *ctx, struct joined_letter *);
    void *ctx;
    int alert;   /* 0: nobody refused */
    int refused; /* which end did */
    const char *why;
};

void joined_make(struct joined *, const struct joined_kind *);
void joined_open(struct joined *, const struct joined_kind *); /* sessions; the client begins */
void joined_converse(struct joined *);        /* until nobody has anything to say, or one refuses */
void joined_update(struct joined *, int end); /* a KeyUpdate that asks for one, if connected */
void joined_close(struct joined *);           /* the sessions */
uint64_t joined_free(struct joined *);        /* bytes left on both heaps: 0 */

#endif
