/* describe.c - names of what IPsec sends, on whichever carrier: the bytes themselves say what they
 * are. */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ike.h"
#include "sim/core/reader.h"
#include <stdio.h>
#include <string.h>

/* RFC 7296 3.1: version 2 in its place, and the length of the whole. */
static bool is_ike(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    sd_get(&r, 17);
    uint8_t version = sd_get8(&r);
    sd_get(&r, 6);
    return sd_get32(&r) == len && !r.bad && version >> 4 == 2;
}

/* TCP cuts its stream where it likes: what begins in the middle of a message has no name. */
static int say_nameless(size_t len, char *text, size_t cap)
{
    return snprintf(text, cap, "%zu B of a stream, or not IPsec", len);
}

/* The lab's children live for fewer packets: other numbers are hardly any. */
#define LIKELY_SEQUENCE (1u << 24)

static int say_esp(const uint8_t *data, size_t len, char *text, size_t cap)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint32_t spi = sd_get32(&r), sequence = sd_get32(&r);
    if (r.bad || spi < ESP_SPI_MIN || sequence >= LIKELY_SEQUENCE)
        return say_nameless(len, text, cap);
    return snprintf(text, cap, "ESP %u [%zu B encrypted]", sequence, sd_left(&r));
}

/* A datagram of port 500 or 4500, an IP packet, or a message of a stream. */
static int say_message(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    static const uint8_t marker[ENCAP_MARKER];
    if (len == 1 && *data == ENCAP_KEEPALIVE)
        return snprintf(text, cap, "NAT keepalive");
    if (is_ike(data, len))
        return (int)ike_describe(data, len, from_client, text, cap);
    if (len > ENCAP_MARKER && memcmp(data, marker, ENCAP_MARKER) == 0 &&
        is_ike(data + ENCAP_MARKER, len - ENCAP_MARKER))
        return (int)ike_describe(data + ENCAP_MARKER, len - ENCAP_MARKER, from_client, text, cap);
    return say_esp(data, len, text, cap);
}

/* The first whole message of a piece of a stream; NULL: it is no such thing. */
static const uint8_t *framed(const uint8_t *data, size_t *len)
{
    static const uint8_t marker[ENCAP_MARKER];
    struct sd_reader r = sd_reader_of(data, *len);
    size_t whole = sd_get16(&r);
    if (r.bad || whole < ENCAP_LENGTH + ESP_HEADER || whole > *len)
        return NULL;
    const uint8_t *message = data + ENCAP_LENGTH;
    size_t rest = *len - whole;
    /* In a datagram these two bytes belong to an SPI: then the rest is hardly one more message. */
    bool fits =
        rest == 0 || (rest >= ENCAP_LENGTH &&
                      (size_t)(data[whole] << 8 | data[whole + 1]) >= ENCAP_LENGTH + ESP_HEADER);
    bool ike = memcmp(message, marker, ENCAP_MARKER) == 0;
    if (!fits || (ike && !is_ike(message + ENCAP_MARKER, whole - ENCAP_LENGTH - ENCAP_MARKER)))
        return NULL;
    *len = whole - ENCAP_LENGTH;
    return message;
}

size_t ipsec_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    const uint8_t *message = data;
    int n;
    if (len >= ENCAP_PREFIX_LEN && memcmp(data, ENCAP_PREFIX, ENCAP_PREFIX_LEN) == 0)
        n = snprintf(text, cap, "IKETCP");
    else if (!is_ike(data, len) && (message = framed(data, &len)) != NULL)
        n = say_message(message, len, from_client, text, cap);
    else
        n = say_message(data, len, from_client, text, cap);
    return n < 0 || !cap ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}
