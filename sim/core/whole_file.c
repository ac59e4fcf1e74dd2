#include "sim/core/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".part"

static int fail(struct sd_whole_file *w, int why, struct sd_error *error)
{
    free(w->beside);
    return sd_fail(error, SD_E_IO, "%s: cannot write it: %s", w->path, strerror(why));
}

int sd_whole_file_begin(struct sd_whole_file *w, const char *path, struct sd_error *error)
{
    size_t cap = strlen(path) + sizeof SUFFIX;
    *w = (struct sd_whole_file){.path = path, .beside = malloc(cap)};
    if (w->beside == NULL)
        return sd_fail(error, SD_E_NOMEM, "%s: no memory to write it", path);
    snprintf(w->beside, cap, "%s" SUFFIX, path);
    w->out = fopen(w->beside, "wb");
    return w->out != NULL ? SD_OK : fail(w, errno, error);
}

int sd_whole_file_end(struct sd_whole_file *w, struct sd_error *error)
{
    int why = 0;
    errno = 0;
    if (fflush(w->out) != 0 || ferror(w->out))
        why = errno != 0 ? errno : EIO;
    if (fclose(w->out) != 0 && why == 0)
        why = errno;
    if (why == 0 && rename(w->beside, w->path) != 0)
        why = errno;
    if (why != 0) {
        remove(w->beside);
        return fail(w, why, error);
    }
    free(w->beside);
    return SD_OK;
}
