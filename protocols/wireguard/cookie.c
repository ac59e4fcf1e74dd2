#include "protocols/wireguard/cookie.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/hash.h"
#include "sim/core/reader.h"
#include <string.h>

/* 5.4.4: mac1 covers the message up to itself, mac2 up to itself. */
#define BEFORE_MAC1(len) ((len) - sizeof(struct wg_macs))
#define BEFORE_MAC2(len) ((len)-WG_MAC_LEN)

void wg_cookie_add_macs(struct wireguard *wg, struct wg_peer *peer, uint8_t *message, size_t len)
{
    struct wg_macs *macs = (struct wg_macs *)(message + BEFORE_MAC1(len));
    uint8_t key[WG_HASH_LEN];

    /* mac1 := MAC(HASH(LABEL_MAC1 || S_receiver), message before it) */
    sd_blake2s(key, WG_LABEL_MAC1, WG_LABEL_LEN, peer->public_key, WG_KEY_LEN);
    sd_blake2s_mac(macs->mac1, WG_MAC_LEN, key, WG_HASH_LEN, message, BEFORE_MAC1(len));
    memcpy(peer->last_mac1, macs->mac1, WG_MAC_LEN);
    peer->has_last_mac1 = true;

    /* mac2 := MAC(cookie, message before it), while the cookie is fresh */
    if (peer->has_cookie && wg->now < peer->cookie_at + WG_COOKIE_SECRET_TIME - WG_COOKIE_LATENCY)
        sd_blake2s_mac(macs->mac2, WG_MAC_LEN, peer->cookie, WG_MAC_LEN, message, BEFORE_MAC2(len));
    else
        memset(macs->mac2, 0, WG_MAC_LEN);
}

/* 5.3: cookie := MAC(R, address and port of the sender); R changes every two minutes. */
static void make_cookie(struct wireguard *wg, uint8_t cookie[WG_MAC_LEN],
                        const struct sd_addr *from)
{
    if (!wg->has_cookie_secret || wg->now >= wg->cookie_secret_at + WG_COOKIE_SECRET_TIME) {
        sd_random(wg->env, wg->cookie_secret, WG_KEY_LEN);
        wg->cookie_secret_at = wg->now;
        wg->has_cookie_secret = true;
    }
    uint8_t address[sizeof from->ip + 2];
    struct sd_writer w = sd_writer_of(address, sizeof address);
    sd_put(&w, from->ip, from->family == 6 ? 16 : 4);
    sd_put16(&w, from->port);
    sd_blake2s_mac(cookie, WG_MAC_LEN, wg->cookie_secret, WG_KEY_LEN, address, sd_written(&w));
}

/* Handshake messages of the last eighth of a second tell whether there is load. */
static bool rate_is_high(struct wireguard *wg)
{
    const sd_time window = SD_SECOND / 8;
    if (wg->now >= wg->load_window + window) {
        wg->load_window = wg->now - wg->now % window;
        wg->load_count = 0;
    }
    if (++wg->load_count > wg->load_threshold / 8)
        wg->loaded_until = wg->now + WG_LOADED_TIME;
    return wg->now < wg->loaded_until;
}

static bool under_load(struct wireguard *wg, const uint8_t *message)
{
    switch (wg->validation) {
    case SD_VALIDATE_NEVER:
        return false;
    case SD_VALIDATE_ALWAYS: /* whoever begins proves its address; who answers is not asked */
        return message[0] == WG_INITIATION;
    case SD_VALIDATE_DEFAULT:
        break;
    }
    return rate_is_high(wg);
}

/* 5.3: even a proven address gets so many handshakes a second under load, by token bucket. */
struct wg_source {
    struct sd_addr address; /* family 0: free; without port */
    sd_time at;
    uint64_t tokens; /* in ns of waiting that they spare */
};
#define SOURCES      4096u
#define SOURCE_TRIES 8u
#define TOKEN        (SD_SECOND / WG_SOURCE_RATE)
#define TOKENS_MAX   (WG_SOURCE_BURST * TOKEN)

static bool source_may(struct wireguard *wg, const struct sd_addr *from)
{
    if (!wg->source)
        wg->source = sd_alloc(wg->env, SOURCES * sizeof *wg->source);
    if (!wg->source)
        return false;
    struct sd_addr address = *from;
    address.port = 0;
    uint64_t place = sd_hash(0, address.ip, sizeof address.ip);
    struct wg_source *s = NULL;
    for (uint32_t i = 0; i < SOURCE_TRIES; i++) {
        struct wg_source *t = &wg->source[(place + i) % SOURCES];
        if (t->address.family && sd_addr_equal(&t->address, &address)) {
            s = t;
            break;
        }
        /* A bucket that is full again remembers nothing. */
        bool unused = !t->address.family || wg->now >= t->at + TOKENS_MAX;
        if (unused && !s)
            s = t;
    }
    if (!s)
        return false;
    if (!s->address.family || !sd_addr_equal(&s->address, &address))
        *s = (struct wg_source){.address = address, .at = wg->now, .tokens = TOKENS_MAX};
    s->tokens += wg->now - s->at;
    if (s->tokens > TOKENS_MAX)
        s->tokens = TOKENS_MAX;
    s->at = wg->now;
    if (s->tokens < TOKEN)
        return false;
    s->tokens -= TOKEN;
    return true;
}

int wg_cookie_check(struct wireguard *wg, const uint8_t *message, size_t len,
                    const struct sd_addr *from, bool *proven)
{
    const struct wg_macs *macs = (const struct wg_macs *)(message + BEFORE_MAC1(len));
    uint8_t mac[WG_MAC_LEN], cookie[WG_MAC_LEN];
    *proven = false;

    bool load = under_load(wg, message);
    sd_blake2s_mac(mac, WG_MAC_LEN, wg->mac1_key, WG_HASH_LEN, message, BEFORE_MAC1(len));
    if (!sd_equal_ct(mac, macs->mac1, WG_MAC_LEN))
        return SD_DROP_AUTH;
    if (!load)
        return SD_OK;

    make_cookie(wg, cookie, from);
    sd_blake2s_mac(mac, WG_MAC_LEN, cookie, WG_MAC_LEN, message, BEFORE_MAC2(len));
    if (!sd_equal_ct(mac, macs->mac2, WG_MAC_LEN))
        return SD_DROP_UNVALIDATED;
    *proven = true;
    bool may = wg->validation == SD_VALIDATE_ALWAYS || source_may(wg, from);
    return may ? SD_OK : SD_DROP_RATE;
}

void wg_cookie_create_reply(struct wireguard *wg, struct wg_cookie_reply *reply,
                            const uint8_t sender[4], const struct wg_macs *macs,
                            const struct sd_addr *from)
{
    uint8_t cookie[WG_MAC_LEN];
    make_cookie(wg, cookie, from);
    memset(reply->type, 0, sizeof reply->type);
    reply->type[0] = WG_COOKIE_REPLY;
    memcpy(reply->receiver, sender, 4);
    sd_random(wg->env, reply->nonce, WG_COOKIE_NONCE);
    /* XAEAD(HASH(LABEL_COOKIE || S_us), nonce, cookie, mac1 of the message) */
    sd_xchachapoly_seal(reply->cookie, cookie, WG_MAC_LEN, macs->mac1, WG_MAC_LEN, reply->nonce,
                        wg->cookie_key);
}

int wg_cookie_consume_reply(struct wireguard *wg, struct wg_peer *peer,
                            const struct wg_cookie_reply *reply)
{
    uint8_t key[WG_HASH_LEN], cookie[WG_MAC_LEN];
    if (!peer->has_last_mac1)
        return SD_DROP_STATE;
    sd_blake2s(key, WG_LABEL_COOKIE, WG_LABEL_LEN, peer->public_key, WG_KEY_LEN);
    if (!sd_xchachapoly_open(cookie, reply->cookie, sizeof reply->cookie, peer->last_mac1,
                             WG_MAC_LEN, reply->nonce, key))
        return SD_DROP_AUTH;
    memcpy(peer->cookie, cookie, WG_MAC_LEN);
    peer->cookie_at = wg->now;
    peer->has_cookie = true;
    peer->has_last_mac1 = false; /* a second reply to the same message is not heard */
    return SD_OK;
}

void wg_cookie_fini(struct wireguard *wg)
{
    sd_free(wg->source);
}
