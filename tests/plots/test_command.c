/* `shakedown trace`, `plot` and `report` on a stored folder: what they show and what they say. */
#include "tests/cmd/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[4096];

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

static void every_request_has_its_answer(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        int status;
        const char *out, *err;
    } rows[] = {
        {"trace " LAB " handshake-rtt-tls13-fresh-r0", 0, "ClientHello (key_share) 289 B",
         "next: shakedown trace"},
        {"trace " LAB " handshake-rtt-tls13-fresh-r0 --text", 0, "arrives", ""},
        {"trace " LAB " wireguard", 0, "WireGuard, fresh: nat-rebinding-wireguard-fresh-both-r0",
         ""},
        {"trace " LAB " tls13 --json", 0, "{\"kind\":\"run\",\"run\":\"handshake-rtt-tls13", ""},
        {"trace " LAB " tls13 --window 100-125ms", 0, "* ready", ""},
        {"trace " LAB " tls13 --window 9s-", 0, "nothing happened in this window", ""},
        {"trace " LAB " odd-quic --packets 5", 0, "packets more, from", ""},
        {"trace " LAB " odd-quic", 0, "more like these, from", ""},
        {"trace " LAB " odd-quic --every --window 50-60", 0, "[Application Data 1190 B]", ""},
        {"trace " LAB " tls13 --ladder ladder.svg", 0, "", "next: open ladder.svg"},

        {"trace " LAB " tls13 --ladder ladder.png", 2, "", "expects a file ending in .svg"},
        {"trace " LAB " tls13 --json --text", 2, "", "expects one of --ladder, --text and --json"},
        {"trace " LAB " tls13 --window 5", 2, "", "--window expects FROM-TO"},
        {"trace " LAB " tls13 --window 5-x", 2, "", "found '5-x'"},
        {"trace " LAB " tls13 --window -", 2, "", "--window expects FROM-TO"},
        {"trace " LAB " tls13 --window 2s-1s", 2, "", "ends before it begins"},
        {"trace " LAB " fresh", 2, "", "has 4 traced runs like 'fresh'; which?"},
        {"trace " LAB " handshake-rtt-tsl13-fresh-r0", 2, "",
         "did you mean handshake-rtt-tls13-fresh-r0?"},
        {"trace " LAB " xyzzy-no-such-run", 2, "", "has no run 'xyzzy-no-such-run'"},
        {"trace nowhere tls13", 2, "", "nowhere/manifest.json"},
        /* it was run, but not traced: what to type, whole */
        {"trace " LAB " handshake-loss-dtls12-fresh-20000-100000-r7", 2, "",
         "next: shakedown run handshake-loss --set protocol=dtls12 --set mode=fresh "
         "--set loss=2% --set rtt=100ms --repeats 8 --trace --out " LAB "-traced\n"},

        {"plot nowhere", 2, "", "nowhere/manifest.json"},
        {"report nowhere", 2, "", "nowhere/manifest.json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct program_said said;
        char line[4096];
        snprintf(line, sizeof line, "%s %s", PROGRAM, rows[i].arguments);
        program_run(&said, folder, line);
        if (said.status != rows[i].status || !strstr(said.out, rows[i].out) ||
            !strstr(said.err, rows[i].err))
            fail_msg("shakedown %s\nexpected status %d, stdout with '%s', stderr with '%s'\n"
                     "found %d\nstdout:\n%s\nstderr:\n%s",
                     rows[i].arguments, rows[i].status, rows[i].out, rows[i].err, said.status,
                     said.out, said.err);
    }
    char *svg = program_file(folder, "ladder.svg");
    if (!svg || !strstr(svg, "TLS 1.3, fresh"))
        fail_msg("expected a ladder in ladder.svg");
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_has_its_answer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
