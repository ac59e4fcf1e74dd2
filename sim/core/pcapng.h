/* pcapng.h - writes pcapng: raw IP packets with nanosecond times, and key logs inside the file
 * as Decryption Secrets Blocks.
 *
 * A dissector needs a secret before the packet that it opens, so packets are kept in memory and
 * written by sd_pcapng_close(): all secrets first, then the packets in order. */
#ifndef SD_PCAPNG_H
#define SD_PCAPNG_H

#include "sim/core/env.h"
#include "sim/core/error.h"

struct sd_pcapng;

/* Nothing touches the disk before close. */
struct sd_pcapng *sd_pcapng_new(const char *application);
int sd_pcapng_interface(struct sd_pcapng *, const char *name); /* id, from 0; < 0: SD_E_NOMEM */
int sd_pcapng_packet(struct sd_pcapng *, int interface, uint64_t unix_ns, const void *ip_packet,
                     size_t len, const char *comment);
/* A key log line.  TLS and WireGuard lines go into the file; every format goes into PATH.keys. */
int sd_pcapng_key(struct sd_pcapng *, enum sd_key_format, const char *line);
/* Writes PATH and, if any key was logged, KEYS_PATH, atomically (a temporary file, then rename);
 * frees in every case.  SD_E_IO says which file and why.  path NULL: just free. */
int sd_pcapng_close(struct sd_pcapng *, const char *path, const char *keys_path, struct sd_error *);

#endif
