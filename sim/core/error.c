/* error.c - the error table: one row per result. */
#include "sim/core/error.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int result;
    const char *name, *text;
} results[] = {
    {SD_E_INTERNAL, "internal", "a rule of Shakedown's own was broken: please report it"},
    {SD_E_PEER, "peer", "the peer did not answer or does not exist"},
    {SD_E_SCENARIO, "scenario", "the scenario says something that cannot be"},
    {SD_E_USAGE, "usage", "a flag or an argument is wrong"},
    {SD_E_IO, "io", "a file, disk or socket refused"},
    {SD_E_UNSUPPORTED, "unsupported", "the protocol or this build does not have that"},
    {SD_E_STATE, "state", "the right call at the wrong moment"},
    {SD_E_ARG, "arg", "an argument is out of its range"},
    {SD_E_NOMEM, "nomem", "out of memory"},
    {SD_OK, "ok", "fine"},
    {SD_DROP_MALFORMED, "malformed", "dropped: it does not parse"},
    {SD_DROP_UNKNOWN, "unknown", "dropped: no session, peer or message type fits"},
    {SD_DROP_AUTH, "auth", "dropped: a tag, MAC, signature or certificate is wrong"},
    {SD_DROP_REPLAY, "replay", "dropped: seen before, or too old to tell"},
    {SD_DROP_UNVALIDATED, "unvalidated", "answered with a cookie or token: the peer must return"},
    {SD_DROP_RATE, "rate", "dropped: over a rate limit"},
    {SD_DROP_FULL, "full", "dropped: a queue, table or backlog is full"},
    {SD_DROP_STATE, "unexpected", "dropped: not expected in this state"},
    {SD_DROP_POLICY, "policy", "dropped: configuration forbids it"},
};
#define RESULTS (sizeof results / sizeof results[0])
_Static_assert(RESULTS == SD_DROP_MAX - SD_E_INTERNAL, "a result has no row");

const char *sd_result_name(int result)
{
    for (size_t i = 0; i < RESULTS; i++)
        if (results[i].result == result)
            return results[i].name;
    return "unknown-result";
}

const char *sd_result_text(int result)
{
    for (size_t i = 0; i < RESULTS; i++)
        if (results[i].result == result)
            return results[i].text;
    return "a result that the error table does not have";
}

int sd_fail(struct sd_error *e, int code, const char *format, ...)
{
    if (e != NULL) {
        va_list args;
        va_start(args, format);
        e->code = code;
        vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
    }
    return code;
}

/* Edit distance with swaps of neighbours (optimal string alignment), case ignored; words longer
 * than the rows are far from everything. */
#define WORD_MAX 63
static unsigned distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    unsigned row[3][WORD_MAX + 1];
    if (m > WORD_MAX || n > WORD_MAX)
        return UINT16_MAX;
    for (size_t j = 0; j <= n; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned *now = row[i % 3], *one = row[(i + 2) % 3], *two = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            unsigned best = one[j - 1] + (ca != cb);
            if (one[j] + 1 < best)
                best = one[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]) && two[j - 2] + 1 < best)
                best = two[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[m % 3][n];
}

const char *sd_nearest(const char *word, const char *const *list)
{
    const char *nearest = NULL;
    /* One slip in three letters is near; more is another word. */
    unsigned limit = (unsigned)strlen(word) / 3 + 1, best = limit + 1;
    for (; *list != NULL; list++) {
        unsigned d = distance(word, *list);
        if (d < best && d < strlen(*list)) {
            best = d;
            nearest = *list;
        }
    }
    return nearest;
}
