/* syn_cookies.c - cookies in SYN-ACKs, made and checked. */
#include "sim/box/syn_cookies.h"
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/core/random.h"

#include <string.h>

/* Sequence number: 0, 4 bits of time, 3 bits of MSS, 24 bits of MAC.  The top bit is 0 as in every
 * sequence number that a connection begins with. */
#define PERIOD      (64 * SD_SECOND)
#define PERIOD_MASK 0xfu
#define MAC_MASK    0xffffffu

static const uint16_t mss_table[8] = {88, 536, 1220, 1300, 1360, 1380, 1440, 1460};

/* The server's own window scale: enough for 4 MiB. */
#define OWN_WINDOW_SCALE 7

/* Timestamp: the low 6 bits say what the client offered. */
#define TIMESTAMP_BITS 6u
#define TIMESTAMP_MASK ((1u << TIMESTAMP_BITS) - 1)
#define OFFERED_SCALE  0x0fu
#define NO_SCALE       0x0fu
#define OFFERED_SACK   0x10u

static uint32_t mac(const struct sd_cookie_syn *s, uint64_t key, uint64_t period, unsigned mss)
{
    uint64_t hash = sd_hash_u64(key, (uint64_t)s->client_ip << 32 | s->server_ip);
    hash = sd_hash_u64(hash, (uint64_t)s->client_port << 48 | (uint64_t)s->server_port << 32 |
                                 s->client_isn);
    return (uint32_t)sd_hash_u64(hash, period << 3 | mss) & MAC_MASK;
}

void sd_cookie_read_syn(struct sd_cookie_syn *s, const uint8_t *options, size_t len)
{
    memset(s, 0, sizeof *s);
    s->mss = 536; /* RFC 9293 3.7.1 */
    s->window_scale = -1;
    size_t at = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(options, len, &at)) != NULL) {
        switch (option[0]) {
        case SD_TCP_OPTION_MSS:
            s->mss = sd_read16(option + 2);
            break;
        case SD_TCP_OPTION_WINDOW_SCALE:
            s->window_scale = option[2] > 14 ? 14 : option[2];
            break;
        case SD_TCP_OPTION_SACK_PERMITTED:
            s->sack = true;
            break;
        case SD_TCP_OPTION_TIMESTAMPS:
            s->timestamps = true;
            s->timestamp = sd_read32(option + 2);
            break;
        default:
            break;
        }
    }
}

/* The present in ms, its low bits replaced, never in the future. */
static uint32_t make_timestamp(const struct sd_cookie_syn *s, sd_time now)
{
    uint32_t ms = (uint32_t)(now / SD_MS);
    uint32_t offered =
        (s->window_scale < 0 ? NO_SCALE : (uint32_t)s->window_scale) | (s->sack ? OFFERED_SACK : 0);
    uint32_t stamp = (ms & ~TIMESTAMP_MASK) | offered;
    return stamp > ms ? stamp - (1u << TIMESTAMP_BITS) : stamp;
}

size_t sd_cookie_syn_ack(uint8_t *out, const struct sd_cookie_syn *s, uint64_t key, sd_time now,
                         uint16_t mss)
{
    uint64_t period = now / PERIOD;
    unsigned index = 0;
    for (unsigned i = 0; i < 8; i++)
        if (mss_table[i] <= s->mss)
            index = i;
    uint32_t isn =
        (uint32_t)(period & PERIOD_MASK) << 27 | index << 24 | mac(s, key, period, index);

    memset(out, 0, SD_TCP_HEADER_MAX);
    sd_write16(out, s->server_port);
    sd_write16(out + 2, s->client_port);
    sd_write32(out + SD_TCP_SEQ, isn);
    sd_write32(out + SD_TCP_ACK_NUMBER, s->client_isn + 1);
    out[SD_TCP_FLAGS] = SD_TCP_SYN | SD_TCP_ACK;
    sd_write16(out + SD_TCP_WINDOW, 0xffff);
    uint8_t *p = out + SD_TCP_HEADER;
    *p++ = SD_TCP_OPTION_MSS;
    *p++ = 4;
    sd_write16(p, mss);
    p += 2;
    /* Without timestamps there is no place to remember the rest in. */
    if (s->timestamps) {
        *p++ = SD_TCP_OPTION_TIMESTAMPS;
        *p++ = 10;
        sd_write32(p, make_timestamp(s, now));
        sd_write32(p + 4, s->timestamp);
        p += 8;
        if (s->sack) {
            *p++ = SD_TCP_OPTION_SACK_PERMITTED;
            *p++ = 2;
        }
        if (s->window_scale >= 0) {
            *p++ = SD_TCP_OPTION_WINDOW_SCALE;
            *p++ = 3;
            *p++ = OWN_WINDOW_SCALE;
        }
    }
    while ((p - out) % 4 != 0)
        *p++ = SD_TCP_OPTION_NOP;
    size_t len = (size_t)(p - out);
    out[SD_TCP_OFFSET] = (uint8_t)(len / 4 << 4);
    return len;
}

bool sd_cookie_check(struct sd_cookie_syn *s, uint32_t isn, const uint8_t *options, size_t len,
                     uint64_t key, sd_time now)
{
    uint64_t period = now / PERIOD;
    unsigned index = isn >> 24 & 7;
    uint64_t age = (period - (isn >> 27)) & PERIOD_MASK;
    if (age > 1 || age > period || isn >> 31 != 0 ||
        (isn & MAC_MASK) != mac(s, key, period - age, index))
        return false;
    s->mss = mss_table[index];
    s->window_scale = -1;
    s->sack = s->timestamps = false;
    size_t at = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(options, len, &at)) != NULL)
        if (option[0] == SD_TCP_OPTION_TIMESTAMPS) {
            uint32_t echo = sd_read32(option + 6);
            uint32_t scale = echo & OFFERED_SCALE;
            s->timestamps = true;
            s->timestamp = sd_read32(option + 2);
            s->sack = (echo & OFFERED_SACK) != 0;
            s->window_scale = scale == NO_SCALE ? -1 : (int)scale;
        }
    return true;
}
