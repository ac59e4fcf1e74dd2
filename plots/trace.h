/* trace.h - events/RUN.jsonl read back: who sent what, when, and what happened. */
#ifndef SD_TRACE_H
#define SD_TRACE_H

#include "sim/core/base.h"
#include "sim/core/error.h"

struct sd_trace;

/* SD_E_IO "FILE:LINE: expected, found" when the file is missing or not as sim/node writes it. */
int sd_trace_load(struct sd_trace **, const char *path, struct sd_error *);
/* The same from memory; name stands for the file in errors. */
int sd_trace_parse(struct sd_trace **, const char *text, size_t len, const char *name,
                   struct sd_error *);
void sd_trace_free(struct sd_trace *);

#endif
