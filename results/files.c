#include "results/files.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int join(char *path, size_t cap, const char *dir, const char *name, const char *suffix,
                struct sd_error *error)
{
    if (snprintf(path, cap, "%s%s%s%s", dir ? dir : "", dir ? "/" : "", name, suffix) >= (int)cap)
        return sd_fail(error, SD_E_USAGE, "%s: the name is too long", dir ? dir : name);
    return SD_OK;
}

int sd_file_write(const char *dir, const char *name, const void *bytes, size_t len,
                  struct sd_error *error)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    int rc = join(path, sizeof path, dir, name, "", error);
    if (rc == SD_OK)
        rc = join(fresh, sizeof fresh, dir, name, ".new", error);
    if (rc < 0)
        return rc;
    FILE *file = fopen(fresh, "wb");
    bool good =
        file && fwrite(bytes, 1, len, file) == len && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int why = errno;
    if (file && fclose(file) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good && rename(fresh, path) < 0) {
        good = false;
        why = errno;
    }
    if (!good) {
        unlink(fresh);
        return sd_fail(error, SD_E_IO, "cannot write %s: %s", path, strerror(why));
    }
    return SD_OK;
}

int sd_file_read(char **bytes, size_t *len, const char *dir, const char *name, const char *hint,
                 struct sd_error *error)
{
    char path[PATH_MAX];
    *bytes = NULL;
    *len = 0;
    int rc = join(path, sizeof path, dir, name, "", error);
    if (rc < 0)
        return rc;
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) < 0 || (S_ISDIR(info.st_mode) && (errno = EISDIR))) {
        rc = sd_fail(error, SD_E_IO, "%s: %s%s%s", path, strerror(errno), hint ? "; " : "",
                     hint ? hint : "");
        if (file)
            fclose(file);
        return rc;
    }
    size_t cap = (size_t)info.st_size + 1, got = 0;
    char *text = malloc(cap + 1);
    while (text && (got = *len, *len += fread(text + *len, 1, cap - *len, file)) > got &&
           *len == cap) {
        char *grown = realloc(text, cap * 2 + 1);
        if (!grown)
            free(text);
        text = grown;
        cap *= 2;
    }
    if (!text)
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    else if (ferror(file))
        rc = sd_fail(error, SD_E_IO, "cannot read %s: %s", path, strerror(errno));
    fclose(file);
    if (rc < 0) {
        free(text);
        return rc;
    }
    text[*len] = '\0';
    *bytes = text;
    return SD_OK;
}

int sd_folder_make(const char *dir, struct sd_error *error)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
        return sd_fail(error, SD_E_USAGE, "%s: the name of the folder is too long", dir);
    for (char *at = path + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char was = *at;
        *at = '\0';
        struct stat info;
        int why = mkdir(path, 0777) < 0 ? errno : 0;
        if (why && (stat(path, &info) < 0 || !S_ISDIR(info.st_mode)))
            return sd_fail(error, SD_E_IO, "cannot make the folder %s: %s", path, strerror(why));
        *at = was;
        if (!was)
            return SD_OK;
    }
}
