/* fuzz_curvecp_message.c - one end of a connection under messages of any content, as they come out
 * of their boxes: each is a length in units of 16 bytes (1), how long after the one before in
 * units of 100 ms (1), and the bytes.  What holds after every one of them:
 *   - the application gets each position of the stream once, in order;
 *   - memory stays within what one connection may hold. */
#include "protocols/crypto/box.h"
#include "protocols/curvecp/agent.h"
#include "protocols/curvecp/curvecp.h"
#include "protocols/curvecp/handshake.h"
#include "sim/core/settle.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_MAX (3u * CP_STREAM_BUFFER + CP_SEGMENTS * 1200u)

struct end {
    uint8_t unit[2048]; /* the last */
    size_t len;
    uint64_t got;
    bool fin;
};

static void keep_unit(void *ctx, const struct sd_unit *u)
{
    struct end *e = ctx;
    e->len = u->len <= sizeof e->unit ? u->len : 0;
    memcpy(e->unit, u->data, e->len);
}

static void keep_event(void *ctx, const struct sd_event *event)
{
    struct end *e = ctx;
    if (event->kind != SD_EV_DATA)
        return;
    if (e->fin)
        abort();
    e->got += event->len;
    e->fin = event->fin;
}

static const struct sd_sink sink = {keep_unit, keep_event};

/* A server's connection, by an honest handshake. */
struct world {
    struct sd_env env[2];
    struct sd_seat seat[2];
    struct end end[2];
};

static void pass(struct world *w, int from)
{
    struct sd_unit u = {.path = {.remote = sd_ipv4(10, 0, 0, (uint8_t)(from + 1), 1000),
                                 .local = sd_ipv4(10, 0, 0, (uint8_t)(2 - from), 1000)},
                        .data = w->end[from].unit,
                        .len = w->end[from].len};
    if (sd_seat_net_in(&w->seat[!from], SD_SECOND, &u) != SD_OK)
        abort();
}

static void begin(struct world *w)
{
    static const struct sd_config client = {.role = SD_ROLE_CLIENT,
                                            .server_name = "server.example"};
    const struct sd_config server = {.role = SD_ROLE_SERVER,
                                     .identity = sd_identity("server.example")};
    const struct sd_open open = {.path = {.remote = sd_ipv4(10, 0, 0, 2, 1000)},
                                 .early = (const uint8_t *)"hello",
                                 .early_len = 5};
    sd_sid sid;
    memset(w, 0, sizeof *w);
    for (int i = 0; i < 2; i++)
        if (sd_env_init(&w->env[i], (uint64_t)i + 1) != SD_OK ||
            sd_seat_init(&w->seat[i], &sd_curvecp_agent, i ? &server : &client, &w->env[i], &sink,
                         &w->end[i], SD_SECOND, NULL) != SD_OK)
            abort();
    if (sd_seat_open(&w->seat[0], SD_SECOND, &open, &sid) != SD_OK)
        abort();
    pass(w, 0); /* Hello */
    pass(w, 1); /* Cookie */
    pass(w, 0); /* Initiate */
}

static struct cp_connection *connection(struct world *w)
{
    const struct curvecp *cp = (const struct curvecp *)w->seat[1].agent;
    return sd_index_any(&cp->by_sid);
}

static void message(struct world *w, struct cp_connection *c, sd_time now, const uint8_t *bytes,
                    size_t len)
{
    uint8_t packet[CP_CLIENT_OVERHEAD + CP_MESSAGE_MAX] = {0}, nonce[CP_NONCE_LEN];
    struct cp_client_message *m = (struct cp_client_message *)packet;
    memcpy(m->magic, CP_MAGIC_CLIENT_MESSAGE, CP_MAGIC_LEN);
    memcpy(m->client_short, c->client_short, CP_KEY_LEN);
    cp_nonce_counter(m->nonce, c->received_nonce + 1);
    cp_nonce(nonce, CP_NONCE_CLIENT_MESSAGE, m->nonce);
    sd_box_seal(m->box, bytes, len, nonce, c->key);
    struct sd_unit u = {.path = {.remote = sd_ipv4(10, 0, 0, 1, 1000)},
                        .data = packet,
                        .len = CP_CLIENT_OVERHEAD + len};
    sd_seat_net_in(&w->seat[1], now, &u);
}

static void add(void (*give)(const void *, size_t), uint8_t count, const struct cp_message *m)
{
    uint8_t seed[8 * (2 + CP_ACK_LENGTH)];
    for (uint8_t i = 0; i < count; i++) {
        uint8_t *at = seed + (size_t)i * (2 + CP_ACK_LENGTH);
        at[0] = CP_ACK_LENGTH / 16;
        at[1] = i;
        cp_message_write(&m[i], at + 2, CP_ACK_LENGTH);
    }
    give(seed, (size_t)count * (2 + CP_ACK_LENGTH));
}

void sd_fuzz_seeds(void (*give)(const void *data, size_t len))
{
    static const uint8_t data[100] = {1, 2, 3};
    const struct cp_message order[] = {
        {.id = 1, .position = 5, .data = data, .len = 100},
        {.id = 2, .acked_id = 1, .acked = {{0, 100}}, .position = 105, .data = data, .len = 50},
        {.id = 3, .position = 155, .stop = CP_STOP_SUCCESS},
        {.acked_id = 2, .acked = {{0, 3000}, {3100, 4000}}},
        {.acked_id = 3, .acked = {{0, 20001}}}};
    const struct cp_message gaps[] = {
        {.id = 9, .position = 205, .data = data, .len = 100},
        {.id = 8, .position = 405, .data = data, .len = 100, .stop = CP_STOP_FAILURE},
        {.id = 7, .position = 105, .data = data, .len = 100},
        {.id = 6, .position = 305, .data = data, .len = 100},
        {.id = 5, .position = 5, .data = data, .len = 100},
        {.id = 4}};
    add(give, 5, order);
    add(give, 6, gaps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t reply[20000];
    static struct world w;
    sd_time now = SD_SECOND;
    begin(&w);
    struct cp_connection *c = connection(&w);
    sd_sid sid = c->sid;
    sd_seat_app_in(&w.seat[1], now, sid, 0, reply, sizeof reply, true);
    while (len > 2 && (c = connection(&w)) != NULL) {
        size_t size = 16 * (size_t)data[0];
        now += data[1] * 100 * SD_MS;
        data += 2;
        len -= 2;
        if (size > len)
            size = len / 16 * 16;
        if (size > CP_MESSAGE_MAX)
            size = CP_MESSAGE_MAX;
        for (sd_time t; (t = sd_seat_deadline(&w.seat[1])) <= now;)
            sd_seat_expire(&w.seat[1], t);
        if (!(c = connection(&w)))
            break;
        if (size >= CP_MESSAGE_MIN)
            message(&w, c, now, data, size);
        data += size;
        len -= size;
        if ((c = connection(&w)) && w.end[1].got != c->in.next)
            abort();
        if (sd_heap_bytes(&w.env[1]) > STATE_MAX) {
            fprintf(stderr, "%llu bytes of state\n", (unsigned long long)sd_heap_bytes(&w.env[1]));
            abort();
        }
    }
    for (int i = 0; i < 2; i++) {
        sd_seat_fini(&w.seat[i]);
        if (sd_heap_bytes(&w.env[i]) != 0)
            abort();
        sd_env_fini(&w.env[i]);
    }
    return 0;
}
