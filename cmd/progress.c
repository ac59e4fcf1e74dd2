#include "cmd/progress.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REWRITE_EVERY_S 0.1
#define PLAIN_EVERY_S   5.0

double sd_wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t terminal_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void sd_progress_begin(struct sd_progress *progress, FILE *to, size_t total, size_t done_before)
{
    const char *no_color = getenv("NO_COLOR");
    bool terminal = isatty(fileno(to));
    *progress = (struct sd_progress){
        .to = to,
        .terminal = terminal,
        .color = terminal && !(no_color && *no_color),
        .total = total,
        .done = done_before,
        .skipped = done_before,
        .began = sd_wall(),
    };
    progress->printed = progress->began;
}

/* "  2 failed  eta 0:41", what of it there is to say. */
static void put_tail(const struct sd_progress *progress, double elapsed_s, char *tail, size_t cap)
{
    size_t done_now = progress->done - progress->skipped;
    size_t left = progress->total - progress->done;
    int len = 0;
    *tail = '\0';
    if (progress->failed)
        len = snprintf(tail, cap, "  %zu failed", progress->failed);
    if (left && done_now) {
        unsigned long eta = (unsigned long)(elapsed_s / (double)done_now * (double)left + 0.5);
        if (eta >= 3600)
            snprintf(tail + len, cap - (size_t)len, "  eta %lu:%02lu:%02lu", eta / 3600,
                     eta / 60 % 60, eta % 60);
        else
            snprintf(tail + len, cap - (size_t)len, "  eta %lu:%02lu", eta / 60, eta % 60);
    }
}

/* How much of what fits into room, in whole words. */
static size_t words_within(const char *what, size_t room)
{
    size_t len = strlen(what);
    while (len > room) {
        while (len && what[len - 1] != ' ')
            len--;
        len -= len > 0;
    }
    return len;
}

void sd_progress_line(const struct sd_progress *progress, const char *what, double elapsed_s,
                      char *line, size_t cap)
{
    char head[64], tail[96];
    int head_len = snprintf(head, sizeof head, "run %zu/%zu", progress->done, progress->total);
    put_tail(progress, elapsed_s, tail, sizeof tail);
    size_t taken = (size_t)head_len + strlen("  ") + strlen(tail);
    size_t words = words_within(what, cap - 1 > taken ? cap - 1 - taken : 0);
    snprintf(line, cap, "%s%s%.*s%s", head, words || !*what ? "  " : "", (int)words, what, tail);
}

static void print(struct sd_progress *progress, const char *what)
{
    char line[256];
    double elapsed_s = sd_wall() - progress->began;
    if (!progress->terminal) {
        sd_progress_line(progress, what, elapsed_s, line, sizeof line);
        fprintf(progress->to, "%s\n", line);
        return;
    }
    size_t columns = terminal_columns(fileno(progress->to));
    int width = (int)(columns < sizeof line ? columns : sizeof line) - 1;
    sd_progress_line(progress, what, elapsed_s, line, (size_t)width + 1);
    const char *on = progress->color && progress->failed ? "\033[33m" : "";
    const char *off = progress->color && progress->failed ? "\033[0m" : "";
    fprintf(progress->to, "\r%s%-*s%s", on, width, line, off);
    fflush(progress->to);
}

void sd_progress_step(struct sd_progress *progress, const char *what, bool failed)
{
    progress->done++;
    progress->failed += failed;
    double now = sd_wall();
    bool last = progress->done == progress->total;
    double every = progress->terminal ? REWRITE_EVERY_S : PLAIN_EVERY_S;
    if (last || now - progress->printed >= every) {
        progress->printed = now;
        print(progress, what);
    }
}

static void wipe_line(struct sd_progress *progress)
{
    if (progress->terminal)
        fprintf(progress->to, "\r%*s\r", (int)terminal_columns(fileno(progress->to)) - 1, "");
}

void sd_progress_say(struct sd_progress *progress, const char *format, ...)
{
    wipe_line(progress);
    va_list args;
    va_start(args, format);
    vfprintf(progress->to, format, args);
    va_end(args);
    fputc('\n', progress->to);
    fflush(progress->to);
}

void sd_progress_end(struct sd_progress *progress)
{
    wipe_line(progress);
    fflush(progress->to);
}
