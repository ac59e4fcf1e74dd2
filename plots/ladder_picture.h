/* ladder_picture.h - what the parts of a ladder's picture share. */
#ifndef SD_LADDER_PICTURE_H
#define SD_LADDER_PICTURE_H

#include "plots/ladder_plan.h"

#define PICTURE_WIDTH 1280.0
#define PICTURE_AXIS  92.0  /* right end of the times */
#define GUTTER        216.0 /* for names of events, beside the outer lifelines */
#define TOP           128.0 /* where time begins */
#define LABEL_SIZE    16.0
#define EVENT_SIZE    15.0
#define AXIS_SIZE     14.0
#define LINE          19.0 /* from one line of text to the next */
#define FLIGHT        46.0 /* height of the median flight */
#define LABEL_LINES   5
#define EVENT_LINES   3
#define STEEP         0.3 /* arrows that fall more than this have their label at the sender */
#define BOXES         24  /* labels drawn last, which the next must not cover */

/* A moment that has a height: a packet leaves or arrives, an event, a note, the line that counts
 * like packets. */
enum moment_kind { LEAVES, ARRIVES, HAPPENS, NOTED, LIKE };
struct moment {
    sd_time t;
    uint64_t order; /* among moments of one t */
    size_t row;
    enum moment_kind kind;
    double y;
    sd_time folded; /* the silence before it; 0: none */
    double fold_y;
};

struct box {
    double left, top, right, bottom;
};

struct picture {
    FILE *to;
    struct sd_ladder *ladder;
    double line[SD_LADDER_LINES]; /* x of each lifeline */
    struct moment *moment;        /* by time */
    size_t moments;
    double *begins, *arrives; /* y by row: when it leaves or happens, when it arrives */
    double bottom;
    struct box box[BOXES];
    size_t boxes;
};

const struct sd_trace_entry *sd_picture_entry(const struct picture *, size_t row);
double sd_picture_line(const struct picture *, uint32_t machine);
double sd_measure_label(const char *text, size_t len);
double sd_measure_event(const char *text, size_t len);

/* A packet's label and addresses as lines, how wide and how many. */
struct packet_text {
    struct sd_label label, addresses;
    struct sd_label_line line[LABEL_LINES], address[2];
    size_t lines, address_lines;
    bool cut;
    double width, height;
};
void sd_picture_packet_text(const struct picture *, const struct sd_ladder_row *,
                            struct packet_text *);

/* Fills moment, begins, arrives and bottom.  SD_E_NOMEM. */
int sd_picture_place(struct picture *, struct sd_error *);

/* One line of a label, in pieces of one colour, and a mark where more was cut off. */
void sd_picture_line_text(FILE *, const struct sd_label *, struct sd_label_line, bool more);
/* Attributes of text that arrows and lifelines may run behind. */
#define HALO                                                                                       \
    " stroke=\"" SD_PAPER                                                                          \
    "\" stroke-width=\"5\" stroke-linejoin=\"round\" paint-order=\"stroke\" "                      \
    "xml:space=\"preserve\""

void sd_picture_arrow(struct picture *, size_t row);
void sd_picture_label(struct picture *, size_t row);
/* What the key shows of an arrow: a shaft with its head or cross, from x to x + 60. */
void sd_picture_sample(FILE *, double x, double y, enum sd_trace_fate, bool encrypted);

#endif
