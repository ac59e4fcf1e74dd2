#include "plots/gnuplot.h"
#include "plots/style.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

void sd_gnuplot_text(FILE *script, const char *text)
{
    fputc('\'', script);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("''", script);
        else
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, script);
    }
    fputc('\'', script);
}

/* -- running it -- */

struct ends {
    int in, out, err; /* memory files: gnuplot may write as much as it likes */
};

static bool open_ends(struct ends *ends, const char *script, size_t len)
{
    ends->in = memfd_create("gnuplot-in", MFD_CLOEXEC);
    ends->out = memfd_create("gnuplot-out", MFD_CLOEXEC);
    ends->err = memfd_create("gnuplot-err", MFD_CLOEXEC);
    if (ends->in < 0 || ends->out < 0 || ends->err < 0)
        return false;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(ends->in, script + done, len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return lseek(ends->in, 0, SEEK_SET) == 0;
}

static void close_ends(struct ends *ends)
{
    int *const all[] = {&ends->in, &ends->out, &ends->err};
    for (size_t i = 0; i < 3; i++)
        if (*all[i] >= 0)
            close(*all[i]);
}

static char *read_end(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    char *text = len < 0 ? NULL : malloc((size_t)len + 1);
    if (!text)
        return NULL;
    off_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, text + done, (size_t)(len - done), done);
        if (n <= 0)
            break;
        done += n;
    }
    text[done] = '\0';
    return text;
}

#define NOT_FOUND 127

/* Its exit status; < 0 when it did not end by itself. */
static int run(const struct ends *ends)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        /* -d: no start-up files, which could change every plot. */
        char *const words[] = {"gnuplot", "-d", NULL};
        if (dup2(ends->in, 0) < 0 || dup2(ends->out, 1) < 0 || dup2(ends->err, 2) < 0)
            _exit(126);
        setenv("LC_ALL", "C", 1);
        execvp(words[0], words);
        _exit(errno == ENOENT ? NOT_FOUND : 126);
    }
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The last line that says something: gnuplot first repeats the line it did not like. */
static const char *complaint(char *text)
{
    char *last = NULL, *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (line[strspn(line, " ^\t")])
            last = line + strspn(line, " \t");
    return last ? last : "it said nothing";
}

/* -- cleaning what it drew -- */

struct cleaner {
    FILE *to;
    const char *id;
};

static size_t same(const char *at, const char *word)
{
    size_t len = strlen(word);
    return strncmp(at, word, len) ? 0 : len;
}

static void put_colour(FILE *to, unsigned red, unsigned green, unsigned blue)
{
    fprintf(to, "#%02x%02x%02x", red & 0xff, green & 0xff, blue & 0xff);
}

/* What gnuplot writes at `at` and we write otherwise: does that and returns how long it was. */
static size_t replace(const struct cleaner *cleaner, const char *at)
{
    unsigned red, green, blue;
    int len = 0;
    size_t skip;
    if (sscanf(at, "rgb( %u, %u, %u)%n", &red, &green, &blue, &len) == 3 && len > 0) {
        put_colour(cleaner->to, red, green, blue);
        return (size_t)len;
    }
    if ((skip = same(at, "\"black\"")) || (skip = same(at, "'black'"))) {
        fputs("\"" SD_INK "\"", cleaner->to);
        return skip;
    }
    if ((skip = same(at, "\"white\"")) || (skip = same(at, "'white'"))) {
        fputs("\"" SD_PAPER "\"", cleaner->to);
        return skip;
    }
    if ((skip = same(at, "\"gray\"")) || (skip = same(at, "'gray'"))) {
        fputs("\"" SD_FAINT "\"", cleaner->to);
        return skip;
    }
    if ((skip = same(at, " font-family=\""))) {
        size_t quote = strcspn(at + skip, "\"");
        return skip + quote + (at[skip + quote] == '"');
    }
    if ((skip = same(at, "href='#")) || (skip = same(at, " id='"))) {
        fprintf(cleaner->to, "%.*s%s-", (int)skip, at, cleaner->id);
        return skip;
    }
    return 0;
}

static void put_line(const struct cleaner *cleaner, const char *line)
{
    size_t skip;
    if (same(line, "\t<g id=\"gnuplot_plot_")) {
        fputs("<g>\n", cleaner->to);
        return;
    }
    while (*line) {
        if ((skip = replace(cleaner, line)))
            line += skip;
        else
            fputc(*line++, cleaner->to);
    }
    fputc('\n', cleaner->to);
}

static bool is_part_of_points(const char *line)
{
    return strstr(line, "id='gpPt") || strstr(line, "id='gpDot");
}

static bool clean(const struct cleaner *cleaner, char *svg)
{
    char *defs = strstr(svg, "<defs>"), *end = strstr(svg, "</svg>"), *save = NULL;
    if (!defs || !end)
        return false;
    *end = '\0';
    bool in_defs = true;
    const char *held = NULL; /* the opening of a group that may turn out empty */
    size_t depth = 0;        /* the last closing is of the canvas, which we left out */
    for (char *line = strtok_r(defs, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (in_defs) {
            in_defs = !strstr(line, "</defs>");
            if (!in_defs || strstr(line, "<defs>") || is_part_of_points(line))
                put_line(cleaner, line);
            continue;
        }
        if (!strcmp(line, "</g>") && held) {
            held = NULL;
            continue;
        }
        if (held) {
            put_line(cleaner, held);
            depth++;
            held = NULL;
        }
        if (same(line, "<g fill=") && line[strlen(line) - 1] == '>' && !strstr(line, "</g>")) {
            held = line;
            continue;
        }
        for (const char *at = line; (at = strstr(at, "<g")); at += 2)
            depth += at[2] == ' ' || at[2] == '>';
        bool closes_canvas = !strcmp(line, "</g>") && depth == 0;
        for (const char *at = line; (at = strstr(at, "</g>")) && depth; at += 4)
            depth--;
        if (!closes_canvas)
            put_line(cleaner, line);
    }
    return true;
}

int sd_gnuplot(const char *script, size_t len, const char *id, FILE *to, struct sd_error *error)
{
    struct ends ends = {-1, -1, -1};
    if (!open_ends(&ends, script, len)) {
        int why = errno;
        close_ends(&ends);
        return sd_fail(error, SD_E_IO, "cannot hand a script to gnuplot: %s", strerror(why));
    }
    int status = run(&ends), rc = SD_OK;
    char *said = read_end(ends.err), *svg = read_end(ends.out);
    struct cleaner cleaner = {to, id};
    if (!said || !svg)
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for a plot");
    else if (status == NOT_FOUND)
        rc = sd_fail(error, SD_E_IO,
                     "gnuplot is not installed; plots need it: apt-get install gnuplot-nox");
    else if (status != 0)
        rc = sd_fail(error, SD_E_IO, "gnuplot failed (status %d) on plot %s: %.300s", status, id,
                     complaint(said));
    else if (!clean(&cleaner, svg))
        rc =
            sd_fail(error, SD_E_IO, "gnuplot drew no SVG for plot %s: %.300s", id, complaint(said));
    free(said);
    free(svg);
    close_ends(&ends);
    return rc;
}
