/* test_env.c - time, randomness, memory and accounts of an env. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "sim/core/cost.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"

/* -- randomness -- */

static void streams_have_known_values(void **state)
{
    (void)state;
    /* SplitMix64 from 0, as published with it. */
    static const uint64_t splitmix[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                        UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec)};
    struct sd_rng r;
    sd_rng_seed(&r, 0);
    assert_memory_equal(r.s, splitmix, sizeof splitmix);
    /* xoshiro256** from the state 1, 2, 3, 4: computed from its definition by hand. */
    static const uint64_t xoshiro[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    r = (struct sd_rng){{1, 2, 3, 4}};
    for (size_t i = 0; i < SD_ROWS(xoshiro); i++)
        assert_true(sd_rng_next(&r) == xoshiro[i]);
    /* Bytes are the words, least significant first. */
    struct sd_rng a, b;
    uint8_t bytes[11];
    sd_rng_seed(&a, 7);
    sd_rng_seed(&b, 7);
    sd_rng_fill(&a, bytes, sizeof bytes);
    uint64_t first = sd_rng_next(&b), second = sd_rng_next(&b);
    for (int i = 0; i < 8; i++)
        assert_int_equal(bytes[i], first >> (8 * i) & 0xff);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bytes[8 + i], second >> (8 * i) & 0xff);
}

static void hashes_do_not_change(void **state)
{
    (void)state;
    /* Seeds of stored runs come from these: a change makes every baseline void. */
    assert_true(sd_hash_text(0, "") != sd_hash_text(1, ""));
    assert_true(sd_hash_text(0, "ab") == sd_hash(0, "ab", 2));
    assert_true(sd_hash_text(sd_hash_text(0, "a"), "b") != sd_hash_text(sd_hash_text(0, "b"), "a"));
    assert_true(sd_hash_text(sd_hash_text(0, "a"), "bc") !=
                sd_hash_text(sd_hash_text(0, "ab"), "c"));
    assert_true(sd_hash_u64(0, 1) == sd_hash(0, "\1\0\0\0\0\0\0", 8));
}

static void draws_are_even(void **state)
{
    (void)state;
    enum { N = 100000, BINS = 10 };
    /* Three sources; chi squared with 9 degrees of freedom stays below 33.7 but once in 10000. */
    for (int source = 0; source < 3; source++) {
        size_t bin[BINS] = {0};
        struct sd_rng r;
        sd_rng_seed(&r, 42);
        for (uint64_t i = 0; i < N; i++)
            bin[source == 0   ? sd_rng_below(&r, BINS)
                : source == 1 ? sd_draw(42, i) % BINS
                              : sd_draw(i, 3) % BINS]++;
        double chi = 0;
        for (int i = 0; i < BINS; i++)
            chi += ((double)bin[i] - N / BINS) * ((double)bin[i] - N / BINS) / (N / BINS);
        if (chi > 33.7)
            fail_msg("source %d: chi squared %.1f", source, chi);
    }
    struct sd_rng r;
    sd_rng_seed(&r, 1);
    size_t hits = 0;
    for (int i = 0; i < N; i++)
        hits += sd_rng_chance(&r, 250000);
    assert_in_range(hits, 24400, 25600); /* four standard deviations are 548 */
    assert_false(sd_rng_chance(&r, 0));
    assert_true(sd_rng_chance(&r, SD_PPM));
}

static void libraries_draw_from_the_entered(void **state)
{
    (void)state;
    uint8_t expected[64], found[64], outside[2][64];
    struct sd_rng r;
    sd_rng_seed(&r, 9);
    sd_rng_fill(&r, expected, 32);
    sd_rng_fill(&r, expected + 32, 32);
    struct sd_env env;
    assert_int_equal(sd_env_init(&env, 9), SD_OK);
    struct sd_env *before = sd_enter(&env);
    assert_int_equal(RAND_bytes(found, 32), 1);
    randombytes_buf(found + 32, 32);
    sd_leave(before);
    assert_memory_equal(found, expected, 64);
    RAND_bytes(outside[0], 64);
    RAND_bytes(outside[1], 64);
    assert_memory_not_equal(outside[0], outside[1], 64);
    sd_env_fini(&env);
}

/* -- time -- */

static void clocks_are_virtual_inside(void **state)
{
    (void)state;
    struct sd_env env;
    sd_env_init(&env, 1);
    env.now = 3 * SD_SECOND + 123456789;
    time_t real = time(NULL);
    assert_true(real > (time_t)SD_EPOCH_S + 3); /* the lab's year is over */
    struct sd_env *before = sd_enter(&env);
    struct timespec ts, cpu, later;
    struct timeval tv;
    time_t t, told;
    t = time(&told);
    gettimeofday(&tv, NULL);
    clock_gettime(CLOCK_MONOTONIC, &ts);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    for (volatile int i = 0; i < 100000; i++)
        ;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &later);
    sd_leave(before);
    assert_int_equal(t, SD_EPOCH_S + 3);
    assert_int_equal(told, t);
    assert_int_equal(tv.tv_sec, t);
    assert_int_equal(tv.tv_usec, 123456);
    assert_int_equal(ts.tv_sec, t);
    assert_int_equal(ts.tv_nsec, 123456789);
    assert_true(later.tv_sec > cpu.tv_sec || later.tv_nsec > cpu.tv_nsec);
    assert_true(time(NULL) >= real);
    sd_env_fini(&env);
}

/* -- memory -- */

static void heaps_count(void **state)
{
    (void)state;
    struct sd_env a, b;
    sd_env_init(&a, 1);
    sd_env_init(&b, 2);
    uint8_t *x = sd_alloc(&a, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(x[i], 0);
    memset(x, 7, 100);
    assert_int_equal(sd_heap_bytes(&a), 100);
    x = sd_realloc(&b, x, 250); /* stays where it was */
    for (int i = 0; i < 250; i++)
        assert_int_equal(x[i], i < 100 ? 7 : 0);
    assert_int_equal(sd_heap_bytes(&a), 250);
    assert_int_equal(sd_heap_bytes(&b), 0);
    x = sd_realloc(&a, x, 50);
    assert_int_equal(sd_heap_bytes(&a), 50);
    assert_true(sd_heap_peak(&a) >= 250);
    assert_int_equal((uintptr_t)x % _Alignof(max_align_t), 0);
    uint8_t *y = sd_alloc(&b, 0);
    assert_non_null(y);
    sd_free(y);
    sd_free(NULL);

    /* OpenSSL's memory belongs to who was entered, whoever is when it is freed. */
    struct sd_env *before = sd_enter(&a);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint64_t with = sd_heap_bytes(&a);
    assert_true(with > 50);
    sd_enter(&b);
    EVP_MD_CTX_free(ctx);
    assert_int_equal(sd_heap_bytes(&a), 50);
    sd_leave(before);

    /* A block may outlive its env. */
    uint8_t *last = sd_alloc(&b, 10);
    sd_env_fini(&a);
    sd_env_fini(&b);
    sd_free(last);
    sd_free(x);

    assert_null(sd_alloc(NULL, SIZE_MAX - 4));
    assert_true(sd_equal_ct("abc", "abc", 3));
    assert_false(sd_equal_ct("abc", "abd", 3));
    assert_true(sd_equal_ct("a", "b", 0));
}

/* -- accounts -- */

static void accounts_add_up(void **state)
{
    (void)state;
    static const struct sd_cost_table costs = {
        .name = "test",
        .rows = 4,
        .row = {{SD_OP_SIGN, "P-256", 1000, 0},
                {SD_OP_SIGN, "*", 5000, 0},
                {SD_OP_SEAL, "AES-128-GCM", 100, 1024},
                {SD_OP_HASH, "SHA2-256", 10, 2048}},
    };
    static const struct {
        enum sd_op op;
        const char *alg;
        size_t bytes;
        bool part; /* sd_count_bytes() */
        uint64_t owed;
    } rows[] = {
        {SD_OP_SIGN, "P-256", 0, false, 1000},
        {SD_OP_SIGN, "p-256", 0, false, 1000}, /* case does not matter */
        {SD_OP_SIGN, "RSA-2048", 77, false, 5000},
        {SD_OP_SEAL, "AES-128-GCM", 2048, false, 100 + 2048},
        {SD_OP_HASH, "SHA2-256", 1024, true, 2048},
        {SD_OP_HASH, "SHA2-256", 0, false, 10},
        {SD_OP_VERIFY, "P-256", 0, false, 0}, /* not in the table: free, but counted */
        {SD_OP_MAC, NULL, 5, false, 0},
    };
    struct sd_env env;
    sd_env_init(&env, 1);
    env.account.costs = &costs;
    sd_count(SD_OP_SIGN, "P-256", 0); /* nobody is entered */
    struct sd_env *before = sd_enter(&env);
    uint64_t total = 0;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        sd_count_depth++;
        sd_count(rows[i].op, rows[i].alg, rows[i].bytes); /* part of something else */
        sd_count_depth--;
        if (rows[i].part)
            sd_count_bytes(rows[i].op, rows[i].alg, rows[i].bytes);
        else
            sd_count(rows[i].op, rows[i].alg, rows[i].bytes);
        uint64_t owed = sd_account_take(&env.account);
        if (owed != rows[i].owed)
            fail_msg("row %zu: expected %lu ns, found %lu", i, (unsigned long)rows[i].owed,
                     (unsigned long)owed);
        total += owed;
    }
    sd_leave(before);
    assert_int_equal(env.account.total_ns, total);
    assert_int_equal(sd_account_take(&env.account), 0);
    assert_int_equal(sd_account_calls(&env.account, SD_OP_SIGN), 3);
    assert_int_equal(sd_account_bytes(&env.account, SD_OP_SIGN), 77);
    assert_int_equal(sd_account_calls(&env.account, SD_OP_HASH), 1);
    assert_int_equal(env.account.rows, 6);

    /* More algorithms than rows: the last row takes the rest. */
    before = sd_enter(&env);
    for (int i = 0; i < 100; i++) {
        char name[SD_ALG_NAME];
        snprintf(name, sizeof name, "alg-%d", i);
        sd_count(SD_OP_KDF, name, 1);
    }
    sd_leave(before);
    assert_int_equal(env.account.rows, SD_ACCOUNT_ROWS);
    assert_int_equal(sd_account_calls(&env.account, SD_OP_KDF), 100);
    sd_env_fini(&env);
    for (int op = 0; op < SD_OP_MAX; op++)
        assert_non_null(sd_op_name((enum sd_op)op));
}

/* Additional data and lengths asked for are no operations of their own. */
static void ciphers_are_told_apart(void **state)
{
    (void)state;
    struct sd_env env;
    sd_env_init(&env, 1);
    struct sd_env *before = sd_enter(&env);
    uint8_t key[16] = {0}, iv[12] = {0}, text[100] = {0}, out[100], tag[16];
    int len;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv);
    EVP_EncryptUpdate(c, NULL, &len, text, 20);
    EVP_EncryptUpdate(c, out, &len, text, 100);
    EVP_EncryptFinal_ex(c, out + len, &len);
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    EVP_DecryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv);
    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag);
    EVP_CipherUpdate(c, NULL, &len, text, 20);
    EVP_CipherUpdate(c, text, &len, out, 100);
    assert_int_equal(EVP_DecryptFinal_ex(c, out, &len), 1);
    EVP_CIPHER_CTX_free(c);
    sd_leave(before);
    for (int op = SD_OP_SEAL; op <= SD_OP_OPEN; op++) {
        assert_int_equal(sd_account_calls(&env.account, (enum sd_op)op), 1);
        assert_int_equal(sd_account_bytes(&env.account, (enum sd_op)op), 120);
    }
    assert_string_equal(env.account.row[0].alg, "AES-128-GCM");
    assert_int_equal(env.account.rows, 2);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_have_known_values),
        cmocka_unit_test(hashes_do_not_change),
        cmocka_unit_test(draws_are_even),
        cmocka_unit_test(libraries_draw_from_the_entered),
        cmocka_unit_test(clocks_are_virtual_inside),
        cmocka_unit_test(heaps_count),
        cmocka_unit_test(accounts_add_up),
        cmocka_unit_test(ciphers_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
