/* test_srtp_judge.c - libsrtp judges our SRTP and SRTCP: it opens what we protect and we open what
 * it protects, over profiles, wraps of the sequence number, MKIs and services; and of packets that
 * come late, twice or out of order both take and refuse the same. */
#include "protocols/srtp/context.h"
#include "sim/core/random.h"
#include "tests/core/unit.h"

#include <srtp2/srtp.h>
#include <string.h>

#define SSRC        0x5d4d4d5du
#define PACKET_CAP  2048
#define PAYLOAD_MAX 1000

static struct sd_env env;

static const struct row {
    const char *what;
    uint16_t profile;
    uint16_t first; /* sequence number */
    uint16_t step;
    uint32_t count;
    uint32_t window;
    uint8_t mki_len;
    bool untagged, clear_rtp, clear_rtcp;
    /* libsrtp 2.5 looks for the MKI of SRTCP where a tag as long as RTP's would leave it. */
    bool rtp_only;
} rows[] = {
    {"SHA1-80", .profile = 0x0001, .first = 0, .step = 1, .count = 300},
    {"SHA1-80 over a wrap", .profile = 0x0001, .first = 65400, .step = 1, .count = 300},
    {"SHA1-80 over four wraps", .profile = 0x0001, .first = 9, .step = 701, .count = 400},
    {"SHA1-32 over a wrap", .profile = 0x0002, .first = 65400, .step = 1, .count = 300},
    {"SHA1-32 over four wraps", .profile = 0x0002, .first = 9, .step = 701, .count = 400},
    {"AES-128-GCM", .profile = 0x0007, .first = 0, .step = 1, .count = 300},
    {"AES-128-GCM over a wrap", .profile = 0x0007, .first = 65400, .step = 1, .count = 300},
    {"AES-128-GCM over four wraps", .profile = 0x0007, .first = 9, .step = 701, .count = 400},
    {"AES-256-GCM over a wrap", .profile = 0x0008, .first = 65400, .step = 1, .count = 300},
    {"AES-256-GCM over four wraps", .profile = 0x0008, .first = 9, .step = 701, .count = 400},
    {"SHA1-80, window 64", .profile = 0x0001, .first = 65000, .step = 1, .count = 900,
     .window = 64},
    {"SHA1-80, window 1024", .profile = 0x0001, .first = 65000, .step = 1, .count = 900,
     .window = 1024},
    {"AES-128-GCM, window 64", .profile = 0x0007, .first = 65000, .step = 1, .count = 900,
     .window = 64},
    {"AES-256-GCM, window 4096", .profile = 0x0008, .first = 65000, .step = 1, .count = 900,
     .window = 4096},
    {"SHA1-80 with an MKI", .profile = 0x0001, .first = 65400, .step = 1, .count = 300,
     .mki_len = 4},
    {"SHA1-32 with an MKI", .profile = 0x0002, .first = 65400, .step = 1, .count = 300,
     .mki_len = 1, .rtp_only = true},
    {"AES-128-GCM with an MKI", .profile = 0x0007, .first = 65400, .step = 1, .count = 300,
     .mki_len = 2},
    {"AES-256-GCM with an MKI", .profile = 0x0008, .first = 65400, .step = 1, .count = 300,
     .mki_len = 4},
    {"no tag on RTP", .profile = 0x0001, .first = 65400, .step = 1, .count = 300, .untagged = true},
    {"RTP in the clear", .profile = 0x0001, .first = 65400, .step = 1, .count = 300,
     .clear_rtp = true},
    {"RTCP in the clear", .profile = 0x0002, .first = 1, .step = 1, .count = 100,
     .clear_rtcp = true},
    {"RTCP in the clear, GCM", .profile = 0x0008, .first = 1, .step = 1, .count = 100,
     .clear_rtcp = true},
};

/* -- the two of them, with the same keys -- */

struct pair {
    const struct row *row;
    struct sr_policy policy;
    struct sr_master master;
    struct sr_context context;
    srtp_t judge;
};

static void crypto_policy(const struct row *row, srtp_policy_t *p)
{
    switch (row->profile) {
    case 0x0001:
    case 0x0002:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
        if (row->profile == 0x0002)
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
        break;
    case 0x0007:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
        break;
    default:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
        break;
    }
    if (row->untagged)
        srtp_crypto_policy_set_aes_cm_128_null_auth(&p->rtp);
    if (row->clear_rtp)
        p->rtp.sec_serv = sec_serv_auth;
    if (row->clear_rtcp)
        p->rtcp.sec_serv = sec_serv_auth;
}

static void make(struct pair *p, const struct row *row, bool inbound)
{
    uint8_t both[SR_KEY_MAX + SR_SALT_MAX], mki[SR_MKI_MAX] = {0};
    srtp_master_key_t key = {.key = both, .mki_id = mki, .mki_size = row->mki_len};
    srtp_master_key_t *keys[] = {&key};
    srtp_policy_t policy = {.window_size = row->window ? row->window : 128};
    *p = (struct pair){.row = row};
    p->policy = (struct sr_policy){.window = (uint32_t)policy.window_size,
                                   .mki_len = row->mki_len,
                                   .unauthenticated_rtp = row->untagged,
                                   .unencrypted_rtp = row->clear_rtp,
                                   .unencrypted_rtcp = row->clear_rtcp};
    p->master = (struct sr_master){.profile = sr_profile_of(row->profile), .mki = 1};
    const struct sr_profile *profile = p->master.profile;
    for (size_t i = 0; i < sizeof both; i++)
        both[i] = (uint8_t)(i * 7 + 3);
    memcpy(p->master.key, both, profile->key_len);
    memcpy(p->master.salt, both + profile->key_len, profile->salt_len);
    assert_true(sr_context_init(&p->context, &env, SSRC, &p->policy, true));
    crypto_policy(row, &policy);
    policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound;
    if (row->mki_len > 0) {
        mki[row->mki_len - 1] = 1;
        policy.keys = keys;
        policy.num_master_keys = 1;
    } else {
        policy.key = both;
    }
    assert_int_equal(srtp_create(&p->judge, &policy), srtp_err_status_ok);
}

static void unmake(struct pair *p)
{
    sr_context_fini(&p->context);
    srtp_dealloc(p->judge);
}

/* -- packets -- */

/* Every fourth has CSRCs, every fifth a header extension. */
static size_t rtp_packet(uint8_t *out, uint32_t n, uint16_t seq)
{
    size_t at = SR_RTP_HEADER, payload = n * 37 % PAYLOAD_MAX;
    memset(out, 0, PACKET_CAP);
    out[0] = 2 << 6;
    out[1] = (uint8_t)(96 + n % 8);
    out[2] = (uint8_t)(seq >> 8);
    out[3] = (uint8_t)seq;
    out[7] = (uint8_t)n;
    out[8] = SSRC >> 24, out[9] = SSRC >> 16 & 255, out[10] = SSRC >> 8 & 255, out[11] = SSRC & 255;
    if (n % 4 == 0) {
        out[0] |= 2;
        at += 8;
    }
    if (n % 5 == 0) {
        out[0] |= SR_RTP_EXTENSION;
        out[at + 3] = 3;
        at += 16;
    }
    for (size_t i = 0; i < payload; i++)
        out[at + i] = (uint8_t)(n + i);
    return at + payload;
}

static size_t rtcp_packet(uint8_t *out, uint32_t n)
{
    size_t words = 7 + n % 20;
    memset(out, 0, PACKET_CAP);
    out[0] = 2 << 6;
    out[1] = RTCP_SR;
    out[3] = (uint8_t)(words - 1);
    out[4] = SSRC >> 24, out[5] = SSRC >> 16 & 255, out[6] = SSRC >> 8 & 255, out[7] = SSRC & 255;
    for (size_t i = 8; i < 4 * words; i++)
        out[i] = (uint8_t)(n + i);
    return 4 * words;
}

static size_t packet(uint8_t *out, const struct row *row, enum sr_use use, uint32_t n)
{
    return use == SR_RTP ? rtp_packet(out, n, (uint16_t)(row->first + n * row->step))
                         : rtcp_packet(out, n);
}

static size_t judge_protect(struct pair *p, enum sr_use use, uint8_t *data, size_t len)
{
    int n = (int)len, mki = p->row->mki_len > 0;
    srtp_err_status_t status = use == SR_RTP
                                   ? srtp_protect_mki(p->judge, data, &n, (unsigned)mki, 0)
                                   : srtp_protect_rtcp_mki(p->judge, data, &n, (unsigned)mki, 0);
    assert_int_equal(status, srtp_err_status_ok);
    return (size_t)n;
}

static bool judge_opens(struct pair *p, enum sr_use use, const uint8_t *data, size_t len,
                        uint8_t *out, size_t *out_len)
{
    int n = (int)len;
    unsigned mki = p->row->mki_len > 0;
    memcpy(out, data, len);
    srtp_err_status_t status = use == SR_RTP ? srtp_unprotect_mki(p->judge, out, &n, mki)
                                             : srtp_unprotect_rtcp_mki(p->judge, out, &n, mki);
    *out_len = (size_t)n;
    return status == srtp_err_status_ok;
}

static size_t we_protect(struct pair *p, enum sr_use use, uint8_t *data, size_t len)
{
    return (use == SR_RTP ? sr_protect_rtp : sr_protect_rtcp)(&p->context, &p->master, &p->policy,
                                                              data, len);
}

static bool we_open(struct pair *p, enum sr_use use, const uint8_t *data, size_t len, uint8_t *out,
                    size_t *out_len)
{
    return (use == SR_RTP ? sr_unprotect_rtp : sr_unprotect_rtcp)(
               &p->context, &p->master, &p->policy, data, len, out, out_len) == SD_OK;
}

/* -- what is compared -- */

/* We protect and it opens, or the other way round. */
static void pass(const struct row *row, enum sr_use use, bool ours)
{
    struct pair from, to;
    uint8_t plain[PACKET_CAP], data[PACKET_CAP], out[PACKET_CAP];
    make(&from, row, false);
    make(&to, row, true);
    for (uint32_t n = 0; n < row->count; n++) {
        size_t len = packet(plain, row, use, n), out_len = 0;
        memcpy(data, plain, PACKET_CAP);
        size_t sealed = (ours ? we_protect : judge_protect)(&from, use, data, len);
        bool good = (ours ? judge_opens : we_open)(&to, use, data, sealed, out, &out_len);
        if (!good || out_len != len || memcmp(out, plain, len) != 0)
            fail_msg("%s, %s, packet %u: expected %zu bytes that %s opens, found %s, %zu bytes",
                     row->what, use == SR_RTP ? "SRTP" : "SRTCP", n, len, ours ? "libsrtp" : "ours",
                     good ? "opened" : "refused", out_len);
    }
    unmake(&from);
    unmake(&to);
}

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        for (int use = 0; use < (rows[i].rtp_only ? SR_RTCP : SR_USES); use++) {
            pass(&rows[i], (enum sr_use)use, true);
            pass(&rows[i], (enum sr_use)use, false);
        }
}

/* The same shuffled, doubled and late packets to both. */
static void compare(const struct row *row, enum sr_use use)
{
    enum { KEPT = 1000 };
    static uint8_t sent[KEPT][PACKET_CAP];
    static size_t len[KEPT];
    struct pair from, to;
    struct sd_rng rng;
    uint32_t count = row->count < KEPT ? row->count : KEPT, taken = 0, refused = 0;
    make(&from, row, false);
    make(&to, row, true);
    sd_rng_seed(&rng, 7);
    for (uint32_t n = 0; n < count; n++)
        len[n] = we_protect(&from, use, sent[n], packet(sent[n], row, use, n));
    for (uint32_t n = 0; n < 3 * count; n++) {
        uint8_t ours[PACKET_CAP], theirs[PACKET_CAP];
        size_t ours_len = 0, theirs_len = 0;
        /* around a place that moves on, up to 1.5 windows back */
        uint64_t back = sd_rng_below(&rng, from.policy.window + from.policy.window / 2);
        uint32_t at = n / 3 > back ? n / 3 - (uint32_t)back : n / 3;
        bool mine = we_open(&to, use, sent[at], len[at], ours, &ours_len);
        bool its = judge_opens(&to, use, sent[at], len[at], theirs, &theirs_len);
        if (mine != its)
            fail_msg("%s, %s, step %u, packet %u: libsrtp says %s, we say %s", row->what,
                     use == SR_RTP ? "SRTP" : "SRTCP", n, at, its ? "good" : "refused",
                     mine ? "good" : "refused");
        taken += mine;
        refused += !mine;
    }
    assert_true(taken > 0);
    assert_true(refused > 0 || row->untagged);
    unmake(&from);
    unmake(&to);
}

static void test_same_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        if (rows[i].step != 1 || rows[i].untagged)
            continue;
        compare(&rows[i], SR_RTP);
        if (rows[i].window == 0 && !rows[i].rtp_only) /* its window for SRTCP is always 128 */
            compare(&rows[i], SR_RTCP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_same_refusals),
    };
    if (sd_core_init() != SD_OK || sd_env_init(&env, 1) != SD_OK ||
        srtp_init() != srtp_err_status_ok)
        return 3;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    srtp_shutdown();
    bool clean = sd_heap_bytes(&env) == 0;
    sd_env_fini(&env);
    return failed ? failed : !clean;
}
