#include "protocols/srtp/description.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const setups[] = {"actpass", "active", "passive"};

const char *sr_fingerprint_text(const uint8_t fingerprint[SD_FINGERPRINT_LEN],
                                char text[SR_FINGERPRINT_TEXT])
{
    static const char digit[] = "0123456789ABCDEF";
    for (size_t i = 0; i < SD_FINGERPRINT_LEN; i++) {
        text[3 * i] = digit[fingerprint[i] >> 4];
        text[3 * i + 1] = digit[fingerprint[i] & 15];
        text[3 * i + 2] = ':';
    }
    text[SR_FINGERPRINT_TEXT - 1] = '\0';
    return text;
}

size_t sr_description_write(const struct sr_description *d, char *text, size_t cap)
{
    char fingerprint[SR_FINGERPRINT_TEXT], ip[SD_ADDR_TEXT];
    struct sd_addr host = sd_ipv4_word(sd_addr_ipv4(&d->address), 0);
    uint16_t port = d->address.port;
    sd_addr_text(&host, ip);
    ip[strcspn(ip, ":")] = '\0';
    int n = snprintf(text, cap,
                     "v=0\r\no=- %llu 1 IN IP4 %s\r\ns=-\r\nt=0 0\r\nc=IN IP4 %s\r\n"
                     "m=audio %u UDP/TLS/RTP/SAVP %d\r\na=setup:%s\r\na=fingerprint:sha-256 %s\r\n"
                     "a=rtcp-mux\r\na=x-srtp:KDR=%u MKI=%u%s%s%s\r\n",
                     (unsigned long long)d->call, ip, ip, port, 96, setups[d->setup],
                     sr_fingerprint_text(d->fingerprint, fingerprint), d->rate, d->policy.mki_len,
                     d->policy.unauthenticated_rtp ? " UNAUTHENTICATED_SRTP" : "",
                     d->policy.unencrypted_rtp ? " UNENCRYPTED_SRTP" : "",
                     d->policy.unencrypted_rtcp ? " UNENCRYPTED_SRTCP" : "");
    return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* -- reading: each line is cut out and ends with a zero -- */

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool sr_fingerprint_read(const char *text, size_t len, uint8_t fingerprint[SD_FINGERPRINT_LEN])
{
    static const char hash[] = "sha-256 ";
    size_t n = 0;
    if (len > sizeof hash - 1 && memcmp(text, hash, sizeof hash - 1) == 0) {
        text += sizeof hash - 1;
        len -= sizeof hash - 1;
    }
    while (len >= 2 && n < SD_FINGERPRINT_LEN) {
        int high = digit_of(text[0]), low = digit_of(text[1]);
        if (high < 0 || low < 0)
            return false;
        fingerprint[n++] = (uint8_t)(high << 4 | low);
        size_t step = len > 2 && text[2] == ':' ? 3 : 2;
        text += step;
        len -= step;
    }
    return n == SD_FINGERPRINT_LEN && len == 0;
}

static bool number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 10);
    return *value <= most && (*end == '\0' || *end == ' ');
}

static bool read_origin(struct sr_description *d, const char *line)
{
    return strncmp(line, "- ", 2) == 0 && number(line + 2, UINT64_MAX, &d->call);
}

static bool read_connection(struct sr_description *d, const char *line)
{
    struct sd_addr host;
    if (strncmp(line, "IN IP4 ", 7) != 0 || !sd_addr_parse(line + 7, &host) || host.port != 0)
        return false;
    host.port = d->address.port;
    d->address = host;
    return true;
}

static bool read_media(struct sr_description *d, const char *line)
{
    uint64_t port;
    const char *after = strchr(line, ' ');
    if (!after || !number(after + 1, UINT16_MAX, &port) || !strstr(after, "UDP/TLS/RTP/SAVP"))
        return false;
    d->address.port = (uint16_t)port;
    return true;
}

static bool read_setup(struct sr_description *d, const char *value)
{
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++)
        if (strcmp(value, setups[i]) == 0) {
            d->setup = (enum sr_setup)i;
            return true;
        }
    return false;
}

static bool read_parameters(struct sr_description *d, char *value)
{
    char *rest = value;
    for (char *word; (word = strsep(&rest, " "));) {
        uint64_t n = 0;
        if (strncmp(word, "KDR=", 4) == 0 && number(word + 4, SR_RATE_MAX, &n))
            d->rate = (uint32_t)n;
        else if (strncmp(word, "MKI=", 4) == 0 && number(word + 4, SR_MKI_MAX, &n))
            d->policy.mki_len = (uint8_t)n;
        else if (strcmp(word, "UNAUTHENTICATED_SRTP") == 0)
            d->policy.unauthenticated_rtp = true;
        else if (strcmp(word, "UNENCRYPTED_SRTP") == 0)
            d->policy.unencrypted_rtp = true;
        else if (strcmp(word, "UNENCRYPTED_SRTCP") == 0)
            d->policy.unencrypted_rtcp = true;
        else
            return false; /* RFC 4568 6.3: unknown parameters are not ignored */
    }
    return true;
}

static bool read_attribute(struct sr_description *d, char *line, bool *has_fingerprint)
{
    char *value = strchr(line, ':');
    if (!value)
        return true;
    *value++ = '\0';
    if (strcmp(line, "setup") == 0)
        return read_setup(d, value);
    if (strcmp(line, "x-srtp") == 0)
        return read_parameters(d, value);
    if (strcmp(line, "fingerprint") != 0)
        return true;
    *has_fingerprint = sr_fingerprint_read(value, strlen(value), d->fingerprint);
    return *has_fingerprint;
}

bool sr_description_read(const char *text, size_t len, struct sr_description *d)
{
    char copy[SR_DESCRIPTION_MAX];
    bool good = true, has_media = false, has_fingerprint = false;
    *d = (struct sr_description){0};
    if (len >= sizeof copy || memchr(text, '\0', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *rest = copy;
    for (char *line; good && (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0] == '\0')
            continue;
        if (line[1] != '=')
            return false;
        switch (line[0]) {
        case 'o':
            good = read_origin(d, line + 2);
            break;
        case 'c':
            good = read_connection(d, line + 2);
            break;
        case 'm':
            good = has_media = read_media(d, line + 2);
            break;
        case 'a':
            good = read_attribute(d, line + 2, &has_fingerprint);
            break;
        default:
            break; /* RFC 8866 5: other lines do not concern us */
        }
    }
    return good && has_media && has_fingerprint;
}
