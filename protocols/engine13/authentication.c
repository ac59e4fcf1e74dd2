/* authentication.c - RFC 8446 4.4: Certificate, CertificateVerify, Finished, the same for client
 * and server. */
#include "protocols/engine13/inside.h"

#include <string.h>

/* -- 4.4.2: Certificate -- */

static void put_entry(struct sd_writer *w, const struct sd_certificate *c)
{
    struct e13_vector data = e13_open_vector(w, 3);
    sd_put(w, c->der, c->len);
    e13_close_vector(w, data);
    sd_put16(w, 0); /* extensions */
}

int e13_send_certificate(struct sd_e13_session *s)
{
    const struct sd_e13_context *c = s->context;
    const struct e13_opening *o = s->opening;
    struct sd_writer w = e13_begin(TLS_CERTIFICATE);
    sd_put8(&w, (uint8_t)o->request_context_len);
    sd_put(&w, o->request_context, o->request_context_len);
    struct e13_vector list = e13_open_vector(&w, 3);
    bool shown = !s->client || o->certificate_fits;
    if (shown && o->raw_own)
        put_entry(&w, &c->own_key);
    for (size_t i = 0; shown && i < c->chain.count && !o->raw_own; i++)
        put_entry(&w, &c->chain.certificate[i]);
    e13_close_vector(&w, list);
    return e13_send(s, SD_E13_HANDSHAKE, &w);
}

/* RFC 7250 4.2: the key is the one that was agreed out of band. */
static int check_raw_key(struct sd_e13_session *s, const char **why)
{
    const struct sd_certificate *known = &s->context->peer_key;
    const struct sd_certificate *shown = &s->opening->peer.certificate[0];
    *why = "the peer's raw public key is another";
    return known->len == shown->len && memcmp(known->der, shown->der, known->len) == 0
               ? SD_OK
               : SD_DROP_AUTH;
}

static int check_peer(struct sd_e13_session *s, const char **why)
{
    const struct sd_config *config = &s->context->config;
    const char *ca = config->ca ? config->ca : sd_identity_ca();
    const struct sd_chain *peer = &s->opening->peer;
    if (s->opening->raw_peer)
        return check_raw_key(s, why);
    if (!s->client)
        return sd_chain_verify_client(peer, ca, why);
    return sd_chain_verify(peer, ca, s->server_name[0] ? s->server_name : NULL, why);
}

static int read_list(struct sd_e13_session *s, struct sd_reader *list)
{
    struct sd_chain *peer = &s->opening->peer;
    sd_chain_free(peer);
    while (sd_left(list) > 0) {
        struct sd_reader data = sd_get_sub(list, sd_get24(list));
        sd_get_sub(list, sd_get16(list)); /* extensions: none of ours */
        if (list->bad || sd_left(&data) == 0)
            return e13_fail(s, E13_DECODE_ERROR, "Certificate does not parse");
        int r = sd_chain_append(peer, s->context->env, data.at, sd_left(&data));
        if (r != SD_OK)
            return e13_fail(s, r == SD_DROP_FULL ? E13_BAD_CERTIFICATE : E13_INTERNAL_ERROR,
                            "a chain of more certificates than are taken");
    }
    return 0;
}

int e13_read_certificate(struct sd_e13_session *s, struct sd_reader *r)
{
    struct e13_opening *o = s->opening;
    struct sd_reader context = sd_get_sub(r, sd_get8(r));
    struct sd_reader list = sd_get_sub(r, sd_get24(r));
    const char *why;
    if (r->bad)
        return e13_fail(s, E13_DECODE_ERROR, "Certificate does not parse");
    if (sd_left(&context) > 0)
        return e13_fail(s, E13_ILLEGAL_PARAMETER, "Certificate answers a request nobody made");
    int alert = read_list(s, &list);
    if (alert)
        return alert;
    if (o->peer.count == 0) /* 4.4.2.4 */
        return s->client ? e13_fail(s, E13_DECODE_ERROR, "the server shows no certificate")
                         : e13_fail(s, E13_CERTIFICATE_REQUIRED, "the client shows no certificate");
    int found = check_peer(s, &why);
    if (found == SD_DROP_MALFORMED)
        return e13_fail(s, E13_BAD_CERTIFICATE, "a certificate does not parse");
    if (found != SD_OK && !s->context->application_verifies)
        return e13_fail(s, E13_BAD_CERTIFICATE, why);
    o->unverified = found == SD_OK ? NULL : why;
    sd_free(s->leaf.der);
    const struct sd_certificate *leaf = &o->peer.certificate[0];
    s->leaf = (struct sd_certificate){e13_copy(s->context->env, leaf->der, leaf->len), leaf->len};
    return s->leaf.der ? 0 : e13_fail(s, E13_INTERNAL_ERROR, "no memory for a certificate");
}

/* -- 4.4.3: CertificateVerify -- */

/* What is signed: 64 spaces, who signs, a zero, the transcript's hash. */
static size_t signed_content(const struct sd_e13_session *s, bool by_server, const uint8_t *hash,
                             uint8_t out[E13_CERTIFICATE_CONTENT + SD_HASH_MAX])
{
    const char *who =
        by_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
    size_t len = sd_hash_len(s->suite->hash);
    memset(out, ' ', 64);
    memcpy(out + 64, who, E13_CERTIFICATE_CONTENT - 64); /* its terminating zero too */
    memcpy(out + E13_CERTIFICATE_CONTENT, hash, len);
    return E13_CERTIFICATE_CONTENT + len;
}

int e13_send_certificate_verify(struct sd_e13_session *s)
{
    uint8_t content[E13_CERTIFICATE_CONTENT + SD_HASH_MAX], hash[SD_HASH_MAX];
    uint8_t signature[SD_SIGNATURE_MAX];
    const struct sd_e13_context *c = s->context;
    e13_transcript_hash(s, hash);
    size_t len = signed_content(s, !s->client, hash, content);
    size_t signature_len = sd_sign_with_pem(signature, sizeof signature,
                                            c->config.identity->private_key, content, len);
    if (signature_len == 0)
        return e13_fail(s, E13_INTERNAL_ERROR, "the private key does not sign");
    struct sd_writer w = e13_begin(TLS_CERTIFICATE_VERIFY);
    sd_put16(&w, c->scheme);
    sd_put16(&w, (uint16_t)signature_len);
    sd_put(&w, signature, signature_len);
    return e13_send(s, SD_E13_HANDSHAKE, &w);
}

int e13_read_certificate_verify(struct sd_e13_session *s, struct sd_reader *r,
                                const uint8_t *transcript_hash)
{
    uint8_t content[E13_CERTIFICATE_CONTENT + SD_HASH_MAX];
    const struct e13_opening *o = s->opening;
    uint16_t scheme = sd_get16(r);
    struct sd_reader signature = sd_get_sub(r, sd_get16(r));
    if (r->bad || sd_left(r) > 0)
        return e13_fail(s, E13_DECODE_ERROR, "CertificateVerify does not parse");
    const struct sd_certificate *leaf = &o->peer.certificate[0];
    if (scheme != sd_certificate_scheme(leaf, o->raw_peer))
        return e13_fail(s, E13_ILLEGAL_PARAMETER,
                        "CertificateVerify names a scheme that is not the key's");
    size_t len = signed_content(s, s->client, transcript_hash, content);
    bool good =
        o->raw_peer
            ? sd_verify_with_public_key(leaf, signature.at, sd_left(&signature), content, len)
            : sd_verify_with_certificate(leaf, signature.at, sd_left(&signature), content, len);
    return good ? 0 : e13_fail(s, E13_DECRYPT_ERROR, "CertificateVerify does not verify");
}

/* -- 4.4.4: Finished -- */

int e13_send_finished(struct sd_e13_session *s)
{
    const struct e13_opening *o = s->opening;
    uint8_t hash[SD_HASH_MAX], verify_data[SD_HASH_MAX];
    e13_transcript_hash(s, hash);
    e13_verify_data(s, s->client ? o->client_secret : o->server_secret, hash, verify_data);
    struct sd_writer w = e13_begin(TLS_FINISHED);
    sd_put(&w, verify_data, sd_hash_len(s->suite->hash));
    return e13_send(s, SD_E13_HANDSHAKE, &w);
}

int e13_read_finished(struct sd_e13_session *s, struct sd_reader *r, const uint8_t *transcript_hash)
{
    const struct e13_opening *o = s->opening;
    uint8_t expected[SD_HASH_MAX];
    size_t len = sd_hash_len(s->suite->hash);
    if (sd_left(r) != len)
        return e13_fail(s, E13_DECODE_ERROR, "Finished is not as long as the hash");
    e13_verify_data(s, s->client ? o->server_secret : o->client_secret, transcript_hash, expected);
    return sd_equal_ct(expected, r->at, len)
               ? 0
               : e13_fail(s, E13_DECRYPT_ERROR, "Finished does not verify");
}
