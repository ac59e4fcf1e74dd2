/* test_tcpcrypt_eno.c - the option of RFC 8547: what it says, what two of them agree on. */
#include "protocols/tcpcrypt/eno.h"
#include "sim/core/env.h"
#include "sim/core/error.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

/* -- 4.1: the one option among others -- */

static void finding(void **state)
{
    (void)state;
    static const struct {
        const char *what, *options;
        unsigned count;
        const char *option;
    } rows[] = {
        {"alone", "45042123", 1, "45042123"},
        {"no option at all", "", 0, ""},
        {"behind padding and others", "0101020405b4080a000000000000000045032100", 1, "450321"},
        {"empty", "4502", 1, "4502"},
        {"behind the list's end", "0045032100", 0, ""},
        {"two", "450321450323", 2, "450321"},
        {"three", "450321450323450323", 3, "450321"},
        {"longer than the options", "450521", 0, ""},
        {"a length of 1", "4501", 0, ""},
        {"no length", "45", 0, ""},
        {"another one is longer than the options", "020c4503214503", 0, ""},
        {"the experimental one is not it", "fd04454e", 0, ""},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].options);
        const uint8_t *option = NULL;
        size_t len = 0;
        unsigned count = tc_eno_find(h.data, h.len, &option, &len);
        if (count != rows[i].count)
            fail_msg("%s: expected %u, found %u", rows[i].what, rows[i].count, count);
        if (count)
            hex_check(rows[i].what, rows[i].option, option, len);
    }
}

/* -- 4.1, 4.2, 4.4: suboptions -- */

static void parsing(void **state)
{
    (void)state;
    static const struct {
        const char *what, *option;
        bool good;
        int global;
        const char *teps; /* each: byte, data length, data */
    } rows[] = {
        {"vacuous", "4502", true, 0, ""},
        {"two TEPs", "45042123", true, 0, "21002300"},
        {"a global suboption", "45040123", true, 1, "2300"},
        {"all bits of it", "45041f23", true, 0x1f, "2300"},
        {"only the first counts", "4505012302", true, 1, "2300"},
        {"the first counts, wherever", "4505230200", true, 2, "2300"},
        {"a first of zero counts", "450500230f", true, 0, "2300"},
        {"data to the end", "4506a3010203", true, 0, "a303010203"},
        {"v and no data", "4503a3", true, 0, "a300"},
        {"a length byte", "450781a3010221", true, 0, "a30201022100"},
        {"a length byte for all there is", "450681a30102", true, 0, "a3020102"},
        {"data may look like suboptions", "450681a38001", true, 0, "a3028001"},
        {"more than there is", "450682a30102", false, 0, ""},
        {"a length byte at the end", "45042181", false, 0, ""},
        {"a length byte, then v = 0", "45058123ff", false, 0, ""},
        {"a length byte, then another", "450681820102", false, 0, ""},
        {"a length byte, then a global suboption", "45058001ff", false, 0, ""},
        {"another option", "02042123", false, 0, ""},
        {"another length", "45052123", false, 0, ""},
        {"unknown TEPs stay", "4504207f", true, 0, "20007f00"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex h = hex_of(rows[i].option);
        struct tc_eno eno;
        bool good = tc_eno_parse(&eno, h.data, h.len);
        if (good != rows[i].good)
            fail_msg("%s: expected %d, found %d", rows[i].what, rows[i].good, good);
        if (!good)
            continue;
        uint8_t teps[HEX_MAX];
        size_t len = 0;
        for (size_t k = 0; k < eno.teps; k++) {
            teps[len++] = eno.tep[k].byte;
            teps[len++] = eno.tep[k].data_len;
            if (eno.tep[k].data_len)
                memcpy(teps + len, eno.tep[k].data, eno.tep[k].data_len);
            len += eno.tep[k].data_len;
        }
        assert_int_equal(eno.global, rows[i].global);
        hex_check(rows[i].what, rows[i].teps, teps, len);
    }
}

/* -- 4.3, 4.5, 4.6 -- */

static bool refuse_p256(void *ctx, const struct tc_suboption *a, const struct tc_suboption *b)
{
    (void)ctx;
    assert_int_equal(tc_suboption_tep(a), tc_suboption_tep(b));
    return tc_suboption_tep(b) != TC_TEP_P256;
}

static void agreeing(void **state)
{
    (void)state;
    static const struct {
        const char *what, *one, *other;
        bool need_aware, refuse;
        enum tc_agreement result;
        uint8_t tep;
    } rows[] = {
        {"one of two", "45042123", "45040123", false, false, TC_AGREED, 0x23},
        {"figure 12: the last of B's that A has", "45042321", "450601212324", false, false,
         TC_AGREED, 0x23},
        {"A's order does not matter", "45042123", "450601212324", false, false, TC_AGREED, 0x23},
        {"B has more that A has not", "45042123", "450601242122", false, false, TC_AGREED, 0x21},
        {"v does not matter", "4504a3aa", "45040123", false, false, TC_AGREED, 0x23},
        {"nothing in common, two", "45032422", "45040123", false, false, TC_NO_COMMON_TEP, 0},
        {"nothing in common, well-formed", "450324", "45040123", false, false, TC_NO_COMMON_TEP, 0},
        {"A is vacuous", "4502", "45040123", false, false, TC_NO_COMMON_TEP, 0},
        {"B is vacuous", "450323", "450301", false, false, TC_NO_COMMON_TEP, 0},
        {"A repeats it", "45042323", "45040123", false, false, TC_NO_COMMON_TEP, 0},
        {"B repeats it, another is left", "45042123", "450601212323", false, false, TC_AGREED,
         0x21},
        {"both are A: an echo", "45042123", "45042123", false, false, TC_SAME_ROLE, 0},
        {"both are B", "45040123", "45040123", false, false, TC_SAME_ROLE, 0},
        {"z bits are ignored", "45041c23", "45041d23", false, false, TC_AGREED, 0x23},
        {"aware, and needs it", "45040223", "45040323", true, false, TC_AGREED, 0x23},
        {"needs it, and the peer is not", "45040223", "45040123", true, false, TC_NOT_AWARE, 0},
        {"data that is not valid", "45042321", "4505012321", false, true, TC_AGREED, 0x23},
        {"data that is not valid, nothing else", "450321", "45040121", false, true,
         TC_NO_COMMON_TEP, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct hex one = hex_of(rows[i].one), other = hex_of(rows[i].other);
        struct tc_eno own, peer;
        struct tc_eno_rules rules = {.need_aware = rows[i].need_aware,
                                     .valid = rows[i].refuse ? refuse_p256 : NULL};
        one.data[1] = (uint8_t)one.len;
        other.data[1] = (uint8_t)other.len;
        assert_true(tc_eno_parse(&own, one.data, one.len));
        assert_true(tc_eno_parse(&peer, other.data, other.len));
        /* Either host concludes the same, but for what only one of them asks for. */
        for (int turn = 0; turn < (rows[i].need_aware ? 1 : 2); turn++) {
            uint8_t tep = 0;
            enum tc_agreement r =
                tc_eno_agree(turn ? &peer : &own, turn ? &own : &peer, &rules, &tep);
            if (r != rows[i].result || tep != rows[i].tep)
                fail_msg("%s: expected %d, TEP %02x, found %d, TEP %02x", rows[i].what,
                         rows[i].result, rows[i].tep, r, tep);
        }
    }
}

static void writing(void **state)
{
    (void)state;
    static const uint8_t teps[] = {0x21, 0x23}, data[] = {1, 2, 3};
    static const struct {
        const char *what;
        struct tc_offer offer;
        size_t cap;
        const char *option;
    } rows[] = {
        {"two TEPs", {.tep = teps, .teps = 2}, 20, "45042123"},
        {"a role", {.global = 1, .tep = teps, .teps = 1}, 20, "45040121"},
        {"data", {.tep = teps, .teps = 2, .data = data, .data_len = 3}, 20, "450721a3010203"},
        {"just fits", {.tep = teps, .teps = 2}, 4, "45042123"},
        {"does not fit", {.tep = teps, .teps = 2}, 3, ""},
        {"non-SYN form", {0}, 2, "4502"},
        {"no room for it", {0}, 1, ""},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t out[TC_OPTION_ROOM];
        size_t len = tc_eno_write(out, rows[i].cap, &rows[i].offer);
        hex_check(rows[i].what, rows[i].option, out, len);
    }
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding),
        cmocka_unit_test(parsing),
        cmocka_unit_test(agreeing),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
