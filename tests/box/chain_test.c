/* chain_test.c - the order in which boxes meet a packet, and packets that wait in the chain. */
#include <stdio.h>
#include <string.h>

#include "sim/box/chain.h"
#include "sim/box/ip.h"
#include "tests/net/topology.h"

/* A box that writes its letter down, and does one thing. */
struct scribe {
    char letter;
    enum sd_verdict verdict;
    sd_time later;  /* > 0: puts the packet off, once */
    uint8_t append; /* > 0: puts off a copy that is longer by so many bytes */
    bool change;    /* the first byte of the payload becomes the letter */
    bool put_off;
};

static char written[64];

static enum sd_verdict scribe(void *ctx, struct sd_passage *passage)
{
    struct scribe *s = ctx;
    struct sd_packet *packet = passage->packet;
    snprintf(written + strlen(written), sizeof written - strlen(written), "%c", s->letter);
    if (s->change) {
        packet->data[28] = (uint8_t)s->letter;
        sd_ip_fix_checksums(packet->data, packet->len);
    }
    if (s->later != 0 && !s->put_off) {
        s->put_off = true;
        uint8_t copy[256] = {0};
        memcpy(copy, packet->data, packet->len);
        size_t len = packet->len + s->append;
        if (s->append != 0) {
            sd_write16(copy + SD_IP_LENGTH, (uint16_t)len);
            sd_write16(copy + SD_IP_HEADER + 4, (uint16_t)(len - SD_IP_HEADER));
            sd_ip_fix_checksums(copy, len);
        }
        assert_int_equal(sd_chain_later(passage, copy, len, s->later), SD_OK);
    }
    return s->verdict;
}

struct heard {
    struct sd_net *net;
    int count;
    size_t len;
    uint8_t first;
    sd_time at;
};

static void hear(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                 const struct sd_addr *from, const struct sd_addr *to)
{
    struct heard *h = ctx;
    (void)udp, (void)from, (void)to;
    h->count++;
    h->len = len;
    h->first = data[0];
    h->at = sd_net_now(h->net);
}

/* One datagram of ten bytes "0" from client to server, through boxes at the router, whose
 * interface 0 is the client's and 1 the server's. */
struct chain_row {
    const char *name;
    struct {
        int ifindex;
        enum sd_direction direction;
        struct scribe box;
    } place[4];
    const char *written;
    int count;
    uint8_t first;
    size_t len;
    sd_time at;
};
static const struct chain_row chain_rows[] = {
    {"no box", {{0}}, "", 1, '0', 10, 20 * SD_MS},
    {"in the order they were added, in before out",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_PASS}},
      {1, SD_OUT, {.letter = 'b', .verdict = SD_PASS}},
      {0, SD_IN, {.letter = 'c', .verdict = SD_PASS}}},
     "acb",
     1,
     '0',
     10,
     20 * SD_MS},
    {"only its interface and direction",
     {{1, SD_IN, {.letter = 'a', .verdict = SD_PASS}},
      {0, SD_OUT, {.letter = 'b', .verdict = SD_PASS}},
      {0, SD_IN, {.letter = 'c', .verdict = SD_PASS}}},
     "c",
     1,
     '0',
     10,
     20 * SD_MS},
    {"every interface",
     {{-1, SD_IN, {.letter = 'a', .verdict = SD_PASS}},
      {-1, SD_OUT, {.letter = 'b', .verdict = SD_PASS}}},
     "ab",
     1,
     '0',
     10,
     20 * SD_MS},
    {"a drop ends it",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_PASS}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_DROP}},
      {0, SD_IN, {.letter = 'c', .verdict = SD_PASS}}},
     "ab",
     0,
     0,
     0,
     0},
    {"a change lasts, whatever later boxes say",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_CHANGED, .change = true}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_PASS}}},
     "ab",
     1,
     'a',
     10,
     20 * SD_MS},
    {"the last change wins",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_CHANGED, .change = true}},
      {1, SD_OUT, {.letter = 'b', .verdict = SD_CHANGED, .change = true}}},
     "ab",
     1,
     'b',
     10,
     20 * SD_MS},
    {"put off: goes on behind the box",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_PASS}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_DROP, .later = 5 * SD_MS}},
      {0, SD_IN, {.letter = 'c', .verdict = SD_PASS}},
      {1, SD_OUT, {.letter = 'd', .verdict = SD_PASS}}},
     "abcd",
     1,
     '0',
     10,
     25 * SD_MS},
    {"put off, changed before",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_CHANGED, .change = true}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_DROP, .later = 5 * SD_MS}}},
     "ab",
     1,
     'a',
     10,
     25 * SD_MS},
    {"put off, changed behind",
     {{0, SD_IN, {.letter = 'b', .verdict = SD_DROP, .later = 5 * SD_MS}},
      {0, SD_IN, {.letter = 'c', .verdict = SD_CHANGED, .change = true}}},
     "bc",
     1,
     'c',
     10,
     25 * SD_MS},
    {"put off twice",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_DROP, .later = 5 * SD_MS}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_DROP, .later = 7 * SD_MS}}},
     "ab",
     1,
     '0',
     10,
     32 * SD_MS},
    {"put off going out",
     {{1, SD_OUT, {.letter = 'a', .verdict = SD_DROP, .later = 5 * SD_MS}},
      {1, SD_OUT, {.letter = 'b', .verdict = SD_PASS}}},
     "ab",
     1,
     '0',
     10,
     25 * SD_MS},
    {"a copy behind, and the packet itself",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_PASS, .later = 5 * SD_MS}},
      {0, SD_IN, {.letter = 'b', .verdict = SD_PASS}}},
     "abb",
     2,
     '0',
     10,
     25 * SD_MS},
    {"lengthened",
     {{0, SD_IN, {.letter = 'a', .verdict = SD_DROP, .later = 5 * SD_MS, .append = 50}}},
     "a",
     1,
     '0',
     60,
     25 * SD_MS},
};

static void order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chain_rows / sizeof *chain_rows; i++) {
        const struct chain_row *row = &chain_rows[i];
        struct topology t;
        topology_make(&t, (struct topology_options){0});
        struct sd_chain *chain;
        struct scribe box[4];
        assert_int_equal(sd_chain_create(&chain, t.net, t.router), SD_OK);
        for (int k = 0; k < 4 && row->place[k].box.letter != '\0'; k++) {
            box[k] = row->place[k].box;
            assert_int_equal(sd_chain_add(chain, row->place[k].ifindex, row->place[k].direction,
                                          scribe, &box[k]),
                             SD_OK);
        }
        written[0] = '\0';
        struct heard h = {.net = t.net};
        sd_net_udp(t.net, t.server, 0, 4433, hear, &h);
        struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
        struct sd_addr to = server_addr(4433);
        assert_int_equal(sd_udp_send(udp, &to, "0000000000", 10, false), SD_OK);
        run_for(&t, SD_SECOND);
        if (strcmp(written, row->written) != 0 || h.count != row->count || h.first != row->first ||
            h.len != row->len || h.at != row->at)
            fail_msg("%s: expected [%s], %d of %zu bytes '%c' at %llu us; found [%s], %d of %zu "
                     "'%c' at %llu us",
                     row->name, row->written, row->count, row->len, row->first,
                     (unsigned long long)(row->at / SD_US), written, h.count, h.len, h.first,
                     (unsigned long long)(h.at / SD_US));
        sd_chain_destroy(chain);
        topology_free(&t);
    }
}

/* -- packets put in from outside -- */

static void injected(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain;
    sd_chain_create(&chain, t.net, t.router);
    struct scribe a = {.letter = 'a', .verdict = SD_PASS}, b = {.letter = 'b', .verdict = SD_PASS};
    sd_chain_add(chain, 0, SD_IN, scribe, &a);
    sd_chain_add(chain, 1, SD_OUT, scribe, &b);
    struct heard h = {.net = t.net};
    sd_net_udp(t.net, t.server, 0, 4433, hear, &h);
    uint8_t packet[38] = {0};
    sd_ip_write_header(packet, sizeof packet, SD_PROTO_UDP, 1, CLIENT_IP, SERVER_IP);
    sd_write16(packet + 20, 1000);
    sd_write16(packet + 22, 4433);
    sd_write16(packet + 24, 18);
    sd_ip_fix_checksums(packet, sizeof packet);
    written[0] = '\0';
    assert_int_equal(sd_chain_inject(chain, 0, SD_IN, packet, sizeof packet), SD_OK);
    assert_string_equal(written, ""); /* not from inside the call */
    run_for(&t, SD_SECOND);
    assert_string_equal(written, "ab");
    assert_int_equal(h.count, 1);
    assert_int_equal(h.at, 10 * SD_MS);
    sd_chain_destroy(chain);
    topology_free(&t);
}

static void destroyed_with_packets_waiting(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain;
    sd_chain_create(&chain, t.net, t.router);
    struct scribe box[3] = {{.letter = 'a', .verdict = SD_DROP, .later = SD_SECOND},
                            {.letter = 'b', .verdict = SD_DROP, .later = SD_SECOND},
                            {.letter = 'c', .verdict = SD_PASS}};
    sd_chain_add(chain, 0, SD_IN, scribe, &box[0]);
    sd_chain_add(chain, 1, SD_IN, scribe, &box[1]);
    struct heard h = {.net = t.net};
    sd_net_udp(t.net, t.server, 0, 4433, hear, &h);
    struct sd_udp *udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
    struct sd_addr to = server_addr(4433);
    written[0] = '\0';
    sd_udp_send(udp, &to, "x", 1, false);
    run_for(&t, 500 * SD_MS);
    sd_chain_destroy(chain);
    sd_udp_send(udp, &to, "y", 1, false); /* no hook any more */
    run_for(&t, 10 * SD_SECOND);
    assert_string_equal(written, "a");
    assert_int_equal(h.count, 1);
    assert_int_equal(h.first, 'y');
    topology_free(&t);
}

static void wrong_arguments(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain = NULL;
    struct scribe a = {.letter = 'a', .verdict = SD_PASS};
    uint8_t junk[10] = {0};
    assert_int_equal(sd_chain_create(&chain, t.net, 99), SD_E_ARG);
    assert_int_equal(sd_chain_create(&chain, NULL, 0), SD_E_ARG);
    assert_null(chain);
    assert_int_equal(sd_chain_create(&chain, t.net, t.router), SD_OK);
    assert_int_equal(sd_chain_add(chain, -2, SD_IN, scribe, &a), SD_E_ARG);
    assert_int_equal(sd_chain_add(chain, 0, SD_IN, NULL, &a), SD_E_ARG);
    /* Junk and interfaces that do not exist are thrown away where ns-3 begins. */
    assert_int_equal(sd_chain_inject(chain, 0, SD_IN, junk, sizeof junk), SD_OK);
    assert_int_equal(sd_chain_inject(chain, 77, SD_OUT, junk, sizeof junk), SD_OK);
    run_for(&t, SD_SECOND);
    struct sd_net_counters c;
    sd_net_counters(t.net, t.router, &c);
    assert_int_equal(c.refused, 1);
    assert_int_equal(c.packets_out, 0);
    sd_chain_destroy(chain);
    sd_chain_destroy(NULL);
    topology_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(injected),
        cmocka_unit_test(destroyed_with_packets_waiting),
        cmocka_unit_test(wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
