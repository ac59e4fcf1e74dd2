#include "tests/ipsec/pair.h"
#include "protocols/ipsec/payload.h"
#include <stdio.h>
#include <string.h>

static const char default_psk[] = "a key that both sides know";

void pair_make(struct pair *p, const struct pair_options *o)
{
    static const char *const names[] = {"client.example", "server.example"};
    uint64_t seed = o->seed ? o->seed : 1;
    memset(p, 0, sizeof *p);
    assert_int_equal(sd_core_init(), SD_OK);
    p->mem = sd_mem_new(seed);
    sd_mem_link(p->mem)->delay = o->delay ? o->delay : 10 * SD_MS;
    for (int i = 0; i < 2; i++) {
        const char *name = o->identity[i] ? o->identity[i] : names[i];
        const char *psk = o->psk[i] ? o->psk[i] : default_psk;
        p->peer[i].inner_net = INNER(!i);
        p->peer[i].inner_prefix = 32;
        p->config[i] = (struct sd_config){
            .role = i ? SD_ROLE_SERVER : SD_ROLE_CLIENT,
            .mode = o->mode,
            .identity = sd_identity(name),
            .server_name = o->identity[1] ? o->identity[1] : names[1],
            .psk = (const uint8_t *)psk,
            .psk_len = strlen(psk),
            .psk_identity = "somebody",
            .inner_net = INNER(i),
            .inner_prefix = 32,
            .peers = &p->peer[i],
            .peer_count = 1,
            .options = o->options[i],
            .delegate = o->delegate[i],
            .validation = i ? o->validation : SD_VALIDATE_DEFAULT,
        };
    }
    for (size_t i = 0; i < o->others; i++)
        p->known[i] = (struct sd_peer){.inner_net = INNER(100 + i), .inner_prefix = 32};
    if (o->others) {
        p->known[o->others] = p->peer[1];
        p->config[1].peers = p->known;
        p->config[1].peer_count = o->others + 1;
    }
    p->client = sd_mem_add(p->mem, &sd_ipsec_agent, &p->config[0], 2 * seed);
    p->server = sd_mem_add(p->mem, &sd_ipsec_agent, &p->config[1], 2 * seed + 1);
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
    sd_mem_run(p->mem, sd_mem_now(p->mem) + SD_SECOND);
    pair_check(p, 1, sd_mem_count(p->mem, p->client, SD_EV_READY), "client ready");
    pair_check(p, 1, sd_mem_count(p->mem, p->server, SD_EV_READY), "server ready");
}

void pair_end(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

static const uint8_t *inner_packet(uint32_t source, uint32_t destination, size_t len)
{
    static uint8_t packet[65536];
    struct sd_writer w = sd_writer_of(packet, 28);
    memset(packet, 'x', len);
    sd_put16(&w, 0x4500);
    sd_put16(&w, (uint16_t)len);
    sd_put32(&w, 0x4000);
    sd_put16(&w, 64 << 8 | SD_PROTO_UDP);
    sd_put16(&w, 0);
    sd_put32(&w, source);
    sd_put32(&w, destination);
    sd_put32(&w, 1024 << 16 | 1025);
    sd_put16(&w, (uint16_t)(len - 20));
    sd_put16(&w, 0);
    return packet;
}

void pair_send(struct pair *p, int from, size_t len)
{
    const uint8_t *packet = inner_packet(INNER(from), INNER(!from), len);
    pair_check(p, SD_OK, sd_mem_send(p->mem, from, 0, 0, packet, len, false), "result of app_in");
}

size_t pair_delivered(const struct pair *p, int to)
{
    return sd_mem_count(p->mem, to, SD_EV_DATA);
}

static bool matches(const struct sd_mem_unit *u, int from, uint8_t exchange, int response)
{
    struct ike_header h;
    const uint8_t *data = u->data;
    size_t len = u->len;
    if (u->copy || (from >= 0 && u->from != from) || u->path.local.proto == SD_PROTO_ESP)
        return false;
    if (len > 4 && memcmp(data, "\0\0\0", 4) == 0) {
        data += 4;
        len -= 4;
    }
    return ike_header_read(&h, data, len) && h.exchange == exchange &&
           (response < 0 || response == !!(h.flags & IKE_FLAG_RESPONSE));
}

size_t pair_sent(const struct pair *p, int from, uint8_t exchange, int response)
{
    size_t n = 0;
    for (size_t i = 0; i < sd_mem_units(p->mem); i++)
        n += matches(sd_mem_unit(p->mem, i), from, exchange, response);
    return n;
}

size_t pair_find(const struct pair *p, int from, uint8_t exchange, int response, size_t nth)
{
    for (size_t i = 0; i < sd_mem_units(p->mem); i++)
        if (matches(sd_mem_unit(p->mem, i), from, exchange, response) && nth-- == 0)
            return i;
    return SIZE_MAX;
}

struct sd_stats pair_stats(struct pair *p, int seat)
{
    struct sd_stats s;
    sd_seat_stats(sd_mem_seat(p->mem, seat), &s);
    return s;
}

uint64_t pair_calls(struct pair *p, int seat, enum sd_op op)
{
    return sd_account_calls(&sd_mem_seat(p->mem, seat)->env->account, op);
}

int pair_control(struct pair *p, int seat, enum sd_verb verb, const char *text)
{
    struct sd_control c = {.verb = verb, .text = text};
    const struct sd_mem_event *ready = sd_mem_find(p->mem, seat, SD_EV_READY, 0);
    assert_non_null(ready);
    return sd_mem_control(p->mem, seat, ready->sid, &c);
}

bool pair_said(const struct pair *p, int seat, enum sd_event_kind kind, const char *detail)
{
    const struct sd_mem_event *e;
    for (size_t i = 0; (e = sd_mem_find(p->mem, seat, kind, i)) != NULL; i++)
        if (strstr(e->detail, detail) != NULL)
            return true;
    return false;
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
