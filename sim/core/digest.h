/* digest.h - SHA-256 of a file's bytes, to say which file it was; counts on no account. */
#ifndef SD_DIGEST_H
#define SD_DIGEST_H

#include <stddef.h>

void sd_sha256_hex(const void *data, size_t len, char hex[65]);

#endif
