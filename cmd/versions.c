#include "cmd/versions.h"
#include "lua/scenario.h"
#include "sim/core/root.h"
#include <dirent.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <limits.h>
#include <nettle/version.h>
#include <ngtcp2/ngtcp2.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define TEXT_OF(number)      #number
#define DOTTED(major, minor) TEXT_OF(major) "." TEXT_OF(minor)
#define NETTLE               DOTTED(NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR)

const struct sd_store_version *sd_versions(size_t *count)
{
    static struct sd_store_version version[] = {
        {"ns3", SD_NS3_VERSION}, {"openssl", NULL},      {"libsodium", NULL},
        {"gnutls", NULL},        {"ngtcp2", NULL},       {"nettle", NETTLE},
        {"lua", SD_LUA_VERSION}, {"compiler", COMPILER},
    };
    version[1].version = OpenSSL_version(OPENSSL_VERSION_STRING);
    version[2].version = sodium_version_string();
    version[3].version = gnutls_check_version(NULL);
    version[4].version = ngtcp2_version(0)->version_str;
    *count = sizeof version / sizeof *version;
    return version;
}

static int is_lua(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 4 && len < SD_COST_NAME &&
           !strcmp(entry->d_name + len - 4, ".lua");
}

int sd_cost_names(char name[SD_COSTS][SD_COST_NAME], struct sd_error *error)
{
    const char *root = sd_root(error);
    if (!root)
        return SD_E_IO;
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/lua/costs", root);
    struct dirent **entry = NULL;
    int found = scandir(folder, &entry, is_lua, alphasort), count = 0;
    for (int i = 0; i < found; i++) {
        if (count < SD_COSTS)
            snprintf(name[count++], SD_COST_NAME, "%.*s", (int)strlen(entry[i]->d_name) - 4,
                     entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    return count;
}

const struct sd_store_version *sd_cost_versions(size_t *count)
{
    static char name[SD_COSTS][SD_COST_NAME], number[SD_COSTS][16];
    static struct sd_store_version version[SD_COSTS];
    int names = sd_cost_names(name, NULL);
    *count = 0;
    for (int i = 0; i < names; i++) {
        const struct sd_cost_table *table = sd_costs_load(name[i], NULL);
        if (!table)
            continue;
        snprintf(number[i], sizeof number[i], "%" PRIu32, table->version);
        version[(*count)++] = (struct sd_store_version){name[i], number[i]};
    }
    return version;
}
