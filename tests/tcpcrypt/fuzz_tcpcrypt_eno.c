/* fuzz_tcpcrypt_eno.c - options of SYN, SYN-ACK and ACK that are not what they were: the first byte
 * says which segment and whether the hosts resume, the rest are its options.  Whatever they are,
 * both hosts end with a connection or an error, and the parser keeps its word. */
#include "protocols/tcpcrypt/agent.h"
#include "protocols/tcpcrypt/eno.h"
#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static const uint8_t *options;
static size_t options_len;
static uint8_t which;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool change(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    if (u->segment != which % 3 + 1 || u->path.conn < (which & 4 ? 3 : 1))
        return true;
    /* Only what there is can be changed: a longer option comes by the parser's own turn. */
    u->len = options_len < u->len ? options_len : u->len;
    if (u->len)
        memcpy(u->data, options, u->len);
    return true;
}

static void connect_twice(void)
{
    const struct sd_config client = {.role = SD_ROLE_CLIENT, .mode = which & 4 ? "resumed" : NULL};
    const struct sd_config server = {.role = SD_ROLE_SERVER, .mode = client.mode};
    struct sd_mem *m = sd_mem_new(1);
    int a = sd_mem_add(m, &sd_tcpcrypt_agent, &client, 2);
    int b = sd_mem_add(m, &sd_tcpcrypt_agent, &server, 3);
    sd_mem_on_unit(m, change, NULL);
    for (int i = 0; i < (which & 4 ? 2 : 1); i++) {
        int talk = sd_mem_connect(m, a, b);
        sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
        if (sd_mem_find(m, a, SD_EV_READY, (size_t)i))
            sd_mem_send(m, a, sd_mem_sid(m, talk), 0, "request", 7, false);
        sd_mem_run(m, sd_mem_now(m) + SD_SECOND);
    }
    require(sd_mem_count(m, b, SD_EV_READY) + sd_mem_count(m, b, SD_EV_ERROR) > 0 ||
            sd_mem_count(m, a, SD_EV_ERROR) + sd_mem_count(m, a, SD_EV_NOTE) > 0);
    require(sd_mem_free(m) == 0);
}

static void parse(const uint8_t *data, size_t len)
{
    const uint8_t *option;
    size_t option_len;
    struct tc_eno eno, other;
    static const uint8_t b[] = {TC_ENO_KIND, 5, TC_ENO_PASSIVE, TC_TEP_P256, TC_TEP_X25519};
    const struct tc_eno_rules rules = {0};
    uint8_t tep;
    if (tc_eno_find(data, len, &option, &option_len) == 0)
        return;
    require(option >= data && option_len >= 2 && option + option_len <= data + len);
    if (!tc_eno_parse(&eno, option, option_len))
        return;
    for (size_t i = 0; i < eno.teps; i++)
        require(eno.tep[i].data_len == 0 ||
                (eno.tep[i].data > option &&
                 eno.tep[i].data + eno.tep[i].data_len <= option + option_len));
    require(tc_eno_parse(&other, b, sizeof b));
    enum tc_agreement one = tc_eno_agree(&eno, &other, &rules, &tep);
    require(one == tc_eno_agree(&other, &eno, &rules, &tep));
    require(one != TC_AGREED || tep == TC_TEP_P256 || tep == TC_TEP_X25519);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t seeds[][24] = {
        {0, 69, 4, 0x21, 0x23},
        {1, 69, 4, 0x01, 0x23},
        {2, 69, 2},
        {4, 69, 20, 0x21, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7},
        {5, 69, 20, 0x01, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7},
        {0, 1, 1, 2, 4, 5, 0xb4, 69, 8, 0x82, 0xa3, 1, 2, 3, 0x21},
        {1, 69, 3, 0x01, 69, 3, 0x21},
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        add(seeds[i], sizeof *seeds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    which = data[0];
    options = data + 1;
    options_len = len - 1;
    parse(options, options_len);
    connect_twice();
    return 0;
}
