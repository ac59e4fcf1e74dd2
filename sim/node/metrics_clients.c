/* metrics_clients.c - what a run measures of conversations: of all of them, or of those that some
 * machines began. */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

/* chosen: by machine, whether its conversations count; NULL: all do. */
static bool is_chosen(const bool *chosen, sd_machine machine)
{
    return chosen == NULL || chosen[machine];
}

static bool counts(const struct conv *c, const bool *chosen)
{
    return c->counted && is_chosen(chosen, c->side[CLIENT].machine);
}

/* -- of one conversation -- */

static sd_time may_send_at(const struct conv *c)
{
    return c->early && !c->early_refused ? c->opened : c->ready_at;
}

typedef bool (*of_one)(const struct conv *, uint64_t *value);

static bool handshake_time(const struct conv *c, uint64_t *value)
{
    return lab_span(c->started, may_send_at(c), value);
}

static bool first_byte_time(const struct conv *c, uint64_t *value)
{
    return lab_span(c->started, c->first_byte_at, value);
}

static bool reply_time(const struct conv *c, uint64_t *value)
{
    return lab_span(c->started, c->reply_at, value);
}

static bool stream_time(const struct conv *c, uint64_t *value)
{
    return lab_span(c->started, c->stream_at, value);
}

static bool object_time(const struct conv *c, enum object_rank rank, uint64_t *value)
{
    sd_time at;
    return lab_objects_time(c, rank, &at) && lab_span(c->started, at, value);
}

static bool object_first(const struct conv *c, uint64_t *value)
{
    return object_time(c, OBJECT_FIRST, value);
}

static bool object_median(const struct conv *c, uint64_t *value)
{
    return object_time(c, OBJECT_MEDIAN, value);
}

static bool object_last(const struct conv *c, uint64_t *value)
{
    return object_time(c, OBJECT_LAST, value);
}

static bool had_handshake(const struct conv *c)
{
    return c->started != SD_NEVER && c->ready_at != SD_NEVER;
}

static bool flights(const struct conv *c, uint64_t *value)
{
    *value = c->flights;
    return had_handshake(c);
}

static bool bytes_client(const struct conv *c, uint64_t *value)
{
    *value = c->at_ready.bytes_out - c->at_start.bytes_out;
    return had_handshake(c);
}

static bool bytes_server(const struct conv *c, uint64_t *value)
{
    *value = c->at_ready.bytes_in - c->at_start.bytes_in;
    return had_handshake(c);
}

static bool bytes_both(const struct conv *c, uint64_t *value)
{
    uint64_t back;
    bool there = bytes_client(c, value) && bytes_server(c, &back);
    if (there)
        *value += back;
    return there;
}

static bool packets_client(const struct conv *c, uint64_t *value)
{
    *value = c->at_ready.packets_out - c->at_start.packets_out;
    return had_handshake(c);
}

static bool packets_server(const struct conv *c, uint64_t *value)
{
    *value = c->at_ready.packets_in - c->at_start.packets_in;
    return had_handshake(c);
}

static const struct {
    const char *name;
    of_one of;
} ones[] = {
    {"handshake.time", handshake_time},
    {"first_byte.time", first_byte_time},
    {"reply.time", reply_time},
    {"object.first", object_first},
    {"object.median", object_median},
    {"object.last", object_last},
    {"stream.first.time", stream_time},
    {"handshake.bytes", bytes_both},
    {"handshake.bytes.client", bytes_client},
    {"handshake.bytes.server", bytes_server},
    {"handshake.packets.client", packets_client},
    {"handshake.packets.server", packets_server},
    {"handshake.flights", flights},
};

static bool of_first(const struct sd_lab *lab, of_one of, uint64_t *value)
{
    for (uint32_t i = 0; i < lab->convs; i++)
        if (lab->conv[i]->counted)
            return of(lab->conv[i], value);
    return false;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool median(const struct sd_lab *lab, of_one of, const bool *chosen, uint64_t *value)
{
    uint64_t *known = lab_grow(NULL, (lab->convs + 1) * sizeof *known);
    size_t all = 0, values = 0;
    for (uint32_t i = 0; i < lab->convs; i++)
        if (counts(lab->conv[i], chosen)) {
            all++;
            values += of(lab->conv[i], &known[values]);
        }
    qsort(known, values, sizeof *known, ascending);
    size_t rank = (all + 1) / 2;
    bool there = rank > 0 && rank <= values;
    if (there)
        *value = known[rank - 1];
    free(known);
    return there;
}

/* -- of many -- */

/* Everything that its two sides had to say, apart from streams, which have no end. */
static bool all_was_heard(const struct conv *c)
{
    for (int side = CLIENT; side <= SERVER; side++)
        for (uint32_t i = 0; i < c->side[side].segments; i++) {
            const struct segment *s = &c->side[side].segment[i];
            if (s->kind != SEGMENT_STREAM &&
                s->delivered < (s->datagrams ? s->end - s->start : s->len))
                return false;
        }
    return true;
}

static bool succeeded(const struct conv *c)
{
    if (c->request_len > 0)
        return c->done_at != SD_NEVER;
    return c->ready_at != SD_NEVER && all_was_heard(c);
}

static bool of_many(const struct sd_lab *lab, const char *name, const bool *chosen, uint64_t *value)
{
    uint64_t attempts = 0, replies = 0, successes = 0, ready = 0, sum = 0, worst = 0;
    for (uint32_t i = 0; i < lab->machines; i++)
        attempts += is_chosen(chosen, (sd_machine)i) ? lab->machine[i]->refused : 0;
    for (uint32_t i = 0; i < lab->convs; i++) {
        const struct conv *c = lab->conv[i];
        uint64_t time;
        if (!counts(c, chosen))
            continue;
        attempts++;
        replies += c->done_at != SD_NEVER;
        successes += succeeded(c);
        if (!handshake_time(c, &time))
            continue;
        ready++;
        sum += time;
        worst = time > worst ? time : worst;
    }
    if (strcmp(name, "attempts") == 0)
        *value = attempts;
    else if (strcmp(name, "replies") == 0)
        *value = replies;
    else if (strcmp(name, "success") == 0)
        return lab_ratio(successes, attempts, value);
    else if (ready == 0)
        return false;
    else if (strcmp(name, "handshake.time.mean") == 0)
        *value = sum / ready;
    else if (strcmp(name, "handshake.time.worst") == 0)
        *value = worst;
    else
        return false;
    return true;
}

/* handshake.count: as the clients' agents count them, those for new keys included. */
static uint64_t handshakes(const struct sd_lab *lab, const bool *chosen)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < lab->machines; i++) {
        const struct machine *m = lab->machine[i];
        struct sd_stats now;
        if (!is_chosen(chosen, m->id) || m->host == NULL || !m->host->seated ||
            m->host->role != SD_ROLE_CLIENT)
            continue;
        sd_seat_stats(&m->host->seat, &now);
        total += now.handshakes - m->base.agent.handshakes;
    }
    return total;
}

bool lab_clients_metric(const struct sd_lab *lab, const char *name, const bool *chosen,
                        uint64_t *value)
{
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        if (strcmp(name, ones[i].name) == 0)
            return chosen == NULL ? of_first(lab, ones[i].of, value)
                                  : median(lab, ones[i].of, chosen, value);
    if (strcmp(name, "handshake.count") == 0) {
        *value = handshakes(lab, chosen);
        return true;
    }
    return of_many(lab, name, chosen, value);
}

bool sd_lab_metric_of(const struct sd_lab *lab, const struct sd_metric *metric,
                      const sd_machine *clients, size_t count, uint64_t *value)
{
    *value = 0;
    if (lab->net == NULL || metric->scope != SD_METRIC_CLIENTS)
        return false;
    bool *chosen = lab_grow(NULL, lab->machines + 1);
    memset(chosen, 0, lab->machines + 1);
    for (size_t i = 0; i < count; i++)
        if (lab_machine(lab, clients[i]) != NULL)
            chosen[clients[i]] = true;
    bool there = lab_clients_metric(lab, metric->name, chosen, value);
    free(chosen);
    return there;
}
