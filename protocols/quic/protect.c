/* protect.c - packet protection, where it shows what ngtcp2 tells nobody: packets that do not open,
 * and the peer's key update (RFC 9001 6), which is the first packet that opens with its next key.
 */
#include "protocols/quic/quic.h"

static struct quic_connection *reading;

void quic_protect_reading(struct quic_connection *c)
{
    reading = c;
    if (c)
        c->opened = c->unopened = 0;
}

int quic_protect_open(uint8_t *out, const ngtcp2_crypto_aead *aead,
                      const ngtcp2_crypto_aead_ctx *context, const uint8_t *in, size_t len,
                      const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len)
{
    int r = ngtcp2_crypto_decrypt_cb(out, aead, context, in, len, nonce, nonce_len, aad, aad_len);
    struct quic_connection *c = reading;
    if (!c)
        return r;
    ++*(r == 0 ? &c->opened : &c->unopened);
    if (r == 0 && c->next_rx && context->native_handle == c->next_rx) {
        c->next_rx = NULL;
        quic_tell(c, SD_EV_KEY_UPDATE, "receiving");
    }
    return r;
}

int quic_protect_update(ngtcp2_conn *ng, uint8_t *rx_secret, uint8_t *tx_secret,
                        ngtcp2_crypto_aead_ctx *rx, uint8_t *rx_iv, ngtcp2_crypto_aead_ctx *tx,
                        uint8_t *tx_iv, const uint8_t *rx_current, const uint8_t *tx_current,
                        size_t secret_len, void *connection)
{
    struct quic_connection *c = connection;
    int r = ngtcp2_crypto_update_key_cb(ng, rx_secret, tx_secret, rx, rx_iv, tx, tx_iv, rx_current,
                                        tx_current, secret_len, connection);
    c->next_rx = r == 0 ? rx->native_handle : NULL;
    return r;
}
