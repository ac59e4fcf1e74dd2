#include "protocols/ipsec/payload.h"
#include <string.h>

bool ike_header_read(struct ike_header *h, const uint8_t *message, size_t len)
{
    struct sd_reader r = sd_reader_of(message, len);
    h->spi_i = sd_get64(&r);
    h->spi_r = sd_get64(&r);
    h->next_payload = sd_get8(&r);
    h->version = sd_get8(&r);
    h->exchange = sd_get8(&r);
    h->flags = sd_get8(&r);
    h->id = sd_get32(&r);
    h->length = sd_get32(&r);
    return !r.bad && h->length == len;
}

void ike_header_write(uint8_t message[IKE_HEADER], const struct ike_header *h)
{
    struct sd_writer w = sd_writer_of(message, IKE_HEADER);
    sd_put64(&w, h->spi_i);
    sd_put64(&w, h->spi_r);
    sd_put8(&w, h->next_payload);
    sd_put8(&w, h->version);
    sd_put8(&w, h->exchange);
    sd_put8(&w, h->flags);
    sd_put32(&w, h->id);
    sd_put32(&w, h->length);
}

/* -- taking apart -- */

static bool known(uint8_t type)
{
    return (type >= IKE_PAYLOAD_SA && type <= IKE_PAYLOAD_EAP) || type == IKE_PAYLOAD_SKF ||
           type == IKE_PAYLOAD_PS;
}

bool ike_chain_read(struct ike_chain *c, uint8_t first, const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    c->count = 0;
    c->unknown_critical = 0;
    for (uint8_t type = first; type != IKE_PAYLOAD_NONE;) {
        uint8_t next = sd_get8(&r), flags = sd_get8(&r);
        size_t length = sd_get16(&r);
        if (r.bad || length < IKE_PAYLOAD_HEADER || c->count == IKE_PAYLOADS_MAX)
            return false;
        struct ike_payload p = {.type = type, .len = length - IKE_PAYLOAD_HEADER};
        p.body = sd_get(&r, p.len);
        if (r.bad)
            return false;
        if (!known(type) && (flags & IKE_CRITICAL) && !c->unknown_critical)
            c->unknown_critical = type;
        c->at[c->count++] = p;
        if (type == IKE_PAYLOAD_SK || type == IKE_PAYLOAD_SKF)
            break; /* 3.14: the last one; its next payload is the first inside */
        type = next;
    }
    return sd_left(&r) == 0;
}

const struct ike_payload *ike_find_nth(const struct ike_chain *c, uint8_t type, size_t nth)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].type == type && nth-- == 0)
            return &c->at[i];
    return NULL;
}

const struct ike_payload *ike_find(const struct ike_chain *c, uint8_t type)
{
    return ike_find_nth(c, type, 0);
}

bool ike_notify_read(struct ike_notify *n, const struct ike_payload *p)
{
    struct sd_reader r = sd_reader_of(p->body, p->len);
    n->protocol = sd_get8(&r);
    n->spi_len = sd_get8(&r);
    n->type = sd_get16(&r);
    n->spi = sd_get(&r, n->spi_len);
    n->len = sd_left(&r);
    n->data = r.at;
    return !r.bad;
}

bool ike_find_notify(const struct ike_chain *c, uint16_t type, size_t nth, struct ike_notify *n)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].type == IKE_PAYLOAD_NOTIFY && ike_notify_read(n, &c->at[i]) &&
            n->type == type && nth-- == 0)
            return true;
    return false;
}

bool ike_has_notify(const struct ike_chain *c, uint16_t type)
{
    struct ike_notify n;
    return ike_find_notify(c, type, 0, &n);
}

uint16_t ike_find_error(const struct ike_chain *c)
{
    struct ike_notify n;
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].type == IKE_PAYLOAD_NOTIFY && ike_notify_read(&n, &c->at[i]) &&
            n.type < IKE_N_ERRORS_END)
            return n.type;
    return 0;
}

bool ike_ke_read(const struct ike_payload *p, uint16_t *group, const uint8_t **data, size_t *len)
{
    if (!p)
        return false;
    struct sd_reader r = sd_reader_of(p->body, p->len);
    *group = sd_get16(&r);
    sd_get16(&r);
    *len = sd_left(&r);
    *data = r.at;
    return !r.bad && *len > 0;
}

bool ike_ts_read(const struct ike_payload *p, struct esp_selectors *ts)
{
    ts->count = 0;
    if (!p)
        return false;
    struct sd_reader r = sd_reader_of(p->body, p->len);
    size_t count = sd_get8(&r);
    sd_get24(&r);
    for (size_t i = 0; i < count; i++) {
        uint8_t type = sd_get8(&r);
        struct esp_selector s = {.proto = sd_get8(&r)};
        size_t len = sd_get16(&r);
        if (r.bad || len < 8)
            return false;
        struct sd_reader body = sd_get_sub(&r, len - 4);
        s.first_port = sd_get16(&body);
        s.last_port = sd_get16(&body);
        s.first_ip = sd_get32(&body);
        s.last_ip = sd_get32(&body);
        if (body.bad)
            return false;
        if (type == IKE_TS_IPV4_RANGE && ts->count < ESP_SELECTORS_MAX) {
            if (sd_left(&body) > 0)
                return false;
            ts->at[ts->count++] = s;
        }
    }
    return !r.bad && count > 0 && sd_left(&r) == 0;
}

/* -- putting together -- */

struct ike_writer ike_writer_of(uint8_t *data, size_t cap)
{
    return (struct ike_writer){.w = sd_writer_of(data, cap)};
}

size_t ike_written(const struct ike_writer *w)
{
    return sd_written(&w->w);
}

void ike_put_begin(struct ike_writer *w, uint8_t type)
{
    if (w->next)
        *w->next = type;
    else
        w->first = type;
    w->begun = sd_put_space(&w->w, IKE_PAYLOAD_HEADER);
    w->next = w->begun ? w->begun : &w->first; /* without room the chain is bad anyway */
}

void ike_put_end(struct ike_writer *w)
{
    if (w->w.bad)
        return;
    size_t len = (size_t)(w->w.at - w->begun);
    if (len > UINT16_MAX)
        w->w.bad = true;
    w->begun[2] = (uint8_t)(len >> 8);
    w->begun[3] = (uint8_t)len;
}

void ike_put_payload(struct ike_writer *w, uint8_t type, const void *body, size_t len)
{
    ike_put_begin(w, type);
    sd_put(&w->w, body, len);
    ike_put_end(w);
}

void ike_put_notify(struct ike_writer *w, uint16_t type, const void *data, size_t len)
{
    ike_put_begin(w, IKE_PAYLOAD_NOTIFY);
    sd_put8(&w->w, 0);
    sd_put8(&w->w, 0);
    sd_put16(&w->w, type);
    sd_put(&w->w, data, len);
    ike_put_end(w);
}

void ike_put_notify_esp(struct ike_writer *w, uint16_t type, uint32_t spi)
{
    ike_put_begin(w, IKE_PAYLOAD_NOTIFY);
    sd_put8(&w->w, IKE_PROTOCOL_ESP);
    sd_put8(&w->w, sizeof spi);
    sd_put16(&w->w, type);
    sd_put32(&w->w, spi);
    ike_put_end(w);
}

void ike_put_ke(struct ike_writer *w, uint16_t group, const uint8_t *data, size_t len)
{
    ike_put_begin(w, IKE_PAYLOAD_KE);
    sd_put16(&w->w, group);
    sd_put16(&w->w, 0);
    sd_put(&w->w, data, len);
    ike_put_end(w);
}

void ike_put_ts(struct ike_writer *w, uint8_t type, const struct esp_selectors *ts)
{
    ike_put_begin(w, type);
    sd_put8(&w->w, ts->count);
    sd_put24(&w->w, 0);
    for (size_t i = 0; i < ts->count; i++) {
        const struct esp_selector *s = &ts->at[i];
        sd_put8(&w->w, IKE_TS_IPV4_RANGE);
        sd_put8(&w->w, s->proto);
        sd_put16(&w->w, IKE_TS_IPV4_LEN);
        sd_put16(&w->w, s->first_port);
        sd_put16(&w->w, s->last_port);
        sd_put32(&w->w, s->first_ip);
        sd_put32(&w->w, s->last_ip);
    }
    ike_put_end(w);
}

void ike_put_delete_ike(struct ike_writer *w) /* 3.11: the IKE SA that carries it */
{
    ike_put_begin(w, IKE_PAYLOAD_DELETE);
    sd_put8(&w->w, IKE_PROTOCOL_IKE);
    sd_put8(&w->w, 0);
    sd_put16(&w->w, 0);
    ike_put_end(w);
}

void ike_put_delete_esp(struct ike_writer *w, uint32_t spi)
{
    ike_put_begin(w, IKE_PAYLOAD_DELETE);
    sd_put8(&w->w, IKE_PROTOCOL_ESP);
    sd_put8(&w->w, sizeof spi);
    sd_put16(&w->w, 1);
    sd_put32(&w->w, spi);
    ike_put_end(w);
}

/* -- names -- */

struct name {
    uint16_t number;
    const char *name;
};

static const char *name_of(const struct name *table, uint16_t number, const char *otherwise)
{
    for (; table->name; table++)
        if (table->number == number)
            return table->name;
    return otherwise;
}

const char *ike_exchange_name(uint8_t exchange)
{
    static const struct name names[] = {
        {IKE_SA_INIT, "IKE_SA_INIT"},
        {IKE_AUTH, "IKE_AUTH"},
        {IKE_CREATE_CHILD_SA, "CREATE_CHILD_SA"},
        {IKE_INFORMATIONAL, "INFORMATIONAL"},
        {IKE_SESSION_RESUME, "IKE_SESSION_RESUME"},
        {0, NULL},
    };
    return name_of(names, exchange, "exchange");
}

const char *ike_notify_name(uint16_t type)
{
    static const struct name names[] = {
        {IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, "UNSUPPORTED_CRITICAL_PAYLOAD"},
        {IKE_N_INVALID_IKE_SPI, "INVALID_IKE_SPI"},
        {IKE_N_INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION"},
        {IKE_N_INVALID_SYNTAX, "INVALID_SYNTAX"},
        {IKE_N_INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID"},
        {IKE_N_INVALID_SPI, "INVALID_SPI"},
        {IKE_N_NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN"},
        {IKE_N_INVALID_KE_PAYLOAD, "INVALID_KE_PAYLOAD"},
        {IKE_N_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED"},
        {IKE_N_SINGLE_PAIR_REQUIRED, "SINGLE_PAIR_REQUIRED"},
        {IKE_N_NO_ADDITIONAL_SAS, "NO_ADDITIONAL_SAS"},
        {IKE_N_INTERNAL_ADDRESS_FAILURE, "INTERNAL_ADDRESS_FAILURE"},
        {IKE_N_FAILED_CP_REQUIRED, "FAILED_CP_REQUIRED"},
        {IKE_N_TS_UNACCEPTABLE, "TS_UNACCEPTABLE"},
        {IKE_N_INVALID_SELECTORS, "INVALID_SELECTORS"},
        {IKE_N_UNACCEPTABLE_ADDRESSES, "UNACCEPTABLE_ADDRESSES"},
        {IKE_N_UNEXPECTED_NAT_DETECTED, "UNEXPECTED_NAT_DETECTED"},
        {IKE_N_TEMPORARY_FAILURE, "TEMPORARY_FAILURE"},
        {IKE_N_CHILD_SA_NOT_FOUND, "CHILD_SA_NOT_FOUND"},
        {IKE_N_COOKIE, "COOKIE"},
        {IKE_N_PUZZLE, "PUZZLE"},
        {IKE_N_TICKET_OPAQUE, "TICKET_OPAQUE"},
        {IKE_N_TICKET_NACK, "TICKET_NACK"},
        {0, NULL},
    };
    return name_of(names, type, "notification");
}
