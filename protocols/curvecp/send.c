#include "protocols/crypto/box.h"
#include "protocols/curvecp/handshake.h"
#include <string.h>

/* IP and UDP headers in front of a packet. */
#define IPV4_HEADERS 28u
#define IPV6_HEADERS 48u

/* R: so long, and by chance up to twice that. */
static sd_time hello_wait(struct curvecp *cp, uint32_t hellos)
{
    sd_time wait = cp_hello_waits[hellos - 1];
    uint64_t draw;
    sd_random(cp->env, &draw, sizeof draw);
    return wait + draw % wait;
}

void cp_send_hello(struct curvecp *cp, struct cp_connection *c)
{
    uint8_t *out = sd_outbox_unit(&cp->outbox, &c->path, sizeof(struct cp_hello));
    if (c->opening->hellos++ > 0)
        cp->stats.retransmits++;
    c->opening->hello_at = cp->now + hello_wait(cp, c->opening->hellos);
    if (out)
        cp_hello_create(cp, c, (struct cp_hello *)out);
}

static void send_client_message(struct curvecp *cp, struct cp_connection *c, const uint8_t *message,
                                size_t len)
{
    uint8_t nonce[CP_NONCE_LEN], *out;
    if (!(out = sd_outbox_unit(&cp->outbox, &c->path, CP_CLIENT_OVERHEAD + len)))
        return;
    struct cp_client_message *packet = (struct cp_client_message *)out;
    memcpy(packet->magic, CP_MAGIC_CLIENT_MESSAGE, CP_MAGIC_LEN);
    memcpy(packet->server_extension, cp->server_extension, CP_EXTENSION_LEN);
    memcpy(packet->client_extension, c->client_extension, CP_EXTENSION_LEN);
    memcpy(packet->client_short, c->client_short, CP_KEY_LEN);
    cp_nonce_counter(packet->nonce, ++c->sent_nonce);
    cp_nonce(nonce, CP_NONCE_CLIENT_MESSAGE, packet->nonce);
    sd_box_seal(packet->box, message, len, nonce, c->key);
}

static void send_server_message(struct curvecp *cp, struct cp_connection *c, const uint8_t *message,
                                size_t len)
{
    uint8_t nonce[CP_NONCE_LEN], *out;
    if (!(out = sd_outbox_unit(&cp->outbox, &c->path, CP_SERVER_OVERHEAD + len)))
        return;
    struct cp_server_message *packet = (struct cp_server_message *)out;
    memcpy(packet->magic, CP_MAGIC_SERVER_MESSAGE, CP_MAGIC_LEN);
    memcpy(packet->client_extension, c->client_extension, CP_EXTENSION_LEN);
    memcpy(packet->server_extension, cp->server_extension, CP_EXTENSION_LEN);
    cp_nonce_counter(packet->nonce, ++c->sent_nonce);
    cp_nonce(nonce, CP_NONCE_SERVER_MESSAGE, packet->nonce);
    sd_box_seal(packet->box, message, len, nonce, c->key);
}

void cp_send_message(struct curvecp *cp, struct cp_connection *c, const uint8_t *message,
                     size_t len)
{
    if (c->state == CP_EXPECT_MESSAGE) {
        uint8_t *out = sd_outbox_unit(&cp->outbox, &c->path, CP_INITIATE_OVERHEAD + len);
        if (out)
            cp_initiate_create(cp, c, (struct cp_initiate *)out, message, len);
    } else if (c->client) {
        send_client_message(cp, c, message, len);
    } else {
        send_server_message(cp, c, message, len);
    }
}

uint32_t cp_send_message_max(const struct curvecp *cp, const struct cp_connection *c)
{
    bool initiate = c->state == CP_EXPECT_MESSAGE;
    uint32_t headers = c->path.remote.family == 6 ? IPV6_HEADERS : IPV4_HEADERS;
    uint32_t beside = headers + (uint32_t)(initiate ? CP_INITIATE_OVERHEAD : CP_CLIENT_OVERHEAD);
    uint32_t most = initiate ? CP_INITIATE_MAX : CP_MESSAGE_MAX;
    if (cp->path_mtu < beside + most)
        most = cp->path_mtu > beside ? cp->path_mtu - beside : 0;
    uint32_t longest = cp_lengths[0]; /* even where IP has to cut it up */
    for (size_t i = 0; i < CP_LENGTHS; i++)
        if (cp_lengths[i] <= most)
            longest = cp_lengths[i];
    return longest;
}
