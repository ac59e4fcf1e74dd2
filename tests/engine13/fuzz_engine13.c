/* fuzz_engine13.c - handshakes in which one message is not what it was: two sessions joined without
 * records, so that whatever comes has good keys.  Input: what kind of handshake (1), which message
 * (1), then the message.  Its Finished would not verify, but everything before is parsed. */
#include "tests/engine13/joined.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static const struct sd_option srtp = {"use_srtp", "SRTP_AEAD_AES_128_GCM"};
static const struct sd_option raw_server = {"raw_public_key", "server.example"};
static const struct sd_option raw_client = {"raw_public_key", "client.example"};
static const struct joined_kind kinds[] = {
    {&sd_e13_tls, .mutual = true, .alpn = "h2,coap"},
    {&sd_e13_dtls, .cookie = true, .client = &srtp, .server = &srtp},
    {&sd_e13_dtls, .psk = true},
    {&sd_e13_tls, .resume = true, .early = true},
    {&sd_e13_dtls, .resume = true, .early = true, .mutual = true},
    {&sd_e13_dtls, .mutual = true, .client = &raw_server, .server = &raw_client},
};
#define KINDS (sizeof kinds / sizeof *kinds)

struct input {
    const uint8_t *message;
    size_t len;
    uint8_t which, counter;
    void (*add)(const void *, size_t); /* collects the messages as they are */
    uint8_t kind;
};

static void put_input(void *ctx, struct joined_letter *l)
{
    struct input *in = ctx;
    if (in->counter++ != in->which)
        return;
    free(l->message);
    l->message = malloc(in->len + 1);
    l->len = in->len;
    memcpy(l->message, in->message, in->len);
}

static void collect(void *ctx, struct joined_letter *l)
{
    static uint8_t seed[SD_FUZZ_INPUT_MAX];
    struct input *in = ctx;
    seed[0] = in->kind;
    seed[1] = in->counter++;
    memcpy(seed + 2, l->message, l->len);
    in->add(seed, l->len + 2);
}

static void run(const struct joined_kind *k, void (*change)(void *, struct joined_letter *),
                struct input *in)
{
    static struct joined j;
    joined_make(&j, k);
    j.change = change;
    j.ctx = in;
    for (int session = 0; session < (k->resume ? 2 : 1); session++) {
        joined_open(&j, k);
        joined_converse(&j);
        joined_update(&j, 0);
        joined_converse(&j);
        joined_close(&j);
    }
    if (joined_free(&j) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    struct input in = {.message = data + 2, .len = len - 2, .which = data[1]};
    run(&kinds[data[0] % KINDS], put_input, &in);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    for (uint8_t kind = 0; kind < KINDS; kind++) {
        struct input in = {.add = add, .kind = kind};
        run(&kinds[kind], collect, &in);
    }
}
