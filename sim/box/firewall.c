#include "sim/box/firewall.h"
#include "sim/box/guard.h"
#include "sim/box/ip.h"

#include <string.h>

static bool known(uint8_t kind)
{
    return kind == SD_TCP_OPTION_MSS || kind == SD_TCP_OPTION_WINDOW_SCALE ||
           kind == SD_TCP_OPTION_SACK_PERMITTED || kind == SD_TCP_OPTION_SACK ||
           kind == SD_TCP_OPTION_TIMESTAMPS;
}

/* Puts NOPs over what is not known; true: there was such a thing.  What is malformed ends the list,
 * and is the receiver's business. */
static bool overwrite(uint8_t *options, size_t len)
{
    const uint8_t *option;
    size_t at = 0;
    bool found = false;
    while ((option = sd_tcp_option_next(options, len, &at)) != NULL) {
        if (known(option[0]))
            continue;
        memset(options + (option - options), SD_TCP_OPTION_NOP, option[1]);
        found = true;
    }
    return found;
}

/* RFC 1624: the checksum changes as what it covers does; a wrong one stays wrong. */
static bool strip(const struct sd_ip *v)
{
    uint8_t *tcp = v->payload;
    size_t header = (size_t)(tcp[SD_TCP_OFFSET] >> 4) * 4;
    if (header <= SD_TCP_HEADER || header > v->payload_len)
        return false;
    size_t options = header - SD_TCP_HEADER;
    uint32_t before = sd_sum(0, tcp + SD_TCP_HEADER, options);
    if (!overwrite(tcp + SD_TCP_HEADER, options))
        return false;
    uint32_t after = sd_sum(0, tcp + SD_TCP_HEADER, options);
    uint16_t old = sd_read16(tcp + SD_TCP_CHECKSUM);
    uint32_t sum = (uint16_t)~old + (uint32_t)sd_sum_fold(before) + (uint16_t)~sd_sum_fold(after);
    sd_write16(tcp + SD_TCP_CHECKSUM, sd_sum_fold(sum));
    return true;
}

enum sd_verdict sd_firewall_pass(void *ctx, struct sd_passage *passage)
{
    struct sd_firewall *f = ctx;
    struct sd_ip v;
    if (!sd_ip_view(&v, passage->packet->data, passage->packet->len))
        return SD_PASS;
    if ((v.proto == SD_PROTO_UDP && (f->blocks & SD_BLOCK_UDP)) ||
        (v.proto == SD_PROTO_ESP && (f->blocks & SD_BLOCK_ESP))) {
        f->dropped++;
        return SD_DROP;
    }
    if (v.proto == SD_PROTO_TCP && v.has_ports && (f->blocks & SD_BLOCK_TCP_OPTIONS) && strip(&v)) {
        f->stripped++;
        return SD_CHANGED;
    }
    return SD_PASS;
}
