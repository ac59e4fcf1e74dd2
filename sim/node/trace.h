/* trace.h - private to sim/node: what is kept for events/RUN.jsonl, and the text of it. */
#ifndef SD_NODE_TRACE_H
#define SD_NODE_TRACE_H

#include "sim/node/inside.h"

enum trace_fate {
    TRACE_UNDER_WAY,
    TRACE_ARRIVED,
    TRACE_LOST,
    TRACE_CORRUPTED,
    TRACE_QUEUE,
    TRACE_DUPLICATE
};

struct trace_packet {
    sd_machine from, to;
    sd_time arrive; /* SD_NEVER: it did not */
    enum trace_fate fate;
    struct sd_addr source, destination;
    uint8_t proto;
    uint32_t len;
};

enum trace_kind { TRACE_PACKET, TRACE_EVENT, TRACE_NOTE };
struct trace_line {
    sd_time t;
    enum trace_kind kind;
    sd_machine machine;
    sd_conn conv;
    size_t name, text; /* in the texts; 0: none */
    struct trace_packet packet;
};

struct trace {
    struct sd_lab *lab;
    struct trace_line *line;
    size_t lines, line_cap;
    char *texts; /* each ends with NUL; the first is empty */
    size_t text_len, text_cap;
};

/* describe.c: what a packet is, for people: "SYN", "ClientHello (key_share)". */
size_t lab_describe(const struct sd_lab *, const uint8_t *ip, size_t len, char *text, size_t cap);

#endif
