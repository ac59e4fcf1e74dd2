/* describe.c - names for what passes on the wire, from bytes alone, which may be anything. */
#include "protocols/dtls13/dtls.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *at;
    size_t len, cap;
};

static void say(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *t, const char *format, ...)
{
    va_list args;
    if (t->len + 1 >= t->cap)
        return;
    va_start(args, format);
    int n = vsnprintf(t->at + t->len, t->cap - t->len, format, args);
    va_end(args);
    if (n > 0)
        t->len += (size_t)n < t->cap - t->len ? (size_t)n : t->cap - t->len - 1;
}

/* The extensions by which one hello differs from another. */
static const char *extension_name(uint16_t type)
{
    switch (type) {
    case E13_EXT_KEY_SHARE:
        return "key_share";
    case E13_EXT_PRE_SHARED_KEY:
        return "pre_shared_key";
    case E13_EXT_EARLY_DATA:
        return "early_data";
    case E13_EXT_COOKIE:
        return "cookie";
    case E13_EXT_CONNECTION_ID:
        return "connection_id";
    default:
        return NULL;
    }
}

static void say_extensions(struct text *t, struct sd_reader *body)
{
    uint16_t all = sd_get16(body);
    struct sd_reader r = sd_get_sub(body, all < sd_left(body) ? all : sd_left(body));
    const char *separator = " (";
    while (sd_left(&r) >= 4) {
        uint16_t type = sd_get16(&r), len = sd_get16(&r);
        /* An empty connection_id only says that the sender knows of them. */
        bool empty_cid = type == E13_EXT_CONNECTION_ID && len == 1;
        if (extension_name(type) && !empty_cid) {
            say(t, "%s%s", separator, extension_name(type));
            separator = ", ";
        }
        if (!sd_get(&r, len) && len > 0)
            break;
    }
    if (separator[0] == ',')
        say(t, ")");
}

static void say_hello(struct text *t, bool client, struct sd_reader body)
{
    static const uint8_t retry[TLS_RANDOM] = TLS13_HELLO_RETRY_RANDOM;
    sd_get16(&body);
    const uint8_t *random = sd_get(&body, TLS_RANDOM);
    bool retries = !client && random && memcmp(random, retry, sizeof retry) == 0;
    say(t, "%s", client ? "ClientHello" : retries ? "HelloRetryRequest" : "ServerHello");
    sd_get(&body, sd_get8(&body));
    if (client) {
        sd_get(&body, sd_get8(&body));
        sd_get(&body, sd_get16(&body));
        sd_get(&body, sd_get8(&body));
    } else {
        sd_get16(&body);
        sd_get8(&body);
    }
    if (!body.bad)
        say_extensions(t, &body);
}

static void say_handshake(struct text *t, struct sd_reader *r)
{
    struct dtls_fragment f;
    if (!dtls_fragment_read(r, &f) || (f.type != TLS_CLIENT_HELLO && f.type != TLS_SERVER_HELLO)) {
        say(t, "handshake message");
        return;
    }
    if (f.at == 0)
        say_hello(t, f.type == TLS_CLIENT_HELLO, sd_reader_of(f.body, f.here));
    else
        say(t, "%s", f.type == TLS_CLIENT_HELLO ? "ClientHello" : "ServerHello");
    if (f.here < f.len)
        say(t, " [bytes %zu to %zu of %zu]", f.at, f.at + f.here, f.len);
}

static const char *epoch_name(unsigned bits)
{
    static const char *const names[] = {"epoch 4, 8, ...", "early data, or epoch 5, ...",
                                        "handshake", "epoch 3, 7, ..."};
    return names[bits];
}

/* Plain records say what they are; of the others there is the epoch and the length. */
static bool say_record(struct text *t, struct sd_reader *r)
{
    uint8_t first = sd_get8(r);
    if ((first & DTLS13_FIXED_MASK) == DTLS13_FIXED) {
        /* Where a connection id ends is known to its receiver only. */
        size_t len = sd_left(r);
        if (!(first & DTLS13_CID)) {
            sd_get(r, first & DTLS13_SEQUENCE_16 ? 2 : 1);
            len = first & DTLS13_LENGTH ? sd_get16(r) : sd_left(r);
        }
        say(t, "[%zu B of %s encrypted%s]", len, epoch_name(first & DTLS13_EPOCH_MASK),
            first & DTLS13_CID ? ", connection id" : "");
        sd_get(r, len < sd_left(r) ? len : sd_left(r));
        return !r->bad;
    }
    sd_get(r, DTLS_RECORD_HEADER - 3);
    struct sd_reader record = sd_get_sub(r, sd_get16(r));
    if (r->bad)
        return false;
    if (first == TLS_HANDSHAKE)
        say_handshake(t, &record);
    else if (first == TLS_ALERT && sd_left(&record) == 2)
        say(t, "Alert (%s)", sd_e13_alert_name(record.at[1]));
    else if (first == DTLS13_ACK)
        say(t, "ACK%s", sd_left(&record) == 2 ? " of nothing" : "");
    else
        return false;
    return true;
}

size_t dtls_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    struct text t = {text, 0, cap};
    struct sd_reader r = sd_reader_of(data, len);
    (void)from_client;
    if (cap > 0)
        text[0] = 0;
    while (sd_left(&r) > 0) {
        if (r.at != data)
            say(&t, ", ");
        if (!say_record(&t, &r)) {
            say(&t, "not DTLS 1.3 [%zu B]", len);
            break;
        }
    }
    return t.len;
}
