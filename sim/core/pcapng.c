/* pcapng.c - writes pcapng (draft-ietf-opsawg-pcapng), little endian. */
#include "sim/core/pcapng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/whole_file.h"

enum { /* block types, section 11.1 */
       BLOCK_SECTION = 0x0A0D0D0A,
       BLOCK_INTERFACE = 1,
       BLOCK_PACKET = 6,
       BLOCK_SECRETS = 10,
};
enum { OPT_END = 0, OPT_COMMENT = 1, OPT_SHB_USERAPPL = 4, OPT_IF_NAME = 2, OPT_IF_TSRESOL = 9 };
enum { SECRETS_TLS = 0x544c534b, SECRETS_WIREGUARD = 0x57474b4c };
enum { LINKTYPE_RAW = 101 };
#define BYTE_ORDER_MAGIC UINT32_C(0x1A2B3C4D)
#define COMMENT_MAX      4096

/* Bytes that grow; `bad` once there was no memory. */
struct bytes {
    uint8_t *data;
    size_t len, cap;
    bool bad;
};

struct sd_pcapng {
    int interfaces;
    struct bytes head;    /* section header and interfaces */
    struct bytes packets; /* packet blocks, finished */
    struct bytes tls, wireguard;
    struct bytes keys; /* every line, for the key file */
};

static void put(struct bytes *b, const void *data, size_t len)
{
    if (b->bad || len == 0)
        return;
    if (b->cap - b->len < len) {
        size_t cap = b->cap * 2 > b->len + len ? b->cap * 2 : b->len + len + 4096;
        uint8_t *grown = realloc(b->data, cap);
        if (grown == NULL) {
            b->bad = true;
            return;
        }
        b->data = grown;
        b->cap = cap;
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void put32(struct bytes *b, uint32_t v)
{
    uint8_t raw[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    put(b, raw, 4);
}

/* Data, and zeros up to the next 32-bit boundary. */
static void put_padded(struct bytes *b, const void *data, size_t len)
{
    static const uint8_t zeros[3];
    put(b, data, len);
    put(b, zeros, -len & 3);
}

static void put_option(struct bytes *b, uint16_t code, const void *value, size_t len)
{
    if (len == 0)
        return;
    put32(b, (uint32_t)len << 16 | code);
    put_padded(b, value, len);
}

/* A block carries its length in front and behind. */
static size_t block_begin(struct bytes *b, uint32_t type)
{
    size_t start = b->len;
    put32(b, type);
    put32(b, 0);
    return start;
}

static void block_end(struct bytes *b, size_t start)
{
    uint32_t len = (uint32_t)(b->len + 4 - start);
    put32(b, len);
    if (!b->bad)
        memcpy(b->data + start + 4, b->data + b->len - 4, 4);
}

struct sd_pcapng *sd_pcapng_new(const char *application)
{
    struct sd_pcapng *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    size_t start = block_begin(&p->head, BLOCK_SECTION);
    put32(&p->head, BYTE_ORDER_MAGIC);
    put32(&p->head, 1);          /* version 1.0 */
    put32(&p->head, UINT32_MAX); /* section length: unknown */
    put32(&p->head, UINT32_MAX);
    put_option(&p->head, OPT_SHB_USERAPPL, application, strlen(application));
    put32(&p->head, OPT_END);
    block_end(&p->head, start);
    return p;
}

int sd_pcapng_interface(struct sd_pcapng *p, const char *name)
{
    static const uint8_t nanoseconds = 9;
    size_t start = block_begin(&p->head, BLOCK_INTERFACE);
    put32(&p->head, LINKTYPE_RAW);
    put32(&p->head, 0); /* no snap length */
    put_option(&p->head, OPT_IF_NAME, name, strlen(name));
    put_option(&p->head, OPT_IF_TSRESOL, &nanoseconds, 1);
    put32(&p->head, OPT_END);
    block_end(&p->head, start);
    return p->head.bad ? SD_E_NOMEM : p->interfaces++;
}

int sd_pcapng_packet(struct sd_pcapng *p, int interface, uint64_t unix_ns, const void *ip_packet,
                     size_t len, const char *comment)
{
    if (interface < 0 || interface >= p->interfaces || len > UINT32_MAX - 2 * COMMENT_MAX)
        return SD_E_ARG;
    struct bytes *b = &p->packets;
    size_t start = block_begin(b, BLOCK_PACKET);
    put32(b, (uint32_t)interface);
    put32(b, (uint32_t)(unix_ns >> 32));
    put32(b, (uint32_t)unix_ns);
    put32(b, (uint32_t)len); /* captured */
    put32(b, (uint32_t)len); /* on the wire */
    put_padded(b, ip_packet, len);
    size_t said = comment != NULL ? strnlen(comment, COMMENT_MAX) : 0;
    if (said > 0) {
        put_option(b, OPT_COMMENT, comment, said);
        put32(b, OPT_END);
    }
    block_end(b, start);
    return b->bad ? SD_E_NOMEM : SD_OK;
}

static void put_line(struct bytes *b, const char *line)
{
    put(b, line, strlen(line));
    put(b, "\n", 1);
}

int sd_pcapng_key(struct sd_pcapng *p, enum sd_key_format format, const char *line)
{
    if (format == SD_KEYS_TLS)
        put_line(&p->tls, line);
    else if (format == SD_KEYS_WIREGUARD)
        put_line(&p->wireguard, line);
    put_line(&p->keys, line);
    return p->tls.bad || p->wireguard.bad || p->keys.bad ? SD_E_NOMEM : SD_OK;
}

static void put_secrets(struct bytes *b, uint32_t type, const struct bytes *lines)
{
    if (lines->len == 0)
        return;
    size_t start = block_begin(b, BLOCK_SECRETS);
    put32(b, type);
    put32(b, (uint32_t)lines->len);
    put_padded(b, lines->data, lines->len);
    block_end(b, start);
}

static int write_file(const char *path, const struct bytes *const parts[], size_t count,
                      struct sd_error *e)
{
    struct sd_whole_file file;
    int result = sd_whole_file_begin(&file, path, e);
    if (result != SD_OK)
        return result;
    for (size_t i = 0; i < count; i++)
        if (parts[i]->len > 0)
            fwrite(parts[i]->data, 1, parts[i]->len, file.out);
    return sd_whole_file_end(&file, e);
}

static void bytes_free(struct bytes *b)
{
    if (b->data != NULL)
        sd_wipe(b->data, b->len);
    free(b->data);
}

int sd_pcapng_close(struct sd_pcapng *p, const char *path, const char *keys_path,
                    struct sd_error *e)
{
    int result = SD_OK;
    if (path != NULL) {
        put_secrets(&p->head, SECRETS_TLS, &p->tls);
        put_secrets(&p->head, SECRETS_WIREGUARD, &p->wireguard);
        if (p->head.bad || p->packets.bad || p->tls.bad || p->wireguard.bad || p->keys.bad)
            result = sd_fail(e, SD_E_NOMEM, "%s: no memory for the whole capture", path);
        if (result == SD_OK)
            result = write_file(path, (const struct bytes *const[]){&p->head, &p->packets}, 2, e);
        if (result == SD_OK && p->keys.len > 0 && keys_path != NULL)
            result = write_file(keys_path, (const struct bytes *const[]){&p->keys}, 1, e);
    }
    bytes_free(&p->head);
    bytes_free(&p->packets);
    bytes_free(&p->tls);
    bytes_free(&p->wireguard);
    bytes_free(&p->keys);
    free(p);
    return result;
}
