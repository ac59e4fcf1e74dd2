/* describe.c - names of packets for ladders. */
#include "protocols/gquic/gquic.h"
#include <stdio.h>
#include <string.h>

/* Text that grows. */
struct words {
    char *at, *end;
};

static void say(struct words *w, const char *separator, const char *word)
{
    size_t room = (size_t)(w->end - w->at);
    int n = snprintf(w->at, room, "%s%s", separator, word);
    w->at += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static const char *tag_text(uint32_t tag, char text[8])
{
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = (uint8_t)(tag >> 8 * i);
        if (c > ' ' && c < 127)
            text[n++] = (char)c;
    }
    text[n] = 0;
    return text;
}

/* What makes one message differ from another. */
static void say_message(struct words *w, const uint8_t *data, size_t len)
{
    static const uint32_t telling[] = {GQ_SNI,  GQ_STK,  GQ_SCID, GQ_PUBS, GQ_NONC,
                                       GQ_SCFG, GQ_CERT, GQ_PROF, GQ_SNO};
    struct gq_message m;
    char text[8];
    const char *separator = " (";
    if (!gq_message_parse(&m, data, len)) {
        struct sd_reader r = sd_reader_of(data, len);
        say(w, "", tag_text(sd_get32le(&r), text));
        say(w, " ", "in part");
        return;
    }
    if (m.tag == GQ_CHLO)
        say(w, "", gq_message_find(&m, GQ_PUBS) ? "full " : "inchoate ");
    say(w, "", tag_text(m.tag, text));
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (gq_message_find(&m, telling[i])) {
            say(w, separator, tag_text(telling[i], text));
            separator = ", ";
        }
    if (*separator == ',')
        say(w, "", ")");
}

static void say_frame(struct words *w, const struct gq_frame *f)
{
    static const char *const names[] = {[GQ_RST_STREAM] = "RST_STREAM",
                                        [GQ_CONNECTION_CLOSE] = "CONNECTION_CLOSE",
                                        [GQ_GOAWAY] = "GOAWAY",
                                        [GQ_WINDOW_UPDATE] = "WINDOW_UPDATE",
                                        [GQ_BLOCKED] = "BLOCKED",
                                        [GQ_STOP_WAITING] = "STOP_WAITING",
                                        [GQ_PING] = "PING"};
    if (f->kind == GQ_STREAM && f->stream == GQ_CRYPTO_STREAM)
        say_message(w, f->data, f->len);
    else
        say(w, "", f->kind == GQ_ACK ? "ACK" : f->kind == GQ_STREAM ? "STREAM" : names[f->kind]);
}

/* An unencrypted packet's frames; false: it is none. */
static bool say_frames(struct words *w, const struct gq_header *h, const uint8_t *data, size_t len,
                       bool from_client)
{
    uint8_t text[GQ_TEXT_MAX];
    struct gq_frame f;
    const struct gq_frame_context context = {h->invariant ? GQ_Q046 : GQ_Q043, h->number,
                                             h->number_len};
    if (len > sizeof text ||
        !gq_open(text, NULL, from_client, h->number, data, h->len, data + h->len, len - h->len))
        return false;
    struct sd_reader r = sd_reader_of(text, len - h->len - GQ_TAG_LEN);
    const char *separator = "";
    while (gq_frame_next(&f, &r, &context))
        if (f.kind != GQ_PADDING && f.kind != GQ_STOP_WAITING) {
            say(w, separator, "");
            say_frame(w, &f);
            separator = ", ";
        }
    return true;
}

size_t gq_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    struct gq_header h;
    char sealed[48];
    if (cap == 0)
        return 0;
    struct words w = {text, text + cap};
    *text = 0;
    if (!gq_header_parse(&h, data, len, from_client)) {
        say(&w, "", "not gQUIC");
    } else if (h.kind == GQ_VERSION_NEGOTIATION) {
        say(&w, "", "Version Negotiation");
    } else if (h.kind == GQ_PUBLIC_RESET) {
        say(&w, "", "Public Reset");
    } else if (!say_frames(&w, &h, data, len, from_client)) {
        snprintf(sealed, sizeof sealed, "[%zu B encrypted]",
                 len - h.len < GQ_TAG_LEN ? 0 : len - h.len - GQ_TAG_LEN);
        say(&w, "", h.nonce ? "nonce " : "");
        say(&w, "", sealed);
    }
    return (size_t)(w.at - text);
}
