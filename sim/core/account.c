/* account.c - books cryptographic operations on the entered agent. */
#include "sim/core/account.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sim/core/cost.h"
#include "sim/core/env.h"

int sd_count_depth;

static const char *const op_names[SD_OP_MAX] = {
    [SD_OP_KEYGEN] = "keygen", [SD_OP_DERIVE] = "derive", [SD_OP_SIGN] = "sign",
    [SD_OP_VERIFY] = "verify", [SD_OP_PKCRYPT] = "rsa",   [SD_OP_HASH] = "hash",
    [SD_OP_MAC] = "mac",       [SD_OP_KDF] = "kdf",       [SD_OP_SEAL] = "seal",
    [SD_OP_OPEN] = "open",     [SD_OP_PUZZLE] = "puzzle",
};

const char *sd_op_name(enum sd_op op)
{
    return (unsigned)op < SD_OP_MAX ? op_names[op] : "unknown op";
}

/* The row of op and alg, made with its price when it is the first; when the account is full the
 * last row takes what has none, so that nothing goes uncounted. */
static struct sd_account_row *row_of(struct sd_account *a, enum sd_op op, const char *alg)
{
    for (uint32_t i = 0; i < a->rows; i++)
        if (a->row[i].op == op && strncasecmp(a->row[i].alg, alg, SD_ALG_NAME - 1) == 0)
            return &a->row[i];
    if (a->rows == SD_ACCOUNT_ROWS)
        return &a->row[SD_ACCOUNT_ROWS - 1];
    struct sd_account_row *row = &a->row[a->rows++];
    row->op = op;
    snprintf(row->alg, sizeof row->alg, "%s", alg);
    const struct sd_cost_row *cost = a->costs != NULL ? sd_cost_find(a->costs, op, alg) : NULL;
    if (cost != NULL) {
        row->base_ns = cost->base_ns;
        row->per_kib_ns = cost->per_kib_ns;
    }
    return row;
}

static void book(enum sd_op op, const char *alg, uint64_t calls, size_t bytes)
{
    if (sd_entered == NULL || sd_count_depth > 0)
        return;
    struct sd_account *a = &sd_entered->account;
    struct sd_account_row *row = row_of(a, op, alg != NULL ? alg : "?");
    row->calls += calls;
    row->bytes += bytes;
    uint64_t price = calls * row->base_ns + row->per_kib_ns * bytes / 1024;
    a->owed_ns += price;
    a->total_ns += price;
}

void sd_count(enum sd_op op, const char *alg, size_t bytes)
{
    book(op, alg, 1, bytes);
}

void sd_count_bytes(enum sd_op op, const char *alg, size_t bytes)
{
    book(op, alg, 0, bytes);
}

uint64_t sd_account_calls(const struct sd_account *a, enum sd_op op)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < a->rows; i++)
        if (a->row[i].op == op)
            n += a->row[i].calls;
    return n;
}

uint64_t sd_account_bytes(const struct sd_account *a, enum sd_op op)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < a->rows; i++)
        if (a->row[i].op == op)
            n += a->row[i].bytes;
    return n;
}

uint64_t sd_account_take(struct sd_account *a)
{
    uint64_t owed = a->owed_ns;
    a->owed_ns = 0;
    return owed;
}
