/* metrics.c - the values of a run's metrics, by the names of metrics_table.c.
 *
 * Counters of the network and of agents count from the beginning: what they stood at when the run
 * was marked is taken off.  Peaks are the agents' own.  Those of conversations are in
 * metrics_clients.c. */
#include "sim/node/inside.h"

#include <string.h>

/* -- machines -- */

static uint64_t tcp_retransmits(const struct machine *m)
{
    uint64_t n = 0;
    const struct host *h = m->host;
    if (h == NULL)
        return 0;
    n = h->tcp_retransmits;
    for (const struct stream *s = h->streams; s != NULL; s = s->next)
        n += lab_stream_retransmits(s);
    for (const struct party *p = m->convs; p != NULL; p = p->next)
        if (p->inner != NULL) {
            struct sd_tcp_counters counters;
            sd_tcp_stats(p->inner, &counters);
            n += counters.retransmits;
        }
    return n;
}

void lab_baseline(const struct machine *m, struct baseline *b)
{
    memset(b, 0, sizeof *b);
    sd_net_counters(m->lab->net, m->id, &b->net);
    if (m->processor != NULL) {
        b->busy_ns = lab_processor_busy(m->processor);
        b->queue_drops = lab_processor_drops(m->processor);
    }
    if (m->host == NULL || !m->host->seated)
        return;
    sd_seat_stats(&m->host->seat, &b->agent);
    b->tcp_retransmits = tcp_retransmits(m);
    for (int op = 0; op < SD_OP_MAX; op++)
        b->calls[op] = sd_account_calls(&m->host->env.account, (enum sd_op)op);
}

bool lab_ratio(uint64_t part, uint64_t whole, uint64_t *value)
{
    if (whole == 0)
        return false;
    __extension__ typedef unsigned __int128 wide;
    *value = (uint64_t)((wide)part * SD_PPM / whole);
    return true;
}

static uint64_t half_open_peak(const struct host *h, const struct sd_stats *now)
{
    uint64_t peak = now->half_open_peak;
    for (size_t i = 0; i < h->carriers; i++) {
        struct sd_tcp_counters counters;
        if (h->carrier[i].listener == NULL)
            continue;
        sd_tcp_stats(h->carrier[i].listener, &counters);
        if (counters.half_open_peak > peak)
            peak = counters.half_open_peak;
    }
    return peak;
}

static const char *after_dot(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot != NULL ? dot + 1 : "";
}

/* "drops", "drops.replay". */
static bool drops(const char *name, const struct sd_stats *now, const struct sd_stats *base,
                  uint64_t *value)
{
    const char *reason = after_dot(name);
    *value = 0;
    for (int i = 1; i < SD_DROP_MAX; i++)
        if (*reason == '\0' || strcmp(reason, sd_result_name(i)) == 0)
            *value += now->dropped[i] - base->dropped[i];
    return true;
}

/* "crypto.derive". */
static bool calls(const char *name, const struct baseline *now, const struct baseline *base,
                  uint64_t *value)
{
    for (int op = 0; op < SD_OP_MAX; op++)
        if (strcmp(after_dot(name), sd_op_name((enum sd_op)op)) == 0)
            *value = now->calls[op] - base->calls[op];
    return true;
}

static bool processor_metric(const struct machine *m, const char *name, const struct baseline *now,
                             uint64_t *value)
{
    uint64_t busy = now->busy_ns - m->base.busy_ns;
    if (m->processor == NULL)
        return false;
    if (strcmp(name, "queue.drops") == 0)
        *value = now->queue_drops - m->base.queue_drops;
    else if (strcmp(name, "cpu") == 0)
        *value = busy;
    else
        return lab_ratio(busy, (sd_net_now(m->lab->net) - m->lab->marked) * m->set.cores, value);
    return true;
}

static bool network_metric(const struct machine *m, const char *name, const struct baseline *now,
                           uint64_t *value)
{
    const struct sd_net_counters *n = &now->net, *b = &m->base.net;
    if (strcmp(name, "bytes_in") == 0)
        *value = n->bytes_in - b->bytes_in;
    else if (strcmp(name, "bytes_out") == 0)
        *value = n->bytes_out - b->bytes_out;
    else if (strcmp(name, "packets_in") == 0)
        *value = n->packets_in - b->packets_in;
    else if (strcmp(name, "packets_out") == 0)
        *value = n->packets_out - b->packets_out;
    else if (strcmp(name, "link.drops") == 0)
        *value = n->queue_drops - b->queue_drops;
    else
        return false;
    return true;
}

static bool agent_metric(const struct machine *m, const char *name, const struct baseline *now,
                         uint64_t *value)
{
    const struct sd_stats *n = &now->agent, *b = &m->base.agent;
    uint64_t to = n->bytes_to_unvalidated - b->bytes_to_unvalidated;
    uint64_t from = n->bytes_from_unvalidated - b->bytes_from_unvalidated;
    const struct {
        const char *name;
        uint64_t value;
    } plain[] = {
        {"bytes_to_unvalidated", to},
        {"bytes_from_unvalidated", from},
        {"handshakes", n->handshakes - b->handshakes},
        {"sessions", n->sessions},
        {"half_open.peak", half_open_peak(m->host, n)},
        {"state.left", n->state_bytes},
        {"state.peak", n->state_bytes_peak},
        {"retransmits", n->retransmits - b->retransmits},
        {"replays_accepted", n->replays_accepted - b->replays_accepted},
        {"delivered_twice", m->delivered_twice},
        {"garbled", m->garbled},
        {"heard", m->heard},
        {"late", m->heard_late},
        {"streams", m->streams},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(name, plain[i].name) == 0) {
            *value = plain[i].value;
            return true;
        }
    if (strcmp(name, "amplification") == 0)
        return lab_ratio(to, from, value);
    if (strncmp(name, "drops", 5) == 0)
        return drops(name, n, b, value);
    if (strncmp(name, "crypto.", 7) == 0)
        return calls(name, now, &m->base, value);
    return false;
}

static bool machine_metric(const struct machine *m, const char *name, uint64_t *value)
{
    struct baseline now;
    if (strcmp(name, "opened") == 0)
        return lab_opened(m->host, value);
    if (strncmp(name, "seen.", 5) == 0)
        return lab_seen(m, name, value);
    lab_baseline(m, &now);
    if (strncmp(name, "cpu", 3) == 0 || strcmp(name, "queue.drops") == 0)
        return processor_metric(m, name, &now, value);
    if (network_metric(m, name, &now, value))
        return true;
    return m->host != NULL && m->host->seated && agent_metric(m, name, &now, value);
}

/* -- of the run -- */

bool lab_span(sd_time from, sd_time to, uint64_t *value)
{
    if (from == SD_NEVER || to == SD_NEVER || to < from)
        return false;
    *value = to - from;
    return true;
}

/* A silence that lasts still counts. */
static sd_time gap_until_now(sd_time gap, sd_time last_in, bool open, sd_time now)
{
    return open && last_in != 0 && now - last_in > gap ? now - last_in : gap;
}

static bool transfer_metric(const struct sd_lab *lab, const char *name, uint64_t *value)
{
    const struct transfer *t = &lab->transfer;
    if (t->began == SD_NEVER)
        return false;
    if (strcmp(name, "transfer.bytes") == 0)
        *value = t->bytes;
    else if (strcmp(name, "transfer.time") == 0)
        return t->finished != 0 && lab_span(t->began, t->finished, value);
    else if (t->last_in == 0)
        return false;
    else
        *value = gap_until_now(t->gap, t->last_in, t->open > 0, sd_net_now(lab->net));
    return true;
}

static bool stream_metric(const struct sd_lab *lab, const char *name, uint64_t *value)
{
    if (lab->stream_sent == 0)
        return false;
    if (strcmp(name, "stream.sent") == 0)
        *value = lab->stream_sent;
    else if (strcmp(name, "stream.received") == 0)
        *value = lab->stream_received;
    else if (strcmp(name, "stream.duplicates") == 0)
        *value = lab->stream_duplicates;
    else if (strcmp(name, "stream.lost") == 0)
        *value = lab->stream_sent - lab->stream_received;
    else if (lab->stream_received == 0)
        return false;
    else
        *value = gap_until_now(lab->stream_gap, lab->stream_last_in,
                               lab->stream_received < lab->stream_sent, sd_net_now(lab->net));
    return true;
}

/* Of all machines with an agent. */
static uint64_t sum(const struct sd_lab *lab, uint64_t (*of)(const struct machine *))
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < lab->machines; i++) {
        const struct machine *m = lab->machine[i];
        if (m->host != NULL && m->host->seated)
            total += of(m);
    }
    return total;
}

static uint64_t migrated(const struct machine *m)
{
    return m->migrated;
}

static uint64_t spoofed_dh(const struct machine *m)
{
    return m->spoofed_dh;
}

static uint64_t all_retransmits(const struct machine *m)
{
    struct sd_stats now;
    sd_seat_stats(&m->host->seat, &now);
    return now.retransmits - m->base.agent.retransmits + tcp_retransmits(m) -
           m->base.tcp_retransmits;
}

static bool run_metric(const struct sd_lab *lab, const char *name, uint64_t *value)
{
    static const struct {
        const char *name;
        uint64_t (*of)(const struct machine *);
    } sums[] = {{"migrated.count", migrated}, {"net.retransmits", all_retransmits}};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (strcmp(name, sums[i].name) == 0) {
            *value = sum(lab, sums[i].of);
            return true;
        }
    if (strncmp(name, "transfer.", 9) == 0)
        return transfer_metric(lab, name, value);
    if (strncmp(name, "stream.", 7) == 0)
        return stream_metric(lab, name, value);
    if (strcmp(name, "work.dh_per_spoofed") == 0)
        return lab_ratio(sum(lab, spoofed_dh), lab_spoofed_sent(lab), value);
    return false;
}

bool sd_lab_metric(const struct sd_lab *lab, const struct sd_metric *metric, sd_machine id,
                   uint64_t *value)
{
    *value = 0;
    if (lab->net == NULL)
        return false;
    if (metric->scope == SD_METRIC_RUN)
        return run_metric(lab, metric->name, value);
    if (metric->scope == SD_METRIC_CLIENTS)
        return lab_clients_metric(lab, metric->name, NULL, value);
    const struct machine *m = lab_machine(lab, id);
    return m != NULL && machine_metric(m, metric->name, value);
}
