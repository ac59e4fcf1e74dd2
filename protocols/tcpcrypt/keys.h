/* keys.h - the key schedule of RFC 8548: everything that follows from ES (3.3 to 3.5, 3.8).
 *
 *   Extract(N_A, eno_transcript | Init1 | Init2 | ES) = ss[0] --NEXTK--> ss[1] --NEXTK--> ...
 *                                                         |
 *              ss[i] --REKEY, sn[i]--> mk[0] --REKEY--> mk[1] ...      --SESSID, sn[i]--> session
 * id |                             --RESUME--> resume[i] KEY_A: k_ab[0], KEY_B: k_ba[0] */
#ifndef TC_KEYS_H
#define TC_KEYS_H

#include "protocols/tcpcrypt/wire.h"

/* sn[i]: nonce_a | nonce_b of a resumed session, nothing in the first. */
struct tc_session_nonce {
    uint8_t bytes[2 * TC_RESUME_NONCE];
    size_t len;
};

/* One direction of a connection: the keys of its generation, and where it is. */
struct tc_direction {
    uint8_t master[TC_KEY_LEN]; /* mk[generation] */
    uint8_t key[TC_KEY_LEN];
    uint8_t randomizer[TC_AEAD_NONCE]; /* NR */
    uint64_t offset;                   /* in the TCP stream, of the next frame */
    uint64_t frames;                   /* under this key */
    uint32_t generation;
    uint8_t constant; /* TC_CONST_KEY_A: k_ab, TC_CONST_KEY_B: k_ba */
};

/* 3.3: PRK.  input is eno_transcript | Init1 | Init2 | ES. */
void tc_keys_extract(uint8_t prk[TC_KEY_LEN], const uint8_t nonce_a[TC_NONCE_LEN],
                     const uint8_t *input, size_t len);
/* ss[i] becomes ss[i + 1]. */
void tc_keys_next_secret(uint8_t secret[TC_KEY_LEN]);
/* 3.5 */
void tc_keys_resume_id(uint8_t id[TC_RESUME_LEN], const uint8_t secret[TC_KEY_LEN]);
/* 3.4: tep_byte as host B sent it. */
void tc_keys_session_id(uint8_t id[TC_SESSION_ID_LEN], uint8_t tep_byte,
                        const uint8_t secret[TC_KEY_LEN], const struct tc_session_nonce *nonce);
/* mk[0]. */
void tc_keys_master(uint8_t master[TC_KEY_LEN], const uint8_t secret[TC_KEY_LEN],
                    const struct tc_session_nonce *nonce);

size_t tc_cipher_key_len(enum tc_cipher); /* ae_key_len; 0: not a cipher of table 5 */
const char *tc_cipher_name(enum tc_cipher);

/* Generation 0 of a direction.  Its offset stays. */
void tc_direction_begin(struct tc_direction *, enum tc_cipher, const uint8_t master[TC_KEY_LEN],
                        enum tc_constant key);
/* 3.8: the next generation; the old keys are gone. */
void tc_direction_next(struct tc_direction *, enum tc_cipher);

#endif
