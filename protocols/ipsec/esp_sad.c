/* esp_sad.c - which child a packet belongs to: inbound by SPI, outbound by traffic selectors; and
 * when a child has had its time. */
#include "protocols/ipsec/esp.h"
#include "protocols/ipsec/esp_keylog.h"
#include "sim/core/error.h"
#include "sim/core/random.h"

#define BUCKETS 8u /* at first; a power of two */

/* Without extended numbers a child must be replaced before they are used up. */
#define SOFT_SEQUENCE (UINT32_MAX - (UINT32_C(1) << 24))

void esp_sad_init(struct esp_sad *sad, struct sd_env *env, struct sd_outbox *outbox,
                  struct sd_stats *stats)
{
    *sad = (struct esp_sad){.env = env, .outbox = outbox, .stats = stats, .next_age = SD_NEVER};
}

void esp_sad_fini(struct esp_sad *sad)
{
    while (sad->newest)
        esp_child_remove(sad, sad->newest);
    sd_free(sad->by_spi);
    sd_free(sad->by_peer);
    *sad = (struct esp_sad){.next_age = SD_NEVER};
}

/* -- tables -- */

static struct esp_child **spi_bucket(const struct esp_sad *sad, uint32_t spi)
{
    return &sad->by_spi[sd_hash_u64(1, spi) & (sad->buckets - 1)];
}

static struct esp_child **peer_bucket(struct esp_sad *sad, const struct esp_child *c)
{
    return c->one_peer ? &sad->by_peer[sd_hash_u64(2, c->peer_ip) & (sad->buckets - 1)]
                       : &sad->ranges;
}

static void link_child(struct esp_sad *sad, struct esp_child *c)
{
    struct esp_child **spi = spi_bucket(sad, c->set.spi_in), **peer = peer_bucket(sad, c);
    c->next_spi = *spi;
    *spi = c;
    c->next_peer = *peer;
    *peer = c;
}

static void unlink_child(struct esp_sad *sad, const struct esp_child *c)
{
    struct esp_child **at = spi_bucket(sad, c->set.spi_in);
    while (*at != c)
        at = &(*at)->next_spi;
    *at = c->next_spi;
    at = peer_bucket(sad, c);
    while (*at != c)
        at = &(*at)->next_peer;
    *at = c->next_peer;
}

static bool make_room(struct esp_sad *sad)
{
    if (sad->count < sad->buckets)
        return true;
    size_t buckets = sad->buckets ? sad->buckets * 2 : BUCKETS;
    struct esp_child **by_spi = sd_alloc(sad->env, buckets * sizeof(struct esp_child *));
    struct esp_child **by_peer = sd_alloc(sad->env, buckets * sizeof(struct esp_child *));
    if (!by_spi || !by_peer) {
        sd_free(by_spi);
        sd_free(by_peer);
        return false;
    }
    sd_free(sad->by_spi);
    sd_free(sad->by_peer);
    sad->by_spi = by_spi;
    sad->by_peer = by_peer;
    sad->buckets = buckets;
    sad->ranges = NULL;
    for (struct esp_child *c = sad->oldest; c; c = c->newer)
        link_child(sad, c);
    return true;
}

uint32_t esp_spi_new(struct esp_sad *sad)
{
    uint32_t spi;
    do
        sd_random(sad->env, &spi, sizeof spi);
    while (spi < ESP_SPI_MIN || esp_child_find(sad, spi));
    return spi;
}

struct esp_child *esp_child_find(const struct esp_sad *sad, uint32_t spi_in)
{
    struct esp_child *c = sad->buckets ? *spi_bucket(sad, spi_in) : NULL;
    while (c && c->set.spi_in != spi_in)
        c = c->next_spi;
    return c;
}

/* -- which child carries a packet -- */

static bool carries(const struct esp_child *c, const struct esp_flow *f)
{
    return esp_selectors_match(&c->set.remote, f->destination, f->destination_port, f->proto,
                               f->has_ports) &&
           esp_selectors_match(&c->set.local, f->source, f->source_port, f->proto, f->has_ports);
}

/* In one bucket: the newest that may be sent with, else the newest that is held. */
static struct esp_child *choose(struct esp_child *c, const struct esp_flow *f)
{
    struct esp_child *held = NULL;
    for (; c; c = c->next_peer) {
        if (c->retired || !carries(c, f))
            continue;
        if (!c->held)
            return c;
        if (!held)
            held = c;
    }
    return held;
}

struct esp_child *esp_child_for(struct esp_sad *sad, const struct esp_flow *f)
{
    const struct esp_child to = {.one_peer = true, .peer_ip = f->destination};
    if (!sad->buckets)
        return NULL;
    struct esp_child *c = choose(*peer_bucket(sad, &to), f);
    return c ? c : choose(sad->ranges, f);
}

/* -- children -- */

static sd_time age_of(const struct esp_child *c)
{
    sd_time soft = c->soft_told || !c->set.soft.age ? SD_NEVER : c->born + c->set.soft.age;
    sd_time hard = c->hard_told || !c->set.hard.age ? SD_NEVER : c->born + c->set.hard.age;
    return soft < hard ? soft : hard;
}

struct esp_child *esp_child_add(struct esp_sad *sad, sd_time now,
                                const struct esp_child_config *set)
{
    struct esp_child *c = sd_alloc(sad->env, sizeof *c);
    if (!c)
        return NULL;
    c->set = *set;
    c->set.key_in = c->set.key_out = NULL;
    c->born = now;
    c->held = set->hold;
    if (!set->esn && (!set->soft.packets || set->soft.packets > SOFT_SEQUENCE))
        c->set.soft.packets = SOFT_SEQUENCE;
    c->one_peer = esp_selectors_address(&set->remote, &c->peer_ip);
    bool pair = esp_selectors_address(&set->local, &c->local_ip) && c->one_peer;
    int in = esp_sa_init(&c->in, sad->env, &set->suite, set->esn, set->spi_in, set->key_in,
                         set->window ? set->window : ESP_WINDOW);
    int out = esp_sa_init(&c->out, sad->env, &set->suite, set->esn, set->spi_out, set->key_out, 0);
    if (in != SD_OK || out != SD_OK || (set->transport && !pair) || !make_room(sad)) {
        esp_sa_fini(&c->in);
        esp_sa_fini(&c->out);
        sd_free(c);
        return NULL;
    }
    c->older = sad->newest;
    *(c->older ? &c->older->newer : &sad->oldest) = c;
    sad->newest = c;
    sad->count++;
    link_child(sad, c);
    if (age_of(c) < sad->next_age)
        sad->next_age = age_of(c);
    esp_keylog(sad->env, &c->in);
    esp_keylog(sad->env, &c->out);
    return c;
}

void esp_child_remove(struct esp_sad *sad, struct esp_child *c)
{
    unlink_child(sad, c);
    *(c->newer ? &c->newer->older : &sad->newest) = c->older;
    *(c->older ? &c->older->newer : &sad->oldest) = c->newer;
    sad->count--;
    esp_sa_fini(&c->in);
    esp_sa_fini(&c->out);
    sd_free(c);
}

/* -- lifetimes -- */

#define OVERDUE 1 /* a time that has passed, and is not 0 */

static bool beyond(const struct esp_sa *sa, const struct esp_limit *l)
{
    return (l->bytes && sa->bytes >= l->bytes) || (l->packets && sa->packets >= l->packets);
}

bool esp_child_over(const struct esp_child *c, const struct esp_limit *l)
{
    return beyond(&c->in, l) || beyond(&c->out, l);
}

static bool due(const struct esp_child *c, sd_time now, const struct esp_limit *l)
{
    return (l->age && now >= c->born + l->age) || esp_child_over(c, l);
}

struct esp_child *esp_due(struct esp_sad *sad, sd_time now, enum esp_due *what)
{
    if (!sad->over && now < sad->next_age)
        return NULL;
    sad->next_age = SD_NEVER;
    for (struct esp_child *c = sad->oldest; c; c = c->newer) {
        if (!c->hard_told && due(c, now, &c->set.hard)) {
            c->hard_told = c->soft_told = true;
            *what = ESP_DUE_HARD;
            sad->next_age = 0; /* there may be more */
            return c;
        }
        if (!c->soft_told && due(c, now, &c->set.soft)) {
            c->soft_told = true;
            *what = ESP_DUE_SOFT;
            sad->next_age = 0;
            return c;
        }
        if (age_of(c) < sad->next_age)
            sad->next_age = age_of(c);
    }
    sad->over = false;
    return NULL;
}

sd_time esp_deadline(const struct esp_sad *sad)
{
    return sad->over ? OVERDUE : sad->next_age;
}
