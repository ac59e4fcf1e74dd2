/* describe.c - names for what passes on the wire, from bytes alone: a packet may begin in the
 * middle of a record, end in one, or be anything at all. */
#include "protocols/libssl/libssl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocols/dtls12/wire.h"
#include "protocols/tls13/wire.h"
#include "sim/core/reader.h"

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

/* Separates one name from the next. */
static void next_name(struct text *t)
{
    if (t->len > 0)
        say(t, ", ");
}

static const char *message_name(uint8_t type)
{
    switch (type) {
    case TLS_HELLO_REQUEST:
        return "HelloRequest";
    case TLS_CLIENT_HELLO:
        return "ClientHello";
    case TLS_SERVER_HELLO:
        return "ServerHello";
    case TLS_HELLO_VERIFY_REQUEST:
        return "HelloVerifyRequest";
    case TLS_NEW_SESSION_TICKET:
        return "NewSessionTicket";
    case TLS_CERTIFICATE:
        return "Certificate";
    case TLS_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case TLS_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case TLS_SERVER_HELLO_DONE:
        return "ServerHelloDone";
    case TLS_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case TLS_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    case TLS_FINISHED:
        return "Finished";
    case TLS_CERTIFICATE_STATUS:
        return "CertificateStatus";
    default:
        return NULL;
    }
}

/* The extensions by which one hello differs from another. */
static const char *extension_name(uint16_t type, size_t len)
{
    switch (type) {
    case TLS_EXT_KEY_SHARE:
        return "key_share";
    case TLS_EXT_PRE_SHARED_KEY:
        return "pre_shared_key";
    case TLS_EXT_EARLY_DATA:
        return "early_data";
    case TLS_EXT_COOKIE:
        return "cookie";
    case TLS_EXT_SESSION_TICKET:
        return len > 0 ? "session_ticket" : NULL;
    default:
        return NULL;
    }
}

static void say_extensions(struct text *t, struct sd_reader *body, bool cookie)
{
    bool any = cookie;
    if (cookie)
        say(t, " (cookie");
    uint16_t all = sd_get16(body);
    struct sd_reader r = sd_get_sub(body, all < sd_left(body) ? all : sd_left(body));
    while (sd_left(&r) >= 4) {
        uint16_t type = sd_get16(&r), len = sd_get16(&r);
        const char *name = extension_name(type, len);
        if (name) {
            say(t, "%s%s", any ? ", " : " (", name);
            any = true;
        }
        if (!sd_get(&r, len) && len > 0)
            break;
    }
    if (any)
        say(t, ")");
}

static void say_hello(struct text *t, uint8_t type, struct sd_reader body, bool datagram)
{
    static const uint8_t retry[TLS_RANDOM] = TLS13_HELLO_RETRY_RANDOM;
    sd_get16(&body);
    const uint8_t *random = sd_get(&body, TLS_RANDOM);
    sd_get(&body, sd_get8(&body));
    if (type == TLS_SERVER_HELLO) {
        bool retries = random && memcmp(random, retry, sizeof retry) == 0;
        say(t, "%s", retries ? "HelloRetryRequest" : "ServerHello");
        sd_get16(&body);
        sd_get8(&body);
        say_extensions(t, &body, false);
        return;
    }
    uint8_t cookie = datagram ? sd_get8(&body) : 0;
    sd_get(&body, cookie);
    sd_get(&body, sd_get16(&body));
    sd_get(&body, sd_get8(&body));
    say(t, "ClientHello");
    say_extensions(t, &body, cookie > 0);
}

/* One message or fragment of one. */
static void say_message(struct text *t, uint8_t type, struct sd_reader body, bool whole,
                        uint32_t offset, uint32_t total, bool datagram)
{
    next_name(t);
    if (offset == 0 && (type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO))
        say_hello(t, type, body, datagram);
    else
        say(t, "%s", message_name(type));
    if (!whole)
        say(t, " (bytes %u to %zu of %u)", offset, offset + sd_left(&body), total);
}

static void say_alert(struct text *t, struct sd_reader body)
{
    next_name(t);
    sd_get8(&body);
    uint8_t description = sd_get8(&body);
    if (body.bad || sd_left(&body) > 0)
        say(t, "{Alert}");
    else
        say(t, "Alert %s", SSL_alert_desc_string_long(description));
}

/* Records of application data that follow one another, said as one. */
struct run {
    unsigned records;
    size_t bytes;
};

static void end_run(struct text *t, struct run *run, const char *open, const char *what,
                    const char *close)
{
    if (run->records == 0)
        return;
    next_name(t);
    if (run->records > 1)
        say(t, "%s%s %u records %zu B%s", open, what, run->records, run->bytes, close);
    else
        say(t, "%s%s %zu B%s", open, what, run->bytes, close);
    *run = (struct run){0};
}

/* -- TLS over TCP -- */

/* RFC 8446 4.4.4: a record that holds nothing but Finished: header, hash, type, tag. */
#define FINISHED_SHA256 (TLS_HANDSHAKE_HEADER + 32 + 1 + 16)
#define FINISHED_SHA384 (TLS_HANDSHAKE_HEADER + 48 + 1 + 16)

/* Messages of one record, if they are in clear. */
static bool say_messages(struct text *t, struct sd_reader r, size_t missing)
{
    bool any = false;
    while (sd_left(&r) >= TLS_HANDSHAKE_HEADER) {
        uint8_t type = sd_get8(&r);
        uint32_t len = sd_get24(&r);
        if (!message_name(type) || len > sd_left(&r) + missing ||
            (len == 0 && type != 0 && type != 14))
            return any;
        size_t here = len < sd_left(&r) ? len : sd_left(&r);
        say_message(t, type, sd_get_sub(&r, here), here == len, 0, len, false);
        any = true;
    }
    return any;
}

size_t sd_ssl_describe_stream(const uint8_t *data, size_t len, bool from_client, char *text,
                              size_t cap)
{
    struct text t = {text, 0, cap};
    struct sd_reader r = sd_reader_of(data, len);
    struct run run = {0};
    bool hello = false, changed = false;
    const char *what = "Application Data", *open = "[", *close = "]";
    if (cap > 0)
        text[0] = '\0';
    while (sd_left(&r) > 0) {
        uint8_t type = sd_get8(&r), major = sd_get8(&r);
        sd_get8(&r);
        uint16_t record_len = sd_get16(&r);
        if (r.bad || major != 3 || type < TLS_CHANGE_CIPHER_SPEC || type > TLS_APPLICATION_DATA ||
            record_len > TLS_CIPHERTEXT_MAX) {
            end_run(&t, &run, open, what, close);
            next_name(&t);
            say(&t, "continued");
            break;
        }
        size_t here = record_len < sd_left(&r) ? record_len : sd_left(&r);
        struct sd_reader body = sd_get_sub(&r, here);
        if (type == TLS_APPLICATION_DATA) {
            /* RFC 8446 2: what follows a hello in one flight is not application data yet. */
            if (hello && run.records == 0) {
                what = from_client ? "early data" : "EncryptedExtensions ... Finished";
                open = from_client ? "(" : "{";
                close = from_client ? ")" : "}";
            } else if (changed && from_client && run.records == 0) {
                bool alone = record_len == FINISHED_SHA256 || record_len == FINISHED_SHA384;
                what = alone ? "Finished" : "Certificate ... Finished";
                open = "{";
                close = "}";
                changed = false;
                if (alone) {
                    run = (struct run){1, record_len};
                    end_run(&t, &run, open, what, close);
                    what = "Application Data";
                    open = "[";
                    close = "]";
                    continue;
                }
            }
            run.records++;
            run.bytes += record_len;
            continue;
        }
        end_run(&t, &run, open, what, close);
        if (type == TLS_CHANGE_CIPHER_SPEC) {
            next_name(&t);
            say(&t, "ChangeCipherSpec");
            changed = true;
        } else if (type == TLS_ALERT) {
            say_alert(&t, body);
        } else if (say_messages(&t, body, record_len - here)) {
            hello = true;
        } else {
            next_name(&t);
            say(&t, "{Finished %u B}", record_len);
            changed = false; /* TLS 1.2: no handshake record follows it */
        }
    }
    end_run(&t, &run, open, what, close);
    return t.len;
}

/* -- DTLS -- */

static void say_fragments(struct text *t, struct sd_reader r)
{
    while (sd_left(&r) >= DTLS_HANDSHAKE_HEADER) {
        uint8_t type = sd_get8(&r);
        uint32_t total = sd_get24(&r);
        sd_get16(&r);
        uint32_t offset = sd_get24(&r), len = sd_get24(&r);
        struct sd_reader body = sd_get_sub(&r, len < sd_left(&r) ? len : sd_left(&r));
        if (!message_name(type)) {
            next_name(t);
            say(t, "handshake type %u", type);
            return;
        }
        say_message(t, type, body, offset == 0 && sd_left(&body) == total, offset, total, true);
    }
}

size_t sd_ssl_describe_datagram(const uint8_t *data, size_t len, bool from_client, char *text,
                                size_t cap)
{
    (void)from_client;
    struct text t = {text, 0, cap};
    struct sd_reader r = sd_reader_of(data, len);
    struct run run = {0};
    if (cap > 0)
        text[0] = '\0';
    while (sd_left(&r) > 0) {
        uint8_t type = sd_get8(&r), major = sd_get8(&r);
        sd_get8(&r);
        uint16_t epoch = sd_get16(&r);
        sd_get(&r, 6);
        uint16_t record_len = sd_get16(&r);
        struct sd_reader body = sd_get_sub(&r, record_len);
        if (type != TLS_APPLICATION_DATA || r.bad)
            end_run(&t, &run, "[", "Application Data", "]");
        if (r.bad || major != 0xfe || type < TLS_CHANGE_CIPHER_SPEC ||
            type > TLS_APPLICATION_DATA) {
            next_name(&t);
            say(&t, "malformed");
            break;
        }
        if (type == TLS_APPLICATION_DATA) {
            run.records++;
            run.bytes += record_len;
        } else if (type == TLS_CHANGE_CIPHER_SPEC) {
            next_name(&t);
            say(&t, "ChangeCipherSpec");
        } else if (type == TLS_ALERT && epoch == 0) {
            say_alert(&t, body);
        } else if (type == TLS_HANDSHAKE && epoch == 0) {
            say_fragments(&t, body);
        } else {
            next_name(&t);
            say(&t, "{%s %u B}", type == TLS_ALERT ? "Alert" : "Finished", record_len);
        }
    }
    end_run(&t, &run, "[", "Application Data", "]");
    return t.len;
}
