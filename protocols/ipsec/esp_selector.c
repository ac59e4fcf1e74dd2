#include "protocols/ipsec/esp_selector.h"
#include "sim/core/reader.h"

struct esp_selector esp_selector_of(uint32_t net, uint8_t prefix)
{
    uint32_t host = prefix >= 32 ? 0 : UINT32_MAX >> prefix;
    return (struct esp_selector){
        .first_ip = net & ~host, .last_ip = net | host, .last_port = UINT16_MAX};
}

bool esp_selectors_address(const struct esp_selectors *s, uint32_t *ip)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].first_ip != s->at[0].first_ip || s->at[i].last_ip != s->at[0].first_ip)
            return false;
    *ip = s->count ? s->at[0].first_ip : 0;
    return s->count > 0;
}

static bool intersect(const struct esp_selector *a, const struct esp_selector *b,
                      struct esp_selector *both)
{
    *both = (struct esp_selector){
        .proto = a->proto ? a->proto : b->proto,
        .first_port = a->first_port > b->first_port ? a->first_port : b->first_port,
        .last_port = a->last_port < b->last_port ? a->last_port : b->last_port,
        .first_ip = a->first_ip > b->first_ip ? a->first_ip : b->first_ip,
        .last_ip = a->last_ip < b->last_ip ? a->last_ip : b->last_ip,
    };
    return (!a->proto || !b->proto || a->proto == b->proto) &&
           both->first_port <= both->last_port && both->first_ip <= both->last_ip;
}

struct esp_selectors esp_selectors_narrow(const struct esp_selectors *a,
                                          const struct esp_selectors *b)
{
    struct esp_selectors both = {0};
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count && both.count < ESP_SELECTORS_MAX; j++)
            if (intersect(&a->at[i], &b->at[j], &both.at[both.count]))
                both.count++;
    return both;
}

bool esp_flow_of(struct esp_flow *f, const uint8_t *packet, size_t len)
{
    struct sd_reader r = sd_reader_of(packet, len);
    uint8_t first = sd_get8(&r);
    sd_get8(&r);
    f->header = (first & 15u) * 4;
    f->total = sd_get16(&r);
    sd_get16(&r); /* identification */
    uint16_t fragment = sd_get16(&r);
    sd_get8(&r); /* time to live */
    f->proto = sd_get8(&r);
    sd_get16(&r); /* checksum */
    f->source = sd_get32(&r);
    f->destination = sd_get32(&r);
    if (r.bad || first >> 4 != 4 || f->header < 20 || f->total < f->header || f->total > len)
        return false;
    f->fragment = (fragment & 0x3fff) != 0; /* more to come, or not the first */
    f->has_ports = (fragment & 0x1fff) == 0 &&
                   (f->proto == SD_PROTO_TCP || f->proto == SD_PROTO_UDP) &&
                   f->total >= f->header + 4;
    f->source_port = f->destination_port = 0;
    if (f->has_ports) {
        r = sd_reader_of(packet + f->header, 4);
        f->source_port = sd_get16(&r);
        f->destination_port = sd_get16(&r);
    }
    return true;
}

bool esp_selectors_match(const struct esp_selectors *s, uint32_t ip, uint16_t port, uint8_t proto,
                         bool has_ports)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct esp_selector *one = &s->at[i];
        bool any_port = one->first_port == 0 && one->last_port == UINT16_MAX;
        bool fits = any_port || (has_ports && port >= one->first_port && port <= one->last_port);
        if (fits && ip >= one->first_ip && ip <= one->last_ip &&
            (one->proto == 0 || one->proto == proto))
            return true;
    }
    return false;
}
