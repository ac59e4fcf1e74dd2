/* topology.c - links become subnets, machines get addresses and routes.
 *
 * Link n is the subnet 10.(n / 256).(n % 256).0/24: .1 is its first end, .2 its second, the rest
 * is for machines that move and for NATs that rebind.  Addresses inside tunnels are 10.128.0.0/9
 * (tunnel.c). */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

#define LINKS_MAX     32768u
#define PREFIX        24
#define ADDRESSES_MAX 254u
#define NATS_MAX      8 /* one behind the other */
#define MTU_MIN       68u

static uint32_t subnet(uint32_t link)
{
    return UINT32_C(10) << 24 | link << 8;
}

/* -- links, as the script says them -- */

static int check(const struct sd_lab *lab, const struct sd_lab_link *l, struct sd_error *error)
{
    struct machine *a = lab_machine(lab, l->a), *b = lab_machine(lab, l->b);
    if (a == NULL || b == NULL || a == b)
        return sd_fail(error, SD_E_ARG, "link: expected two different machines, found %s and %s",
                       a != NULL ? a->name : "none", b != NULL ? b->name : "none");
    if (l->mtu != 0 && l->mtu < MTU_MIN)
        return sd_fail(error, SD_E_ARG, "link %s, %s: expected an mtu of %u or more, found %u",
                       a->name, b->name, MTU_MIN, l->mtu);
    if (l->delay > SD_NEVER / 4)
        return sd_fail(error, SD_E_ARG, "link %s, %s: the delay is out of range", a->name, b->name);
    int result = sd_weather_check(&l->forth, error);
    return result == SD_OK ? sd_weather_check(&l->back, error) : result;
}

static void attach(struct machine *m, int link)
{
    m->links = lab_grow(m->links, (m->link_count + 1) * sizeof *m->links);
    m->links[m->link_count++] = link;
}

int sd_lab_link(struct sd_lab *lab, const struct sd_lab_link *set, struct sd_error *error)
{
    if (lab->started)
        return sd_fail(error, SD_E_STATE, "link: the lab has started, its network is fixed");
    int result = check(lab, set, error);
    if (result != SD_OK)
        return result;
    if (lab->links == LINKS_MAX)
        return sd_fail(error, SD_E_ARG, "link: expected at most %u links", LINKS_MAX);
    if (lab->links == lab->link_cap) {
        lab->link_cap = lab->link_cap * 2 + 16;
        lab->link = lab_grow(lab->link, lab->link_cap * sizeof *lab->link);
    }
    int id = (int)lab->links++;
    lab->link[id] = (struct link){.set = *set, .addresses = 2};
    attach(lab->machine[set->a], id);
    attach(lab->machine[set->b], id);
    return id;
}

int sd_lab_set_link(struct sd_lab *lab, int id, const struct sd_lab_link *set)
{
    if (id < 0 || (uint32_t)id >= lab->links)
        return SD_E_ARG;
    struct link *l = &lab->link[id];
    struct sd_lab_link next = *set;
    next.a = l->set.a;
    next.b = l->set.b;
    next.mtu = l->set.mtu;
    if (check(lab, &next, NULL) != SD_OK)
        return SD_E_ARG;
    bool corrupt = next.forth.corrupt_ppm != 0 || next.back.corrupt_ppm != 0;
    if (lab->started && corrupt && !lab->config.checksums)
        return SD_E_STATE; /* nobody would notice the damage */
    l->set = next;
    if (!lab->started)
        return SD_OK;
    l->changes++;
    int result = sd_net_set_link(lab->net, l->net_id, next.rate_bps, next.delay, next.queue_bytes);
    return result == SD_OK ? lab_weather_begin(lab, l) : result;
}

/* -- routes: the fewest links -- */

static struct link_end *far_end(const struct sd_lab *lab, const struct machine *m, uint32_t ifindex)
{
    struct link *l = &lab->link[m->links[ifindex]];
    return &l->end[l->end[0].machine == m->id];
}

/* May a packet that came to `m` by this interface go on?  Nobody outside a NAT has routes to its
 * inside. */
static bool passes(const struct machine *m, int ifindex)
{
    if (m->role == MACHINE_HOST)
        return false;
    return m->role != MACHINE_NAT || ifindex != (int)m->link_count - 1;
}

/* For each machine the interface of `from` that leads there; -1: none. */
static void first_hops(const struct sd_lab *lab, sd_machine from, int *hop, sd_machine *queue)
{
    for (uint32_t i = 0; i < lab->machines; i++)
        hop[i] = -1;
    uint32_t head = 0, tail = 0;
    const struct machine *start = lab->machine[from];
    for (uint32_t i = 0; i < start->link_count; i++) {
        const struct link_end *e = far_end(lab, start, i);
        if (hop[e->machine] >= 0 || e->machine == from)
            continue;
        hop[e->machine] = (int)i;
        if (passes(lab->machine[e->machine], e->ifindex))
            queue[tail++] = e->machine;
    }
    while (head < tail) {
        const struct machine *m = lab->machine[queue[head++]];
        for (uint32_t i = 0; i < m->link_count; i++) {
            const struct link_end *e = far_end(lab, m, i);
            if (hop[e->machine] >= 0 || e->machine == from)
                continue;
            hop[e->machine] = hop[m->id];
            if (passes(lab->machine[e->machine], e->ifindex))
                queue[tail++] = e->machine;
        }
    }
}

static int route_one(struct sd_lab *lab, const struct machine *m, int *hop, sd_machine *queue)
{
    if (m->link_count == 1)
        return sd_net_route(lab->net, m->id, 0, 0, far_end(lab, m, 0)->ip, 0);
    first_hops(lab, m->id, hop, queue);
    for (uint32_t k = 0; k < lab->links; k++) {
        const struct link *l = &lab->link[k];
        int a = hop[l->end[0].machine], b = hop[l->end[1].machine];
        if (l->end[0].machine == m->id || l->end[1].machine == m->id)
            continue;
        /* By way of the end that passes packets on. */
        bool second = a < 0 || (b >= 0 && lab->machine[l->end[0].machine]->role == MACHINE_HOST);
        int out = second ? b : a;
        if (out < 0)
            continue;
        int result = sd_net_route(lab->net, m->id, subnet(k), PREFIX,
                                  far_end(lab, m, (uint32_t)out)->ip, out);
        if (result != SD_OK)
            return result;
    }
    return SD_OK;
}

static int route_all(struct sd_lab *lab, struct sd_error *error)
{
    int *hop = lab_grow(NULL, lab->machines * sizeof *hop);
    sd_machine *queue = lab_grow(NULL, lab->machines * sizeof *queue);
    int result = SD_OK;
    for (uint32_t i = 0; result == SD_OK && i < lab->machines; i++) {
        struct machine *m = lab->machine[i];
        if (m->link_count == 0)
            continue;
        result = route_one(lab, m, hop, queue);
        if (m->role == MACHINE_HOST && m->link_count > 1)
            sd_net_forwarding(lab->net, m->id, false);
    }
    free(hop);
    free(queue);
    return result == SD_OK ? SD_OK : sd_fail(error, result, "lab: a route was refused");
}

int lab_route(const struct sd_lab *lab, sd_machine from, uint32_t ip)
{
    uint64_t to;
    const struct machine *m = lab->machine[from];
    if (m->link_count == 1)
        return 0;
    if (!lab_map_get(&lab->map, lab_key(KEY_ADDRESS, ip), &to))
        return -1;
    int *hop = lab_grow(NULL, lab->machines * sizeof *hop);
    sd_machine *queue = lab_grow(NULL, lab->machines * sizeof *queue);
    first_hops(lab, from, hop, queue);
    int out = hop[to];
    free(hop);
    free(queue);
    return out;
}

/* -- building -- */

static void own(struct sd_lab *lab, uint32_t ip, sd_machine m)
{
    lab_map_put(&lab->map, lab_key(KEY_ADDRESS, ip), (uint64_t)m);
}

static int build_link(struct sd_lab *lab, uint32_t id)
{
    struct link *l = &lab->link[id];
    struct sd_net_link net = {.a = {.node = l->set.a, .ip = subnet(id) + 1},
                              .b = {.node = l->set.b, .ip = subnet(id) + 2},
                              .prefix = PREFIX,
                              .rate_bps = l->set.rate_bps,
                              .delay = l->set.delay,
                              .queue_bytes = l->set.queue_bytes,
                              .mtu = l->set.mtu};
    l->net_id = sd_net_link(lab->net, &net);
    if (l->net_id < 0)
        return l->net_id;
    const struct sd_net_end *end[2] = {&net.a, &net.b};
    for (int i = 0; i < 2; i++) {
        struct machine *m = lab->machine[end[i]->node];
        l->end[i].lab = lab;
        l->end[i].link = (int)id;
        l->end[i].machine = m->id;
        l->end[i].ifindex = end[i]->ifindex;
        l->end[i].ip = end[i]->ip;
        if (m->ip == 0 || m->role == MACHINE_NAT)
            m->ip = end[i]->ip;
        own(lab, end[i]->ip, m->id);
    }
    return SD_OK;
}

static int build_nat(struct sd_lab *lab, struct machine *m, struct sd_error *error)
{
    if (m->link_count < 2)
        return sd_fail(error, SD_E_ARG,
                       "nat %s: expected a link inside and, made last, one outside; found %u",
                       m->name, m->link_count);
    struct sd_nat_settings set = {.mapping = m->nat_set.mapping,
                                  .udp_timeout = m->nat_set.udp_timeout,
                                  .tcp_timeout = m->nat_set.tcp_timeout,
                                  .external_ip = m->ip,
                                  .outside = (int)m->link_count - 1,
                                  .seed = lab_seed(lab, "nat", m->name)};
    m->nat = sd_nat_new(&set);
    if (m->nat == NULL || lab_chain(m) == NULL)
        return sd_fail(error, SD_E_NOMEM, "nat %s: cannot be made", m->name);
    return SD_OK;
}

int lab_topology_build(struct sd_lab *lab, struct sd_error *error)
{
    for (uint32_t i = 0; i < lab->machines; i++)
        if (sd_net_node(lab->net) != (int)i)
            return sd_fail(error, SD_E_INTERNAL, "lab: the network numbers nodes otherwise");
    for (uint32_t i = 0; i < lab->links; i++) {
        int result = build_link(lab, i);
        if (result != SD_OK)
            return sd_fail(error, result, "link %s, %s: the network refuses it",
                           lab->machine[lab->link[i].set.a]->name,
                           lab->machine[lab->link[i].set.b]->name);
    }
    for (uint32_t i = 0; i < lab->machines; i++) {
        struct machine *m = lab->machine[i];
        int result = m->role == MACHINE_NAT ? build_nat(lab, m, error) : SD_OK;
        if (result != SD_OK)
            return result;
        bool watched = lab->trace != NULL || (lab->capture != NULL && m->role != MACHINE_ROUTER);
        if ((watched || m->firewall.blocks != 0) && lab_chain(m) == NULL)
            return sd_fail(error, SD_E_NOMEM, "lab: %s cannot look at its packets", m->name);
    }
    return route_all(lab, error);
}

void lab_topology_free(struct sd_lab *lab)
{
    for (uint32_t i = 0; i < lab->links; i++)
        for (int k = 0; k < 2; k++) {
            sd_weather_box_free(lab->link[i].end[k].weather);
            lab_trace_forget(&lab->link[i].end[k]);
        }
    free(lab->link);
}

struct link_end *lab_end(const struct machine *m, int ifindex)
{
    if (ifindex < 0 || (uint32_t)ifindex >= m->link_count)
        return NULL;
    struct link *l = &m->lab->link[m->links[ifindex]];
    return &l->end[l->end[1].machine == m->id && l->end[1].ifindex == ifindex];
}

/* -- addresses that change -- */

static uint32_t next_address(struct sd_lab *lab, uint32_t link)
{
    struct link *l = &lab->link[link];
    l->addresses = l->addresses < ADDRESSES_MAX ? l->addresses + 1 : 3;
    return subnet(link) + l->addresses;
}

int sd_lab_rebind(struct sd_lab *lab, sd_machine nat, unsigned what)
{
    struct machine *m = lab_machine(lab, nat);
    if (m == NULL || m->role != MACHINE_NAT)
        return SD_E_ARG;
    if (m->nat == NULL)
        return SD_E_STATE;
    uint32_t ip = m->ip;
    if (what & SD_REBIND_ADDRESS)
        ip = next_address(lab, (uint32_t)m->links[m->link_count - 1]);
    int result = sd_nat_rebind(m->nat, what, ip);
    if (result != SD_OK)
        return result;
    m->ip = ip;
    own(lab, ip, m->id);
    static const char *const words[] = {"", "port", "address", "port and address"};
    lab_enter(lab);
    lab_announce(lab,
                 &(struct announcement){.machine = nat, .name = "rebound", .detail = words[what]});
    lab_leave(lab);
    return SD_OK;
}

int sd_lab_move(struct sd_lab *lab, sd_machine id)
{
    struct machine *m = lab_machine(lab, id);
    if (m == NULL || m->role != MACHINE_HOST || m->link_count == 0)
        return SD_E_ARG;
    if (lab->net == NULL)
        return SD_E_STATE;
    struct link_end *e = lab_end(m, 0);
    uint32_t ip = next_address(lab, (uint32_t)m->links[0]);
    int result = sd_net_readdress(lab->net, id, 0, ip, PREFIX);
    if (result != SD_OK)
        return result;
    m->ip = e->ip = ip;
    own(lab, ip, id);
    char text[SD_ADDR_TEXT];
    struct sd_addr address = sd_ipv4_word(ip, 0);
    lab_enter(lab);
    lab_announce(lab, &(struct announcement){
                          .machine = id, .name = "moved", .detail = sd_addr_text(&address, text)});
    if (m->host != NULL && m->host->seated)
        lab_conv_moved(m->host);
    lab_leave(lab);
    return SD_OK;
}

struct machine *lab_owner(const struct sd_lab *lab, const struct sd_addr *address,
                          const struct sd_addr *remote, struct sd_addr *inside)
{
    *inside = *address;
    for (int i = 0; i < NATS_MAX; i++) {
        uint64_t id;
        if (!lab_map_get(&lab->map, lab_key(KEY_ADDRESS, sd_addr_ipv4(inside)), &id))
            return NULL;
        struct machine *m = lab->machine[id];
        struct sd_addr behind;
        if (m->nat == NULL || !sd_nat_inside(m->nat, inside->proto, inside, remote, &behind))
            return m;
        *inside = behind;
    }
    return NULL;
}
