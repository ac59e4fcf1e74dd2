/* test_settle.c - the loop that drives agents: entering, draining, and agents that misbehave. */
#include <string.h>

#include "sim/core/settle.h"
#include "tests/core/unit.h"

/* An agent that does what the test says. */
struct puppet {
    struct sd_agent agent;
    uint32_t units, events; /* still to come */
    bool endless;
    sd_time deadline;
    const struct sd_env *expected;
    bool outside; /* once called while its env was not entered */
};
static struct puppet puppet;

static void look(void)
{
    if (sd_entered != puppet.expected)
        puppet.outside = true;
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    if (config == NULL)
        return sd_fail(error, SD_E_ARG, "the puppet wants a configuration");
    puppet.expected = env;
    look();
    *agent = &puppet.agent;
    return SD_OK;
}

static void destroy(struct sd_agent *agent)
{
    (void)agent;
    look();
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    (void)agent, (void)now, (void)open;
    look();
    *sid = 7;
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    (void)agent, (void)now, (void)sid, (void)stream, (void)data, (void)fin;
    look();
    return (long)len - 1;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    (void)agent;
    look();
    return u->len > 0 && now == puppet.expected->now ? SD_OK : SD_DROP_MALFORMED;
}

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *u)
{
    (void)agent, (void)now;
    look();
    if (u->cap < 65536 || (!puppet.endless && puppet.units == 0))
        return 0;
    puppet.units--;
    u->len = 1;
    u->data[0] = (uint8_t)puppet.units;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    (void)agent;
    look();
    if (puppet.events == 0)
        return 0;
    /* Each event brings another unit: only a fixpoint sees them all. */
    puppet.events--;
    puppet.units++;
    e->kind = SD_EV_NOTE;
    return 1;
}

static sd_time deadline(const struct sd_agent *agent)
{
    (void)agent;
    return puppet.deadline;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    (void)agent, (void)now;
    look();
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    (void)agent, (void)now, (void)sid, (void)c;
    look();
    return SD_E_UNSUPPORTED;
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    (void)agent;
    s->handshakes = 3;
}

static size_t tcp_options(struct sd_agent *agent, sd_time now, const struct sd_path *path,
                          enum sd_segment segment, const uint8_t *received, size_t received_len,
                          uint8_t *out, size_t cap)
{
    (void)agent, (void)now, (void)path, (void)segment, (void)received, (void)received_len;
    (void)out;
    look();
    return cap + 1; /* more than there is room for */
}

static const struct sd_agent_ops puppet_ops = {
    .name = "puppet",
    .modes = (const struct sd_mode[]){{"fresh", "", false}, {"early", "", true}, {0}},
    .create = create,
    .destroy = destroy,
    .open = open_session,
    .app_in = app_in,
    .net_in = net_in,
    .net_out = net_out,
    .event = event,
    .deadline = deadline,
    .expire = expire,
    .control = control,
    .stats = stats,
    .tcp_options = tcp_options,
};

struct heard {
    struct sd_seat *seat;
    size_t units, events, errors;
    int reentry; /* what calling back gave */
    char detail[80];
};

static void on_unit(void *ctx, const struct sd_unit *u)
{
    struct heard *h = ctx;
    h->units++;
    assert_null(sd_entered);
    h->reentry = sd_seat_net_in(h->seat, 0, u);
}

static void on_event(void *ctx, const struct sd_event *e)
{
    struct heard *h = ctx;
    h->events += e->kind == SD_EV_NOTE;
    if (e->kind == SD_EV_ERROR) {
        h->errors++;
        strncpy(h->detail, e->detail, sizeof h->detail - 1);
    }
    assert_null(sd_entered);
}

static const struct sd_sink sink = {.unit = on_unit, .event = on_event};
static const struct sd_config config = {.role = SD_ROLE_CLIENT};

static void start(struct sd_env *env, struct sd_seat *seat, struct heard *heard)
{
    puppet = (struct puppet){.agent.ops = &puppet_ops, .deadline = SD_NEVER};
    *heard = (struct heard){.seat = seat, .reentry = SD_OK};
    assert_int_equal(sd_env_init(env, 1), SD_OK);
    assert_int_equal(sd_seat_init(seat, &puppet_ops, &config, env, &sink, heard, 5, NULL), SD_OK);
}

static void stop(struct sd_env *env, struct sd_seat *seat)
{
    sd_seat_fini(seat);
    assert_false(puppet.outside);
    assert_null(sd_entered);
    sd_env_fini(env);
}

static void inputs_settle(void **state)
{
    (void)state;
    struct sd_env env;
    struct sd_seat seat;
    struct heard heard;
    struct sd_unit unit = {.data = (uint8_t[]){1}, .len = 1};
    sd_sid sid;
    start(&env, &seat, &heard);
    assert_int_equal(env.now, 5);
    puppet.units = 2;
    puppet.events = 3;
    assert_int_equal(sd_seat_net_in(&seat, 10, &unit), SD_OK);
    assert_int_equal(env.now, 10);
    assert_int_equal(heard.units, 5);
    assert_int_equal(heard.events, 3);
    assert_int_equal(heard.reentry, SD_E_STATE);
    assert_int_equal(sd_seat_net_in(&seat, 11, &(struct sd_unit){0}), SD_DROP_MALFORMED);
    puppet.units = 1;
    assert_int_equal(sd_seat_open(&seat, 12, &(struct sd_open){0}, &sid), SD_OK);
    assert_int_equal(sid, 7);
    assert_int_equal(heard.units, 6);
    puppet.units = 1;
    assert_int_equal(sd_seat_app_in(&seat, 13, 7, 0, unit.data, 1, false), 0);
    assert_int_equal(heard.units, 7);
    puppet.units = 1;
    assert_int_equal(sd_seat_control(&seat, 14, 7, &(struct sd_control){0}), SD_E_UNSUPPORTED);
    assert_int_equal(heard.units, 8);
    puppet.units = 1;
    assert_int_equal(sd_seat_expire(&seat, 15), SD_OK);
    assert_int_equal(heard.units, 9);
    uint8_t options[4];
    assert_int_equal(sd_seat_tcp_options(&seat, 16, &(struct sd_path){0}, SD_SEGMENT_SYN, NULL, 0,
                                         options, sizeof options),
                     0);
    void *held = sd_alloc(&env, 123);
    struct sd_stats s;
    sd_seat_stats(&seat, &s);
    assert_int_equal(s.handshakes, 3);
    assert_int_equal(s.state_bytes, 123);
    sd_free(held);
    sd_seat_stats(&seat, &s);
    assert_int_equal(s.state_bytes, 0);
    assert_int_equal(s.state_bytes_peak, 123);
    stop(&env, &seat);
    assert_int_equal(sd_seat_net_in(&seat, 20, &unit), SD_E_STATE);
    assert_int_equal(sd_seat_deadline(&seat), SD_NEVER);
}

static void runaways_stop(void **state)
{
    (void)state;
    struct sd_env env;
    struct sd_seat seat;
    struct heard heard;
    struct sd_unit unit = {.data = (uint8_t[]){1}, .len = 1};
    start(&env, &seat, &heard);
    puppet.endless = true;
    sd_seat_net_in(&seat, 10, &unit);
    assert_int_equal(heard.errors, 1);
    assert_string_equal(heard.detail, "the agent never stops producing");
    assert_true(seat.stopped);
    assert_int_equal(sd_seat_net_in(&seat, 11, &unit), SD_E_STATE);
    puppet.deadline = 12;
    assert_int_equal(sd_seat_deadline(&seat), SD_NEVER);
    stop(&env, &seat);

    start(&env, &seat, &heard);
    puppet.deadline = 10;
    size_t expiries = 0;
    for (; sd_seat_deadline(&seat) == 10 && expiries < 10000; expiries++)
        sd_seat_expire(&seat, 10);
    assert_in_range(expiries, 100, 9999);
    assert_int_equal(heard.errors, 1);
    assert_string_equal(heard.detail, "the agent's timer never moves on");
    stop(&env, &seat);
}

static void refusals_come_through(void **state)
{
    (void)state;
    struct sd_env env;
    struct sd_seat seat;
    struct sd_error error;
    sd_env_init(&env, 1);
    assert_int_equal(sd_seat_init(&seat, &puppet_ops, NULL, &env, &sink, NULL, 0, &error),
                     SD_E_ARG);
    assert_string_equal(error.text, "the puppet wants a configuration");
    sd_seat_fini(&seat);
    sd_env_fini(&env);
    assert_string_equal(sd_mode_find(&puppet_ops, NULL)->name, "fresh");
    assert_true(sd_mode_find(&puppet_ops, "early")->needs_earlier);
    assert_null(sd_mode_find(&puppet_ops, "late"));
    for (int kind = SD_EV_VALIDATED; kind < SD_EV_MAX; kind++)
        assert_string_not_equal(sd_event_name((enum sd_event_kind)kind), "unknown event");
    assert_string_equal(sd_event_name(SD_EV_MAX), "unknown event");
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_settle),
        cmocka_unit_test(runaways_stop),
        cmocka_unit_test(refusals_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
