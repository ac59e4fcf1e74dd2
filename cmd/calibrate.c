/* calibrate.c - `shakedown calibrate`: measures what cryptography costs on this machine and writes
 * a cost table for virtual processors. */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "cmd/args.h"
#include "cmd/commands.h"
#include "cmd/probe.h"
#include "sim/core/cost.h"

#define TABLE_VERSION 1

enum { ROUNDS = 20, QUICK_ROUNDS = 1 };

static struct probe_price price[SD_COST_ROWS]; /* index: as in probes[] */

static const struct probe_price *price_of(enum sd_op op, const char *alg)
{
    for (size_t i = 0; probes[i].alg != NULL; i++)
        if (probes[i].op == op && strcmp(probes[i].alg, alg) == 0)
            return &price[i];
    return NULL;
}

/* The processor's name as Linux gives it, or its kind. */
static void processor(char *text, size_t cap)
{
    struct utsname host = {0};
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    uname(&host);
    snprintf(text, cap, "%s", host.machine);
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        line[strcspn(line, "\"\\\n")] = 0; /* nothing that ends a string of Lua */
        snprintf(text, cap, "%.*s", (int)cap - 1, colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (f != NULL)
        fclose(f);
}

static void describe_machine(char *text, size_t cap)
{
    char name[65], day[16];
    time_t now = time(NULL);
    processor(name, sizeof name);
    strftime(day, sizeof day, "%Y-%m-%d", gmtime(&now));
    snprintf(text, cap, "%.48s, OpenSSL %s, %s", name, OpenSSL_version(OPENSSL_VERSION_STRING),
             day);
}

static void write_row(FILE *f, enum sd_op op, const char *alg, const struct probe_price *p)
{
    fprintf(f, "        { op = \"%s\", alg = \"%s\", base_ns = %.0f, per_kib_ns = %.0f },\n",
            sd_op_name(op), alg, p->base_ns, p->per_kib_ns);
}

static void write_table(FILE *f, const char *name, const char *machine, double unit_ns)
{
    fprintf(f,
            "-- What work costs a virtual processor, as `shakedown calibrate` measured it.\n"
            "-- base_ns for a call and per_kib_ns for each 1024 bytes of it; alg \"*\" is any\n"
            "-- other.  unit_in_ns: taking in one datagram, apart from cryptography.\n"
            "return {\n    name = \"%s\",\n    machine = \"%s\",\n    version = %d,\n"
            "    unit_in_ns = %.0f,\n    ops = {\n",
            name, machine, TABLE_VERSION, unit_ns);
    for (size_t i = 0; probes[i].alg != NULL; i++)
        write_row(f, probes[i].op, probes[i].alg, &price[i]);
    for (const struct probe_alias *a = probe_aliases; a->alg != NULL; a++)
        write_row(f, a->op, a->alg, price_of(a->as_op, a->as));
    fprintf(f, "    },\n}\n");
}

static int check_texts(const char *name, const char *machine, struct sd_error *error)
{
    const struct sd_cost_table *t;
    if (*name == 0 || strlen(name) >= sizeof t->name ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
        return sd_fail(error, SD_E_USAGE,
                       "calibrate: --name: expected 1 to %zu small letters, digits and '-', found "
                       "'%s'",
                       sizeof t->name - 1, name);
    if (strlen(machine) >= sizeof t->machine || strpbrk(machine, "\"\\\n") != NULL)
        return sd_fail(error, SD_E_USAGE,
                       "calibrate: --machine: expected at most %zu characters without quotes, "
                       "found '%s'",
                       sizeof t->machine - 1, machine);
    return SD_OK;
}

static void tell_round(int number)
{
    fprintf(stderr, "calibrate: round %d\n", number);
}

static int cannot_write(const char *path, struct sd_error *error)
{
    return sd_fail(error, SD_E_IO, "calibrate: cannot write %s: %s",
                   path != NULL ? path : "to standard output", strerror(errno));
}

static int calibrate(const char *name, const char *machine, const char *path, int rounds,
                     struct sd_error *error)
{
    int result = check_texts(name, machine, error);
    if (result < 0)
        return result;
    const struct probe *failed = probe_measure(rounds, price, tell_round);
    if (failed != NULL)
        return sd_fail(error, SD_E_INTERNAL, "calibrate: OpenSSL here cannot do %s %s",
                       sd_op_name(failed->op), failed->alg);
    double unit_ns = probe_unit_ns(rounds);
    FILE *f = path != NULL ? fopen(path, "w") : stdout;
    if (f == NULL)
        return cannot_write(path, error);
    write_table(f, name, machine, unit_ns);
    bool bad = fflush(f) != 0 || ferror(f);
    if (path != NULL)
        bad |= fclose(f) != 0;
    return bad ? cannot_write(path, error) : SD_OK;
}

static int run(const struct sd_args *args)
{
    char machine[sizeof((struct sd_cost_table *)NULL)->machine];
    struct sd_error error = {0};
    describe_machine(machine, sizeof machine);
    const char *name = sd_args_text(args, "name", "here");
    int rounds = sd_args_has(args, "quick") ? QUICK_ROUNDS : ROUNDS;
    if (calibrate(name, sd_args_text(args, "machine", machine), sd_args_text(args, "out", NULL),
                  rounds, &error) < 0)
        return sd_complain(&error);
    fprintf(stderr, "next: put it at lua/costs/%s.lua and write cost \"%s\" in a scenario\n", name,
            name);
    return SD_EXIT_GOOD;
}

static const struct sd_flag flags[] = {
    {"name", SD_FLAG_TEXT, "NAME", "of the table; default here", 0, 0},
    {"machine", SD_FLAG_TEXT, "TEXT", "what was measured; default processor, OpenSSL, day", 0, 0},
    {"out", SD_FLAG_TEXT, "FILE", "where to; default stdout", 0, 0},
    {"quick", SD_FLAG_SWITCH, NULL, "in a second, and rougher", 0, 0},
    {0},
};

const struct sd_command sd_command_calibrate = {
    .name = "calibrate",
    .arguments = "",
    .what = "measure this machine's cryptography, write a cost table",
    .examples = "  shakedown calibrate --name my-laptop --out lua/costs/my-laptop.lua\n"
                "  shakedown list costs\n",
    .notes = "Takes some seconds.  What a run computes depends on its cost table: keep it with "
             "the results.",
    .flags = flags,
    .run = run,
};
