/* ladder_plan.h - what both forms of a ladder share: which machines stand where, which packets and
 * events are drawn, how they are labelled, and which silences are folded. */
#ifndef SD_LADDER_PLAN_H
#define SD_LADDER_PLAN_H

#include "plots/ladder.h"

#define SD_LADDER_LINES 6 /* lifelines; of more machines, the busiest */

struct sd_ladder_row {
    const struct sd_trace_entry *entry;
    size_t like;    /* not one packet, but so many like those before it; entry is the first */
    sd_time until;  /* the last of them left */
    bool addresses; /* a packet whose addresses the reader has not seen on its way yet */
};

struct sd_ladder {
    const struct sd_trace *trace;
    uint32_t machine[SD_LADDER_LINES]; /* left to right */
    size_t lines;
    int8_t *line_of; /* by machine; -1: not drawn */
    struct sd_ladder_row *row;
    size_t rows;
    sd_time flight; /* the median time from one machine to the next; never 0 */
    sd_time fold;   /* silences longer than this are folded */
    bool windowed;
    sd_time from, to;
    size_t more_packets; /* in the window, but after the last row */
    sd_time more_from, more_to;
    size_t other_machines, other_packets; /* in the window, but on no lifeline */
    bool conns;                           /* events are of more than one conversation */
    uint32_t fates;                       /* bit 1 << fate: drawn */
    bool encrypted, folds;                /* drawn */
};
int sd_ladder_plan(struct sd_ladder *, const struct sd_trace *, const struct sd_ladder_view *,
                   struct sd_error *);
void sd_ladder_drop(struct sd_ladder *);

/* What stands at a packet's arrow; kind says of each byte what it is. */
enum sd_label_kind { SD_LABEL_CLEAR, SD_LABEL_ENCRYPTED, SD_LABEL_SIZE, SD_LABEL_FATE };
#define SD_LABEL 512
struct sd_label {
    char text[SD_LABEL];
    uint8_t kind[SD_LABEL];
    size_t len;
    bool encrypted; /* some of it */
};
void sd_label_packet(struct sd_label *, const struct sd_trace_entry *);
void sd_label_event(struct sd_label *, const struct sd_ladder *, const struct sd_trace_entry *);
/* "10.0.0.1:49152 → 10.0.0.2:443" */
void sd_label_addresses(struct sd_label *, const struct sd_trace_entry *);

/* Breaks a label into lines no wider than most, at blanks; measure gives the width of a piece.
 * Returns how many; more than cap: the last one ends where the room does. */
struct sd_label_line {
    size_t start, len;
};
size_t sd_label_wrap(const struct sd_label *, double most,
                     double (*measure)(const char *text, size_t len), struct sd_label_line *,
                     size_t cap);

/* What an event means for the conversation: the three marks of a ladder. */
enum sd_mark { SD_MARK_GOOD, SD_MARK_BAD, SD_MARK_OTHER };
enum sd_mark sd_event_mark(const char *name);

/* "25.012": milliseconds with three digits behind the point. */
#define SD_MS_TEXT 32
const char *sd_ms_text(sd_time, char text[SD_MS_TEXT]);
/* "950 ms", "2.4 s": a duration for people. */
const char *sd_span_text(sd_time, char text[SD_MS_TEXT]);

/* "TLS 1.3, fresh" */
void sd_ladder_title(const struct sd_ladder *, char *text, size_t cap);

#endif
