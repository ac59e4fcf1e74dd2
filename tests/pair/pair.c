#include "tests/pair/pair.h"
#include <stdio.h>
#include <string.h>

#define BYTES (4u << 20)

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct pair *p = ctx;
    if (e->kind == SD_EV_READY && e->seat == p->server)
        p->server_sid = e->sid;
    if (e->kind == SD_EV_DATA && e->seat == p->server && p->reply) {
        size_t len = p->reply;
        p->reply = 0;
        pair_send(p, p->server, len, false);
    }
}

/* Seat 2, which the two others know by its address and key. */
static void use_directory(struct pair *p)
{
    static struct sd_identity identity;
    identity = *sd_identity("server.example");
    identity.name = "directory.example";
    sd_identity_x25519(identity.name, identity.x25519_private, identity.x25519_public);
    p->config[2] = (struct sd_config){
        .role = SD_ROLE_SERVER, .identity = &identity, .server_name = identity.name};
    p->directory_peer.endpoint = sd_ipv4(10, 0, 0, 3, pair_ops->carriers[0].port);
    p->directory_peer.endpoint.proto = pair_ops->carriers[0].proto;
    memcpy(p->directory_peer.public_key, identity.x25519_public, 32);
    p->config[0].directory = p->config[1].directory = &p->directory_peer;
}

void pair_make(struct pair *p, const struct pair_options *o)
{
    uint64_t seed = o->seed ? o->seed : 1;
    memset(p, 0, sizeof *p);
    p->reply = o->reply;
    p->mem = sd_mem_new(seed);
    sd_mem_link(p->mem)->delay = WAY;
    sd_mem_watch(p->mem, on_event, p);
    p->config[0] = (struct sd_config){.role = SD_ROLE_CLIENT,
                                      .mode = o->client_mode,
                                      .identity = o->nobody ? NULL : sd_identity("client.example"),
                                      .server_name = o->name ? o->name : "server.example",
                                      .path_mtu = o->path_mtu,
                                      .options = o->client_options};
    p->config[1] = (struct sd_config){.role = SD_ROLE_SERVER,
                                      .mode = o->server_mode,
                                      .identity = sd_identity("server.example"),
                                      .mutual = o->peer_count > 0,
                                      .validation = o->validation,
                                      .half_open_max = o->half_open_max,
                                      .peers = o->peers,
                                      .peer_count = o->peer_count,
                                      .options = o->server_options};
    if (o->directory)
        use_directory(p);
    p->client = sd_mem_add(p->mem, pair_ops, &p->config[0], 2 * seed);
    p->server = sd_mem_add(p->mem, pair_ops, &p->config[1], 2 * seed + 1);
    p->directory = o->directory ? sd_mem_add(p->mem, pair_ops, &p->config[2], 2 * seed + 3) : -1;
    if (p->client < 0 || p->server < 0 || (o->directory && p->directory < 0))
        fail_msg("expected agents, found: %s", sd_mem_error(p->mem));
}

void pair_open(struct pair *p, const struct pair_options *o)
{
    const struct sd_mem_connect with = {.client = p->client,
                                        .server = p->server,
                                        .early = (const uint8_t *)o->early,
                                        .early_len = o->early ? strlen(o->early) : 0};
    p->talk = sd_mem_connect_with(p->mem, &with);
    pair_check(p, SD_OK, sd_mem_opened(p->mem, p->talk), "result of open");
    p->client_sid = sd_mem_sid(p->mem, p->talk);
}

void pair_request(struct pair *p, const struct pair_options *o, size_t len)
{
    pair_make(p, o);
    pair_open(p, o);
    if (len > 0)
        pair_check(p, SD_OK, pair_send(p, p->client, len, false), "result of app_in");
}

void pair_end(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

uint8_t pair_byte(uint64_t n)
{
    return (uint8_t)(n * 167 + (n >> 8) * 13 + (n >> 16));
}

const uint8_t *pair_bytes(size_t len)
{
    static uint8_t bytes[BYTES];
    static bool made;
    assert_true(len <= BYTES);
    for (size_t n = 0; !made && n < BYTES; n++)
        bytes[n] = pair_byte(n);
    made = true;
    return bytes;
}

int pair_send(struct pair *p, int from, size_t len, bool fin)
{
    sd_sid sid = from == p->client ? p->client_sid : p->server_sid;
    return sd_mem_send(p->mem, from, sid, 0, pair_bytes(len), len, fin);
}

void pair_received(struct pair *p, int seat, size_t len)
{
    size_t found;
    const uint8_t *bytes = sd_mem_received(p->mem, seat, &found);
    pair_check(p, len, found,
               seat == p->client ? "bytes the client received" : "bytes the server received");
    if (len > 0)
        assert_memory_equal(bytes, pair_bytes(len), len);
}

void pair_run(struct pair *p, sd_time more)
{
    sd_mem_run(p->mem, sd_mem_now(p->mem) + more);
}

size_t pair_index(const struct pair *p, int from, char kind, size_t nth)
{
    for (size_t i = 0; i < sd_mem_units(p->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p->mem, i);
        if (u->from == from && !u->copy && (!kind || pair_letter(u->data, u->len) == kind) &&
            nth-- == 0)
            return i;
    }
    return SIZE_MAX;
}

const struct sd_mem_unit *pair_unit(const struct pair *p, int from, char kind, size_t nth)
{
    size_t i = pair_index(p, from, kind, nth);
    return i == SIZE_MAX ? NULL : sd_mem_unit(p->mem, i);
}

size_t pair_sent(const struct pair *p, int from, char kind)
{
    size_t n = 0;
    while (pair_index(p, from, kind, n) != SIZE_MAX)
        n++;
    return n;
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

struct sd_agent *pair_agent_of(struct pair *p, int seat)
{
    return sd_mem_seat(p->mem, seat)->agent;
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
