/* The same seed gives the same bytes, the same events and the same memory, also when the process
 * has done other things before; another seed gives other bytes. */
#include "tests/tls/talk.h"

static const struct row {
    const char *protocol, *mode;
    bool earlier;
    const char *identity; /* the server's, NULL: server.example */
    bool stranger;        /* the client trusts another authority, so the handshake fails */
} rows[] = {
    {.protocol = "tls13", .mode = "fresh"},
    {.protocol = "tls13", .mode = "resumed", .earlier = true},
    {.protocol = "tls13", .mode = "early", .earlier = true},
    {.protocol = "tls13", .mode = "stateful", .earlier = true},
    {.protocol = "tls13", .mode = "cookie"},
    {.protocol = "tls13", .mode = "hrr"},
    {.protocol = "tls13", .mode = "psk"},
    {.protocol = "tls12", .mode = "fresh"},
    {.protocol = "tls12", .mode = "resumed", .earlier = true},
    {.protocol = "tls12", .mode = "stateful", .earlier = true},
    {.protocol = "tls12", .mode = "psk"},
    {.protocol = "dtls12", .mode = "fresh"},
    {.protocol = "dtls12", .mode = "resumed", .earlier = true},
    {.protocol = "dtls12", .mode = "cookie"},
    {.protocol = "dtls12", .mode = "psk"},
    {.protocol = "tls13", .mode = "fresh", .identity = "server.rsa.example"},
    {.protocol = "tls13", .mode = "fresh", .identity = "server.ed25519.example"},
    {.protocol = "tls12", .mode = "fresh", .identity = "server.rsa.example"},
    {.protocol = "dtls12", .mode = "fresh", .identity = "server.rsa.example"},
    {.protocol = "tls13", .mode = "fresh", .stranger = true},
    {.protocol = "tls12", .mode = "fresh", .stranger = true},
    {.protocol = "dtls12", .mode = "fresh", .stranger = true},
};
#define ROWS (sizeof rows / sizeof *rows)

struct print {
    uint64_t bytes; /* hash over every unit and event */
    uint64_t peak[2], state[2], calls[2];
};

static struct print take(const struct row *row, uint64_t seed)
{
    struct talk t;
    struct print p = {0};
    struct sd_config client = talk_config(SD_ROLE_CLIENT, row->mode);
    struct sd_config server = talk_config(SD_ROLE_SERVER, row->mode);
    if (row->identity) {
        server.identity = sd_identity(row->identity);
        client.server_name = row->identity;
    }
    if (row->stranger)
        client.ca = sd_identity("client.example")->certificate;
    talk_init(&t, row->protocol, &client, &server, seed);
    talk_connect(&t);
    if (row->earlier) {
        talk_close(&t);
        t.early = strcmp(row->mode, "early") == 0;
        talk_connect(&t);
    }
    for (size_t i = 0; i < sd_mem_units(t.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(t.mem, i);
        p.bytes = sd_hash(p.bytes, u->data, u->len);
        p.bytes = sd_hash_u64(p.bytes, u->sent);
    }
    for (size_t i = 0; i < sd_mem_events(t.mem); i++) {
        const struct sd_mem_event *e = sd_mem_event(t.mem, i);
        p.bytes = sd_hash_u64(sd_hash_text(p.bytes, e->detail), e->at + (uint64_t)e->kind);
    }
    for (int seat = 0; seat < 2; seat++) {
        struct sd_stats stats = talk_stats(&t, seat);
        p.peak[seat] = stats.state_bytes_peak;
        p.state[seat] = stats.state_bytes;
        for (int op = 0; op < SD_OP_MAX; op++)
            p.calls[seat] += sd_account_calls(&sd_mem_seat(t.mem, seat)->env->account, op);
    }
    talk_fini(&t);
    return p;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    struct print first[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        first[i] = take(&rows[i], 100);
    for (size_t i = ROWS; i-- > 0;) {
        struct print again = take(&rows[i], 100), other = take(&rows[i], 200);
        if (memcmp(&first[i], &again, sizeof again) != 0)
            fail_msg("%s %s: expected the same; found hashes %016lx %016lx, client peaks %lu %lu, "
                     "states %lu %lu, operations %lu %lu, server peaks %lu %lu, states %lu %lu, "
                     "operations %lu %lu",
                     rows[i].protocol, rows[i].mode, first[i].bytes, again.bytes, first[i].peak[0],
                     again.peak[0], first[i].state[0], again.state[0], first[i].calls[0],
                     again.calls[0], first[i].peak[1], again.peak[1], first[i].state[1],
                     again.state[1], first[i].calls[1], again.calls[1]);
        assert_int_not_equal(first[i].bytes, other.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
