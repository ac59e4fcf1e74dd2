/* puzzle.c - stateless puzzles (P: section "puzzles"): a server under load has its initiators work
 * before it does, and remembers nothing of what it posed. */
#include "protocols/crypto/puzzle.h"
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

/* r = Secretbox[S', C'](k, TID, n'): nobody else can make it. */
static void make_r(const struct minimalt *mt, uint8_t r[MT_PUZZLE_R], uint64_t tid,
                   const uint8_t client_key[MT_KEY_LEN], uint64_t n)
{
    uint8_t nonce[MT_NONCE_LEN];
    mt_nonce(nonce, MT_PUZZLE_LABEL, tid, n);
    memcpy(r, mt->ephemeral[0].public_key, MT_KEY_LEN);
    memcpy(r + MT_KEY_LEN, client_key, MT_KEY_LEN);
    sd_box_seal(r, r, 2 * MT_KEY_LEN, nonce, mt->puzzle_key);
}

/* q, H(r), w */
static void make_puzzle(const struct minimalt *mt, uint8_t puzzle[MT_PUZZLE_LEN], uint64_t tid,
                        const uint8_t client_key[MT_KEY_LEN], uint64_t n)
{
    make_r(mt, puzzle, tid, client_key, n);
    sd_sha512(puzzle + MT_PUZZLE_R, puzzle, MT_PUZZLE_R, NULL, 0);
    sd_puzzle_clear(puzzle, MT_PUZZLE_R, mt->puzzle_bits);
    struct sd_writer w = sd_writer_of(puzzle + MT_PUZZLE_R + MT_PUZZLE_HASH, 4);
    sd_put32(&w, mt->puzzle_bits);
}

static bool is_own(const struct minimalt *mt, const uint8_t server_short[MT_KEY_LEN])
{
    for (size_t i = 0; i < 2; i++)
        if (mt->ephemeral[i].live &&
            memcmp(mt->ephemeral[i].public_key, server_short, MT_KEY_LEN) == 0)
            return true;
    return false;
}

static int check_r(const struct minimalt *mt, const uint8_t r[MT_PUZZLE_R], uint64_t tid,
                   const uint8_t client_key[MT_KEY_LEN], uint64_t n)
{
    uint8_t nonce[MT_NONCE_LEN], keys[2 * MT_KEY_LEN];
    uint64_t now = mt_unix_ns(mt);
    if (n / 2 > now || now - n / 2 > MT_PUZZLE_LIFE)
        return SD_DROP_REPLAY;
    mt_nonce(nonce, MT_PUZZLE_LABEL, tid, n);
    bool good = sd_box_open(keys, r, MT_PUZZLE_R, nonce, mt->puzzle_key) && is_own(mt, keys) &&
                memcmp(keys + MT_KEY_LEN, client_key, MT_KEY_LEN) == 0;
    return good ? SD_OK : SD_DROP_AUTH;
}

/* -- before there is a tunnel -- */

void mt_puzzle_pose(struct minimalt *mt, const struct mt_packet *p, const struct sd_path *path)
{
    struct sd_path back = *path;
    uint8_t puzzle[MT_PUZZLE_LEN];
    uint64_t n = 2 * mt_unix_ns(mt);
    back.conn = 0;
    uint8_t *out = sd_outbox_unit(&mt->outbox, &back, MT_HEADER + MT_PUZZLE_LEN);
    if (!out)
        return;
    make_puzzle(mt, puzzle, p->tid, p->key, n);
    mt_packet_head(out, p->tid, n, NULL, puzzle);
    mt->stats.bytes_to_unvalidated += MT_HEADER + MT_PUZZLE_LEN;
}

int mt_puzzle_check(struct minimalt *mt, const struct mt_packet *p)
{
    struct sd_reader r = sd_reader_of(p->puzzle + MT_PUZZLE_R, 8);
    return check_r(mt, p->puzzle, p->tid, p->key, sd_get64(&r));
}

/* Finds r and puts it, and n', where a solution stands. */
static int solve(const uint8_t *puzzle, uint64_t n, uint8_t *solution)
{
    struct sd_reader reader = sd_reader_of(puzzle + MT_PUZZLE_R + MT_PUZZLE_HASH, 4);
    struct sd_writer w = sd_writer_of(solution + MT_PUZZLE_R, 8);
    uint32_t bits = sd_get32(&reader);
    if (bits > MT_PUZZLE_BITS_MAX)
        return SD_DROP_POLICY;
    memcpy(solution, puzzle, MT_PUZZLE_R);
    if (!sd_puzzle_search(solution, MT_PUZZLE_R, bits, puzzle + MT_PUZZLE_R))
        return SD_DROP_AUTH;
    sd_put64(&w, n);
    return SD_OK;
}

int mt_puzzle_solve(struct minimalt *mt, struct mt_tunnel *t, const struct mt_packet *p)
{
    if (t->met || t->puzzles >= MT_PUZZLE_TRIES)
        return SD_DROP_STATE;
    uint8_t *solution = sd_alloc(mt->env, MT_PUZZLE_LEN);
    int result = solution ? solve(p->puzzle, p->nonce, solution) : SD_DROP_FULL;
    sd_free(t->solution);
    t->solution = result == SD_OK ? solution : NULL;
    t->puzzles++;
    if (result != SD_OK) {
        sd_free(solution);
        return result;
    }
    mt_tell_all(mt, t, SD_EV_NOTE, "a puzzle was solved");
    mt_transport_repeat(&t->transport);
    mt_tunnel_pump(mt, t);
    return SD_OK;
}

/* -- inside a tunnel -- */

int mt_puzzle_asked(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    uint8_t solution[MT_PUZZLE_R + 8];
    const uint8_t *puzzle = sd_get(arguments, MT_PUZZLE_LEN);
    uint64_t n = sd_get64(arguments);
    if (!t->initiator || t->puzzles >= MT_PUZZLE_TRIES)
        return SD_DROP_STATE;
    t->puzzles++;
    int result = solve(puzzle, n, solution);
    if (result == SD_OK)
        mt_control_say(mt, t, MT_CALL_PUZZLE_SOLUTION, solution, sizeof solution);
    return result;
}

bool mt_puzzle_ask(struct minimalt *mt, struct mt_tunnel *t)
{
    uint8_t arguments[MT_PUZZLE_LEN + 8];
    uint64_t n = 2 * mt_unix_ns(mt);
    struct sd_writer w = sd_writer_of(arguments + MT_PUZZLE_LEN, 8);
    make_puzzle(mt, arguments, mt_number_of(t->first_key), t->first_key, n);
    sd_put64(&w, n);
    return mt_control_say(mt, t, MT_CALL_PUZZLE, arguments, sizeof arguments);
}

int mt_puzzle_answered(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    const uint8_t *r = sd_get(arguments, MT_PUZZLE_R);
    uint64_t n = sd_get64(arguments);
    if (t->initiator)
        return SD_DROP_STATE;
    int result = check_r(mt, r, mt_number_of(t->first_key), t->first_key, n);
    return result == SD_OK ? mt_create_worked(mt, t) : result;
}
