/* describe.c - names of what a segment carries, from its bytes alone: a segment may begin anywhere
 * in the stream, and what looks like nothing of ours is called by its length. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/core/reader.h"
#include <stdarg.h>
#include <stdio.h>

struct text {
    char *at;
    size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
    if (t->len + 1 >= t->cap)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->at + t->len, t->cap - t->len, format, args);
    va_end(args);
    size_t room = t->cap - t->len - 1;
    t->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room;
}

static void say_init(struct text *t, struct sd_reader *r)
{
    struct sd_reader in = *r;
    uint32_t magic = sd_get32(&in), len = sd_get32(&in);
    if (in.bad || (magic != TC_INIT1_MAGIC && magic != TC_INIT2_MAGIC) || len < TC_INIT_HEADER)
        return;
    if (magic == TC_INIT1_MAGIC)
        say(t, "Init1 (%u ciphers, N_A, Pub_A)", sd_get8(&in));
    else
        say(t, "Init2 (%s, N_B, Pub_B)", tc_cipher_name((enum tc_cipher)sd_get16(&in)));
    if (len > sd_left(r)) {
        say(t, ", begun");
        len = (uint32_t)sd_left(r);
    }
    sd_get(r, len);
}

size_t tc_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    (void)from_client;
    struct text t = {text, 0, cap};
    struct sd_reader r = sd_reader_of(data, len);
    size_t frames = 0, encrypted = 0;
    bool rekey = false;
    if (cap > 0)
        text[0] = '\0';
    say_init(&t, &r);
    while (sd_left(&r) >= TC_FRAME_HEADER) {
        struct sd_reader in = r;
        uint8_t control = sd_get8(&in);
        size_t clen = sd_get16(&in);
        if (control > TC_CONTROL_REKEY || clen < TC_CLEN_MIN || clen > sd_left(&in))
            break;
        frames++;
        encrypted += clen - TC_CLEN_MIN; /* but for the flags */
        rekey |= control != 0;
        sd_get(&r, TC_FRAME_HEADER + clen);
    }
    const char *comma = t.len ? ", " : "";
    if (frames == 1)
        say(&t, "%sFrame [%zu B encrypted]%s", comma, encrypted, rekey ? " with new keys" : "");
    else if (frames > 1)
        say(&t, "%s%zu frames [%zu B encrypted]%s", comma, frames, encrypted,
            rekey ? " with new keys" : "");
    if (sd_left(&r) > 0)
        say(&t, "%s%zu B of %s", t.len ? ", " : "", sd_left(&r), frames ? "a frame" : "stream");
    return t.len;
}
