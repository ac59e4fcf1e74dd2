/* eavesdrop.c - what somebody on the path can read who has no secret: what applications say, who
 * the machines are, and how long their messages are; what describe() of a protocol makes of a
 * packet from its bytes alone counts as read.
 *
 * A certificate is found by pieces of its DER encoding, because it may be cut by packets. */
#include "sim/box/ip.h"
#include "sim/node/attack.h"
#include "sim/node/trace.h"

#include <stdlib.h>
#include <string.h>

#define DER_MAX     4096
#define PIECE       24
#define PIECES      3
#define LENGTHS_MAX 65536

#define FIELDS_MAX 32 /* of the first bytes of what a packet carries, a field begins at each */
#define STEPS_MIN  8  /* packets in a row that it has to go up by the same */
#define STEP_MAX   0xffffff

/* A word of 32 bits that may count: "sequence number", "timestamp". */
struct field {
    uint32_t last, step, steps;
    uint32_t counts_by; /* the first step that was seen often enough in a row; 0: none yet */
};

/* Of one machine. */
struct seen {
    uint8_t der[DER_MAX]; /* of its certificate */
    size_t der_len;
    const char *name;
    uint64_t text, identity, called; /* packets */
    uint64_t sizes;
    bool counting; /* field[].last is that of an earlier packet */
    struct field field[FIELDS_MAX];
    uint8_t size[LENGTHS_MAX / 8]; /* bit n: n bytes */
};

struct eavesdropper {
    struct eavesdropper *next;
    struct sd_lab *lab;
};

/* -- what to look for -- */

static void look_for(struct machine *m)
{
    const struct sd_identity *id = m->host != NULL ? m->host->config.identity : NULL;
    m->seen = lab_new(sizeof *m->seen);
    if (id == NULL)
        return;
    m->seen->name = id->name;
    m->seen->der_len = sd_identity_der(id, m->seen->der, sizeof m->seen->der);
}

static bool contains(const uint8_t *data, size_t len, const void *what, size_t what_len)
{
    const uint8_t *end = data + len, first = *(const uint8_t *)what;
    for (; what_len <= (size_t)(end - data); data++) {
        data = memchr(data, first, (size_t)(end - data) - what_len + 1);
        if (data == NULL)
            return false;
        if (memcmp(data, what, what_len) == 0)
            return true;
    }
    return false;
}

static bool shows_identity(const struct machine *m, const uint8_t *data, size_t len)
{
    const struct seen *s = m->seen;
    for (size_t i = 1; s->der_len >= PIECES * PIECE && i <= PIECES; i++)
        if (contains(data, len, s->der + s->der_len * i / PIECES - PIECE, PIECE))
            return true;
    const struct sd_identity *id = m->host->config.identity;
    return id != NULL && contains(data, len, id->x25519_public, sizeof id->x25519_public);
}

/* -- looking -- */

static void note_size(struct seen *s, size_t len)
{
    uint8_t *byte = &s->size[len / 8 % sizeof s->size], bit = (uint8_t)(1u << len % 8);
    s->sizes += !(*byte & bit);
    *byte |= bit;
}

/* Little-endian counters step by 2^24 and their kin in big-endian words: as far as a step is a
 * power of 256 times another, both are one counter. */
static uint32_t plain_step(uint32_t step)
{
    while (step != 0 && step % 256 == 0)
        step /= 256;
    return step;
}

static void note_fields(struct seen *s, const uint8_t *cargo, size_t len)
{
    for (size_t i = 0; i < FIELDS_MAX && i + 4 <= len; i++) {
        struct field *f = &s->field[i];
        uint32_t now = sd_read32(cargo + i), step = now - f->last;
        if (s->counting)
            f->steps = step == f->step ? f->steps + 1 : 1;
        f->step = step;
        f->last = now;
        if (f->counts_by == 0 && f->steps >= STEPS_MIN && step <= STEP_MAX)
            f->counts_by = plain_step(step);
    }
    s->counting = true;
}

static uint64_t counters(const struct seen *s)
{
    uint64_t different = 0;
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        bool known = s->field[i].counts_by == 0;
        for (size_t k = 0; k < i; k++)
            known |= s->field[k].counts_by == s->field[i].counts_by;
        different += !known;
    }
    return different;
}

static struct machine *sender(struct sd_lab *lab, const struct sd_ip *v)
{
    struct sd_addr source = sd_ipv4_word(v->source, v->source_port), inside;
    struct sd_addr destination = sd_ipv4_word(v->destination, v->destination_port);
    source.proto = destination.proto = v->proto;
    return lab_owner(lab, &source, &destination, &inside);
}

static enum sd_verdict look(void *ctx, struct sd_passage *passage)
{
    struct eavesdropper *ear = ctx;
    struct sd_lab *lab = ear->lab;
    const struct sd_packet *packet = passage->packet;
    struct sd_ip v;
    uint8_t *cargo;
    if (!lab->live || !sd_ip_view(&v, packet->data, packet->len))
        return SD_PASS;
    size_t len = lab_cargo(&v, &cargo);
    struct machine *from = sender(lab, &v);
    struct sd_tap data = {.at = packet->node, .from = -1, .to = -1, .data = true};
    if (len == 0)
        return SD_PASS;
    if (from != NULL && from->seen != NULL) {
        from->seen->text += contains(cargo, len, "shakedown re", 12);
        if (lab_tap_wants(lab, &data, packet)) {
            note_size(from->seen, len);
            note_fields(from->seen, cargo, len);
        }
    }
    char words[300];
    lab_describe(lab, packet->data, packet->len, words, sizeof words);
    for (uint32_t i = 0; i < lab->machines; i++) {
        struct machine *m = lab->machine[i];
        if (m->seen == NULL || m->seen->name == NULL)
            continue;
        m->seen->identity += shows_identity(m, cargo, len);
        m->seen->called += contains(cargo, len, m->seen->name, strlen(m->seen->name)) ||
                           strstr(words, m->seen->name) != NULL;
    }
    return SD_PASS;
}

int sd_lab_eavesdrop(struct sd_lab *lab, sd_machine id)
{
    struct machine *at = lab_machine(lab, id);
    if (at == NULL)
        return SD_E_ARG;
    if (lab->net == NULL)
        return SD_E_STATE;
    struct sd_chain *chain = lab_chain(at);
    if (chain == NULL)
        return SD_E_NOMEM;
    for (uint32_t i = 0; i < lab->machines; i++)
        if (lab->machine[i]->seen == NULL)
            look_for(lab->machine[i]);
    struct eavesdropper *ear = lab_new(sizeof *ear);
    *ear = (struct eavesdropper){.next = lab->ears, .lab = lab};
    lab->ears = ear;
    return sd_chain_add(chain, -1, SD_IN, look, ear);
}

void lab_ears_free(struct sd_lab *lab)
{
    while (lab->ears != NULL) {
        struct eavesdropper *ear = lab->ears;
        lab->ears = ear->next;
        free(ear);
    }
}

bool lab_seen(const struct machine *m, const char *metric, uint64_t *value)
{
    const struct seen *s = m->seen;
    if (s == NULL)
        return false;
    *value = strcmp(metric, "seen.text") == 0       ? s->text
             : strcmp(metric, "seen.identity") == 0 ? s->identity
             : strcmp(metric, "seen.name") == 0     ? s->called
             : strcmp(metric, "seen.sizes") == 0    ? s->sizes
                                                    : counters(s);
    return true;
}
