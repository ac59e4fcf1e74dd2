/* fuzz_ike_payload.c - chains of payloads, and everything that is read out of them; names of
 * messages.  The first byte is the type of the first payload. */
#include "protocols/ipsec/ike.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static struct ike_policy ike, esp;

static void read_all(const struct ike_chain *c)
{
    struct ike_proposal p;
    struct ike_notify n;
    struct ike_nonce nonce;
    struct esp_selectors ts;
    uint16_t group;
    const uint8_t *data;
    size_t len;
    for (size_t i = 0; i < c->count; i++) {
        const struct ike_payload *one = &c->at[i];
        ike_choose(&p, one, &ike, IKE_PROTOCOL_IKE, 0, IKE_DH_P256, true);
        ike_choose(&p, one, &ike, IKE_PROTOCOL_IKE, 8, 0, true);
        ike_choose(&p, one, &esp, IKE_PROTOCOL_ESP, 4, 0, false);
        ike_chosen(&p, one, &esp, IKE_PROTOCOL_ESP, 4, true);
        if (ike_notify_read(&n, one) && n.spi_len + n.len + 4 != one->len)
            abort();
        if (ike_ts_read(one, &ts) && ts.count > ESP_SELECTORS_MAX)
            abort();
        if (ike_ke_read(one, &group, &data, &len) && data + len != one->body + one->len)
            abort();
        ike_nonce_take(&nonce, one);
    }
    ike_find_error(c);
    ike_has_notify(c, IKE_N_COOKIE);
}

static void put_seed(void (*add)(const void *data, size_t len), bool in_ike)
{
    uint8_t body[2048];
    struct ike_writer w = ike_writer_of(body + 1, sizeof body - 1);
    struct esp_selectors ts = {.count = 2, .at = {esp_selector_of(0, 0), esp_selector_of(1, 32)}};
    if (in_ike)
        ike_put_offer(&w, &ike, IKE_PROTOCOL_IKE, 0, 0, true);
    else
        ike_put_offer(&w, &esp, IKE_PROTOCOL_ESP, 0x12345678, 4, false);
    ike_put_ke(&w, IKE_DH_X25519, body, 32);
    ike_put_payload(&w, IKE_PAYLOAD_NONCE, body, 32);
    ike_put_notify(&w, IKE_N_COOKIE, body, 34);
    ike_put_notify_esp(&w, IKE_N_REKEY_SA, 0x12345678);
    ike_put_ts(&w, IKE_PAYLOAD_TSI, &ts);
    ike_put_delete_esp(&w, 0x12345678);
    body[0] = w.first;
    add(body, ike_written(&w) + 1);
}

static void prepare(void)
{
    ike_policy_parse(&ike, IKE_PROTOCOL_IKE, "aes128gcm16-aes256-sha256-prfsha256-x25519-ecp256",
                     NULL);
    ike_policy_parse(&esp, IKE_PROTOCOL_ESP, "chacha20poly1305-aes128-sha256-x25519-esn-noesn",
                     NULL);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    prepare();
    put_seed(add, true);
    put_seed(add, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct ike_chain c;
    static uint8_t message[SD_FUZZ_INPUT_MAX + IKE_HEADER];
    char text[64];
    if (!ike.count)
        prepare();
    if (len == 0)
        return 0;
    if (ike_chain_read(&c, data[0], data + 1, len - 1))
        read_all(&c);
    ike_header_write(message, &(struct ike_header){.next_payload = data[0],
                                                   .version = IKE_VERSION,
                                                   .exchange = IKE_SA_INIT,
                                                   .length = (uint32_t)(IKE_HEADER + len - 1)});
    memcpy(message + IKE_HEADER, data + 1, len - 1);
    for (size_t cap = 0; cap <= sizeof text; cap += 16)
        if (ike_describe(message, IKE_HEADER + len - 1, true, text, cap) > (cap ? cap - 1 : 0))
            abort();
    return 0;
}
