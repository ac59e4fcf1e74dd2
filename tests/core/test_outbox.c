/* test_outbox.c - units and events leave in order, whole, and nothing stays behind. */
#include "sim/core/outbox.h"
#include "tests/core/unit.h"
#include <string.h>

static struct sd_env env;
static struct sd_outbox box;

static void begin(void)
{
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    sd_outbox_init(&box, &env);
}

static void end(void)
{
    sd_outbox_fini(&box);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

static void put(size_t len, uint8_t fill)
{
    struct sd_path path = {.remote = sd_ipv4(10, 0, 0, 1, fill)};
    uint8_t *data = sd_outbox_unit(&box, &path, len);
    assert_non_null(data);
    memset(data, fill, len);
}

static void pull(size_t cap, size_t len, uint8_t fill)
{
    uint8_t data[4096];
    struct sd_unit u = {.data = data, .cap = cap};
    assert_int_equal(sd_outbox_pull_unit(&box, &u), 1);
    assert_int_equal(u.len, len);
    assert_int_equal(u.path.remote.port, fill);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(data[i], fill);
}

static void units_leave_in_order(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 8, 9, 255, 256, 1500, 4000};
    begin();
    for (int round = 0; round < 3; round++) {
        for (uint8_t i = 0; i < SD_ROWS(sizes); i++)
            put(sizes[i], i + 1);
        for (uint8_t i = 0; i < SD_ROWS(sizes); i++)
            pull(4096, sizes[i], i + 1);
        struct sd_unit none = {0};
        assert_int_equal(sd_outbox_pull_unit(&box, &none), 0);
        assert_true(sd_heap_bytes(&env) <= 4096); /* the large block is given back */
    }
    put(100, 5);
    pull(60, 60, 5); /* cut to the room there is */
    put(10, 6);      /* left behind: freed by end() */
    end();
}

static void events_leave_in_order(void **state)
{
    (void)state;
    begin();
    for (sd_sid sid = 1; sid <= 40; sid++) {
        uint8_t *owned = sid % 2 ? sd_alloc(&env, 64) : NULL;
        struct sd_event *e = sd_outbox_event(&box, SD_EV_DATA, sid, owned);
        if (owned)
            owned[0] = (uint8_t)sid;
        e->data = owned;
    }
    uint64_t full = sd_heap_bytes(&env);
    for (sd_sid sid = 1; sid <= 30; sid++) {
        struct sd_event e;
        assert_int_equal(sd_outbox_pull_event(&box, &e), 1);
        assert_int_equal(e.kind, SD_EV_DATA);
        assert_int_equal(e.sid, sid);
        if (sid % 2)
            assert_int_equal(e.data[0], sid); /* alive until the next pull */
    }
    assert_true(sd_heap_bytes(&env) < full); /* those that are over own nothing any more */
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_leave_in_order),
        cmocka_unit_test(events_leave_in_order),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
