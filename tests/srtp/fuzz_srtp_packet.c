/* fuzz_srtp_packet.c - the transforms alone, at full speed: the first byte chooses the profile,
 * what is left in the clear and the kind of packet, the rest is the packet.  As it came it is
 * unprotected; what can be protected must come out of protection as it went in, and only once. */
#include "protocols/srtp/context.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static struct sd_env env;

struct setting {
    struct sr_master master;
    struct sr_policy policy;
    enum sr_use use;
};

static struct setting setting_of(uint8_t choice)
{
    struct setting s = {.master = {.profile = &sr_profiles[choice & 3], .mki = 1},
                        .policy = {.window = SR_WINDOW_LEAST}};
    s.use = choice & 4 ? SR_RTCP : SR_RTP;
    s.policy.unencrypted_rtp = s.policy.unencrypted_rtcp = choice & 8;
    s.policy.unauthenticated_rtp = (choice & 16) && !s.master.profile->aead;
    s.policy.mki_len = choice >> 5 & 3;
    s.master.rate = choice & 128 ? 1 : 0;
    memset(s.master.key, 7, sizeof s.master.key);
    return s;
}

static int unprotect(struct sr_context *c, const struct setting *s, const uint8_t *data, size_t len,
                     uint8_t *out, size_t *out_len)
{
    return (s->use == SR_RTP ? sr_unprotect_rtp : sr_unprotect_rtcp)(c, &s->master, &s->policy,
                                                                     data, len, out, out_len);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t rtp[] = {0x92, 0xe0, 0xff, 0xff, 0, 0, 0,   1,   1,   2,    3,
                                  4,    0,    0,    0,    5, 0, 0,   0,   6,   0xbe, 0xde,
                                  0,    1,    1,    2,    3, 4, 'a', 'u', 'd', 'i',  'o'};
    static const uint8_t rtcp[] = {0x80, RTCP_SR, 0, 6, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6,
                                   7,    8,       0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    uint8_t seed[64];
    for (unsigned choice = 0; choice < 256; choice++) {
        seed[0] = (uint8_t)choice;
        memcpy(seed + 1, choice & 4 ? rtcp : rtp, choice & 4 ? sizeof rtcp : sizeof rtp);
        add(seed, 1 + (choice & 4 ? sizeof rtcp : sizeof rtp));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t packet[SD_FUZZ_INPUT_MAX + SR_TRAILER_MAX], out[sizeof packet];
    struct sr_context from, to;
    size_t out_len = 0;
    if (len < 1 || (!env.heap && sd_env_init(&env, 1) != SD_OK))
        return 0;
    struct setting s = setting_of(data[0]);
    data++, len--;
    if (!sr_context_init(&from, &env, 0, &s.policy, false) ||
        !sr_context_init(&to, &env, 0, &s.policy, true))
        abort();
    int result = unprotect(&to, &s, data, len, out, &out_len);
    bool tagged = s.use == SR_RTCP || !s.policy.unauthenticated_rtp;
    if (result < 0 || out_len > len || (result == SD_OK && tagged))
        abort(); /* nobody guesses a tag */
    sr_context_fini(&to);
    sr_context_init(&to, &env, 0, &s.policy, true);
    memcpy(packet, data, len);
    size_t protected = (s.use == SR_RTP ? sr_protect_rtp : sr_protect_rtcp)(&from, &s.master,
                                                                            &s.policy, packet, len);
    if (protected) {
        if (protected != len + sr_trailer(s.master.profile, &s.policy, s.use) ||
            unprotect(&to, &s, packet, protected, out, &out_len) != SD_OK || out_len != len ||
            memcmp(out, data, len) != 0)
            abort();
        if (tagged && unprotect(&to, &s, packet, protected, out, &out_len) != SD_DROP_REPLAY)
            abort();
    }
    sr_context_fini(&from);
    sr_context_fini(&to);
    return 0;
}
