/* flood.c - first messages at a steady rate, from invented addresses or from the attacker's own.
 *
 * On TCP an invented address can only send SYNs; from its own the attacker opens connections and
 * says the protocol's first message in each. */
#include "sim/node/attack.h"

#include <stdlib.h>

struct flood {
    struct flood *next;
    struct sd_flood set;
    struct machine *from;
    struct link_end *out;
    struct sd_addr to;
    struct maker *maker; /* NULL: only SYNs */
    const uint8_t *message;
    size_t len;
    uint64_t seed, sent;
    struct sd_paced_flood *paced;
};

static bool is_spoofed(const struct flood *f)
{
    return f->set.source_net != 0;
}

static size_t syn(const struct flood *f, uint64_t n, const struct sd_addr *source, uint8_t *packet,
                  size_t cap)
{
    return sd_attack_syn(packet, cap, source, &f->to, (uint32_t)sd_draw(f->seed, n));
}

static size_t next_packet(void *ctx, uint64_t n, const struct sd_addr *source, uint8_t *packet,
                          size_t cap)
{
    struct flood *f = ctx;
    size_t len;
    if (f->maker == NULL) {
        len = syn(f, n, source, packet, cap);
    } else {
        if (f->set.fresh || f->len == 0)
            f->len = lab_maker_next(f->maker, source, &f->message);
        if (f->to.proto == SD_PROTO_TCP) {
            lab_visit(f->from, &f->to, f->message, f->len);
            return 0;
        }
        len = sd_attack_packet(packet, cap, source, &f->to, f->to.proto, f->message, f->len);
    }
    if (len > 0) {
        f->sent++;
        lab_departed(f->out, packet, len, 0);
    }
    return len;
}

/* -- whose packets they are -- */

bool lab_is_spoofed(const struct machine *victim, const struct sd_addr *from)
{
    uint32_t ip = sd_addr_ipv4(from);
    for (const struct flood *f = victim->lab->floods; f != NULL; f = f->next) {
        uint32_t mask = ~(uint32_t)((UINT64_C(1) << (32 - f->set.source_prefix)) - 1);
        if (is_spoofed(f) && f->set.to == victim->id && (ip & mask) == (f->set.source_net & mask))
            return true;
    }
    return false;
}

uint64_t lab_spoofed_sent(const struct sd_lab *lab)
{
    uint64_t sent = 0;
    for (const struct flood *f = lab->floods; f != NULL; f = f->next)
        sent += is_spoofed(f) ? f->sent : 0;
    return sent;
}

/* -- floods -- */

static int begin(struct flood *f)
{
    struct sd_lab *lab = f->from->lab;
    struct sd_paced_flood_settings paced = {
        .node = f->from->id,
        .ifindex = f->out->ifindex,
        .rate_pps = f->set.rate_pps,
        .start = lab->zero + f->set.start,
        .end = lab->zero + f->set.end,
        .source_net = is_spoofed(f) ? f->set.source_net : f->from->ip,
        .source_prefix = is_spoofed(f) ? f->set.source_prefix : 32,
        .seed = f->seed,
        .next = next_packet,
        .ctx = f,
    };
    f->paced = sd_paced_flood_new(lab->net, &paced);
    return f->paced != NULL ? SD_OK : SD_E_ARG;
}

int sd_lab_flood(struct sd_lab *lab, const struct sd_flood *set, struct sd_error *error)
{
    struct machine *from = lab_machine(lab, set->from), *to = lab_machine(lab, set->to);
    if (lab->net == NULL)
        return sd_fail(error, SD_E_STATE, "flood: the lab has not started");
    if (from == NULL || to == NULL || from == to || from->role != MACHINE_HOST || to->host == NULL)
        return sd_fail(error, SD_E_ARG,
                       "flood: expected a host and a victim with an agent, found %s, %s",
                       from != NULL ? from->name : "none", to != NULL ? to->name : "none");
    if (set->rate_pps == 0 || set->end < set->start || set->end < sd_lab_now(lab) ||
        set->source_prefix > 32)
        return sd_fail(
            error, SD_E_ARG,
            "flood of %s: expected a rate, an end after the start and a prefix of at most "
            "32 bits",
            to->name);
    int result = lab_host_seat(to->host, SD_ROLE_SERVER, error);
    if (result != SD_OK)
        return result;
    int out = lab_route(lab, from->id, to->ip);
    if (out < 0)
        return sd_fail(error, SD_E_ARG, "flood: there is no way from %s to %s", from->name,
                       to->name);

    struct flood *f = lab_new(sizeof *f);
    f->set = *set;
    f->from = from;
    f->out = lab_end(from, out);
    f->to = sd_ipv4_word(to->ip, to->host->ops->carriers[0].port);
    f->to.proto = to->host->ops->carriers[0].proto;
    f->seed =
        sd_hash_u64(lab_seed(lab, "flood", from->name), (uint64_t)to->id << 32 | set->rate_pps);
    if ((f->to.proto != SD_PROTO_TCP || !is_spoofed(f)) &&
        (f->maker = lab_maker_new(to->host, f->seed, error)) == NULL) {
        free(f);
        return error != NULL ? error->code : SD_E_UNSUPPORTED;
    }
    f->next = lab->floods;
    lab->floods = f;
    result = begin(f);
    return result == SD_OK ? SD_OK : sd_fail(error, result, "flood of %s: refused", to->name);
}

void lab_floods_free(struct sd_lab *lab)
{
    while (lab->floods != NULL) {
        struct flood *f = lab->floods;
        lab->floods = f->next;
        sd_paced_flood_free(f->paced);
        lab_maker_free(f->maker);
        free(f);
    }
}
