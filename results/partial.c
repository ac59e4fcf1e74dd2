#include "results/partial.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refused(const struct sd_partial *partial, const char *what, int why,
                   struct sd_error *error)
{
    return sd_fail(error, SD_E_IO, "cannot %s %s: %s", what, partial->path, strerror(why));
}

int sd_partial_open(struct sd_partial *partial, const char *dir, struct sd_error *error)
{
    *partial = (struct sd_partial){.fd = -1};
    if (asprintf(&partial->path, "%s/rows.partial", dir) < 0) {
        partial->path = NULL;
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", dir);
    }
    partial->fd = open(partial->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (partial->fd < 0)
        return refused(partial, "write", errno, error);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(partial->fd, F_SETLK, &lock) < 0 && (errno == EACCES || errno == EAGAIN)) {
        lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
        fcntl(partial->fd, F_GETLK, &lock);
        return sd_fail(error, SD_E_USAGE,
                       "%s: process %ld is writing results there; wait for it, or give another "
                       "--out",
                       dir, (long)lock.l_pid);
    }
    struct stat info;
    if (fstat(partial->fd, &info) < 0)
        return refused(partial, "read", errno, error);
    partial->written = info.st_size;
    partial->made = info.st_size == 0;
    return SD_OK;
}

void sd_partial_close(struct sd_partial *partial)
{
    if (partial->fd >= 0)
        close(partial->fd);
    free(partial->path);
    *partial = (struct sd_partial){.fd = -1};
}

void sd_partial_remove(const struct sd_partial *partial)
{
    unlink(partial->path);
}

int sd_partial_cut(struct sd_partial *partial, bool all, struct sd_error *error)
{
    if (all)
        partial->written = 0;
    return ftruncate(partial->fd, partial->written) < 0 ? refused(partial, "write", errno, error)
                                                        : SD_OK;
}

int sd_partial_append(struct sd_partial *partial, const struct sd_text *line,
                      struct sd_error *error)
{
    if (line->bad)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a row");
    size_t done = 0;
    while (done < line->len) {
        ssize_t n = pwrite(partial->fd, line->text + done, line->len - done,
                           partial->written + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int why = errno;
            if (sd_partial_cut(partial, false, error) < 0)
                return SD_E_IO;
            return sd_fail(error, SD_E_IO,
                           "cannot write %s: %s; what was finished before is kept there",
                           partial->path, strerror(why));
        }
        done += (size_t)n;
    }
    partial->written += (off_t)line->len;
    return SD_OK;
}

/* Through the descriptor that holds the lock: closing another would give it up. */
static char *read_all(struct sd_partial *partial, size_t *len, struct sd_error *error)
{
    size_t size = (size_t)partial->written;
    char *text = malloc(size + 1);
    if (!text) {
        sd_fail(error, SD_E_NOMEM, "out of memory for %s", partial->path);
        return NULL;
    }
    for (*len = 0; *len < size;) {
        ssize_t n = pread(partial->fd, text + *len, size - *len, (off_t)*len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            refused(partial, "read", errno, error);
            free(text);
            return NULL;
        }
        if (n == 0)
            break;
        *len += (size_t)n;
    }
    text[*len] = '\0';
    return text;
}

int sd_partial_lines(struct sd_partial *partial, const char *header,
                     int (*take)(void *ctx, char *line, size_t number, struct sd_error *),
                     void *ctx, struct sd_error *error)
{
    size_t len, at = 0;
    char *text = read_all(partial, &len, error);
    if (!text)
        return error ? error->code : SD_E_IO;
    int rc = SD_OK;
    for (size_t number = 1; rc == SD_OK; number++) {
        partial->written = (off_t)at;
        char *line = text + at, *newline = memchr(line, '\n', len - at);
        if (!newline)
            break;
        *newline = '\0';
        if (strlen(line) != (size_t)(newline - line))
            rc = sd_fail(error, SD_E_IO, "%s:%zu: expected text, found a zero byte", partial->path,
                         number);
        else if (number > 1)
            rc = take(ctx, line, number, error);
        else if (strcmp(line, header) != 0)
            rc = sd_fail(error, SD_E_USAGE,
                         "--resume: %s has other columns; leave --resume out to start again",
                         partial->path);
        at = (size_t)(newline - text) + 1;
    }
    free(text);
    return rc;
}
