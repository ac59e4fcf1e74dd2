/* gnutls_host.h - private to sim/core: GnuTLS in an agent's world. */
#ifndef SD_GNUTLS_HOST_H
#define SD_GNUTLS_HOST_H

#include <stdbool.h>

/* Starts GnuTLS.  False: it does not start, or had started by itself before main(). */
bool sd_gnutls_host(void);

#endif
