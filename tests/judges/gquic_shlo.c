/* gquic_shlo.c - a handshake in memory, what the client sends and the server's hello, as a
 * hexadecimal dump for text2pcap -D: an SHLO is sealed with initial keys, for which Wireshark has
 * no key log, so that the packet is opened with the server's key and written again as an
 * unencrypted one.
 *
 *   gquic_shlo fresh|q046 */
#include "protocols/gquic/agent.h"
#include "protocols/gquic/gquic.h"
#include "sim/mem/mem.h"
#include <stdio.h>

static int server;

/* Direction, then lines of an offset and 16 bytes. */
static void dump(char direction, const uint8_t *data, size_t len)
{
    printf("%c\n", direction);
    for (size_t i = 0; i < len; i++) {
        if (i % 16 == 0)
            printf("%s%06zx", i ? "\n" : "", i);
        printf(" %02x", data[i]);
    }
    putchar('\n');
}

static bool look(void *ctx, struct sd_mem_unit *u)
{
    struct sd_mem *m = ctx;
    const struct gquic *gq = (const struct gquic *)sd_mem_seat(m, server)->agent;
    const struct gq_connection *c = sd_index_any(&gq->by_sid);
    struct gq_header h;
    uint8_t text[GQ_TEXT_MAX], packet[GQ_TEXT_MAX];
    if (u->from != server) {
        dump('I', u->data, u->len);
        return true;
    }
    if (!c || !c->has_keys[GQ_INITIAL] || !gq_header_parse(&h, u->data, u->len, false) ||
        !h.nonce ||
        !gq_open(text, &c->keys[GQ_INITIAL].server, false, h.number, u->data, h.len,
                 u->data + h.len, u->len - h.len))
        return true;
    size_t len = u->len - h.len - GQ_TAG_LEN;
    h.nonce = NULL;
    h.type = GQ_TYPE_INITIAL;
    struct sd_writer w = sd_writer_of(packet, sizeof packet);
    gq_header_write(&h, &w, false);
    size_t head = sd_written(&w);
    gq_seal(packet + head, NULL, false, h.number, packet, head, text, len);
    dump('O', packet, head + len + GQ_TAG_LEN);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2 || sd_core_init() != SD_OK) {
        fprintf(stderr, "usage: gquic_shlo fresh|q046\n");
        return 2;
    }
    struct sd_mem *m = sd_mem_new(1);
    struct sd_config config = {
        .role = SD_ROLE_CLIENT, .mode = argv[1], .server_name = "server.example"};
    int client = sd_mem_add(m, &sd_gquic_agent, &config, 2);
    config.role = SD_ROLE_SERVER;
    config.identity = sd_identity("server.example");
    server = sd_mem_add(m, &sd_gquic_agent, &config, 3);
    if (client < 0 || server < 0) {
        fprintf(stderr, "gquic_shlo: %s\n", sd_mem_error(m));
        return 2;
    }
    sd_mem_on_unit(m, look, m);
    sd_mem_connect(m, client, server);
    sd_mem_run(m, SD_SECOND);
    sd_mem_free(m);
    return 0;
}
