/* test_index.c - things by hash, and things by time. */
#include "sim/core/agenda.h"
#include "sim/core/error.h"
#include "sim/core/index.h"
#include "tests/core/unit.h"

enum { THINGS = 1000 };

struct thing {
    uint64_t hash;
    bool in;
    struct sd_due due;
};

static struct thing *look_for(const struct sd_index *x, struct thing *wanted)
{
    struct thing *t;
    for (uint32_t cursor = 0; (t = sd_index_find(x, wanted->hash, &cursor));)
        if (t == wanted)
            return t;
    return NULL;
}

/* However hashes collide, what is in is found, what was taken out is not, and nothing else is lost.
 */
static void test_index(void **state)
{
    (void)state;
    static const uint64_t masks[] = {0, 1, 7, 0xff, UINT64_MAX, ~UINT64_C(0xffff)};
    for (size_t m = 0; m < SD_ROWS(masks); m++) {
        static struct thing thing[THINGS];
        struct sd_index x = {0};
        struct sd_env env;
        struct sd_rng rng;
        size_t many = masks[m] < 8 ? 50 : THINGS;
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        sd_rng_seed(&rng, m);
        for (size_t i = 0; i < THINGS; i++)
            thing[i] = (struct thing){.hash = sd_rng_next(&rng) & masks[m]};
        for (size_t step = 0; step < 6 * many; step++) {
            struct thing *t = &thing[sd_rng_below(&rng, many)];
            if (t->in)
                sd_index_remove(&x, t->hash, t);
            else
                assert_true(sd_index_add(&x, &env, t->hash, t));
            t->in = !t->in;
            assert_true((look_for(&x, t) != NULL) == t->in);
        }
        size_t in = 0, drained = 0;
        for (size_t i = 0; i < many; i++) {
            assert_true((look_for(&x, &thing[i]) != NULL) == thing[i].in);
            in += thing[i].in;
        }
        assert_int_equal(x.used, in);
        assert_true((sd_index_any(&x) != NULL) == (in > 0));
        struct thing *t;
        for (uint32_t place = 0; (t = sd_index_drain(&x, &place)); drained++)
            sd_index_remove(&x, t->hash, t);
        assert_int_equal(drained, in);
        assert_int_equal(x.used, 0);
        sd_free(x.slot);
        assert_int_equal(sd_heap_bytes(&env), 0);
        sd_env_fini(&env);
    }
}

/* One thing under several hashes, as a connection under all its ids: only that hash goes. */
static void test_several_hashes(void **state)
{
    (void)state;
    static const uint64_t hash[] = {8, 16, 24}; /* of one home, so that they are probed in turn */
    for (size_t gone = 0; gone < SD_ROWS(hash); gone++) {
        struct sd_env env;
        struct sd_index x = {0};
        int thing = 0;
        assert_int_equal(sd_env_init(&env, 1), SD_OK);
        for (size_t i = 0; i < SD_ROWS(hash); i++)
            assert_true(sd_index_add(&x, &env, hash[i], &thing));
        sd_index_remove(&x, hash[gone], &thing);
        for (size_t i = 0; i < SD_ROWS(hash); i++) {
            uint32_t cursor = 0;
            bool there = sd_index_find(&x, hash[i], &cursor) != NULL;
            if (there != (i != gone))
                fail_msg("hash %zu gone: expected hash %zu %s, found it %s", gone, i,
                         i != gone ? "there" : "gone", there ? "there" : "gone");
        }
        sd_free(x.slot);
        sd_env_fini(&env);
    }
}

/* They come in the order of their times, and at one time in that of `order`. */
static void test_agenda(void **state)
{
    (void)state;
    static struct thing thing[THINGS];
    struct sd_agenda a = {0};
    struct sd_env env;
    struct sd_rng rng;
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    sd_rng_seed(&rng, 7);
    assert_int_equal(sd_agenda_deadline(&a), SD_NEVER);
    for (size_t i = 0; i < THINGS; i++)
        thing[i] = (struct thing){.due.order = i};
    for (size_t step = 0; step < 5 * THINGS; step++) {
        uint64_t at = sd_rng_below(&rng, 300);
        sd_agenda_set(&a, &env, &thing[sd_rng_below(&rng, THINGS)].due, at < 60 ? SD_NEVER : at);
    }
    struct sd_due *due;
    sd_time last = 0;
    uint64_t order = 0;
    for (size_t in = a.count; in > 0; in--) {
        assert_null(sd_agenda_due(&a, sd_agenda_deadline(&a) - 1));
        due = sd_agenda_due(&a, sd_agenda_deadline(&a));
        assert_non_null(due);
        assert_ptr_equal(sd_due_of(due, struct thing, due), &thing[due->order]);
        assert_true(due->at > last || (due->at == last && due->order >= order));
        last = due->at;
        order = due->order;
        sd_agenda_set(&a, &env, due, SD_NEVER);
        assert_int_equal(due->place, 0);
    }
    assert_null(sd_agenda_due(&a, SD_NEVER));
    sd_agenda_fini(&a);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_index),
                                       cmocka_unit_test(test_several_hashes),
                                       cmocka_unit_test(test_agenda)};
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
