/* trace.h - events/RUN.jsonl read back: who sent what, when, and what happened. */
#ifndef SD_TRACE_H
#define SD_TRACE_H

#include "sim/core/base.h"
#include "sim/core/error.h"

struct sd_trace_machine {
    const char *name;
    const char *role;    /* "host", "router", "nat" */
    const char *address; /* of its first interface; "" when it has none */
};

enum sd_trace_fate {
    SD_TRACE_ARRIVED,
    SD_TRACE_LOST,
    SD_TRACE_CORRUPTED,
    SD_TRACE_QUEUE, /* dropped because a queue was full */
    SD_TRACE_DUPLICATE,
    SD_TRACE_UNDER_WAY, /* when the run ended */
};
const char *sd_trace_fate_name(enum sd_trace_fate); /* as the file writes it: "arrived", "queue" */

enum sd_trace_kind { SD_TRACE_PACKET, SD_TRACE_EVENT, SD_TRACE_NOTE };

/* One line after the first.  Texts are UTF-8, never NULL, and live as long as the trace. */
struct sd_trace_entry {
    sd_time t;
    enum sd_trace_kind kind;
    const char *line; /* the line as it stands in the file, without its newline */
    size_t line_len;
    union {
        struct {               /* one crossing of one link */
            uint32_t from, to; /* indices of machines */
            sd_time arrive;    /* SD_NEVER: it did not */
            enum sd_trace_fate fate;
            uint32_t len; /* bytes, with IP header */
            const char *src, *dst, *proto, *what;
        } packet;
        struct {
            uint32_t machine, conn;
            const char *name, *detail;
        } event;
        struct {
            const char *text;
        } note;
    };
};

struct sd_trace {
    const char *run, *protocol, *mode;
    const char *head; /* the first line */
    size_t head_len;
    struct sd_trace_machine *machine;
    size_t machines;
    struct sd_trace_entry *entry; /* by t; entries of one instant in the order they happened */
    size_t entries;
    struct sd_trace_store *store; /* what the texts live in */
};

/* Of dir/events/RUN.jsonl.  SD_E_IO when it is missing, or with "FILE:LINE: expected, found" when
 * it is not as sim/node writes it. */
int sd_trace_load(struct sd_trace **, const char *dir, const char *run, struct sd_error *);
/* The same from memory; name stands for the file in errors. */
int sd_trace_parse(struct sd_trace **, const char *text, size_t len, const char *name,
                   struct sd_error *);
void sd_trace_free(struct sd_trace *);

#endif
