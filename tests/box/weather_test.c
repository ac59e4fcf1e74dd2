/* weather_test.c - the fates of packets, as shares of many, to the packet, and on a network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/box/ip.h"
#include "sim/box/weather.h"
#include "tests/net/topology.h"

#define KEY 77

/* -- without a network: packets that are not put off -- */

static enum sd_verdict feed(struct sd_weather_box *box, uint8_t *data, size_t len, sd_time now)
{
    struct sd_packet packet = {.data = data, .len = len, .cap = len, .now = now};
    struct sd_passage passage = {.packet = &packet};
    return sd_weather_box_pass(box, &passage);
}

struct share_row {
    const char *name;
    struct sd_weather weather;
    double lost, corrupted; /* shares expected */
};
static const struct share_row share_rows[] = {
    {.name = "fair", .weather = {0}, .lost = 0},
    {.name = "0.1 %", .weather = {.loss_ppm = 1000}, .lost = 0.001},
    {.name = "1 %", .weather = {.loss_ppm = 10000}, .lost = 0.01},
    {.name = "10 %", .weather = {.loss_ppm = 100000}, .lost = 0.1},
    {.name = "half", .weather = {.loss_ppm = 500000}, .lost = 0.5},
    {.name = "all", .weather = {.loss_ppm = SD_PPM}, .lost = 1},
    {.name = "all in bursts", .weather = {.loss_ppm = SD_PPM, .burst_mean = 4}, .lost = 1},
    {.name = "no bursts", .weather = {.burst_mean = 4}, .lost = 0},
    {.name = "1 % in bursts", .weather = {.loss_ppm = 10000, .burst_mean = 5}, .lost = 0.01},
    {.name = "30 % in bursts", .weather = {.loss_ppm = 300000, .burst_mean = 3}, .lost = 0.3},
    {.name = "corruption", .weather = {.corrupt_ppm = 20000}, .corrupted = 0.02},
    {.name = "corruption of what is not lost",
     .weather = {.corrupt_ppm = 20000, .loss_ppm = 500000},
     .lost = 0.5,
     .corrupted = 0.01},
};

/* Within five standard deviations; losses that clump vary as if there were fewer packets. */
static bool near(double found, double expected, double packets, double clumping)
{
    double difference = found - expected;
    double variance = clumping * expected * (1 - expected) / packets;
    return difference * difference <= 25 * variance;
}

static void shares(void **state)
{
    (void)state;
    enum { PACKETS = 400000 };
    for (size_t i = 0; i < sizeof share_rows / sizeof *share_rows; i++) {
        const struct share_row *row = &share_rows[i];
        struct sd_weather_box *box = sd_weather_box_new(&row->weather, KEY + i);
        uint8_t data[60] = {0};
        int lost = 0, changed = 0;
        for (int n = 0; n < PACKETS; n++) {
            enum sd_verdict verdict = feed(box, data, sizeof data, (sd_time)n);
            lost += verdict == SD_DROP;
            changed += verdict == SD_CHANGED;
        }
        double mean = row->weather.burst_mean > 1 ? row->weather.burst_mean : 1;
        if (!near((double)lost / PACKETS, row->lost, PACKETS, 2 * mean) ||
            !near((double)changed / PACKETS, row->corrupted, PACKETS, 1))
            fail_msg("%s: expected shares %f lost and %f corrupted, found %f and %f", row->name,
                     row->lost, row->corrupted, (double)lost / PACKETS, (double)changed / PACKETS);
        const struct sd_weather_counters *c = sd_weather_box_counters(box);
        assert_int_equal(c->packets, PACKETS);
        assert_int_equal(c->lost, lost);
        assert_int_equal(c->corrupted, changed);
        sd_weather_box_free(box);
    }
}

struct burst_row {
    uint32_t loss_ppm, mean;
};
static const struct burst_row burst_rows[] = {{10000, 2}, {10000, 10}, {200000, 5}, {50000, 100}};

static void burst_lengths(void **state)
{
    (void)state;
    enum { PACKETS = 1000000 };
    for (size_t i = 0; i < sizeof burst_rows / sizeof *burst_rows; i++) {
        const struct burst_row *row = &burst_rows[i];
        struct sd_weather weather = {.loss_ppm = row->loss_ppm, .burst_mean = row->mean};
        struct sd_weather_box *box = sd_weather_box_new(&weather, KEY);
        uint8_t data[60] = {0};
        int lost = 0, bursts = 0;
        bool before = false;
        for (int n = 0; n < PACKETS; n++) {
            bool now = feed(box, data, sizeof data, 0) == SD_DROP;
            lost += now;
            bursts += now && !before;
            before = now;
        }
        double mean = (double)lost / bursts, tolerance = row->mean * 5.0 / 30; /* of ~900 bursts */
        if (bursts > 5000)
            tolerance = row->mean * 5.0 / 70;
        if (mean < row->mean - tolerance || mean > row->mean + tolerance)
            fail_msg("%u ppm in bursts of %u: found bursts of %.2f on average", row->loss_ppm,
                     row->mean, mean);
        sd_weather_box_free(box);
    }
}

struct exact_row {
    const char *name;
    struct sd_weather weather;
    const char *fates; /* of the first packets: x lost, . not */
};
static const struct exact_row exact_rows[] = {
    {"none", {.drop = {0}}, "........"},
    {"third and fifth", {.drop = {3, 5}}, "..x.x..."},
    {"the first", {.drop = {1}}, "x......."},
    {"in a row", {.drop = {2, 3, 4}}, ".xxx...."},
    {"black hole in ms 2 and 3", {.black_from = 2 * SD_MS, .black_to = 4 * SD_MS}, "..xx...."},
    {"black hole from the start", {.black_to = 3 * SD_MS}, "xxx....."},
    {"black hole for ever", {.black_from = 5 * SD_MS, .black_to = SD_NEVER}, ".....xxx"},
    {"both", {.drop = {1, 8}, .black_from = 3 * SD_MS, .black_to = 4 * SD_MS}, "x..x...x"},
};

static void exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exact_rows / sizeof *exact_rows; i++) {
        const struct exact_row *row = &exact_rows[i];
        struct sd_weather_box *box = sd_weather_box_new(&row->weather, KEY);
        for (int round = 0; round < 2; round++) {
            char fates[16] = "";
            for (size_t n = 0; row->fates[n] != '\0'; n++) {
                uint8_t data[40] = {0};
                fates[n] = feed(box, data, sizeof data, n * SD_MS) == SD_DROP ? 'x' : '.';
            }
            if (strcmp(fates, row->fates) != 0)
                fail_msg("%s, round %d: expected %s, found %s", row->name, round, row->fates,
                         fates);
            sd_weather_box_restart(box); /* the second round meets the same */
        }
        sd_weather_box_free(box);
    }
}

/* The fate of packet n depends on the key and n: not on sizes, times, contents, nor on what else
 * the weather does. */
static void same_for_everyone(void **state)
{
    (void)state;
    enum { PACKETS = 5000 };
    const struct sd_weather plain = {.loss_ppm = 50000},
                            bursts = {.loss_ppm = 50000, .burst_mean = 3};
    const struct sd_weather more = {.loss_ppm = 50000, .corrupt_ppm = 300000};
    struct sd_weather_box *box[6] = {
        sd_weather_box_new(&plain, KEY),  sd_weather_box_new(&plain, KEY),
        sd_weather_box_new(&more, KEY),   sd_weather_box_new(&bursts, KEY),
        sd_weather_box_new(&bursts, KEY), sd_weather_box_new(&plain, KEY + 1),
    };
    int differences = 0;
    uint8_t small[40] = {0}, large[1500];
    for (int n = 0; n < PACKETS; n++) {
        memset(large, n, sizeof large);
        size_t varied = 100 + (size_t)n % 1400;
        bool lost[6] = {
            feed(box[0], small, sizeof small, (sd_time)n) == SD_DROP,
            feed(box[1], large, varied, (sd_time)n * 977 * SD_US) == SD_DROP,
            feed(box[2], large, varied, 0) == SD_DROP,
            feed(box[3], small, sizeof small, 0) == SD_DROP,
            feed(box[4], large, varied, (sd_time)n * SD_SECOND) == SD_DROP,
            feed(box[5], small, sizeof small, 0) == SD_DROP,
        };
        if (lost[0] != lost[1] || lost[0] != lost[2] || lost[3] != lost[4])
            fail_msg("packet %d: its fate depends on more than key and number", n + 1);
        differences += lost[0] != lost[5];
    }
    assert_in_range(differences, 300, 700); /* another key is other weather: 9.5 % of 5000 */
    for (int i = 0; i < 6; i++)
        sd_weather_box_free(box[i]);
}

static void one_bit_of_the_payload(void **state)
{
    (void)state;
    struct sd_weather weather = {.corrupt_ppm = SD_PPM};
    struct sd_weather_box *box = sd_weather_box_new(&weather, KEY);
    bool first = false, last = false;
    for (int n = 0; n < 20000; n++) {
        uint8_t data[60] = {0};
        assert_int_equal(feed(box, data, sizeof data, 0), SD_CHANGED);
        int bits = 0;
        for (size_t i = 0; i < sizeof data; i++)
            for (int bit = 0; bit < 8; bit++)
                if (data[i] >> bit & 1) {
                    bits++;
                    assert_true(i >= SD_IP_HEADER);
                    first |= i == SD_IP_HEADER;
                    last |= i == sizeof data - 1;
                }
        assert_int_equal(bits, 1);
    }
    assert_true(first && last);
    uint8_t header[SD_IP_HEADER] = {0};
    assert_int_equal(feed(box, header, sizeof header, 0), SD_PASS); /* nothing to corrupt */
    sd_weather_box_free(box);
}

struct check_row {
    const char *name;
    struct sd_weather weather;
    const char *says; /* NULL: fine; else a part of the message */
};
static const struct check_row check_rows[] = {
    {"fair", {0}, NULL},
    {"everything", {.loss_ppm = SD_PPM, .burst_mean = 3, .drop = {1, 2}, .black_to = 5}, NULL},
    {"loss", {.loss_ppm = SD_PPM + 1}, "loss"},
    {"duplicate", {.duplicate_ppm = UINT32_MAX}, "duplicate"},
    {"reorder", {.reorder_ppm = SD_PPM + 1}, "reorder"},
    {"corrupt", {.corrupt_ppm = SD_PPM + 1}, "corrupt"},
    {"drop descends", {.drop = {5, 3}}, "3 after 5"},
    {"drop twice", {.drop = {3, 3}}, "3 after 3"},
    {"black hole backwards", {.black_from = 5, .black_to = 4}, "blackhole"},
};

static void checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof check_rows / sizeof *check_rows; i++) {
        const struct check_row *row = &check_rows[i];
        struct sd_error error = {0};
        int result = sd_weather_check(&row->weather, &error);
        if (result != (row->says == NULL ? SD_OK : SD_E_ARG) ||
            (row->says != NULL && strstr(error.text, row->says) == NULL))
            fail_msg("%s: expected %s, found %d, \"%s\"", row->name,
                     row->says != NULL ? row->says : "no complaint", result, error.text);
    }
}

/* -- on the network: delays, duplicates, checksums -- */

#define DATAGRAMS 2000

struct arrivals {
    struct sd_net *net;
    int count;
    uint32_t number[2 * DATAGRAMS];
    sd_time at[2 * DATAGRAMS];
    int damaged;
};

static void arrived(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                    const struct sd_addr *from, const struct sd_addr *to)
{
    struct arrivals *a = ctx;
    (void)udp, (void)from, (void)to;
    a->damaged += len != 104;
    for (size_t i = 4; i < len; i++)
        a->damaged += data[i] != 0x5a;
    a->number[a->count] = sd_read32(data);
    a->at[a->count++] = sd_net_now(a->net);
}

struct sender {
    struct sd_net *net;
    struct sd_udp *udp;
    uint32_t next, count;
};

static void send_next(void *ctx)
{
    struct sender *s = ctx;
    struct sd_addr to = server_addr(4433);
    uint8_t data[104];
    memset(data, 0x5a, sizeof data);
    sd_write32(data, s->next++);
    assert_int_equal(sd_udp_send(s->udp, &to, data, sizeof data, false), SD_OK);
    if (s->next < s->count)
        sd_net_after(s->net, SD_MS, send_next, s);
}

/* DATAGRAMS packets, one every ms, over 20 ms into `weather`; told: what the box's watch heard. */
static void expose(const struct sd_weather *weather, struct arrivals *a,
                   struct sd_weather_counters *counters, sd_fate_watch watch, void *ctx)
{
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain;
    assert_int_equal(sd_chain_create(&chain, t.net, t.server), SD_OK);
    struct sd_weather_box *box = sd_weather_box_new(weather, KEY);
    sd_weather_box_watch(box, watch, ctx);
    sd_chain_add(chain, 0, SD_IN, sd_weather_box_pass, box);
    memset(a, 0, sizeof *a);
    a->net = t.net;
    sd_net_udp(t.net, t.server, 0, 4433, arrived, a);
    struct sender s = {.net = t.net, .count = DATAGRAMS};
    s.udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
    send_next(&s);
    run_for(&t, 10 * SD_SECOND);
    *counters = *sd_weather_box_counters(box);
    sd_chain_destroy(chain);
    sd_weather_box_free(box);
    topology_free(&t);
}

static sd_time due(uint32_t number)
{
    return number * SD_MS + 20 * SD_MS;
}

static struct arrivals arrivals;

static void duplicates(void **state)
{
    (void)state;
    struct sd_weather weather = {.duplicate_ppm = 100000};
    struct sd_weather_counters c;
    expose(&weather, &arrivals, &c, NULL, NULL);
    assert_in_range(c.duplicated, 130, 270);
    assert_int_equal(arrivals.count, DATAGRAMS + c.duplicated);
    int times[DATAGRAMS] = {0};
    for (int i = 0; i < arrivals.count; i++) {
        times[arrivals.number[i]]++;
        assert_int_equal(arrivals.at[i], due(arrivals.number[i]));
    }
    for (int n = 0; n < DATAGRAMS; n++)
        assert_in_range(times[n], 1, 2);
}

static void reordering(void **state)
{
    (void)state;
    struct sd_weather weather = {.reorder_ppm = 50000, .reorder_delay = 5500 * SD_US};
    struct sd_weather_counters c;
    expose(&weather, &arrivals, &c, NULL, NULL);
    assert_int_equal(arrivals.count, DATAGRAMS);
    assert_in_range(c.reordered, 60, 145);
    uint64_t late = 0, overtaken = 0;
    for (int i = 0; i < arrivals.count; i++) {
        sd_time delay = arrivals.at[i] - due(arrivals.number[i]);
        assert_true(delay == 0 || delay == 5500 * SD_US);
        late += delay != 0;
        overtaken += i > 0 && arrivals.number[i] < arrivals.number[i - 1];
    }
    assert_int_equal(late, c.reordered);
    assert_in_range(overtaken, late - 10, late); /* two held back in a row keep their order */
}

static void jitter(void **state)
{
    (void)state;
    struct sd_weather weather = {.jitter = 4 * SD_MS};
    struct sd_weather_counters c;
    expose(&weather, &arrivals, &c, NULL, NULL);
    assert_int_equal(arrivals.count, DATAGRAMS);
    sd_time least = SD_NEVER, most = 0;
    double sum = 0;
    for (int i = 0; i < DATAGRAMS; i++) {
        assert_int_equal(arrivals.number[i], i); /* order kept */
        sd_time delay = arrivals.at[i] - due((uint32_t)i);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
        sum += (double)delay;
    }
    assert_true(most <= 4 * SD_MS);
    assert_true(most > 39 * SD_MS / 10 && least < SD_MS);
    /* More than the 2 ms of the draw alone: who waits holds up those behind. */
    assert_in_range((uint64_t)(sum / DATAGRAMS), 2 * SD_MS, 33 * SD_MS / 10);
}

static void checksums_notice(void **state)
{
    (void)state;
    struct sd_weather weather = {.corrupt_ppm = 200000};
    struct sd_weather_counters c;
    expose(&weather, &arrivals, &c, NULL, NULL);
    assert_in_range(c.corrupted, 300, 500);
    assert_int_equal(arrivals.count, DATAGRAMS - c.corrupted);
    assert_int_equal(arrivals.damaged, 0);
}

struct told {
    int fate[4];
    sd_time longest;
};

static void tell(void *ctx, const struct sd_packet *packet, enum sd_fate fate, sd_time delay)
{
    struct told *told = ctx;
    assert_true(packet->len == 20 + 8 + 104);
    told->fate[fate]++;
    told->longest = delay > told->longest ? delay : told->longest;
}

static void watched(void **state)
{
    (void)state;
    struct sd_weather weather = {
        .loss_ppm = 100000, .corrupt_ppm = 100000, .duplicate_ppm = 100000, .reorder_ppm = 100000};
    struct sd_weather_counters c;
    struct told told = {{0}, 0};
    expose(&weather, &arrivals, &c, tell, &told);
    assert_int_equal(told.fate[SD_FATE_LOST], c.lost);
    assert_int_equal(told.fate[SD_FATE_CORRUPTED], c.corrupted);
    assert_int_equal(told.fate[SD_FATE_DUPLICATE], c.duplicated);
    assert_int_equal(told.fate[SD_FATE_ARRIVED], DATAGRAMS - c.lost - c.corrupted);
    assert_int_equal(told.longest, 10 * SD_MS); /* reordering's default */
}

/* Jitter that ends lets nobody overtake those it still holds. */
static struct sd_weather_box *clearing;
static void clear_up(void *ctx)
{
    (void)ctx;
    sd_weather_box_set(clearing, &(struct sd_weather){0});
}

static void jitter_ends(void **state)
{
    (void)state;
    struct topology t;
    topology_make(&t, (struct topology_options){0});
    struct sd_chain *chain;
    sd_chain_create(&chain, t.net, t.server);
    clearing = sd_weather_box_new(&(struct sd_weather){.jitter = 50 * SD_MS}, KEY);
    sd_chain_add(chain, 0, SD_IN, sd_weather_box_pass, clearing);
    memset(&arrivals, 0, sizeof arrivals);
    arrivals.net = t.net;
    sd_net_udp(t.net, t.server, 0, 4433, arrived, &arrivals);
    struct sender s = {.net = t.net, .count = 300};
    s.udp = sd_net_udp(t.net, t.client, 0, 0, NULL, NULL);
    send_next(&s);
    sd_net_after(t.net, 120500 * SD_US, clear_up, NULL);
    run_for(&t, 10 * SD_SECOND);
    assert_int_equal(arrivals.count, 300);
    for (int i = 0; i < 300; i++)
        assert_int_equal(arrivals.number[i], i);
    assert_int_equal(arrivals.at[299], due(299));
    sd_chain_destroy(chain);
    sd_weather_box_free(clearing);
    topology_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(burst_lengths),
        cmocka_unit_test(exact),
        cmocka_unit_test(same_for_everyone),
        cmocka_unit_test(checks),
        cmocka_unit_test(one_bit_of_the_payload),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(reordering),
        cmocka_unit_test(jitter),
        cmocka_unit_test(jitter_ends),
        cmocka_unit_test(checksums_notice),
        cmocka_unit_test(watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
