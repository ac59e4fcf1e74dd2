/* account.h - counts every cryptographic operation by kind, algorithm and bytes, and prices it.
 *
 * Wrappers in protocols/crypto and the interposers (interpose_openssl.c) call sd_count(), which
 * books on the agent being entered (env.h).  Only the outermost operation counts: an operation
 * that is made of others raises sd_count_depth around them.
 * An account with a cost table also adds up processor time; without one (`cost "none"`) work is
 * counted and costs nothing. */
#ifndef SD_ACCOUNT_H
#define SD_ACCOUNT_H

#include "sim/core/base.h"

enum sd_op {
    SD_OP_KEYGEN, /* one key pair, Diffie-Hellman or signature       */
    SD_OP_DERIVE, /* one Diffie-Hellman agreement                    */
    SD_OP_SIGN,
    SD_OP_VERIFY,
    SD_OP_PKCRYPT, /* RSA key transport, either side                 */
    SD_OP_HASH,
    SD_OP_MAC,
    SD_OP_KDF,
    SD_OP_SEAL, /* authenticated or plain encryption                 */
    SD_OP_OPEN,
    SD_OP_PUZZLE,
    SD_OP_MAX
};
const char *sd_op_name(enum sd_op op); /* "keygen", "derive", ... */

#define SD_ALG_NAME     24
#define SD_ACCOUNT_ROWS 64
struct sd_account_row {
    enum sd_op op;
    char alg[SD_ALG_NAME]; /* "X25519", "P-256", "SHA2-256", "AES-128-GCM", ... */
    uint64_t calls, bytes;
    uint64_t base_ns, per_kib_ns; /* price of a call and of 1024 bytes; 0 without a table */
};

struct sd_cost_table; /* cost.h */

struct sd_account {
    struct sd_account_row row[SD_ACCOUNT_ROWS];
    uint32_t rows;
    const struct sd_cost_table *costs; /* NULL: computing takes no time */
    uint64_t owed_ns;                  /* computed but not yet charged to a processor */
    uint64_t total_ns;
};

extern int sd_count_depth;

/* Books one operation over `bytes` bytes on the entered agent; nothing when none is entered or
 * sd_count_depth > 0.  alg is matched without regard to case. */
void sd_count(enum sd_op op, const char *alg, size_t bytes);
/* More input to an operation whose call is counted elsewhere (a hash's update). */
void sd_count_bytes(enum sd_op op, const char *alg, size_t bytes);

uint64_t sd_account_calls(const struct sd_account *a, enum sd_op op); /* over all algorithms */
uint64_t sd_account_bytes(const struct sd_account *a, enum sd_op op);
/* Processor time owed since the last take, in ns of virtual time. */
uint64_t sd_account_take(struct sd_account *a);

#endif
