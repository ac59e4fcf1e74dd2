/* driver.c - drives a fuzz target without a fuzzing compiler: mutates its seeds in an order that
 * depends on --seed alone.
 *
 *   NAME [--seconds N] [--inputs N] [--seed N]    fuzz (10 s unless told)
 *   NAME FILE...                                  run these inputs once each
 *   NAME --corpus DIR                             write the seeds there, for libFuzzer */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sim/core/env.h"
#include "sim/core/error.h"
#include "sim/core/random.h"
#include "tests/fuzz/fuzz.h"

#define HANG_SECONDS 10
#define CORPUS_MAX   1024

struct input {
    uint8_t *data;
    size_t len;
};
static struct input corpus[CORPUS_MAX];
static size_t corpus_len;

static const char *program;
static uint8_t *page_end;      /* inputs end here, where memory that cannot be read begins */
static const uint8_t *running; /* the input under test, for the report */
static size_t running_len;

static void add_seed(const void *data, size_t len)
{
    if (corpus_len == CORPUS_MAX || len > SD_FUZZ_INPUT_MAX)
        return;
    struct input *seed = &corpus[corpus_len++];
    seed->data = malloc(len > 0 ? len : 1);
    if (seed->data == NULL)
        abort();
    seed->len = len;
    if (len > 0)
        memcpy(seed->data, data, len);
}

/* -- findings -- */

/* Runs in a signal handler: no stdio. */
static void report(const char *what)
{
    static const char digits[] = "0123456789abcdef";
    static char hex[2 * SD_FUZZ_INPUT_MAX + 1], name[256];
    size_t at = 0;
    for (size_t i = 0; i < running_len; i++) {
        hex[at++] = digits[running[i] >> 4];
        hex[at++] = digits[running[i] & 15];
    }
    hex[at++] = '\n';
    size_t n = 0;
    const char *base = strrchr(program, '/');
    base = base != NULL ? base + 1 : program;
    uint64_t hash = sd_hash(0, running, running_len);
    for (const char *p = "crash-"; *p != '\0'; p++)
        name[n++] = *p;
    for (const char *p = base; *p != '\0' && n < sizeof name - 20; p++)
        name[n++] = *p;
    name[n++] = '-';
    for (int i = 60; i >= 0; i -= 4)
        name[n++] = digits[hash >> i & 15];
    name[n] = '\0';
    FILE *f = fopen(name, "wb"); /* worth the risk: the input is on stderr as well */
    if (f != NULL) {
        fwrite(running, 1, running_len, f);
        fclose(f);
    }
    const char *parts[] = {
        "\n", base, ": ", what, "; again with: ", program, " ", name, "\nthe input: "};
    ssize_t written = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        written += write(STDERR_FILENO, parts[i], strlen(parts[i]));
    written += write(STDERR_FILENO, hex, at);
    (void)written;
}

static void on_signal(int number)
{
    signal(number, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
    report(number == SIGALRM ? "an input takes for ever" : "crashed");
    raise(number == SIGALRM ? SIGABRT : number);
}

/* AddressSanitizer ends the process itself. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void on_sanitizer(void)
{
    report("a sanitizer found something");
}

static void catch_findings(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(on_sanitizer);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        if (__sanitizer_set_death_callback == NULL || fatal[i] == SIGALRM || fatal[i] == SIGABRT)
            signal(fatal[i], on_signal);
}

/* -- running -- */

static void make_page(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = SD_FUZZ_INPUT_MAX;
    size = (size + page - 1) / page * page;
    uint8_t *p =
        mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + size, page, PROT_NONE) != 0) {
        perror("mmap");
        exit(3);
    }
    page_end = p + size;
}

static void run(const uint8_t *data, size_t len)
{
    uint8_t *at = page_end - len;
    if (len > 0)
        memmove(at, data, len);
    running = at;
    running_len = len;
    alarm(HANG_SECONDS);
    LLVMFuzzerTestOneInput(at, len);
    alarm(0);
}

/* -- mutation -- */

static uint8_t interesting_byte(struct sd_rng *r)
{
    static const uint8_t values[] = {0, 1, 2, 3, 4, 16, 20, 32, 64, 127, 128, 254, 255};
    return values[sd_rng_below(r, sizeof values)];
}

/* A length field, one too small or large, or absurd. */
static void change_number(struct sd_rng *r, uint8_t *data, size_t len)
{
    size_t width = (size_t)1 << sd_rng_below(r, 3);
    if (len < width)
        return;
    uint8_t *p = data + sd_rng_below(r, len - width + 1);
    uint32_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | p[i];
    static const uint32_t steps[] = {1, UINT32_MAX, 2, 8, 0x100};
    size_t pick = sd_rng_below(r, 7);
    v = pick < 5 ? v + steps[pick] : pick == 5 ? 0 : UINT32_MAX;
    for (size_t i = width; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

static size_t mutate(struct sd_rng *r, uint8_t *data, size_t len)
{
    size_t at = len > 0 ? sd_rng_below(r, len) : 0;
    switch (sd_rng_below(r, 8)) {
    case 0:
        if (len > 0)
            data[at] ^= (uint8_t)(1u << sd_rng_below(r, 8));
        break;
    case 1:
        if (len > 0)
            data[at] = interesting_byte(r);
        break;
    case 2:
        if (len > 0)
            data[at] = (uint8_t)sd_rng_next(r);
        break;
    case 3:
        change_number(r, data, len);
        break;
    case 4: /* cut the end off */
        len = at;
        break;
    case 5: { /* take some out */
        size_t n = len > 0 ? 1 + sd_rng_below(r, len - at < 16 ? len - at : 16) : 0;
        memmove(data + at, data + at + n, len - at - n);
        len -= n;
        break;
    }
    case 6: { /* put some in */
        size_t n = 1 + sd_rng_below(r, 16);
        if (len + n > SD_FUZZ_INPUT_MAX)
            break;
        memmove(data + at + n, data + at, len - at);
        sd_rng_fill(r, data + at, n);
        len += n;
        break;
    }
    case 7: { /* the end of another */
        const struct input *other = &corpus[sd_rng_below(r, corpus_len)];
        size_t from = other->len > 0 ? sd_rng_below(r, other->len) : 0, n = other->len - from;
        if (at + n > SD_FUZZ_INPUT_MAX)
            break;
        if (n > 0)
            memcpy(data + at, other->data + from, n);
        len = at + n;
        break;
    }
    }
    return len;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t fuzz(uint64_t seed, double seconds, uint64_t inputs)
{
    static uint8_t data[SD_FUZZ_INPUT_MAX];
    double end = seconds_now() + seconds;
    uint64_t n = 0;
    for (; n < inputs && (n % 64 != 0 || seconds_now() < end); n++) {
        if (n < corpus_len) {
            run(corpus[n].data, corpus[n].len);
            continue;
        }
        struct sd_rng r; /* each input by itself: the n-th is the same however many ran */
        sd_rng_seed(&r, sd_hash_u64(seed, n));
        const struct input *start = &corpus[sd_rng_below(&r, corpus_len)];
        size_t len = start->len;
        if (len > 0)
            memcpy(data, start->data, len);
        for (uint64_t times = 1 + sd_rng_below(&r, 6); times > 0; times--)
            len = mutate(&r, data, len);
        run(data, len);
    }
    return n;
}

static int run_files(char **names, int count)
{
    static uint8_t data[SD_FUZZ_INPUT_MAX];
    for (int i = 0; i < count; i++) {
        FILE *f = fopen(names[i], "rb");
        if (f == NULL) {
            fprintf(stderr, "%s: %s: %s\n", program, names[i], strerror(errno));
            return 2;
        }
        size_t len = fread(data, 1, sizeof data, f);
        fclose(f);
        run(data, len);
    }
    printf("%s: %d inputs, nothing found\n", program, count);
    return 0;
}

static int write_corpus(const char *directory)
{
    for (size_t i = 0; i < corpus_len; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/seed-%03zu", directory, i);
        FILE *f = fopen(path, "wb");
        if (f == NULL || fwrite(corpus[i].data, 1, corpus[i].len, f) != corpus[i].len ||
            fclose(f) != 0) {
            fprintf(stderr, "%s: %s: %s\n", program, path, strerror(errno));
            return 2;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, inputs = UINT64_MAX;
    double seconds = 10;
    const char *directory = NULL;
    int at = 1;
    program = argv[0];
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (strcmp(argv[at], "--seconds") == 0)
            seconds = strtod(argv[at + 1], NULL);
        else if (strcmp(argv[at], "--inputs") == 0)
            inputs = strtoull(argv[at + 1], NULL, 0);
        else if (strcmp(argv[at], "--seed") == 0)
            seed = strtoull(argv[at + 1], NULL, 0);
        else if (strcmp(argv[at], "--corpus") == 0)
            directory = argv[at + 1];
        else
            break;
    }
    if (at < argc && argv[at][0] == '-') {
        fprintf(stderr,
                "usage: %s [--seconds N] [--inputs N] [--seed N] | FILE... | --corpus DIR\n",
                program);
        return 2;
    }
    if (sd_core_init() != SD_OK)
        return 3;
    make_page();
    catch_findings();
    if (at < argc)
        return run_files(argv + at, argc - at);
    if (sd_fuzz_seeds != NULL)
        sd_fuzz_seeds(add_seed);
    if (corpus_len == 0)
        add_seed("", 0);
    if (directory != NULL)
        return write_corpus(directory);
    double began = seconds_now();
    uint64_t n = fuzz(seed, seconds, inputs);
    printf("%s: %llu inputs from %zu seeds in %.1f s, nothing found\n", program,
           (unsigned long long)n, corpus_len, seconds_now() - began);
    for (size_t i = 0; i < corpus_len; i++)
        free(corpus[i].data);
    return 0;
}
