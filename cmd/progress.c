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
        .columns = terminal ? terminal_columns(fileno(to)) : 0,
        .total = total,
        .done = done_before,
        .skipped = done_before,
        .began = sd_wall(),
    };
    progress->printed = progress->began;
}

void sd_progress_line(const struct sd_progress *progress, const char *what, double elapsed_s,
                      char *line, size_t cap)
{
    size_t done_now = progress->done - progress->skipped;
    size_t left = progress->total - progress->done;
    int len = snprintf(line, cap, "run %zu/%zu  %s", progress->done, progress->total, what);
    if (progress->failed && len > 0 && (size_t)len < cap)
        len += snprintf(line + len, cap - (size_t)len, "  %zu failed", progress->failed);
    if (left && done_now && len > 0 && (size_t)len < cap) {
        unsigned long eta = (unsigned long)(elapsed_s / (double)done_now * (double)left + 0.5);
        if (eta >= 3600)
            snprintf(line + len, cap - (size_t)len, "  eta %lu:%02lu:%02lu", eta / 3600,
                     eta / 60 % 60, eta % 60);
        else
            snprintf(line + len, cap - (size_t)len, "  eta %lu:%02lu", eta / 60, eta % 60);
    }
}

static void print(struct sd_progress *progress, const char *what)
{
    char line[256];
    sd_progress_line(progress, what, sd_wall() - progress->began, line, sizeof line);
    if (!progress->terminal) {
        fprintf(progress->to, "%s\n", line);
        return;
    }
    size_t width = progress->columns < sizeof line ? progress->columns - 1 : sizeof line - 1;
    const char *on = progress->color && progress->failed ? "\033[33m" : "";
    const char *off = progress->color && progress->failed ? "\033[0m" : "";
    fprintf(progress->to, "\r%s%-*.*s%s", on, (int)width, (int)width, line, off);
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
        fprintf(progress->to, "\r%*s\r", (int)progress->columns - 1, "");
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
