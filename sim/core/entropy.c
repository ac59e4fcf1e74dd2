/* entropy.c - the one source of randomness of all libraries in the process. */
#include "sim/core/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "sim/core/env.h"

void sd_entropy(void *buf, size_t len)
{
    if (sd_entered != NULL) {
        sd_random(sd_entered, buf, len);
        return;
    }
    for (uint8_t *p = buf; len > 0;) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0 && errno != EINTR)
            abort(); /* weak keys would be worse */
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
}
