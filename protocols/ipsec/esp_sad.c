/* esp_sad.c - which child a packet belongs to: inbound by SPI, outbound by traffic selectors; and
 * when a child has had its time. */
#include "protocols/ipsec/esp.h"
#include "protocols/ipsec/esp_keylog.h"
#include "sim/core/error.h"
#include "sim/core/random.h"

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
    sd_free(sad->by_spi.slot);
    sd_free(sad->by_peer.slot);
    *sad = (struct esp_sad){.next_age = SD_NEVER};
}

/* -- tables -- */

static uint64_t spi_hash(uint32_t spi)
{
    return sd_hash_u64(1, spi);
}

/* Of a peer's only address. */
static uint64_t peer_hash(uint32_t ip)
{
    return sd_hash_u64(2, ip);
}

/* Of all whose peer has more than one. */
static uint64_t ranges_hash(void)
{
    return sd_hash_u64(3, 0);
}

static uint64_t hash_of(const struct esp_child *c)
{
    return c->one_peer ? peer_hash(c->peer_ip) : ranges_hash();
}

static bool list(struct esp_sad *sad, struct esp_child *c)
{
    if (!sd_index_add(&sad->by_spi, sad->env, spi_hash(c->set.spi_in), c))
        return false;
    if (sd_index_add(&sad->by_peer, sad->env, hash_of(c), c))
        return true;
    sd_index_remove(&sad->by_spi, spi_hash(c->set.spi_in), c);
    return false;
}

static void unlist(struct esp_sad *sad, const struct esp_child *c)
{
    sd_index_remove(&sad->by_spi, spi_hash(c->set.spi_in), c);
    sd_index_remove(&sad->by_peer, hash_of(c), c);
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
    uint32_t cursor = 0;
    struct esp_child *c;
    while ((c = sd_index_find(&sad->by_spi, spi_hash(spi_in), &cursor)))
        if (c->set.spi_in == spi_in)
            return c;
    return NULL;
}

/* -- which child carries a packet -- */

static bool carries(const struct esp_child *c, const struct esp_flow *f)
{
    return esp_selectors_match(&c->set.remote, f->destination, f->destination_port, f->proto,
                               f->has_ports) &&
           esp_selectors_match(&c->set.local, f->source, f->source_port, f->proto, f->has_ports);
}

static bool better(const struct esp_child *c, const struct esp_child *than)
{
    if (!than || c->held != than->held)
        return !than || !c->held;
    return c->serial > than->serial;
}

static struct esp_child *choose(const struct esp_sad *sad, uint64_t hash, const struct esp_flow *f)
{
    uint32_t cursor = 0;
    struct esp_child *c, *best = NULL;
    while ((c = sd_index_find(&sad->by_peer, hash, &cursor)))
        if (!c->retired && carries(c, f) && better(c, best))
            best = c;
    return best;
}

struct esp_child *esp_child_for(const struct esp_sad *sad, const struct esp_flow *f)
{
    struct esp_child *c = choose(sad, peer_hash(f->destination), f);
    return c ? c : choose(sad, ranges_hash(), f);
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
    if (in != SD_OK || out != SD_OK || (set->transport && !pair) || !list(sad, c)) {
        esp_sa_fini(&c->in);
        esp_sa_fini(&c->out);
        sd_free(c);
        return NULL;
    }
    c->older = sad->newest;
    *(c->older ? &c->older->newer : &sad->oldest) = c;
    sad->newest = c;
    c->serial = ++sad->serial;
    if (age_of(c) < sad->next_age)
        sad->next_age = age_of(c);
    esp_keylog(sad->env, &c->in);
    esp_keylog(sad->env, &c->out);
    return c;
}

void esp_child_remove(struct esp_sad *sad, struct esp_child *c)
{
    unlist(sad, c);
    *(c->newer ? &c->newer->older : &sad->newest) = c->older;
    *(c->older ? &c->older->newer : &sad->oldest) = c->newer;
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
