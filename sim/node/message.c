/* message.c - writes and recognises the applications' text. */
#include "sim/node/message.h"

#include <string.h>

enum { WORD_AT = 0, WORD_LEN = 18, CONV_AT = 18, NUMBER_AT = 27 };
static const char words[2][WORD_LEN + 1] = {"shakedown request ", "shakedown reply   "};

static void put_hex(uint8_t *out, uint32_t value)
{
    static const char digit[] = "0123456789abcdef";
    for (int i = 7; i >= 0; i--, value >>= 4)
        out[i] = (uint8_t)digit[value & 15];
}

static bool get_hex(const uint8_t *in, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 8; i++) {
        bool letter = in[i] >= 'a' && in[i] <= 'f';
        if (!letter && (in[i] < '0' || in[i] > '9'))
            return false;
        *value = *value << 4 | (uint32_t)(letter ? in[i] - 'a' + 10 : in[i] - '0');
    }
    return true;
}

static void block_make(uint8_t block[MESSAGE_BLOCK], const struct message *m)
{
    memset(block, '.', MESSAGE_BLOCK - 1);
    block[MESSAGE_BLOCK - 1] = '\n';
    memcpy(block + WORD_AT, words[m->reply], WORD_LEN);
    put_hex(block + CONV_AT, m->conv);
    block[CONV_AT + 8] = ' ';
    put_hex(block + NUMBER_AT, m->number);
    block[NUMBER_AT + 8] = ' ';
}

/* Goes through a stream's bytes block by block: to make them (out) or to compare them (in). */
static bool walk(uint8_t *out, const uint8_t *in, size_t len, uint32_t conv, bool reply,
                 uint64_t offset)
{
    uint8_t block[MESSAGE_BLOCK];
    block_make(block, &(struct message){.conv = conv, .reply = reply});
    for (size_t done = 0; done < len;) {
        size_t at = offset % MESSAGE_BLOCK, piece = MESSAGE_BLOCK - at;
        if (piece > len - done)
            piece = len - done;
        put_hex(block + NUMBER_AT, (uint32_t)(offset / MESSAGE_BLOCK));
        if (out != NULL)
            memcpy(out + done, block + at, piece);
        else if (memcmp(in + done, block + at, piece) != 0)
            return false;
        done += piece;
        offset += piece;
    }
    return true;
}

void message_stream(uint8_t *out, size_t len, uint32_t conv, bool reply, uint64_t offset)
{
    walk(out, NULL, len, conv, reply, offset);
}

bool message_is_stream(const uint8_t *data, size_t len, uint32_t conv, bool reply, uint64_t offset)
{
    return walk(NULL, data, len, conv, reply, offset);
}

void message_whole(uint8_t *out, size_t len, const struct message *m)
{
    uint8_t block[MESSAGE_BLOCK];
    block_make(block, m);
    for (size_t done = 0; done < len; done += MESSAGE_BLOCK)
        memcpy(out + done, block, len - done < MESSAGE_BLOCK ? len - done : MESSAGE_BLOCK);
}

bool message_parse(const uint8_t *data, size_t len, struct message *m)
{
    if (len < MESSAGE_HEADER)
        return false;
    m->reply = memcmp(data, words[1], WORD_LEN) == 0;
    return (m->reply || memcmp(data, words[0], WORD_LEN) == 0) && data[CONV_AT + 8] == ' ' &&
           data[NUMBER_AT + 8] == ' ' && get_hex(data + CONV_AT, &m->conv) &&
           get_hex(data + NUMBER_AT, &m->number);
}
