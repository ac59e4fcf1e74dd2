/* reader.h - the one way to take apart bytes that a stranger sent, and to put bytes together.
 *
 * A reader never runs past its end: a read that does not fit returns zero (or NULL), moves
 * nothing and sets `bad`, which stays set; check it once at the end.  A writer likewise. */
#ifndef SD_READER_H
#define SD_READER_H

#include "sim/core/base.h"

struct sd_reader {
    const uint8_t *at, *end;
    bool bad;
};

struct sd_reader sd_reader_of(const void *data, size_t len);
size_t sd_left(const struct sd_reader *r);
uint8_t sd_get8(struct sd_reader *r);
uint16_t sd_get16(struct sd_reader *r); /* big endian */
uint32_t sd_get24(struct sd_reader *r);
uint32_t sd_get32(struct sd_reader *r);
uint64_t sd_get64(struct sd_reader *r);
uint16_t sd_get16le(struct sd_reader *r);
uint32_t sd_get32le(struct sd_reader *r);
uint64_t sd_get64le(struct sd_reader *r);
const uint8_t *sd_get(struct sd_reader *r, size_t len);       /* NULL when short */
bool sd_get_copy(struct sd_reader *r, void *to, size_t len);  /* `to` zeroed when short */
struct sd_reader sd_get_sub(struct sd_reader *r, size_t len); /* bad when short */

struct sd_writer {
    uint8_t *start, *at, *end;
    bool bad;
};

struct sd_writer sd_writer_of(void *data, size_t cap);
size_t sd_written(const struct sd_writer *w);
void sd_put8(struct sd_writer *w, uint8_t v);
void sd_put16(struct sd_writer *w, uint16_t v);
void sd_put24(struct sd_writer *w, uint32_t v);
void sd_put32(struct sd_writer *w, uint32_t v);
void sd_put64(struct sd_writer *w, uint64_t v);
void sd_put16le(struct sd_writer *w, uint16_t v);
void sd_put32le(struct sd_writer *w, uint32_t v);
void sd_put64le(struct sd_writer *w, uint64_t v);
void sd_put(struct sd_writer *w, const void *data, size_t len);
uint8_t *sd_put_space(struct sd_writer *w, size_t len); /* zeroed room; NULL when full */

#endif
