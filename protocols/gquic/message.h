/* message.h - handshake messages (QUIC Crypto, "Handshake messages"): a tag and a map of tags to
 * values, which are borrowed both when reading and when writing. */
#ifndef GQ_MESSAGE_H
#define GQ_MESSAGE_H

#include "protocols/gquic/wire.h"

struct gq_value {
    uint32_t tag, len;
    const uint8_t *data;
};
struct gq_message {
    uint32_t tag, count;
    struct gq_value value[GQ_ENTRIES_MAX];
};

/* How long the message at the front of data is: 0 when too little of it is there to tell, SIZE_MAX
 * when it cannot be one. */
size_t gq_message_len(const uint8_t *data, size_t len);
/* False unless data is exactly one message: tags ascend, ends do not go back. */
bool gq_message_parse(struct gq_message *, const uint8_t *data, size_t len);
/* NULL: it has no such value. */
const struct gq_value *gq_message_find(const struct gq_message *, uint32_t tag);
/* The same if the value has exactly that length. */
const uint8_t *gq_message_bytes(const struct gq_message *, uint32_t tag, size_t len);
bool gq_message_get32(const struct gq_message *, uint32_t tag, uint32_t *value);
bool gq_message_get64(const struct gq_message *, uint32_t tag, uint64_t *value);
/* Is the 4-byte tag `wanted` among those that the value lists? *place: at which index. */
bool gq_message_lists(const struct gq_message *, uint32_t tag, uint32_t wanted, size_t *place);

void gq_message_init(struct gq_message *, uint32_t tag);
/* In its place by tag, instead of one that was there.  data must live until it is written. */
void gq_message_put(struct gq_message *, uint32_t tag, const void *data, size_t len);
/* A PAD of zeros, at most 1024, so that the message has at least that length. */
void gq_message_pad(struct gq_message *, size_t least);
size_t gq_message_size(const struct gq_message *);
/* Bytes written; 0: they do not fit. */
size_t gq_message_write(const struct gq_message *, uint8_t *out, size_t cap);

#endif
