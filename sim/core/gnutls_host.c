/* gnutls_host.c - GnuTLS lives in the entered agent's time and its memory is on the entered agent's
 * heap; outside any agent it lives as usual.  Its randomness is interpose_nettle.c's. */
#include "sim/core/gnutls_host.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/core/env.h"

/* -- memory: GnuTLS calls these through its own variables -- */

/* Exported by the library, in no header of its. */
extern gnutls_alloc_function gnutls_secure_malloc;

static void *take(size_t size)
{
    return sd_take(sd_entered, size);
}

static void *take_zeroed(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *block = take(count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block;
}

static void *resize(void *block, size_t size)
{
    return sd_retake(sd_entered, block, size);
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *block = take(size);
    return block != NULL ? memcpy(block, text, size) : NULL;
}

/* GnuTLS reads its environment once, when it starts.  Its own assembly would go past nettle, and
 * differ from processor to processor; the machine's priorities would change what is negotiated. */
static int start(void)
{
    static const char *const settings[][2] = {
        {"GNUTLS_CPUID_OVERRIDE", "0x1"},
        {"GNUTLS_SYSTEM_PRIORITY_FILE", "/dev/null"},
    };
    const size_t count = sizeof settings / sizeof *settings;
    for (size_t i = 0; i < count; i++)
        setenv(settings[i][0], settings[i][1], 1);
    int result = gnutls_global_init();
    for (size_t i = 0; i < count; i++)
        unsetenv(settings[i][0]);
    return result;
}

bool sd_gnutls_host(void)
{
    gnutls_malloc = take;
    gnutls_secure_malloc = take;
    gnutls_calloc = take_zeroed;
    gnutls_realloc = resize;
    gnutls_free = sd_give;
    gnutls_strdup = copy;
    gnutls_global_set_time_function(time);
    return start() == GNUTLS_E_SUCCESS;
}
