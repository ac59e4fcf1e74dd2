#include "cmd/versions.h"
#include <openssl/crypto.h>
#include <sodium.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const struct sd_store_version *sd_versions(size_t *count)
{
    static struct sd_store_version version[] = {
        {"ns3", SD_NS3_VERSION}, {"openssl", NULL},      {"libsodium", NULL},
        {"lua", SD_LUA_VERSION}, {"compiler", COMPILER},
    };
    version[1].version = OpenSSL_version(OPENSSL_VERSION_STRING);
    version[2].version = sodium_version_string();
    *count = sizeof version / sizeof *version;
    return version;
}
