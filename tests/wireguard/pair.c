#include "tests/wireguard/pair.h"
#include <stdio.h>
#include <string.h>

static const uint8_t one_psk[32] = {1, 2, 3}, other_psk[32] = {1, 2, 4};

void pair_make(struct pair *p, const struct pair_options *o)
{
    static const char *const names[] = {"client.example", "server.example"};
    uint64_t seed = o->seed ? o->seed : 1;
    memset(p, 0, sizeof *p);
    assert_int_equal(sd_core_init(), SD_OK);
    p->mem = sd_mem_new(seed);
    sd_mem_link(p->mem)->delay = 10 * SD_MS;
    for (int i = 0; i < 2; i++)
        sd_identity_x25519(names[i], p->identity[i].x25519_private, p->identity[i].x25519_public);
    for (int i = 0; i < 2; i++) {
        memcpy(p->peer[i].public_key, p->identity[!i].x25519_public, 32);
        p->peer[i].inner_net = INNER(!i);
        p->peer[i].inner_prefix = 32;
        p->config[i] = (struct sd_config){
            .role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
            .mode = o->mode,
            .identity = &p->identity[i],
            .peers = &p->peer[i],
            .peer_count = 1,
            .path_mtu = o->path_mtu,
        };
    }
    p->peer[0].has_psk = o->psk_client;
    p->peer[1].has_psk = o->psk_server;
    memcpy(p->peer[0].psk, one_psk, 32);
    memcpy(p->peer[1].psk, o->other ? other_psk : one_psk, 32);
    p->peer[0].keepalive_s = o->keepalive_s;
    p->config[1].validation = o->validation;
    p->config[1].options = o->options;
    p->client = sd_mem_add(p->mem, &sd_wireguard_agent, &p->config[0], 2 * seed);
    p->server = sd_mem_add(p->mem, &sd_wireguard_agent, &p->config[1], 2 * seed + 1);
    if (p->client < 0 || p->server < 0)
        fail_msg("expected two agents, found: %s", sd_mem_error(p->mem));
}

void pair_open(struct pair *p)
{
    p->talk = sd_mem_connect(p->mem, p->client, p->server);
    pair_check(p, SD_OK, sd_mem_opened(p->mem, p->talk), "result of open");
}

void pair_ready(struct pair *p, const struct pair_options *o)
{
    pair_make(p, o);
    pair_open(p);
    sd_mem_run(p->mem, 6 * SD_SECOND);
    pair_check(p, 1, sd_mem_count(p->mem, p->client, SD_EV_READY), "client ready");
    pair_check(p, 1, sd_mem_count(p->mem, p->server, SD_EV_READY), "server ready");
}

void pair_end(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

const uint8_t *inner_packet(uint32_t source, uint32_t destination, size_t len)
{
    static uint8_t packet[65536];
    const uint8_t header[28] = {0x45,
                                0,
                                (uint8_t)(len >> 8),
                                (uint8_t)len,
                                0,
                                0,
                                0x40,
                                0,
                                64,
                                SD_PROTO_UDP,
                                0,
                                0,
                                (uint8_t)(source >> 24),
                                (uint8_t)(source >> 16),
                                (uint8_t)(source >> 8),
                                (uint8_t)source,
                                (uint8_t)(destination >> 24),
                                (uint8_t)(destination >> 16),
                                (uint8_t)(destination >> 8),
                                (uint8_t)destination,
                                4,
                                0,
                                4,
                                1,
                                (uint8_t)((len - 20) >> 8),
                                (uint8_t)(len - 20),
                                0,
                                0};
    memset(packet, 'x', len);
    memcpy(packet, header, sizeof header);
    return packet;
}

void pair_send(struct pair *p, int from, size_t len)
{
    const uint8_t *packet = inner_packet(INNER((uint32_t)from), INNER((uint32_t)!from), len);
    pair_check(p, SD_OK, sd_mem_send(p->mem, from, 0, 0, packet, len, false), "result of app_in");
}

static bool matches(const struct sd_mem_unit *u, int from, uint8_t type)
{
    return (from < 0 || u->from == from) && !u->copy && (!type || (u->len && u->data[0] == type));
}

size_t pair_sent(const struct pair *p, int from, uint8_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < sd_mem_units(p->mem); i++)
        n += matches(sd_mem_unit(p->mem, i), from, type);
    return n;
}

size_t pair_find(const struct pair *p, int from, uint8_t type, size_t nth)
{
    for (size_t i = 0; i < sd_mem_units(p->mem); i++)
        if (matches(sd_mem_unit(p->mem, i), from, type) && nth-- == 0)
            return i;
    return SIZE_MAX;
}

struct sd_stats pair_stats(struct pair *p, int seat)
{
    struct sd_stats s;
    sd_seat_stats(sd_mem_seat(p->mem, seat), &s);
    return s;
}

uint64_t pair_dropped(struct pair *p, int seat, int reason)
{
    return pair_stats(p, seat).dropped[reason];
}

void pair_check_at(struct pair *p, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line)
{
    if (expected == found)
        return;
    sd_mem_print(p->mem);
    fprintf(stderr, "%s:%d: %s: expected %llu, found %llu\n", file, line, what,
            (unsigned long long)expected, (unsigned long long)found);
    _fail(file, line);
}
