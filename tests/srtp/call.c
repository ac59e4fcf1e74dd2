#include "tests/srtp/call.h"

#include "sim/core/signalling.h"

#include <stdio.h>
#include <string.h>

#define PAYLOAD 160

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct call *c = ctx;
    if (e->kind == SD_EV_READY)
        c->sid[e->seat] = e->sid;
}

void call_make(struct call *c, const struct call_options *o)
{
    static const char *const names[] = {"client.example", "server.example"};
    *c = (struct call){.mem = sd_mem_new(1), .talk = -1};
    sd_mem_link(c->mem)->delay = WAY;
    sd_mem_watch(c->mem, on_event, c);
    for (int i = 0; i < 2; i++) {
        c->config[i] = (struct sd_config){.role = i == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                                          .mode = o->mode,
                                          .identity = sd_identity(names[i]),
                                          .server_name = names[SERVER],
                                          .options = o->options[i],
                                          .path_mtu = o->path_mtu};
        if (sd_mem_add(c->mem, &sd_srtp_agent, &c->config[i], (uint64_t)i + 3) != i)
            fail_msg("%s", sd_mem_error(c->mem));
    }
}

int call_signal(struct call *c)
{
    struct sd_signalled end[2];
    for (int i = 0; i < 2; i++)
        end[i] = (struct sd_signalled){sd_mem_seat(c->mem, i),
                                       sd_mem_address(c->mem, i, SD_PROTO_UDP, i ? SR_PORT : 0)};
    if (sd_mem_find(c->mem, CLIENT, SD_EV_READY, 0)) /* its port is known by now */
        end[CLIENT].local = sd_mem_find(c->mem, CLIENT, SD_EV_READY, 0)->path.local;
    return sd_signal(&end[CLIENT], &end[SERVER], sd_mem_now(c->mem));
}

void call_open(struct call *c)
{
    c->talk = sd_mem_connect_with(
        c->mem, &(struct sd_mem_connect){.client = CLIENT, .server = SERVER, .unsignalled = true});
    call_check(c, SD_OK, sd_mem_opened(c->mem, c->talk), "result of open");
    call_run(c, 4 * RTT);
}

void call_begin(struct call *c, const struct call_options *o)
{
    call_make(c, o);
    call_check(c, SD_OK, call_signal(c), "result of signalling");
    call_open(c);
    call_check(c, true, c->sid[CLIENT] != 0, "client is ready");
    call_check(c, true, c->sid[SERVER] != 0, "server is ready");
}

void call_run(struct call *c, sd_time more)
{
    sd_mem_run(c->mem, sd_mem_now(c->mem) + more);
}

static void payload(uint8_t out[PAYLOAD], int from, uint32_t n)
{
    for (size_t i = 0; i < PAYLOAD; i++)
        out[i] = (uint8_t)(n * 31 + i * 7 + (uint32_t)from);
}

void call_talk(struct call *c, int from, uint32_t count)
{
    uint8_t bytes[PAYLOAD];
    for (uint32_t n = 0; n < count; n++) {
        payload(bytes, from, n);
        call_check(c, SD_OK, sd_mem_send(c->mem, from, c->sid[from], 0, bytes, sizeof bytes, false),
                   "result of app_in");
        call_run(c, 20 * SD_MS);
    }
    call_run(c, 2 * WAY);
}

void call_check_heard(struct call *c, int seat, uint32_t count)
{
    size_t len;
    const uint8_t *heard = sd_mem_received(c->mem, seat, &len);
    uint8_t bytes[PAYLOAD];
    call_check(c, count * PAYLOAD, len, "bytes heard");
    for (uint32_t n = 0; n < count; n++) {
        payload(bytes, !seat, n);
        assert_memory_equal(heard + n * PAYLOAD, bytes, PAYLOAD);
    }
}

struct sd_stats call_stats(struct call *c, int seat)
{
    struct sd_stats s;
    sd_seat_stats(sd_mem_seat(c->mem, seat), &s);
    return s;
}

uint64_t call_dropped(struct call *c, int seat, int reason)
{
    return call_stats(c, seat).dropped[reason];
}

struct sr_session *call_session(struct call *c, int seat)
{
    const struct srtp *a = (const struct srtp *)sd_mem_seat(c->mem, seat)->agent;
    return sr_session_by_sid(a, c->sid[seat]);
}

void call_end(struct call *c)
{
    assert_int_equal(sd_mem_free(c->mem), 0);
}

void call_check_at(struct call *c, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line)
{
    if (expected == found)
        return;
    sd_mem_print(c->mem);
    fprintf(stderr, "%s:%d: %s: expected %llu, found %llu\n", file, line, what,
            (unsigned long long)expected, (unsigned long long)found);
    _fail(file, line);
}
