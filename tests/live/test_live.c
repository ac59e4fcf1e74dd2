/* test_live.c - `shakedown live` on loopback: our agents against our agents, and what a mistake is
 * told.  Other people's implementations are the business of tests/interop. */
#include "tests/cmd/program.h"
#include "tests/core/unit.h"
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char folder[4096];
static struct program_said said;

static int setup(void **state)
{
    (void)state;
    program_mktree(folder, sizeof folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_rmtree(folder);
    return 0;
}

#define TUNNEL                                                                                     \
    "wireguard --listen 127.0.0.1:1 --tun sd-none --peer-key "                                     \
    "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f "

static void put_key(const char *name, size_t len)
{
    static const char bytes[32] = "a private key that nobody keeps";
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *err;
    } rows[] = {
        {"", 2, "expects PROTOCOL"},
        {"tls3 --listen 127.0.0.1:1", 2, "no protocol 'tls3'; did you mean tls13?"},
        {"tls13", 2, "expected either --connect or --listen"},
        {"tls13 --listen 127.0.0.1:1 --connect 127.0.0.1:1", 2, "either --connect or --listen"},
        {"tls13 --connect localhost:1", 2, "found 'localhost:1'"},
        {"tls13 --connect 127.0.0.1", 2, "expected an address and port"},
        {"tls13 --connect 127.0.0.1:1 --mode fesh", 2,
         "no mode of tls13 'fesh'; did you mean fresh?"},
        {"tls13 --connect 127.0.0.1:1 --psk zz", 2, "16 to 64 bytes in hexadecimal"},
        {"tls13 --connect 127.0.0.1:1 --cert x", 2, "--cert and --key go together"},
        {"tls13 --connect 127.0.0.1:1 --ca nowhere.pem", 2, "nowhere.pem: No such file"},
        {"tls13 --connect 127.0.0.1:1 --send-file /", 2, "/: Is a directory"},
        {"tls13 --connect 127.0.0.1:1 --option padding", 2, "NAME=VALUE"},
        {"tls13 --connect 127.0.0.1:1 --option pading=1", 2, "did you mean 'padding'"},
        {"tls13 --connect 127.0.0.1:1 --identity nobody", 2, "found 'nobody'"},
        {"tls13 --connect 127.0.0.1:1 --keylog /proc/nowhere", 2, "cannot write /proc/nowhere"},
        {"tls13 --connect 127.0.0.1:1 --for 5", 1, "connect: Connection refused"},
        {"dtls12 --connect 127.0.0.1:1 --for 1", 1, "no handshake with the peer"},
        {"tls13 --listen 192.0.2.1:1", 2, "cannot listen on 192.0.2.1:1"},
        {"wireguard --listen 127.0.0.1:1", 2, "--tun, --inner, and --private-key with --peer-key"},
        {TUNNEL "--private-key short.key --inner 10.99.0.1/24", 2, "expected 32 bytes"},
        {TUNNEL "--private-key own.key --inner 10.99.0.1/33", 2, "found '10.99.0.1/33'"},
        {TUNNEL "--private-key own.key --inner 10.99.0.1/2x", 2, "found '10.99.0.1/2x'"},
        {TUNNEL "--private-key own.key --inner 10.99.0.1/", 2, "found '10.99.0.1/'"},
    };
    put_key("own.key", 32);
    put_key("short.key", 31);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        char line[4400];
        snprintf(line, sizeof line, "%s live %s", PROGRAM, rows[i].arguments);
        program_run(&said, folder, line);
        if (said.status != rows[i].status || !strstr(said.err, rows[i].err))
            fail_msg("shakedown live %s\nexpected status %d and '%s'\nfound %d\n%s",
                     rows[i].arguments, rows[i].status, rows[i].err, said.status, said.err);
    }
}

/* A port that nobody has at the moment. */
static uint16_t free_port(int type)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
    getsockname(fd, (struct sockaddr *)&a, &n);
    close(fd);
    return ntohs(a.sin_port);
}

/* The server may not listen yet: a refused connection is tried again. */
static void run_client(const char *line)
{
    for (int tries = 0; tries < 100; tries++) {
        program_run(&said, folder, line);
        if (!strstr(said.err, "refused"))
            return;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

static void test_ourselves(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *mode, *server, *client;
        const char *seen[4]; /* in the client's events */
        const char *out;
    } rows[] = {
        {"tls13", "fresh", "", "", {"certificate of server.example", "TLSv1.3"}, "hello"},
        {"tls13", "resumed", "", "", {"resumed", "2 handshakes, 1 resumed"}, "hellohello"},
        {"tls13", "early", "", "", {"early ok", "1 with early data"}, "hellohello"},
        {"tls13", "cookie", "", "", {"TLSv1.3"}, "hello"},
        {"tls13",
         "fresh",
         "--mutual --alpn h2",
         "--identity client.example --alpn h2,http/1.1",
         {"ALPN h2"},
         "hello"},
        {"tls13", "fresh", "--send salut", "--rekey 1", {"key update: sending"}, "salut"},
        {"tls12", "stateful", "", "", {"TLSv1.2", "1 resumed"}, "hellohello"},
        {"tls12",
         "psk",
         "--psk 000102030405060708090a0b0c0d0e0f",
         "--psk 000102030405060708090a0b0c0d0e0f",
         {"PSK shakedown"},
         "hello"},
        {"dtls12", "fresh", "", "", {"DTLSv1.2"}, "hello"},
        {"dtls12", "cookie", "--mtu 600", "--mtu 600 --export EXPORTER-x", {"exported: "}, "hello"},
        {"dtls12", "resumed", "", "", {"resumed"}, "hellohello"},
        {"minimalt", "boot", "", "", {"key of its signed record"}, "hello"},
        {"minimalt", "cookie", "--option puzzle_bits=8", "", {"a puzzle was solved"}, "hellohello"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        bool datagram = strncmp(rows[i].protocol, "tls", 3) != 0;
        unsigned port = free_port(datagram ? SOCK_DGRAM : SOCK_STREAM);
        char line[4600];
        snprintf(line, sizeof line, "%s live %s --mode %s --listen 127.0.0.1:%u %s", PROGRAM,
                 rows[i].protocol, rows[i].mode, port, rows[i].server);
        pid_t server = program_start(folder, line);
        snprintf(line, sizeof line,
                 "%s live %s --mode %s --connect 127.0.0.1:%u --send hello --expect 5 --for 20 "
                 "--again 500 --keylog keys %s",
                 PROGRAM, rows[i].protocol, rows[i].mode, port, rows[i].client);
        run_client(line);
        kill(server, SIGTERM);
        int server_status = program_end(server);
        bool good = said.status == 0 && server_status == 0 && strcmp(said.out, rows[i].out) == 0;
        for (size_t k = 0; k < 4 && rows[i].seen[k]; k++)
            good &= strstr(said.err, rows[i].seen[k]) != NULL;
        if (!good)
            fail_msg("%s\nexpected 0, '%s' and an event '%s'; found %d (server %d), '%s'\n%s", line,
                     rows[i].out, rows[i].seen[0], said.status, server_status, said.out, said.err);
        char *keys = program_file(folder, "keys");
        assert_non_null(keys);
        if (strstr(rows[i].protocol, "tls")) /* of the others there is no format */
            assert_non_null(strchr(keys, '\n'));
        free(keys);
    }
}

/* A file of many records, both ways. */
static void test_files(void **state)
{
    (void)state;
    enum { LEN = 1 << 20 };
    char path[4200], line[9000];
    uint8_t *bytes = malloc(LEN);
    assert_non_null(bytes);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 9));
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *f = fopen(path, "wb");
    assert_true(f && fwrite(bytes, 1, LEN, f) == LEN && fclose(f) == 0);
    unsigned port = free_port(SOCK_STREAM);
    snprintf(line, sizeof line, "%s live tls13 --listen 127.0.0.1:%u", PROGRAM, port); /* an echo */
    pid_t server = program_start(folder, line);
    snprintf(line, sizeof line,
             "%s live tls13 --connect 127.0.0.1:%u --send-file file --expect %d --receive got "
             "--for 20",
             PROGRAM, port, LEN);
    run_client(line);
    kill(server, SIGTERM);
    program_end(server);
    assert_int_equal(said.status, 0);
    snprintf(path, sizeof path, "%s/got", folder);
    uint8_t *got = malloc(LEN + 1);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(got, 1, LEN + 1, f), LEN);
    assert_memory_equal(got, bytes, LEN);
    fclose(f);
    free(got);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_ourselves),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
