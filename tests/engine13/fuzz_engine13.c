/* fuzz_engine13.c - handshakes in which one message is not what it was: two sessions joined without
 * records, so that whatever comes has good keys.  Input: what kind of handshake (1), which message
 * (1), then the message.  Its Finished would not verify, but everything before is parsed. */
#include "protocols/engine13/engine13.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define QUEUE 64

struct end {
    struct sd_env env;
    struct sd_config config;
    struct sd_stats stats;
    struct sd_e13_context context;
    struct sd_e13_session *session;
    struct end *peer;
};
struct letter {
    struct end *to;
    enum sd_e13_level level;
    uint8_t *message;
    size_t len;
};
static struct letter queue[QUEUE];
static size_t head, tail;
static const uint8_t *changed;
static size_t changed_len;
static uint8_t which, counter;
static void (*collect)(const void *, size_t);
static uint8_t collect_kind;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool post(void *ctx, enum sd_e13_level level, const uint8_t *message, size_t len)
{
    const struct end *from = ctx;
    if (tail == QUEUE)
        return false;
    if (collect) {
        static uint8_t seed[SD_FUZZ_INPUT_MAX];
        seed[0] = collect_kind;
        seed[1] = counter;
        if (len + 2 <= sizeof seed) {
            memcpy(seed + 2, message, len);
            collect(seed, len + 2);
        }
    }
    bool change = changed && counter++ == which;
    if (!changed)
        counter += collect != NULL;
    struct letter *l = &queue[tail++];
    *l = (struct letter){from->peer, level, NULL, change ? changed_len : len};
    l->message = malloc(l->len + 1);
    memcpy(l->message, change ? changed : message, l->len);
    return true;
}

static void no_secret(void *ctx, bool sending, enum sd_e13_level level,
                      const struct sd_e13_suite *suite, const uint8_t *secret)
{
    (void)ctx, (void)sending, (void)level, (void)suite, (void)secret;
}

static void answer_update(void *ctx)
{
    struct end *e = ctx;
    sd_e13_update(e->session, false);
}

static void no_news(void *ctx, const struct sd_event *news)
{
    (void)ctx, (void)news;
}

static const struct sd_e13_carrier carrier = {post, no_secret, answer_update, no_news};

static const struct sd_option srtp[] = {{"use_srtp", "SRTP_AEAD_AES_128_GCM"}, {0}};
static const struct sd_option raw_server[] = {{"raw_public_key", "server.example"}, {0}};
static const struct sd_option raw_client[] = {{"raw_public_key", "client.example"}, {0}};
static const struct kind {
    const struct sd_e13_flavour *flavour;
    bool psk, resume, early, cookie, mutual;
    const char *alpn;
    const struct sd_option *client, *server;
} kinds[] = {
    {&sd_e13_tls, .mutual = true, .alpn = "h2,coap"},
    {&sd_e13_dtls, .cookie = true, .client = srtp, .server = srtp},
    {&sd_e13_dtls, .psk = true},
    {&sd_e13_tls, .resume = true, .early = true},
    {&sd_e13_dtls, .resume = true, .early = true, .mutual = true},
    {&sd_e13_dtls, .mutual = true, .client = raw_server, .server = raw_client},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void make(struct end *e, const struct kind *k, bool client)
{
    static const uint8_t psk[32] = {7};
    require(sd_env_init(&e->env, client ? 1 : 2) == 0);
    e->config =
        (struct sd_config){.role = client ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                           .identity = sd_identity(client ? "client.example" : "server.example"),
                           .server_name = client ? "server.example" : NULL,
                           .alpn = k->alpn,
                           .mutual = k->mutual,
                           .psk = psk,
                           .psk_len = sizeof psk};
    struct sd_env *before = sd_enter(&e->env);
    e->context.psk = k->psk;
    e->context.resume = k->resume;
    e->context.early = k->early;
    require(sd_e13_context_init(&e->context, k->flavour, &e->config, &e->env, &e->stats, NULL) ==
            0);
    const struct sd_option *o = client ? k->client : k->server;
    require(!o || sd_e13_option(&e->context, o, NULL) == 0);
    sd_leave(before);
}

static void open_session(struct end *e, const struct kind *k, bool client)
{
    static const uint8_t cid[] = {1, 2, 3, 4};
    const struct sd_e13_open open = {.carrier = &carrier,
                                     .ctx = e,
                                     .client = client,
                                     .server_name = client ? "server.example" : NULL,
                                     .early = k->early,
                                     .demand_cookie = k->cookie,
                                     .offer_cid = k->flavour->datagram,
                                     .cid = cid,
                                     .cid_len = sizeof cid};
    struct sd_env *before = sd_enter(&e->env);
    e->session = sd_e13_new(&e->context, &open);
    require(e->session != NULL);
    if (client)
        require(sd_e13_start(e->session) == 0);
    sd_leave(before);
}

static void drop_letters(void)
{
    while (head < tail)
        free(queue[head++].message);
    head = tail = 0;
}

/* Until nobody has anything to say, or one refuses. */
static void converse(void)
{
    while (head < tail) {
        struct letter l = queue[head++];
        struct sd_env *before = sd_enter(&l.to->env);
        int alert = sd_e13_receive(l.to->session, l.level, l.message, l.len);
        require(alert == 0 || (alert > 0 && alert < 256 && *sd_e13_why(l.to->session)));
        sd_leave(before);
        free(l.message);
        if (alert)
            break;
    }
    drop_letters();
}

static void update(struct end *e)
{
    struct sd_env *before = sd_enter(&e->env);
    if (sd_e13_connected(e->session))
        require(sd_e13_update(e->session, true) == 0);
    sd_leave(before);
}

static void run(const struct kind *k)
{
    static struct end ends[2];
    memset(ends, 0, sizeof ends);
    counter = 0;
    for (int i = 0; i < 2; i++)
        make(&ends[i], k, i == 0);
    for (int session = 0; session < (k->resume ? 2 : 1); session++) {
        for (int i = 0; i < 2; i++) {
            ends[i].peer = &ends[!i];
            open_session(&ends[i], k, i == 0);
        }
        converse();
        update(&ends[0]);
        converse();
        for (int i = 0; i < 2; i++) {
            struct sd_env *before = sd_enter(&ends[i].env);
            sd_e13_free(ends[i].session);
            sd_leave(before);
        }
    }
    for (int i = 0; i < 2; i++) {
        struct sd_env *before = sd_enter(&ends[i].env);
        sd_e13_context_fini(&ends[i].context);
        sd_leave(before);
        require(sd_heap_bytes(&ends[i].env) == 0);
        sd_env_fini(&ends[i].env);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    which = data[1];
    changed = data + 2;
    changed_len = len - 2;
    run(&kinds[data[0] % KINDS]);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    for (collect_kind = 0; collect_kind < KINDS; collect_kind++) {
        collect = add;
        changed = NULL;
        run(&kinds[collect_kind]);
    }
    collect = NULL;
}
