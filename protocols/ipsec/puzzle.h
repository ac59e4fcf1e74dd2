/* puzzle.h - client puzzles (RFC 8019): four keys under which the PRF of the cookie ends with so
 * many zero bits. */
#ifndef IKE_PUZZLE_H
#define IKE_PUZZLE_H

#include "protocols/ipsec/ike.h"

#define IKE_PUZZLE_BITS     10u /* 4 x 1024 PRFs on average: a few ms */
#define IKE_PUZZLE_BITS_MAX 24u /* more we do not work */

struct ike_puzzle {
    uint16_t prf;
    uint8_t difficulty;
};

/* Responder: 8.1. */
void ike_put_puzzle(struct ike_writer *, uint16_t prf, uint8_t difficulty);
/* 7.1.4.  solution may be NULL: none. */
bool ike_check_solution(uint16_t prf, uint8_t difficulty, const struct ike_notify *cookie,
                        const struct ike_payload *solution);
/* Initiator: what an answer with a cookie asks besides, if anything.  False: no memory. */
bool ike_take_puzzle(struct ike_sa *, const struct ike_message *);
/* The solution of the puzzle at hand (8.2). */
void ike_put_solution(struct ike_sa *, struct ike_writer *);

#endif
