#include "protocols/ipsec/puzzle.h"
#include "sim/core/account.h"

#define KEYS    4u /* 7.1.3 */
#define KEY_LEN 4u

static unsigned trailing_zeros(const uint8_t *data, size_t len)
{
    unsigned bits = 0;
    while (len > 0 && data[len - 1] == 0) {
        bits += 8;
        len--;
    }
    for (unsigned v = len > 0 ? data[len - 1] : 1; !(v & 1); v >>= 1)
        bits++;
    return bits;
}

static unsigned strength(uint16_t prf, const uint8_t *key, size_t key_len, const void *string,
                         size_t len)
{
    uint8_t out[IKE_PRF_MAX];
    ike_prf(prf, out, key, key_len, string, len);
    return trailing_zeros(out, ike_prf_len(prf));
}

/* One try of who looks for a solution. */
static bool solves(const struct ike_puzzle *p, const uint8_t key[KEY_LEN], const void *string,
                   size_t len)
{
    sd_count(SD_OP_PUZZLE, "HMAC-SHA2-256", len);
    sd_count_depth++;
    bool enough = strength(p->prf, key, KEY_LEN, string, len) >= p->difficulty;
    sd_count_depth--;
    return enough;
}

void ike_put_puzzle(struct ike_writer *w, uint16_t prf, uint8_t difficulty)
{
    const uint8_t data[] = {(uint8_t)(prf >> 8), (uint8_t)prf, difficulty};
    ike_put_notify(w, IKE_N_PUZZLE, data, sizeof data);
}

bool ike_check_solution(uint16_t prf, uint8_t difficulty, const struct ike_notify *cookie,
                        const struct ike_payload *solution)
{
    if (!solution || !solution->len || solution->len % KEYS ||
        solution->len > KEYS * ike_prf_len(prf))
        return false;
    size_t key_len = solution->len / KEYS;
    for (size_t i = 0; i < KEYS; i++) {
        const uint8_t *key = solution->body + i * key_len;
        for (size_t j = 0; j < i; j++)
            if (sd_equal_ct(key, solution->body + j * key_len, key_len))
                return false;
        if (strength(prf, key, key_len, cookie->data, cookie->len) < difficulty)
            return false;
    }
    return true;
}

bool ike_take_puzzle(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_setup *s = sa->setup;
    struct ike_notify n;
    sd_free(s->puzzle);
    s->puzzle = NULL;
    if (!ike_find_notify(&m->chain, IKE_N_PUZZLE, 0, &n))
        return true;
    struct sd_reader r = sd_reader_of(n.data, n.len);
    struct ike_puzzle p = {.prf = sd_get16(&r)};
    p.difficulty = sd_get8(&r);
    if (r.bad || p.difficulty > IKE_PUZZLE_BITS_MAX ||
        !ike_policy_has(&sa->ipsec->set.ike, IKE_TRANSFORM_PRF, p.prf))
        return true; /* 7.1.2: the cookie alone */
    s->puzzle = sd_alloc(sa->ipsec->env, sizeof *s->puzzle);
    if (!s->puzzle)
        return false;
    *s->puzzle = p;
    if (!p.difficulty) /* 7.1.1.1: as much as we can afford */
        s->puzzle->difficulty = IKE_PUZZLE_BITS;
    ike_event_text(sa, SD_EV_NOTE, "PUZZLE: four keys with %u zero bits", s->puzzle->difficulty);
    return true;
}

void ike_put_solution(struct ike_sa *sa, struct ike_writer *w)
{
    const struct ike_setup *s = sa->setup;
    uint8_t keys[KEYS * KEY_LEN];
    uint32_t candidate = 0;
    for (size_t i = 0; i < KEYS; i++) {
        struct sd_writer key = {0};
        do {
            key = sd_writer_of(keys + i * KEY_LEN, KEY_LEN);
            sd_put32(&key, candidate++);
        } while (!solves(s->puzzle, keys + i * KEY_LEN, s->cookie, s->cookie_len));
    }
    ike_put_payload(w, IKE_PAYLOAD_PS, keys, sizeof keys);
}
