/* fuzz_minimalt_calls.c - what is inside packets: calls, taken apart and put together again, and
 * service records.  The first byte chooses. */
#include "protocols/minimalt/agent.h"
#include "protocols/minimalt/minimalt.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static void check(bool good)
{
    if (!good)
        abort();
}

/* Valid calls are the same when they are written again. */
static void calls(struct sd_env *env, const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    bool valid = mt_calls_valid(r);
    struct mt_queue q = {0};
    struct mt_said said;
    size_t end = 0;
    while (mt_calls_next(&r, &said)) {
        size_t arguments = sd_left(&said.arguments);
        const uint8_t *at = sd_get(&said.arguments, arguments);
        check(said.call > MT_CALL_NONE && said.call < MT_CALLS);
        end += MT_CALL_HEADER + arguments;
        if (valid && arguments <= MT_RECORD_MAX)
            check(mt_calls_put(&q, env, said.connection, said.call, at, arguments));
        else
            valid = false; /* longer than any that this side would say of itself */
    }
    check(!r.bad || !mt_calls_valid(sd_reader_of(data, len)));
    if (valid && q.len > 0) {
        enum mt_call call;
        check(q.len == end && memcmp(mt_queue_first(&q), data, end) == 0);
        check(mt_calls_first(&q, &call) <= q.len);
    }
    mt_queue_fini(&q);
}

/* Whatever the bytes are, nobody but the two signers can have made them. */
static void record(struct sd_env *env, const uint8_t *data, size_t len)
{
    const struct sd_config config = {.role = SD_ROLE_SERVER,
                                     .identity = sd_identity("server.example")};
    struct sd_agent *agent;
    check(sd_minimalt_agent.create(&agent, &config, env, NULL) == SD_OK);
    struct minimalt *mt = (struct minimalt *)agent;
    const struct mt_record *own = mt->own;
    if (len <= UINT16_MAX) {
        struct mt_record *read = mt_record_read(mt, data, len);
        check(!read || (len == own->len && memcmp(data, own->bytes, MT_CERTIFICATE(14)) == 0));
        sd_free(read);
    }
    sd_minimalt_agent.destroy(agent);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    uint8_t seed[1 + MT_CALL_HEADER + 40] = {0};
    for (uint8_t call = 0; call < MT_CALLS; call++) {
        for (uint8_t len = 0; len <= 40; len += 4) {
            memset(seed, 0, sizeof seed);
            seed[4] = call == MT_CALL_DATA;
            seed[5] = call;
            seed[7] = len;
            add(seed, 1 + MT_CALL_HEADER + len);
        }
    }
    uint8_t bytes[1 + MT_CERTIFICATE(14) + MT_EPHEMERAL] = {1, 14};
    add(bytes, sizeof bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_env env;
    if (len == 0 || sd_env_init(&env, 1) != SD_OK)
        return 0;
    struct sd_env *before = sd_enter(&env);
    if (data[0] % 2)
        record(&env, data + 1, len - 1);
    else
        calls(&env, data + 1, len - 1);
    sd_leave(before);
    check(sd_heap_bytes(&env) == 0);
    sd_env_fini(&env);
    return 0;
}
