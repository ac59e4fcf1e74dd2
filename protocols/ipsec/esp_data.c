/* esp_data.c - the data path: inner packets out through the child that their selectors name, ESP
 * packets in through the child that their SPI names. */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/esp.h"
#include "sim/core/error.h"
#include "sim/core/reader.h"
#include <string.h>

#define IP_HEADER 20u
#define IP_TTL    64u

static int dropped(struct esp_sad *sad, int result)
{
    if (result > 0)
        sad->stats->dropped[result]++;
    return result;
}

static void look_at_limits(struct esp_sad *sad, const struct esp_child *c)
{
    if ((!c->soft_told && esp_child_over(c, &c->set.soft)) ||
        (!c->hard_told && esp_child_over(c, &c->set.hard)))
        sad->over = true;
}

static bool spent(const struct esp_child *c, sd_time now)
{
    const struct esp_limit *l = &c->set.hard;
    return (l->age && now >= c->born + l->age) || esp_child_over(c, l);
}

/* -- out -- */

static int send_payload(struct esp_sad *sad, sd_time now, struct esp_child *c,
                        const uint8_t *payload, size_t len, uint8_t next_header)
{
    if (spent(c, now))
        return SD_DROP_STATE;
    size_t pad_to = c->set.transport ? 0 : c->set.pad_to; /* 2.7: only IP says where it ends */
    size_t sealed = esp_sealed_len(&c->out.suite, len, pad_to);
    uint8_t *packet = sealed ? encap_esp(sad->outbox, c->set.path, sealed) : NULL;
    if (!packet)
        return SD_DROP_FULL;
    int result = esp_seal(&c->out, sad->env, packet, payload, len, pad_to, next_header);
    look_at_limits(sad, c);
    return result;
}

int esp_out(struct esp_sad *sad, sd_time now, const uint8_t *inner, size_t len,
            struct esp_child **used)
{
    struct esp_flow f;
    *used = NULL;
    if (!esp_flow_of(&f, inner, len))
        return dropped(sad, SD_DROP_MALFORMED);
    struct esp_child *c = esp_child_for(sad, &f);
    if (!c || (c->set.transport && f.fragment)) /* 3.1.1: transport mode takes whole datagrams */
        return dropped(sad, SD_DROP_POLICY);
    size_t skip = c->set.transport ? f.header : 0;
    int result = send_payload(sad, now, c, inner + skip, f.total - skip,
                              c->set.transport ? f.proto : ESP_NEXT_IPV4);
    if (result == SD_OK)
        *used = c;
    return dropped(sad, result);
}

int esp_out_dummy(struct esp_sad *sad, sd_time now, struct esp_child *c, size_t len)
{
    static const uint8_t nothing[1500];
    if (len > sizeof nothing)
        return SD_E_ARG;
    return dropped(sad, send_payload(sad, now, c, nothing, len, ESP_NEXT_NONE));
}

/* -- in -- */

/* Transport mode carries no IP header: the addresses are those that the SA is for. */
static void write_header(uint8_t *packet, size_t len, uint16_t id, uint8_t proto, uint32_t source,
                         uint32_t destination)
{
    uint32_t sum = 0;
    struct sd_writer w = sd_writer_of(packet, IP_HEADER);
    sd_put16(&w, 0x4500);
    sd_put16(&w, (uint16_t)len);
    sd_put16(&w, id);
    sd_put16(&w, 0);
    sd_put8(&w, IP_TTL);
    sd_put8(&w, proto);
    sd_put16(&w, 0);
    sd_put32(&w, source);
    sd_put32(&w, destination);
    for (size_t i = 0; i < IP_HEADER; i += 2)
        sum += (uint32_t)packet[i] << 8 | packet[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    packet[10] = (uint8_t)(~sum >> 8);
    packet[11] = (uint8_t)~sum;
}

/* The inner packet, in place; false: none that this child may carry (RFC 4301 5.2). */
static int inner_packet(struct esp_sad *sad, const struct esp_child *c, uint8_t *packet,
                        const struct esp_opened *o, uint8_t **inner, struct esp_flow *f)
{
    if (c->set.transport) {
        /* Header, IV, trailer and ICV leave room for the 20 bytes. */
        memmove(packet + IP_HEADER, o->payload, o->len);
        write_header(packet, IP_HEADER + o->len, ++sad->ip_id, o->next_header, c->peer_ip,
                     c->local_ip);
        *inner = packet;
    } else if (o->next_header == ESP_NEXT_IPV4) {
        *inner = o->payload;
    } else {
        return SD_DROP_POLICY;
    }
    if (!esp_flow_of(f, *inner, c->set.transport ? IP_HEADER + o->len : o->len))
        return SD_DROP_MALFORMED;
    bool fits =
        esp_selectors_match(&c->set.remote, f->source, f->source_port, f->proto, f->has_ports) &&
        esp_selectors_match(&c->set.local, f->destination, f->destination_port, f->proto,
                            f->has_ports);
    return fits ? SD_OK : SD_DROP_POLICY;
}

int esp_in(struct esp_sad *sad, sd_time now, uint8_t *packet, size_t len,
           struct esp_received *received)
{
    struct esp_opened o;
    struct esp_flow f;
    uint8_t *inner;
    *received = (struct esp_received){0};
    struct sd_reader r = sd_reader_of(packet, len);
    struct esp_child *c = esp_child_find(sad, sd_get32(&r));
    if (r.bad)
        return dropped(sad, SD_DROP_MALFORMED);
    if (!c)
        return dropped(sad, SD_DROP_UNKNOWN);
    if (spent(c, now))
        return dropped(sad, SD_DROP_STATE);
    int result = esp_open(&c->in, packet, len, &o);
    if (result != SD_OK)
        return dropped(sad, result);
    *received = (struct esp_received){.child = c, .newest = o.newest, .first = c->held};
    c->held = false;
    look_at_limits(sad, c);
    if (o.next_header == ESP_NEXT_NONE)
        return SD_OK; /* 2.6: a dummy packet */
    result = inner_packet(sad, c, packet, &o, &inner, &f);
    if (result != SD_OK)
        return dropped(sad, result);
    struct sd_event *e = sd_outbox_event(sad->outbox, SD_EV_DATA, c->set.sid, NULL);
    e->data = inner;
    e->len = f.total;
    e->path = *c->set.path;
    return SD_OK;
}
