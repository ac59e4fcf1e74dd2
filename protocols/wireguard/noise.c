/* noise.c - Noise_IKpsk2, straight down, in the whitepaper's order (5.4.2, 5.4.3, 5.4.5).
 *
 *   <- s                     the initiator knows the responder's static key
 *   ...
 *   -> e, es, s, ss, {t}     Initiation; t is the timestamp
 *   <- e, ee, se, psk, {}    Response
 *
 * C is the chaining key, H the hash of the transcript, k the key of the next encryption. */
#include "protocols/wireguard/noise.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/hash.h"
#include "protocols/crypto/kdf.h"
#include "sim/core/reader.h"
#include <string.h>

/* Every key of the handshake encrypts once: the counter in the nonce is 0. */
static const uint8_t zero_nonce[SD_AEAD_NONCE];

/* H := HASH(H || data) */
static void mix_hash(uint8_t hash[WG_HASH_LEN], const void *data, size_t len)
{
    sd_blake2s(hash, hash, WG_HASH_LEN, data, len);
}

/* (C, k) := KDF2(C, input), or C := KDF1(C, input) when k is NULL. */
static void mix_key(uint8_t chaining_key[WG_HASH_LEN], uint8_t *k, const uint8_t input[WG_KEY_LEN])
{
    sd_hkdf_blake2s(chaining_key, k, NULL, chaining_key, input, WG_KEY_LEN);
}

/* The same with input := DH(private_key, public_key).  False: a public key of small order. */
static bool mix_dh(uint8_t chaining_key[WG_HASH_LEN], uint8_t *k,
                   const uint8_t private_key[WG_KEY_LEN], const uint8_t public_key[WG_KEY_LEN])
{
    uint8_t shared[WG_KEY_LEN];
    bool good = sd_x25519(shared, private_key, public_key);
    if (good)
        mix_key(chaining_key, k, shared);
    sd_wipe(shared, sizeof shared);
    return good;
}

/* (C, k) := KDF2(C, DH(S_i, S_r)), computed once for a peer. */
static bool mix_static_static(const struct wireguard *wg, struct wg_peer *peer,
                              uint8_t chaining_key[WG_HASH_LEN], uint8_t k[WG_KEY_LEN])
{
    if (!peer->has_static_shared)
        peer->has_static_shared = sd_x25519(peer->static_shared, wg->private_key, peer->public_key);
    if (peer->has_static_shared)
        mix_key(chaining_key, k, peer->static_shared);
    return peer->has_static_shared;
}

/* field := AEAD(k, 0, data, H); H := HASH(H || field) */
static void encrypt_and_hash(uint8_t *field, const void *data, size_t len,
                             uint8_t hash[WG_HASH_LEN], const uint8_t k[WG_KEY_LEN])
{
    sd_chachapoly_seal(field, data, len, hash, WG_HASH_LEN, zero_nonce, k);
    mix_hash(hash, field, len + WG_TAG_LEN);
}

/* The reverse; len is that of the data. */
static bool decrypt_and_hash(uint8_t *data, const uint8_t *field, size_t len,
                             uint8_t hash[WG_HASH_LEN], const uint8_t k[WG_KEY_LEN])
{
    if (!sd_chachapoly_open(data, field, len + WG_TAG_LEN, hash, WG_HASH_LEN, zero_nonce, k))
        return false;
    mix_hash(hash, field, len + WG_TAG_LEN);
    return true;
}

static void put_index(uint8_t field[4], uint32_t index)
{
    struct sd_writer w = sd_writer_of(field, 4);
    sd_put32le(&w, index);
}

static uint32_t get_index(const uint8_t field[4])
{
    struct sd_reader r = sd_reader_of(field, 4);
    return sd_get32le(&r);
}

/* 5.1: TAI64N, coarse, and always greater than the last one sent. */
static void new_timestamp(struct wireguard *wg, uint8_t timestamp[WG_TIMESTAMP_LEN])
{
    uint64_t seconds = wg->env->epoch_s + wg->now / SD_SECOND;
    uint32_t ns = (uint32_t)(wg->now % SD_SECOND) & ~(WG_TIMESTAMP_GRAIN - 1);
    struct sd_writer w = sd_writer_of(timestamp, WG_TIMESTAMP_LEN);
    sd_put64(&w, (UINT64_C(1) << 62) + 10 + seconds);
    sd_put32(&w, ns);
    if (memcmp(timestamp, wg->last_timestamp, WG_TIMESTAMP_LEN) <= 0) {
        memcpy(timestamp, wg->last_timestamp, WG_TIMESTAMP_LEN);
        for (size_t i = WG_TIMESTAMP_LEN; i-- > 0 && ++timestamp[i] == 0;)
            ;
    }
    memcpy(wg->last_timestamp, timestamp, WG_TIMESTAMP_LEN);
}

void wg_noise_init(struct wireguard *wg)
{
    /* C := HASH(CONSTRUCTION); H := HASH(C || IDENTIFIER) */
    sd_blake2s(wg->start_chaining_key, WG_CONSTRUCTION, sizeof WG_CONSTRUCTION - 1, NULL, 0);
    sd_blake2s(wg->start_hash, wg->start_chaining_key, WG_HASH_LEN, WG_IDENTIFIER,
               sizeof WG_IDENTIFIER - 1);
    /* 5.4.4, 5.4.7: keys that messages to us are made with */
    sd_blake2s(wg->mac1_key, WG_LABEL_MAC1, WG_LABEL_LEN, wg->public_key, WG_KEY_LEN);
    sd_blake2s(wg->cookie_key, WG_LABEL_COOKIE, WG_LABEL_LEN, wg->public_key, WG_KEY_LEN);
}

int wg_noise_create_initiation(struct wireguard *wg, struct wg_peer *peer,
                               struct wg_initiation *message)
{
    struct wg_handshake *h = &peer->handshake;
    uint32_t index = wg_index_new(wg, peer);
    if (!index)
        return SD_E_NOMEM;
    wg_index_free(wg, h->local_index);
    sd_wipe(h, sizeof *h);
    h->local_index = index;
    put_index(message->type, WG_INITIATION);
    put_index(message->sender, index);

    uint8_t k[WG_KEY_LEN] = {0}, timestamp[WG_TIMESTAMP_LEN];
    uint8_t *C = h->chaining_key, *H = h->hash;
    memcpy(C, wg->start_chaining_key, WG_HASH_LEN);
    memcpy(H, wg->start_hash, WG_HASH_LEN);

    /* <- s */
    mix_hash(H, peer->public_key, WG_KEY_LEN);

    /* e: C := KDF1(C, E_i); H := HASH(H || E_i) */
    sd_x25519_keygen(wg->env, h->ephemeral_private, message->ephemeral);
    mix_key(C, NULL, message->ephemeral);
    mix_hash(H, message->ephemeral, WG_KEY_LEN);

    /* es: (C, k) := KDF2(C, DH(E_i, S_r)) */
    bool good = mix_dh(C, k, h->ephemeral_private, peer->public_key);

    /* s: AEAD(k, 0, S_i, H) */
    encrypt_and_hash(message->static_key, wg->public_key, WG_KEY_LEN, H, k);

    /* ss: (C, k) := KDF2(C, DH(S_i, S_r)) */
    good = good && mix_static_static(wg, peer, C, k);

    /* {t}: AEAD(k, 0, TIMESTAMP(), H) */
    new_timestamp(wg, timestamp);
    encrypt_and_hash(message->timestamp, timestamp, WG_TIMESTAMP_LEN, H, k);

    sd_wipe(k, sizeof k);
    if (!good) {
        wg_index_free(wg, index);
        sd_wipe(h, sizeof *h);
        return SD_DROP_AUTH;
    }
    h->state = WG_HANDSHAKE_EXPECT_RESPONSE;
    wg_keylog(wg, peer, h->ephemeral_private);
    return SD_OK;
}

/* 5.1, and a limit on how often one peer makes us work: SD_OK or the drop's reason. */
static int timely(const struct wireguard *wg, const struct wg_peer *peer,
                  const uint8_t timestamp[WG_TIMESTAMP_LEN])
{
    if (memcmp(timestamp, peer->latest_timestamp, WG_TIMESTAMP_LEN) <= 0)
        return SD_DROP_REPLAY;
    if (peer->initiation_received &&
        wg->now < peer->initiation_received_at + WG_INITIATION_INTERVAL)
        return SD_DROP_RATE;
    return SD_OK;
}

int wg_noise_consume_initiation(struct wireguard *wg, const struct wg_initiation *message,
                                struct wg_peer **from)
{
    uint8_t k[WG_KEY_LEN], C[WG_HASH_LEN], H[WG_HASH_LEN];
    uint8_t static_key[WG_KEY_LEN], timestamp[WG_TIMESTAMP_LEN];
    struct wg_peer *peer = NULL;
    int result = SD_DROP_AUTH;
    memcpy(C, wg->start_chaining_key, WG_HASH_LEN);
    memcpy(H, wg->start_hash, WG_HASH_LEN);

    /* <- s */
    mix_hash(H, wg->public_key, WG_KEY_LEN);

    /* e */
    mix_key(C, NULL, message->ephemeral);
    mix_hash(H, message->ephemeral, WG_KEY_LEN);

    /* es: DH(S_r, E_i) */
    if (!mix_dh(C, k, wg->private_key, message->ephemeral))
        goto out;

    /* s: whose static key is it? */
    if (!decrypt_and_hash(static_key, message->static_key, WG_KEY_LEN, H, k))
        goto out;
    peer = wg_peer_by_key(wg, static_key);
    if (!peer) {
        result = SD_DROP_UNKNOWN;
        goto out;
    }

    /* ss: only the owner of that static key gets the next step right */
    if (!mix_static_static(wg, peer, C, k))
        goto out;

    /* {t} */
    if (!decrypt_and_hash(timestamp, message->timestamp, WG_TIMESTAMP_LEN, H, k))
        goto out;
    result = timely(wg, peer, timestamp);
    if (result != SD_OK)
        goto out;

    struct wg_handshake *h = &peer->handshake;
    wg_index_free(wg, h->local_index);
    sd_wipe(h, sizeof *h);
    memcpy(h->chaining_key, C, WG_HASH_LEN);
    memcpy(h->hash, H, WG_HASH_LEN);
    memcpy(h->remote_ephemeral, message->ephemeral, WG_KEY_LEN);
    h->remote_index = get_index(message->sender);
    h->state = WG_HANDSHAKE_CONSUMED;
    memcpy(peer->latest_timestamp, timestamp, WG_TIMESTAMP_LEN);
    peer->initiation_received_at = wg->now;
    peer->initiation_received = true;
    *from = peer;
out:
    sd_wipe(k, sizeof k);
    sd_wipe(C, sizeof C);
    sd_wipe(H, sizeof H);
    return result;
}

/* psk: (C, t, k) := KDF3(C, Q); H := HASH(H || t) */
static void mix_psk(uint8_t C[WG_HASH_LEN], uint8_t H[WG_HASH_LEN], uint8_t k[WG_KEY_LEN],
                    const uint8_t psk[WG_KEY_LEN])
{
    uint8_t t[WG_HASH_LEN];
    sd_hkdf_blake2s(C, t, k, C, psk, WG_KEY_LEN);
    mix_hash(H, t, WG_HASH_LEN);
    sd_wipe(t, sizeof t);
}

int wg_noise_create_response(struct wireguard *wg, struct wg_peer *peer,
                             struct wg_response *message)
{
    struct wg_handshake *h = &peer->handshake;
    uint8_t k[WG_KEY_LEN] = {0};
    uint8_t *C = h->chaining_key, *H = h->hash;
    if (h->state != WG_HANDSHAKE_CONSUMED)
        return SD_DROP_STATE;
    h->local_index = wg_index_new(wg, peer);
    if (!h->local_index)
        return SD_E_NOMEM;
    put_index(message->type, WG_RESPONSE);
    put_index(message->sender, h->local_index);
    put_index(message->receiver, h->remote_index);

    /* e: C := KDF1(C, E_r); H := HASH(H || E_r) */
    sd_x25519_keygen(wg->env, h->ephemeral_private, message->ephemeral);
    mix_key(C, NULL, message->ephemeral);
    mix_hash(H, message->ephemeral, WG_KEY_LEN);

    /* ee: C := KDF1(C, DH(E_r, E_i)) */
    bool good = mix_dh(C, NULL, h->ephemeral_private, h->remote_ephemeral);

    /* se: C := KDF1(C, DH(E_r, S_i)) */
    good = good && mix_dh(C, NULL, h->ephemeral_private, peer->public_key);

    /* psk */
    mix_psk(C, H, k, peer->psk);

    /* {}: AEAD(k, 0, nothing, H) */
    encrypt_and_hash(message->empty, NULL, 0, H, k);

    sd_wipe(k, sizeof k);
    if (!good) {
        wg_index_free(wg, h->local_index);
        sd_wipe(h, sizeof *h);
        return SD_DROP_AUTH;
    }
    wg_keylog(wg, peer, h->ephemeral_private);
    return SD_OK;
}

int wg_noise_consume_response(struct wireguard *wg, struct wg_peer *peer,
                              const struct wg_response *message)
{
    struct wg_handshake *h = &peer->handshake;
    uint8_t k[WG_KEY_LEN], C[WG_HASH_LEN], H[WG_HASH_LEN], nothing[1];
    int result = SD_DROP_AUTH;
    if (h->state != WG_HANDSHAKE_EXPECT_RESPONSE)
        return SD_DROP_STATE;
    memcpy(C, h->chaining_key, WG_HASH_LEN);
    memcpy(H, h->hash, WG_HASH_LEN);

    /* e */
    mix_key(C, NULL, message->ephemeral);
    mix_hash(H, message->ephemeral, WG_KEY_LEN);

    /* ee: DH(E_i, E_r) */
    if (!mix_dh(C, NULL, h->ephemeral_private, message->ephemeral))
        goto out;

    /* se: DH(S_i, E_r) */
    if (!mix_dh(C, NULL, wg->private_key, message->ephemeral))
        goto out;

    /* psk */
    mix_psk(C, H, k, peer->psk);

    /* {} */
    if (!decrypt_and_hash(nothing, message->empty, 0, H, k))
        goto out;

    memcpy(h->chaining_key, C, WG_HASH_LEN);
    memcpy(h->hash, H, WG_HASH_LEN);
    h->remote_index = get_index(message->sender);
    result = SD_OK;
out:
    sd_wipe(k, sizeof k);
    sd_wipe(C, sizeof C);
    sd_wipe(H, sizeof H);
    return result;
}

void wg_noise_transport_keys(const struct wg_handshake *h,
                             uint8_t initiator_to_responder[WG_KEY_LEN],
                             uint8_t responder_to_initiator[WG_KEY_LEN])
{
    /* (T_send, T_recv) := KDF2(C, nothing), seen from the initiator */
    sd_hkdf_blake2s(initiator_to_responder, responder_to_initiator, NULL, h->chaining_key, NULL, 0);
}
