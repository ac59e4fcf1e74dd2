/* test_engine13_refusals.c - one message of a handshake changed: who refuses it, and with which
 * alert. */
#include "tests/core/unit.h"
#include "tests/engine13/joined.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENT, SERVER };
#define ZEROS 1000 /* in row.at: 32 zeros behind what was found */

/* The message of that type to that end: the bytes `find` in it (NULL: its end) become `put`, or
 * with `insert` get `put` behind them, lengths before them left alone. */
struct row {
    const char *name;
    int to;
    uint8_t type;
    const char *find;
    size_t find_len;
    int at;
    uint8_t put; /* what is XORed to it */
    int alert;
    struct joined_kind kind;
};
#define FIND(bytes) bytes, sizeof bytes - 1

static const struct row rows[] = {
    /* 4.1.2 */
    {"ClientHello of another version",
     SERVER,
     1,
     FIND("\0\x2b\0\3\2\3\4"),
     6,
     1,
     70,
     {.flavour = &sd_e13_tls}},
    {"ClientHello with compression",
     SERVER,
     1,
     FIND("\x13\2\1\0"),
     3,
     1,
     47,
     {.flavour = &sd_e13_tls}},
    {"ClientHello without its key share",
     SERVER,
     1,
     FIND("\0\x33\0\x26"),
     1,
     1,
     109,
     {.flavour = &sd_e13_tls}},
    {"ClientHello with an extension twice",
     SERVER,
     1,
     FIND("\0\x33\0\x26"),
     1,
     0x33 ^ 0x2d,
     47,
     {.flavour = &sd_e13_tls}},
    {"ClientHello whose extensions run over",
     SERVER,
     1,
     FIND("\0\x33\0\x26"),
     3,
     0x80,
     50,
     {.flavour = &sd_e13_tls}},
    {"DTLS ClientHello with a legacy cookie's length",
     SERVER,
     1,
     FIND("\0\0\0\6\x13"),
     1,
     1,
     50,
     {.flavour = &sd_e13_dtls}},
    {"key share of zeros", SERVER, 1, FIND("\0\x1d\0\x20"), ZEROS, 0, 47, {.flavour = &sd_e13_tls}},
    /* 4.1.3 */
    {"ServerHello with a suite that was not offered",
     CLIENT,
     2,
     FIND("\x13\1\0"),
     1,
     8,
     47,
     {.flavour = &sd_e13_tls}},
    {"ServerHello of another version",
     CLIENT,
     2,
     FIND("\0\x2b\0\2\3\4"),
     5,
     1,
     70,
     {.flavour = &sd_e13_tls}},
    {"ServerHello with a share of another group",
     CLIENT,
     2,
     FIND("\0\x1d\0\x20"),
     1,
     10,
     47,
     {.flavour = &sd_e13_tls}},
    {"ServerHello with an answer to no offer",
     CLIENT,
     2,
     FIND("\0\x33\0\x24"),
     1,
     0x33 ^ 0x10,
     110,
     {.flavour = &sd_e13_tls}},
    {"ServerHello with another share",
     CLIENT,
     2,
     FIND("\0\x1d\0\x20"),
     7,
     1,
     51,
     {.flavour = &sd_e13_tls}},
    /* 4.1.4, 4.2.2 */
    {"HelloRetryRequest with a share of the same group",
     CLIENT,
     2,
     FIND("\0\x2c\0"),
     1,
     0x2c ^ 0x33,
     47,
     {.flavour = &sd_e13_dtls, .cookie = true}},
    {"a cookie that was changed",
     SERVER,
     1,
     FIND("\0\x2c\0\x46\0\x44\x13"),
     30,
     1,
     47,
     {.flavour = &sd_e13_dtls, .cookie = true}},
    /* 4.2.11 */
    {"a binder that was changed",
     SERVER,
     1,
     NULL,
     0,
     -1,
     1,
     51,
     {.flavour = &sd_e13_dtls, .psk = true}},
    {"an identity that nobody knows",
     SERVER,
     1,
     FIND("Client_identity"),
     0,
     1,
     115,
     {.flavour = &sd_e13_dtls, .psk = true}},
    {"another PSK mode only",
     SERVER,
     1,
     FIND("\0\x2d\0\2\1\1"),
     5,
     1,
     115,
     {.flavour = &sd_e13_dtls, .psk = true}},
    /* 4.4 */
    {"a certificate that was changed",
     CLIENT,
     11,
     FIND("server.example"),
     5,
     1,
     42,
     {.flavour = &sd_e13_tls}},
    {"a certificate that ends early",
     CLIENT,
     11,
     FIND("\x0b\0\1"),
     9,
     1,
     50,
     {.flavour = &sd_e13_tls}},
    {"CertificateVerify with another scheme",
     CLIENT,
     15,
     FIND("\x0f\0\0"),
     5,
     4,
     47,
     {.flavour = &sd_e13_tls}},
    {"CertificateVerify that was changed",
     CLIENT,
     15,
     NULL,
     0,
     -1,
     1,
     51,
     {.flavour = &sd_e13_tls}},
    {"the server's Finished", CLIENT, 20, NULL, 0, -1, 1, 51, {.flavour = &sd_e13_tls}},
    {"the client's CertificateVerify",
     SERVER,
     15,
     NULL,
     0,
     -1,
     1,
     51,
     {.flavour = &sd_e13_dtls, .mutual = true}},
    {"the client's Finished", SERVER, 20, NULL, 0, -1, 1, 51, {.flavour = &sd_e13_dtls}},
    {"a message out of its order",
     CLIENT,
     8,
     FIND("\x08"),
     0,
     8 ^ 20,
     10,
     {.flavour = &sd_e13_tls}},
    {"a message that nobody knows",
     SERVER,
     20,
     FIND("\x14"),
     0,
     0x40,
     10,
     {.flavour = &sd_e13_tls}},
    {"a message not as long as it says",
     CLIENT,
     8,
     FIND("\x08\0\0"),
     3,
     1,
     50,
     {.flavour = &sd_e13_tls}},
    /* 4.6 */
    {"KeyUpdate that asks for neither", SERVER, 24, NULL, 0, -1, 2, 47, {.flavour = &sd_e13_tls}},
    {"nothing changed", SERVER, 200, NULL, 0, 0, 0, 0, {.flavour = &sd_e13_tls, .mutual = true}},
};

struct changing {
    const struct row *row;
    bool done;
};

static void change(void *ctx, struct joined_letter *l)
{
    struct changing *c = ctx;
    const struct row *row = c->row;
    if (l->to != row->to || l->message[0] != row->type)
        return;
    size_t at = l->len;
    for (size_t i = 0; row->find && i + row->find_len <= l->len && at == l->len; i++)
        if (memcmp(l->message + i, row->find, row->find_len) == 0)
            at = i;
    if (row->find && at == l->len)
        return; /* another message of that type */
    c->done = true;
    if (row->at == ZEROS)
        memset(l->message + at + row->find_len, 0, 32);
    else
        l->message[(size_t)((long)at + row->at)] ^= row->put;
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        static struct joined j;
        joined_make(&j, &rows[i].kind);
        j.change = change;
        struct changing changing = {.row = &rows[i]};
        j.ctx = &changing;
        joined_open(&j, &rows[i].kind);
        joined_converse(&j);
        if (!j.alert)
            joined_update(&j, 0);
        if (!j.alert)
            joined_converse(&j);
        int expected = rows[i].alert;
        if (changing.done != (expected != 0))
            fail_msg("%s: expected such bytes in message %d, found none", rows[i].name,
                     rows[i].type);
        if (j.alert != expected || (expected && j.refused != rows[i].to))
            fail_msg("%s: expected alert %d of the %s, found %d of the %s: %s", rows[i].name,
                     expected, rows[i].to ? "server" : "client", j.alert,
                     j.refused ? "server" : "client", j.alert ? j.why : "nothing refused");
        joined_close(&j);
        assert_int_equal(joined_free(&j), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals)};
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
