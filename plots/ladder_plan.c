#include "plots/ladder_plan.h"
#include <stdlib.h>
#include <string.h>

/* A silence is folded when it lasts longer than this many flights. */
#define FOLD_FLIGHTS 3

/* Arrows say these already. */
static bool is_drawn(const struct sd_trace_entry *entry)
{
    return entry->kind != SD_TRACE_EVENT ||
           (strcmp(entry->event.name, "data") && strcmp(entry->event.name, "writable"));
}

/* -- which machines, in which order -- */

static bool in_window(const struct sd_ladder *ladder, const struct sd_trace_entry *entry)
{
    return entry->t >= ladder->from && entry->t <= ladder->to && is_drawn(entry);
}

static size_t *count_work(const struct sd_ladder *ladder)
{
    const struct sd_trace *trace = ladder->trace;
    size_t *work = calloc(trace->machines, sizeof *work);
    for (size_t i = 0; work && i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (!in_window(ladder, entry))
            continue;
        if (entry->kind == SD_TRACE_PACKET) {
            work[entry->packet.from]++;
            work[entry->packet.to]++;
        } else if (entry->kind == SD_TRACE_EVENT) {
            work[entry->event.machine]++;
        }
    }
    return work;
}

/* How far packets would travel over the page, lifelines in this order. */
static size_t distance(size_t between[SD_LADDER_LINES][SD_LADDER_LINES], const uint8_t *order,
                       size_t lines)
{
    size_t sum = 0;
    for (size_t a = 0; a < lines; a++)
        for (size_t b = a + 1; b < lines; b++)
            sum += between[order[a]][order[b]] * (b - a);
    return sum;
}

static bool next_order(uint8_t *order, size_t lines)
{
    size_t i = lines - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = lines - 1;
    while (order[j] <= order[i - 1])
        j--;
    uint8_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
    for (j = lines - 1; i < j; i++, j--) {
        swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    return true;
}

/* So that routers stand between those they join: of all orders the first in which packets travel
 * least. */
static void order_lines(struct sd_ladder *ladder)
{
    const struct sd_trace *trace = ladder->trace;
    size_t between[SD_LADDER_LINES][SD_LADDER_LINES] = {{0}};
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (entry->kind != SD_TRACE_PACKET || !in_window(ladder, entry))
            continue;
        int a = ladder->line_of[entry->packet.from], b = ladder->line_of[entry->packet.to];
        if (a >= 0 && b >= 0) {
            between[a][b]++;
            between[b][a]++;
        }
    }
    uint8_t order[SD_LADDER_LINES] = {0, 1, 2, 3, 4, 5}, best[SD_LADDER_LINES];
    size_t least = SIZE_MAX;
    do {
        size_t sum = distance(between, order, ladder->lines);
        if (sum < least) {
            least = sum;
            memcpy(best, order, sizeof best);
        }
    } while (next_order(order, ladder->lines));

    uint32_t machine[SD_LADDER_LINES];
    memcpy(machine, ladder->machine, sizeof machine);
    for (size_t i = 0; i < ladder->lines; i++) {
        ladder->machine[i] = machine[best[i]];
        ladder->line_of[ladder->machine[i]] = (int8_t)i;
    }
}

static int choose_lines(struct sd_ladder *ladder, struct sd_error *error)
{
    const struct sd_trace *trace = ladder->trace;
    size_t *work = count_work(ladder), working = 0;
    ladder->line_of = malloc(trace->machines);
    if (!work || !ladder->line_of) {
        free(work);
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    }
    memset(ladder->line_of, -1, trace->machines);
    for (size_t i = 0; i < trace->machines; i++)
        working += work[i] > 0;
    /* Nothing happened: the first machines, with bare lifelines. */
    size_t want = working ? working : trace->machines < 2 ? trace->machines : 2;
    while (ladder->lines < want && ladder->lines < SD_LADDER_LINES) {
        size_t busiest = trace->machines;
        for (size_t i = 0; i < trace->machines; i++)
            if (ladder->line_of[i] < 0 && (busiest == trace->machines || work[i] > work[busiest]))
                busiest = i;
        ladder->line_of[busiest] = 0;
        ladder->lines++;
    }
    ladder->other_machines = want - ladder->lines;
    size_t line = 0;
    for (size_t i = 0; i < trace->machines; i++)
        if (ladder->line_of[i] == 0) {
            ladder->line_of[i] = (int8_t)line;
            ladder->machine[line++] = (uint32_t)i;
        }
    free(work);
    order_lines(ladder);
    return SD_OK;
}

/* -- which rows -- */

static bool stands(const struct sd_ladder *ladder, const struct sd_trace_entry *entry)
{
    if (entry->kind == SD_TRACE_PACKET)
        return ladder->line_of[entry->packet.from] >= 0 && ladder->line_of[entry->packet.to] >= 0;
    return entry->kind == SD_TRACE_NOTE || ladder->line_of[entry->event.machine] >= 0;
}

/* -- long runs of like packets -- */

#define KINDS 64 /* of packets that are told apart at a time */
#define ALIKE 3  /* packets of a kind that are drawn before others become one line */
#define FEW   2  /* so few are not worth a line that counts them */

/* What was drawn since something happened that was not just more of the same. */
struct choice {
    struct sd_ladder *ladder;
    bool every, nat;
    size_t most, packets;
    struct {
        uint64_t hash;
        size_t count;
    } kind[KINDS];
    size_t kinds;
    struct sd_ladder_row *like; /* the line that counts them; NULL: none is open */
    const struct sd_trace_entry *first_like[FEW];
    sd_time last;
    /* The addresses last seen from one lifeline to another, so that a change is shown. */
    struct {
        const char *src, *dst;
    } seen[SD_LADDER_LINES][SD_LADDER_LINES];
    uint32_t conn;
};

/* Packets are of a kind when they differ in numbers alone. */
static uint64_t kind_of(const struct sd_trace_entry *entry)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ entry->packet.from << 16 ^ entry->packet.to;
    for (const char *at = entry->packet.what; *at; at++)
        if (*at < '0' || *at > '9')
            hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return hash;
}

/* True: it is one of many, and goes into the line that counts them. */
static bool is_one_of_many(struct choice *choice, const struct sd_trace_entry *entry)
{
    bool news = entry->kind != SD_TRACE_PACKET || entry->packet.fate != SD_TRACE_ARRIVED ||
                entry->t - choice->last > choice->ladder->fold;
    choice->last = entry->t;
    if (news)
        choice->kinds = 0;
    if (entry->kind != SD_TRACE_PACKET)
        return false;
    uint64_t hash = kind_of(entry);
    size_t at = 0;
    while (at < choice->kinds && choice->kind[at].hash != hash)
        at++;
    if (at == KINDS)
        at = choice->kinds = 0;
    if (at == choice->kinds) {
        choice->kind[at].hash = hash;
        choice->kind[at].count = 0;
        choice->kinds++;
    }
    size_t before = choice->kind[at].count++;
    return !choice->every && (before >= ALIKE || (choice->like && before > 0));
}

static void draw_row(struct choice *choice, const struct sd_trace_entry *entry)
{
    struct sd_ladder *ladder = choice->ladder;
    struct sd_ladder_row *row = &ladder->row[ladder->rows++];
    *row = (struct sd_ladder_row){.entry = entry};
    if (entry->kind == SD_TRACE_EVENT && entry->event.conn) {
        ladder->conns |= choice->conn && choice->conn != entry->event.conn;
        choice->conn = entry->event.conn;
    }
    if (entry->kind != SD_TRACE_PACKET)
        return;
    choice->packets++;
    ladder->fates |= 1u << entry->packet.fate;
    struct sd_label label;
    sd_label_packet(&label, entry);
    ladder->encrypted |= label.encrypted;
    int from = ladder->line_of[entry->packet.from], to = ladder->line_of[entry->packet.to];
    const char *src = choice->seen[from][to].src, *dst = choice->seen[from][to].dst;
    if (*entry->packet.src && *entry->packet.dst)
        row->addresses =
            src ? strcmp(src, entry->packet.src) || strcmp(dst, entry->packet.dst) : choice->nat;
    choice->seen[from][to].src = entry->packet.src;
    choice->seen[from][to].dst = entry->packet.dst;
}

static void count_like(struct choice *choice, const struct sd_trace_entry *entry)
{
    struct sd_ladder *ladder = choice->ladder;
    if (!choice->like) {
        choice->like = &ladder->row[ladder->rows++];
        *choice->like = (struct sd_ladder_row){.entry = entry};
    }
    if (choice->like->like < FEW)
        choice->first_like[choice->like->like] = entry;
    choice->like->like++;
    choice->like->until = entry->t;
}

/* A line that counts few is taken back, and they are drawn. */
static void end_like(struct choice *choice)
{
    size_t few = choice->like ? choice->like->like : 0;
    choice->like = NULL;
    if (!few || few > FEW)
        return;
    choice->ladder->rows--;
    for (size_t i = 0; i < few; i++)
        draw_row(choice, choice->first_like[i]);
}

static void take_row(struct choice *choice, const struct sd_trace_entry *entry)
{
    end_like(choice);
    draw_row(choice, entry);
}

static void leave_out(struct sd_ladder *ladder, const struct sd_trace_entry *entry)
{
    ladder->more_from = ladder->more_packets ? ladder->more_from : entry->t;
    ladder->more_packets += entry->kind == SD_TRACE_PACKET;
    ladder->more_to = entry->t;
}

static int choose_rows(struct sd_ladder *ladder, const struct sd_ladder_view *view,
                       struct sd_error *error)
{
    const struct sd_trace *trace = ladder->trace;
    struct choice choice = {
        .ladder = ladder,
        .every = view->every,
        .most = view->packets ? view->packets : SD_LADDER_PACKETS,
    };
    ladder->row = calloc(trace->entries ? trace->entries : 1, sizeof *ladder->row);
    if (!ladder->row)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    for (size_t i = 0; i < ladder->lines; i++)
        choice.nat |= !strcmp(trace->machine[ladder->machine[i]].role, "nat");
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        bool packet = entry->kind == SD_TRACE_PACKET;
        if (!in_window(ladder, entry))
            continue;
        if (!stands(ladder, entry))
            ladder->other_packets += packet;
        else if (ladder->more_packets)
            leave_out(ladder, entry);
        else if (is_one_of_many(&choice, entry))
            count_like(&choice, entry);
        else if (packet && choice.packets >= choice.most)
            leave_out(ladder, entry);
        else
            take_row(&choice, entry);
    }
    end_like(&choice);
    return SD_OK;
}

static int by_time(const void *a, const void *b)
{
    const sd_time *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int measure_flight(struct sd_ladder *ladder, struct sd_error *error)
{
    const struct sd_trace *trace = ladder->trace;
    sd_time *flight = calloc(trace->entries + 1, sizeof *flight);
    if (!flight)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    size_t count = 0;
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (entry->kind == SD_TRACE_PACKET && in_window(ladder, entry) && stands(ladder, entry) &&
            entry->packet.arrive != SD_NEVER && entry->packet.arrive > entry->t)
            flight[count++] = entry->packet.arrive - entry->t;
    }
    qsort(flight, count, sizeof *flight, by_time);
    ladder->flight = count ? flight[count / 2] : SD_MS;
    ladder->fold =
        ladder->flight < SD_NEVER / FOLD_FLIGHTS ? ladder->flight * FOLD_FLIGHTS : SD_NEVER - 1;
    free(flight);
    return SD_OK;
}

int sd_ladder_plan(struct sd_ladder *ladder, const struct sd_trace *trace,
                   const struct sd_ladder_view *view, struct sd_error *error)
{
    *ladder = (struct sd_ladder){
        .trace = trace,
        .windowed = view->from > 0 || view->to > 0,
        .from = view->from,
        .to = view->to ? view->to : SD_NEVER,
    };
    int rc = choose_lines(ladder, error);
    if (rc == SD_OK)
        rc = measure_flight(ladder, error);
    if (rc == SD_OK)
        rc = choose_rows(ladder, view, error);
    if (rc < 0)
        sd_ladder_drop(ladder);
    return rc;
}

void sd_ladder_drop(struct sd_ladder *ladder)
{
    free(ladder->line_of);
    free(ladder->row);
    ladder->line_of = NULL;
    ladder->row = NULL;
}
