/* openssl_host.h - private to sim/core: OpenSSL and libsodium in an agent's world. */
#ifndef SD_OPENSSL_HOST_H
#define SD_OPENSSL_HOST_H

/* False: OpenSSL had allocated before, so that its memory cannot be counted any more. */
bool sd_openssl_host(void);
bool sd_sodium_host(void);

#endif
