/* message.h - what the applications of the lab say.  Every 64 bytes carry the number of their
 * conversation and a number of their own, so that a receiver sees in the plaintext what was
 * delivered twice, out of order or changed:
 *
 *   shakedown request 00000001 00000000 ...........................\n
 *   shakedown reply   00000001 00000000 ...........................\n
 *
 * A byte stream is a row of such blocks, numbered from 0.  A message is one block's header,
 * numbered by its sender, and filling. */
#ifndef SD_NODE_MESSAGE_H
#define SD_NODE_MESSAGE_H

#include "sim/node/lab.h"

#define MESSAGE_BLOCK  64
#define MESSAGE_HEADER SD_LAB_MESSAGE_MIN /* the least that tells which message it is */

struct message {
    uint32_t conv, number;
    bool reply; /* the server says it */
};

/* Bytes offset to offset + len of a side's stream. */
void message_stream(uint8_t *out, size_t len, uint32_t conv, bool reply, uint64_t offset);
/* Whether data are these bytes. */
bool message_is_stream(const uint8_t *data, size_t len, uint32_t conv, bool reply, uint64_t offset);
/* One whole message of len >= MESSAGE_HEADER bytes. */
void message_whole(uint8_t *out, size_t len, const struct message *);
/* False: these bytes do not begin with a header. */
bool message_parse(const uint8_t *data, size_t len, struct message *);

#endif
