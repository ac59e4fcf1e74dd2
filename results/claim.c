#include "results/claim.h"
#include "results/manifest.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {
    "runs.csv", "expectations.csv", "timing.json", "report.html", "check.xml", NULL,
};
static const char *const folders[] = {"tables", "plots", "ladders", "events", "pcap", NULL};
static const char *const endings[] = {
    ".csv", ".md", ".json", ".svg", ".txt", ".gp", ".jsonl", ".pcapng", ".keys", NULL,
};

static bool ends_as_ours(const char *name)
{
    size_t len = strlen(name);
    for (const char *const *ending = endings; *ending; ending++) {
        size_t tail = strlen(*ending);
        if (len > tail && !strcmp(name + len - tail, *ending))
            return true;
    }
    return false;
}

int sd_claim(const char *dir, bool *results, struct sd_error *error)
{
    *results = false;
    DIR *list = opendir(dir);
    if (!list)
        return sd_fail(error, SD_E_IO, "cannot read the folder %s: %s", dir, strerror(errno));
    char stranger[64] = "";
    bool manifest = false;
    for (struct dirent *entry; (entry = readdir(list));) {
        const char *name = entry->d_name;
        if (!strcmp(name, "manifest.json"))
            manifest = true;
        /* Left by a kill before the first manifest was there. */
        else if (strcmp(name, ".") && strcmp(name, "..") && strcmp(name, "manifest.json.new") &&
                 strcmp(name, "rows.partial"))
            snprintf(stranger, sizeof stranger, "%.63s", name);
    }
    closedir(list);
    if (!manifest && !*stranger)
        return SD_OK;
    json_t *loaded = NULL;
    struct sd_error why = {0};
    if (manifest && sd_manifest_load(&loaded, dir, &why) < 0)
        return sd_fail(error, SD_E_USAGE, "%.300s; give another --out", why.text);
    json_decref(loaded);
    if (!manifest)
        return sd_fail(error, SD_E_USAGE,
                       "%.300s: expected a new folder, an empty one or results, found '%s'; give "
                       "another --out",
                       dir, stranger);
    *results = true;
    return SD_OK;
}

static int clear_folder(int in, const char *dir, const char *name, struct sd_error *error)
{
    int fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return SD_OK; /* not there, or no folder of ours */
    DIR *list = fdopendir(fd);
    if (!list) {
        close(fd);
        return sd_fail(error, SD_E_IO, "cannot read %s/%s: %s", dir, name, strerror(errno));
    }
    int rc = SD_OK;
    for (struct dirent *entry; rc == SD_OK && (entry = readdir(list));)
        if (ends_as_ours(entry->d_name) && unlinkat(fd, entry->d_name, 0) < 0)
            rc = sd_fail(error, SD_E_IO, "cannot remove %s/%s/%s: %s", dir, name, entry->d_name,
                         strerror(errno));
    closedir(list);
    if (rc == SD_OK)
        unlinkat(in, name, AT_REMOVEDIR); /* stays when someone else's files are in it */
    return rc;
}

int sd_claim_clear(const char *dir, struct sd_error *error)
{
    int in = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = SD_OK;
    if (in < 0)
        return sd_fail(error, SD_E_IO, "cannot read the folder %s: %s", dir, strerror(errno));
    for (const char *const *name = files; rc == SD_OK && *name; name++)
        if (unlinkat(in, *name, 0) < 0 && errno != ENOENT)
            rc = sd_fail(error, SD_E_IO, "cannot remove %s/%s: %s", dir, *name, strerror(errno));
    for (const char *const *name = folders; rc == SD_OK && *name; name++)
        rc = clear_folder(in, dir, *name, error);
    close(in);
    return rc;
}
