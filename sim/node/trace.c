/* trace.c - remembers packets, events and notes, and writes them as a line of JSON each.
 *
 * A packet is noted when it leaves, and met again when it arrives: what is on its way waits in a
 * list for each end of a link.  Then the weather says what became of it. */
#include "sim/node/trace.h"
#include "sim/box/ip.h"
#include "sim/core/whole_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A packet on its way to an end of a link. */
struct passing {
    struct passing *next;
    size_t line;
    uint64_t hash;
};

struct trace *lab_trace_new(struct sd_lab *lab)
{
    struct trace *t = lab_new(sizeof *t);
    t->lab = lab;
    t->text_cap = 4096;
    t->texts = lab_grow(NULL, t->text_cap);
    t->texts[0] = '\0';
    t->text_len = 1;
    return t;
}

void lab_trace_free(struct trace *t)
{
    if (t == NULL)
        return;
    free(t->line);
    free(t->texts);
    free(t);
}

static size_t keep_text(struct trace *t, const char *text)
{
    size_t len = text != NULL ? strlen(text) + 1 : 1, at = t->text_len;
    if (len == 1)
        return 0;
    if (t->text_len + len > t->text_cap) {
        t->text_cap = (t->text_len + len) * 2;
        t->texts = lab_grow(t->texts, t->text_cap);
    }
    memcpy(t->texts + at, text, len);
    t->text_len += len;
    return at;
}

static struct trace_line *line_new(struct trace *t, enum trace_kind kind, sd_time at)
{
    if (t->lines == t->line_cap) {
        t->line_cap = t->line_cap * 2 + 256;
        t->line = lab_grow(t->line, t->line_cap * sizeof *t->line);
    }
    struct trace_line *line = &t->line[t->lines++];
    *line = (struct trace_line){.t = at, .kind = kind};
    return line;
}

void lab_trace_event(struct trace *t, const struct sd_lab_event *e)
{
    if (t == NULL)
        return;
    struct trace_line *line = line_new(t, TRACE_EVENT, e->at);
    line->machine = e->machine;
    line->conv = e->conn;
    line->name = keep_text(t, e->name);
    line->text = keep_text(t, e->detail);
}

void sd_lab_note(struct sd_lab *lab, const char *text)
{
    if (lab->trace == NULL || text == NULL)
        return;
    size_t kept = keep_text(lab->trace, text);
    line_new(lab->trace, TRACE_NOTE, sd_lab_now(lab))->text = kept;
}

/* -- packets -- */

static struct link_end *other_end(const struct link_end *e)
{
    struct link *l = &e->lab->link[e->link];
    return &l->end[e == &l->end[0]];
}

static sd_time sending_time(const struct link_end *from, size_t len)
{
    uint64_t rate = from->lab->link[from->link].set.rate_bps;
    return rate != 0 ? (len * 8 * SD_SECOND + rate / 2) / rate : 0;
}

/* As the link reckons; it stands for packets that are under way when the run ends. */
static sd_time expected_arrival(struct link_end *from, sd_time leaves, size_t len)
{
    sd_time start = from->free_at > leaves ? from->free_at : leaves;
    from->free_at = start + sending_time(from, len);
    return from->free_at + from->lab->link[from->link].set.delay;
}

static void note_departure(struct link_end *from, const uint8_t *ip, size_t len, sd_time delay)
{
    struct trace *t = from->lab->trace;
    struct sd_ip v;
    char what[256];
    if (t == NULL || !from->lab->live || !sd_ip_view(&v, (uint8_t *)(uintptr_t)ip, len))
        return;
    struct link_end *to = other_end(from);
    sd_time leaves = sd_lab_now(from->lab) + delay;
    lab_describe(from->lab, ip, len, what, sizeof what);
    struct passing *p = lab_grow(NULL, sizeof *p);
    *p = (struct passing){.line = t->lines, .hash = sd_hash(0, ip, len)};
    struct trace_line *line = line_new(t, TRACE_PACKET, leaves);
    line->text = keep_text(t, what);
    line->packet =
        (struct trace_packet){.from = from->machine,
                              .to = to->machine,
                              .arrive = expected_arrival(from, leaves, len),
                              .source = sd_ipv4_word(v.source, v.source_port),
                              .destination = sd_ipv4_word(v.destination, v.destination_port),
                              .proto = v.proto,
                              .len = (uint32_t)len};
    if (to->last != NULL)
        to->last->next = p;
    else
        to->first = p;
    to->last = p;
}

static void unlink_passing(struct link_end *e, struct passing **at)
{
    struct passing *p = *at;
    *at = p->next;
    if (e->last == p) {
        e->last = NULL;
        for (struct passing *q = e->first; q != NULL; q = q->next)
            e->last = q;
    }
    free(p);
}

/* The oldest with these bytes; 0: it left before the run began. */
static size_t meet(struct link_end *e, const uint8_t *ip, size_t len)
{
    uint64_t hash = sd_hash(0, ip, len);
    for (struct passing **at = &e->first; *at != NULL; at = &(*at)->next)
        if ((*at)->hash == hash) {
            size_t line = (*at)->line + 1;
            unlink_passing(e, at);
            return line;
        }
    return 0;
}

static void see_arrival(void *ctx, const struct sd_packet *packet)
{
    struct link_end *e = ctx;
    struct trace *t = e->lab->trace;
    if (!e->lab->live || (e->traced = meet(e, packet->data, packet->len)) == 0)
        return;
    struct trace_packet *p = &t->line[e->traced - 1].packet;
    p->arrive = sd_lab_now(e->lab);
    p->fate = TRACE_ARRIVED;
}

static void see_fate(void *ctx, const struct sd_packet *packet, enum sd_fate fate, sd_time delay)
{
    struct link_end *e = ctx;
    struct trace *t = e->lab->trace;
    (void)packet;
    if (e->traced == 0)
        return;
    if (fate == SD_FATE_DUPLICATE) {
        struct trace_line copy = t->line[e->traced - 1];
        copy.packet.fate = TRACE_DUPLICATE;
        copy.packet.arrive = sd_lab_now(e->lab) + delay;
        *line_new(t, TRACE_PACKET, 0) = copy;
        return;
    }
    struct trace_packet *p = &t->line[e->traced - 1].packet;
    p->arrive = fate == SD_FATE_LOST ? SD_NEVER : sd_lab_now(e->lab) + delay;
    p->fate = fate == SD_FATE_LOST        ? TRACE_LOST
              : fate == SD_FATE_CORRUPTED ? TRACE_CORRUPTED
                                          : TRACE_ARRIVED;
}

static void see_queue_drop(void *ctx, int node, int ifindex, const uint8_t *ip, size_t len)
{
    struct sd_lab *lab = ctx;
    struct link_end *from = lab_end(lab->machine[node], ifindex);
    if (!lab->live || from == NULL)
        return;
    /* It left last of those with these bytes: but equal packets are as good as one another. */
    size_t line = meet(other_end(from), ip, len);
    if (line == 0)
        return;
    lab->trace->line[line - 1].packet.fate = TRACE_QUEUE;
    lab->trace->line[line - 1].packet.arrive = SD_NEVER;
    from->free_at -= sending_time(from, len);
}

void lab_trace_forget(struct link_end *e)
{
    while (e->first != NULL)
        unlink_passing(e, &e->first);
}

/* -- boxes -- */

static enum sd_verdict arrival_pass(void *ctx, struct sd_passage *passage)
{
    see_arrival(ctx, passage->packet);
    return SD_PASS;
}

void lab_watch_arrivals(struct machine *m)
{
    if (m->lab->trace == NULL)
        return;
    sd_net_on_queue_drop(m->lab->net, see_queue_drop, m->lab);
    for (uint32_t i = 0; i < m->link_count; i++)
        sd_chain_add(m->chain, (int)i, SD_IN, arrival_pass, lab_end(m, (int)i));
}

void lab_watch_weather(struct link_end *e)
{
    if (e->lab->trace != NULL)
        sd_weather_box_watch(e->weather, see_fate, e);
}

static enum sd_verdict departure_pass(void *ctx, struct sd_passage *passage)
{
    struct link_end *e = ctx;
    lab_departed(e, passage->packet->data, passage->packet->len, 0);
    return SD_PASS;
}

void lab_watch_departures(struct machine *m)
{
    if (m->lab->trace == NULL && m->lab->capture == NULL)
        return;
    for (uint32_t i = 0; i < m->link_count; i++)
        sd_chain_add(m->chain, (int)i, SD_OUT, departure_pass, lab_end(m, (int)i));
}

void lab_departed(struct link_end *from, const uint8_t *ip, size_t len, sd_time delay)
{
    note_departure(from, ip, len, delay);
    lab_capture_packet(from, ip, len, delay);
}

/* -- writing -- */

static void put_string(FILE *f, const char *text)
{
    fputc('"', f);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(f, "\\%c", *c);
        else if (*c < 0x20 || *c >= 0x7f)
            fprintf(f, "\\u%04x", *c);
        else
            fputc(*c, f);
    }
    fputc('"', f);
}

static const char *proto_name(uint8_t proto, char number[8])
{
    switch (proto) {
    case SD_PROTO_ICMP:
        return "icmp";
    case SD_PROTO_TCP:
        return "tcp";
    case SD_PROTO_UDP:
        return "udp";
    case SD_PROTO_ESP:
        return "esp";
    default:
        snprintf(number, 8, "%u", proto);
        return number;
    }
}

static void put_address(FILE *f, const char *key, const struct sd_addr *a)
{
    char text[SD_ADDR_TEXT];
    fprintf(f, ",\"%s\":\"%s\"", key, sd_addr_text(a, text));
}

static void put_packet(FILE *f, const struct trace *t, const struct trace_line *line)
{
    /* One that is under way when the run ends arrives afterwards. */
    static const char *const fates[] = {"arrived",   "arrived", "lost",
                                        "corrupted", "queue",   "duplicate"};
    const struct trace_packet *p = &line->packet;
    char number[8];
    fputs(",\"from\":", f);
    put_string(f, t->lab->machine[p->from]->name);
    fputs(",\"to\":", f);
    put_string(f, t->lab->machine[p->to]->name);
    if (p->arrive != SD_NEVER)
        fprintf(f, ",\"arrive\":%" PRIu64, p->arrive);
    fprintf(f, ",\"fate\":\"%s\"", fates[p->fate]);
    put_address(f, "src", &p->source);
    put_address(f, "dst", &p->destination);
    fprintf(f, ",\"proto\":\"%s\",\"len\":%u,\"what\":", proto_name(p->proto, number), p->len);
    put_string(f, t->texts + line->text);
}

static void put_event(FILE *f, const struct trace *t, const struct trace_line *line)
{
    fputs(",\"machine\":", f);
    put_string(f, t->lab->machine[line->machine]->name);
    fprintf(f, ",\"conn\":%u,\"name\":", line->conv);
    put_string(f, t->texts + line->name);
    fputs(",\"detail\":", f);
    put_string(f, t->texts + line->text);
}

static void put_line(FILE *f, const struct trace *t, const struct trace_line *line)
{
    static const char *const kinds[] = {"packet", "event", "note"};
    fprintf(f, "{\"t\":%" PRIu64 ",\"kind\":\"%s\"", line->t, kinds[line->kind]);
    if (line->kind == TRACE_PACKET)
        put_packet(f, t, line);
    else if (line->kind == TRACE_EVENT)
        put_event(f, t, line);
    else {
        fputs(",\"text\":", f);
        put_string(f, t->texts + line->text);
    }
    fputs("}\n", f);
}

static void put_head(FILE *f, const struct sd_lab *lab, const char *path)
{
    static const char *const roles[] = {"host", "router", "nat"};
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const struct host *h = NULL;
    for (uint32_t i = 0; h == NULL && i < lab->machines; i++)
        h = lab->machine[i]->host;
    char run[256];
    snprintf(run, sizeof run, "%.*s", (int)(dot != NULL ? dot - name : (long)strlen(name)), name);
    fputs("{\"kind\":\"run\",\"run\":", f);
    put_string(f, run);
    fprintf(f, ",\"protocol\":\"%s\",\"mode\":\"%s\",\"machines\":[", h != NULL ? h->ops->name : "",
            h != NULL ? h->mode->name : "");
    for (uint32_t i = 0; i < lab->machines; i++) {
        const struct machine *m = lab->machine[i];
        struct sd_addr address = sd_ipv4_word(m->ip, 0);
        char text[SD_ADDR_TEXT];
        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", f);
        put_string(f, m->name);
        fprintf(f, ",\"role\":\"%s\",\"address\":\"%s\"}", roles[m->role],
                sd_addr_text(&address, text));
    }
    fputs("]}\n", f);
}

static int by_time(const void *a, const void *b)
{
    const struct trace_line *x = *(const struct trace_line *const *)a,
                            *y = *(const struct trace_line *const *)b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    return x < y ? -1 : x > y; /* those of one time as they were noted */
}

static void write_lines(FILE *f, const struct sd_lab *lab, const char *path)
{
    const struct trace *t = lab->trace;
    const struct trace_line **order = lab_grow(NULL, t->lines * sizeof *order);
    for (size_t i = 0; i < t->lines; i++)
        order[i] = &t->line[i];
    qsort(order, t->lines, sizeof *order, by_time);
    put_head(f, lab, path);
    for (size_t i = 0; i < t->lines; i++)
        put_line(f, t, order[i]);
    free(order);
}

int sd_lab_save_trace(struct sd_lab *lab, const char *path, struct sd_error *error)
{
    struct sd_whole_file file;
    if (lab->trace == NULL)
        return sd_fail(error, SD_E_STATE, "trace: this run keeps none; ask for one when it begins");
    int result = sd_whole_file_begin(&file, path, error);
    if (result != SD_OK)
        return result;
    write_lines(file.out, lab, path);
    return sd_whole_file_end(&file, error);
}
