/* tape.c - keeps the inputs and draws of an agent, and plays them to another. */
#include "sim/core/tape.h"

#include <stdlib.h>
#include <string.h>

#include "sim/core/settle.h"

/* A draw is public when at least so many of its first bytes, or all, stood on the wire: by chance
 * that happens to no secret. */
#define PUBLIC_MIN 8

enum input { OPEN, APP_IN, NET_IN, EXPIRE, CONTROL, TCP_OPTIONS };

struct entry {
    struct entry *next;
    enum input input;
    sd_time at;
    sd_sid sid;
    uint64_t stream;
    bool fin;
    enum sd_segment segment;
    struct sd_unit unit; /* NET_IN; its path is that of the others, too */
    struct sd_control control; /* its `in` is bytes */
    char *text;                /* OPEN: whom it asked for; CONTROL */
    size_t len;
    uint8_t bytes[];
};

struct draw {
    struct draw *next;
    size_t len;
    uint8_t bytes[];
};

struct sd_tape {
    struct entry *first, **end;
    struct draw *drawn, **drawn_end;
    uint8_t *wire; /* all that went over it, both ways */
    size_t wire_len, wire_cap;
    bool bad; /* something was lost for want of memory */
};

struct sd_tape *sd_tape_new(void)
{
    struct sd_tape *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->end = &t->first;
    t->drawn_end = &t->drawn;
    return t;
}

void sd_tape_free(struct sd_tape *t)
{
    if (t == NULL)
        return;
    while (t->first != NULL) {
        struct entry *e = t->first;
        t->first = e->next;
        free(e->text);
        free(e);
    }
    while (t->drawn != NULL) {
        struct draw *d = t->drawn;
        t->drawn = d->next;
        sd_wipe(d->bytes, d->len);
        free(d);
    }
    free(t->wire);
    free(t);
}

/* -- writing -- */

static void on_wire(struct sd_tape *t, const uint8_t *bytes, size_t len)
{
    if (t->wire_len + len > t->wire_cap) {
        size_t cap = (t->wire_len + len) * 2;
        uint8_t *grown = realloc(t->wire, cap);
        if (grown == NULL) {
            t->bad = true;
            return;
        }
        t->wire = grown;
        t->wire_cap = cap;
    }
    if (len > 0)
        memcpy(t->wire + t->wire_len, bytes, len);
    t->wire_len += len;
}

static struct entry *add(struct sd_tape *t, enum input input, sd_time at, const uint8_t *bytes,
                         size_t len)
{
    struct entry *e = calloc(1, sizeof *e + len);
    if (e == NULL) {
        t->bad = true;
        return NULL;
    }
    e->input = input;
    e->at = at;
    e->len = len;
    if (len > 0)
        memcpy(e->bytes, bytes, len);
    *t->end = e;
    t->end = &e->next;
    return e;
}

void sd_tape_drew(struct sd_tape *t, const void *bytes, size_t len)
{
    struct draw *d = malloc(sizeof *d + len);
    if (d == NULL) {
        t->bad = true;
        return;
    }
    *d = (struct draw){.len = len};
    memcpy(d->bytes, bytes, len);
    *t->drawn_end = d;
    t->drawn_end = &d->next;
}

static void keep_text(struct sd_tape *t, struct entry *e, const char *text)
{
    if (text != NULL && (e->text = strdup(text)) == NULL)
        t->bad = true;
}

void sd_tape_open(struct sd_tape *t, sd_time at, const struct sd_open *open)
{
    struct entry *e = add(t, OPEN, at, open->early, open->early_len);
    if (e == NULL)
        return;
    e->unit.path = open->path;
    keep_text(t, e, open->server_name);
}

void sd_tape_app_in(struct sd_tape *t, sd_time at, sd_sid sid, uint64_t stream, const uint8_t *data,
                    size_t len, bool fin)
{
    struct entry *e = add(t, APP_IN, at, data, len);
    if (e == NULL)
        return;
    e->sid = sid;
    e->stream = stream;
    e->fin = fin;
}

void sd_tape_net_in(struct sd_tape *t, sd_time at, const struct sd_unit *unit)
{
    struct entry *e = add(t, NET_IN, at, unit->data, unit->len);
    on_wire(t, unit->data, unit->len);
    if (e != NULL)
        e->unit = *unit;
}

void sd_tape_net_out(struct sd_tape *t, const struct sd_unit *unit)
{
    on_wire(t, unit->data, unit->len);
}

void sd_tape_expire(struct sd_tape *t, sd_time at)
{
    add(t, EXPIRE, at, NULL, 0);
}

void sd_tape_control(struct sd_tape *t, sd_time at, sd_sid sid, const struct sd_control *control)
{
    struct entry *e = add(t, CONTROL, at, control->in, control->in_len);
    if (e == NULL)
        return;
    e->sid = sid;
    e->control = *control;
    keep_text(t, e, control->text);
}

void sd_tape_tcp_options(struct sd_tape *t, sd_time at, const struct sd_path *path,
                         enum sd_segment segment, const uint8_t *received, size_t received_len,
                         const uint8_t *sent, size_t sent_len)
{
    struct entry *e = add(t, TCP_OPTIONS, at, received, received_len);
    on_wire(t, received, received_len);
    on_wire(t, sent, sent_len);
    if (e == NULL)
        return;
    e->unit.path = *path;
    e->segment = segment;
    e->fin = received != NULL;
}

/* -- playing -- */

struct player {
    struct sd_env env; /* first: on_random() finds the player by it */
    const struct sd_tape *tape;
    const struct draw *next;
    uint64_t opened;
};

/* How many of the draw's first bytes stood on the wire. */
static size_t public_part(const struct sd_tape *t, const struct draw *d)
{
    size_t best = 0;
    for (size_t at = 0; at < t->wire_len && best < d->len; at++) {
        size_t same = 0;
        while (same < d->len && at + same < t->wire_len && t->wire[at + same] == d->bytes[same])
            same++;
        if (same > best)
            best = same;
    }
    return best >= PUBLIC_MIN ? best : 0;
}

static void on_random(struct sd_env *env, void *buf, size_t len)
{
    struct player *p = (struct player *)env;
    sd_rng_fill(&env->rng, buf, len);
    if (p->next == NULL)
        return;
    if (p->next->len == len)
        memcpy(buf, p->next->bytes, public_part(p->tape, p->next));
    p->next = p->next->next;
}

static void on_unit(void *ctx, const struct sd_unit *unit)
{
    (void)ctx, (void)unit; /* nobody listens */
}

static void on_event(void *ctx, const struct sd_event *e)
{
    struct player *p = ctx;
    if (e->kind == SD_EV_DATA)
        p->opened += e->len;
}

static void tell(struct sd_seat *seat, const struct entry *e)
{
    static uint8_t copy[65536]; /* agents may decrypt in place */
    static uint8_t options[64];
    switch (e->input) {
    case OPEN: {
        sd_sid sid;
        struct sd_open open = {.path = e->unit.path,
                               .server_name = e->text,
                               .early = e->len > 0 ? e->bytes : NULL,
                               .early_len = e->len};
        sd_seat_open(seat, e->at, &open, &sid);
        break;
    }
    case APP_IN:
        sd_seat_app_in(seat, e->at, e->sid, e->stream, e->bytes, e->len, e->fin);
        break;
    case NET_IN: {
        struct sd_unit unit = e->unit;
        if (e->len > sizeof copy)
            break;
        memcpy(copy, e->bytes, e->len);
        unit.data = copy;
        unit.cap = sizeof copy;
        sd_seat_net_in(seat, e->at, &unit);
        break;
    }
    case EXPIRE:
        if (sd_seat_deadline(seat) <= e->at)
            sd_seat_expire(seat, e->at);
        break;
    case CONTROL: {
        struct sd_control control = e->control;
        control.text = e->text;
        control.in = e->bytes;
        control.out = copy;
        control.out_len = control.out_len < sizeof copy ? control.out_len : sizeof copy;
        sd_seat_control(seat, e->at, e->sid, &control);
        break;
    }
    case TCP_OPTIONS:
        sd_seat_tcp_options(seat, e->at, &e->unit.path, e->segment, e->fin ? e->bytes : NULL,
                            e->len, options, sizeof options);
        break;
    }
}

int sd_tape_play(const struct sd_tape *t, const struct sd_agent_ops *ops,
                 const struct sd_config *config, sd_time made, uint64_t seed, uint64_t *opened,
                 struct sd_error *error)
{
    static const struct sd_sink sink = {on_unit, on_event};
    struct player p = {.tape = t, .next = t->drawn};
    struct sd_seat seat;
    *opened = 0;
    if (t->bad || sd_env_init(&p.env, seed) != SD_OK)
        return sd_fail(error, SD_E_NOMEM, "no memory to play an agent's part again");
    p.env.random = on_random;
    int result = sd_seat_init(&seat, ops, config, &p.env, &sink, &p, made, error);
    if (result == SD_OK) {
        for (const struct entry *e = t->first; e != NULL; e = e->next)
            tell(&seat, e);
        sd_seat_fini(&seat);
    }
    sd_env_fini(&p.env);
    *opened = p.opened;
    return result;
}
