/* fuzz_encap.c - a TCP stream of messages, from any bytes in any pieces: the same messages come out
 * of it as out of the whole.  Input: size of a piece (1), then the stream. */
#include "protocols/ipsec/encap.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char stream[] = "\3" ENCAP_PREFIX "\0\5abc\0\x0a\0\0\0\0ike!\0\3\xff";
    add(stream, sizeof stream - 1);
}

/* Everything that comes out, one after the other. */
static size_t take_apart(struct sd_env *env, const uint8_t *data, size_t len, size_t piece,
                         uint8_t *out)
{
    struct encap_stream s = {.expect_prefix = true};
    size_t written = 0;
    for (size_t at = 0; at < len; at += piece) {
        uint8_t *message;
        size_t n = len - at < piece ? len - at : piece;
        if (encap_stream_feed(&s, env, data + at, n) != SD_OK)
            break;
        while (encap_stream_next(&s, &message, &n)) {
            memcpy(out + written, message, n);
            written += n;
            encap_classify(&message, &n);
        }
    }
    encap_stream_fini(&s);
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t whole[SD_FUZZ_INPUT_MAX], pieces[SD_FUZZ_INPUT_MAX];
    struct sd_env env;
    if (len < 2 || sd_env_init(&env, 1) != SD_OK)
        return 0;
    size_t a = take_apart(&env, data + 1, len - 1, len, whole);
    size_t b = take_apart(&env, data + 1, len - 1, data[0] % 32 + 1u, pieces);
    if (a != b || memcmp(whole, pieces, a) != 0 || sd_heap_bytes(&env) != 0)
        abort();
    sd_env_fini(&env);
    return 0;
}
