#include "protocols/ipsec/proof.h"
#include "protocols/crypto/pem.h"
#include "protocols/crypto/x509.h"
#include "protocols/ipsec/eap.h"
#include <string.h>

/* -- what is signed -- */

struct octets {
    uint8_t *data;
    size_t len;
};

/* 2.15: what our side signs, or the peer's. */
static struct octets octets_of(struct ike_sa *sa, bool own)
{
    const struct ike_setup *s = sa->setup;
    const struct ike_id *id = own ? &sa->own_id : &sa->peer_id;
    bool initiators = own == sa->initiator;
    struct ike_signed what = {
        .message = initiators ? s->init_i : s->init_r,
        .message_len = initiators ? s->init_i_len : s->init_r_len,
        .nonce = initiators ? &s->nr : &s->ni,
        .sk_p = initiators ? sa->keys.p_i : sa->keys.p_r,
        .id = id->body,
        .id_len = id->len,
    };
    struct octets o = {0};
    if (what.message)
        o.data = sd_alloc(sa->ipsec->env, what.message_len + IKE_NONCE_MAX + IKE_PRF_MAX);
    if (o.data)
        o.len = ike_signed_octets(sa->keys.prf, &what, o.data);
    return o;
}

/* -- shared keys -- */

/* The key that AUTH payloads are MACs with; false: they are signatures. */
static bool shared_key(const struct ike_sa *sa, bool own, const uint8_t **key, size_t *len,
                       const char **how)
{
    const struct ipsec *ipsec = sa->ipsec;
    const struct ike_setup *s = sa->setup;
    const uint8_t *sk_p = own == sa->initiator ? sa->keys.p_i : sa->keys.p_r;
    if (s->resumption) { /* RFC 5723 5.1 */
        *key = sk_p;
        *len = ike_prf_len(sa->keys.prf);
        *how = "resumption";
    } else if (s->eap && s->eap->state == EAP_SUCCEEDED) { /* 2.16 */
        *key = s->eap->has_key ? s->eap->key : sk_p;
        *len = s->eap->has_key ? sizeof s->eap->key : ike_prf_len(sa->keys.prf);
        *how = s->eap->method->name;
    } else if ((own ? ipsec->set.own_proof : ipsec->set.peer_proof) == IKE_PROOF_SHARED_KEY) {
        *key = ipsec->config->psk;
        *len = ipsec->config->psk_len;
        *how = "shared key";
    } else {
        return false;
    }
    return true;
}

/* -- signatures: RFC 7427 -- */

static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t rsa_pkcs1_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                           0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const uint8_t rsa_pss_sha256[] = {
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30,
    0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
    0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
    0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};
static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70}; /* RFC 8420 */

/* AlgorithmIdentifiers of appendix A, and whose keys sign so. */
static const struct scheme {
    const uint8_t *id;
    size_t id_len;
    const char *key, *name;
    bool pkcs1;
} schemes[] = {
    {ecdsa_sha256, sizeof ecdsa_sha256, "EC", "ECDSA certificate", false},
    {ed25519, sizeof ed25519, "ED25519", "Ed25519 certificate", false},
    {rsa_pss_sha256, sizeof rsa_pss_sha256, "RSA", "RSA-PSS certificate", false},
    {rsa_pkcs1_sha256, sizeof rsa_pkcs1_sha256, "RSA", "RSA certificate", true},
};
#define SCHEMES (sizeof schemes / sizeof schemes[0])

#define ECDSA_RAW 64u

/* RFC 4754: method 9 has both numbers of an ECDSA signature side by side; libcrypto wants DER. */
static size_t der_of(const uint8_t *raw, size_t len, uint8_t *der, size_t cap)
{
    struct sd_writer w = sd_writer_of(der, cap);
    if (len != ECDSA_RAW)
        return 0;
    uint8_t *total = sd_put_space(&w, 2);
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *number = raw + i * ECDSA_RAW / 2, *end = number + ECDSA_RAW / 2;
        while (number < end - 1 && *number == 0)
            number++;
        bool negative = *number & 0x80;
        sd_put8(&w, 2);
        sd_put8(&w, (uint8_t)(end - number + negative));
        if (negative)
            sd_put8(&w, 0);
        sd_put(&w, number, (size_t)(end - number));
    }
    total[0] = 0x30;
    total[1] = (uint8_t)(sd_written(&w) - 2);
    return sd_written(&w);
}

/* The other way: false when that is no such signature. */
static bool raw_of(const uint8_t *der, size_t len, uint8_t raw[ECDSA_RAW])
{
    struct sd_reader r = sd_reader_of(der, len);
    sd_get16(&r);
    memset(raw, 0, ECDSA_RAW);
    for (size_t i = 0; i < 2; i++) {
        uint8_t tag = sd_get8(&r);
        size_t number_len = sd_get8(&r);
        const uint8_t *number = sd_get(&r, number_len);
        if (r.bad || tag != 2)
            return false;
        for (; number_len > ECDSA_RAW / 2 && *number == 0; number_len--)
            number++;
        if (number_len > ECDSA_RAW / 2)
            return false;
        memcpy(raw + (i + 1) * ECDSA_RAW / 2 - number_len, number, number_len);
    }
    return true;
}

static bool put_ecdsa(struct ike_writer *w, const uint8_t *der, size_t len)
{
    uint8_t raw[ECDSA_RAW];
    if (!raw_of(der, len, raw))
        return false;
    ike_put_begin(w, IKE_PAYLOAD_AUTH);
    sd_put8(&w->w, IKE_AUTH_ECDSA_P256);
    sd_put24(&w->w, 0);
    sd_put(&w->w, raw, sizeof raw);
    ike_put_end(w);
    return true;
}

static bool put_signature(struct ike_sa *sa, struct ike_writer *w, const struct octets *o)
{
    const char *private_key = sa->ipsec->config->identity->private_key;
    uint8_t signature[SD_SIGNATURE_MAX];
    const struct scheme *scheme = schemes;
    while (scheme < schemes + SCHEMES && !sd_pem_key_is(private_key, scheme->key))
        scheme++;
    size_t len = sd_sign_with_pem(signature, sizeof signature, private_key, o->data, o->len);
    if (scheme == schemes + SCHEMES || !len)
        return false;
    /* RFC 7427 4: only for a peer that has said which hashes it knows. */
    if (!sa->setup->sha2_256 && scheme->id == ecdsa_sha256)
        return put_ecdsa(w, signature, len);
    ike_put_begin(w, IKE_PAYLOAD_AUTH);
    sd_put8(&w->w, IKE_AUTH_SIGNATURE);
    sd_put24(&w->w, 0);
    sd_put8(&w->w, (uint8_t)scheme->id_len);
    sd_put(&w->w, scheme->id, scheme->id_len);
    sd_put(&w->w, signature, len);
    ike_put_end(w);
    return true;
}

static bool check_rfc7427(const struct sd_certificate *leaf, struct sd_reader *r,
                          const struct octets *o, const char **how)
{
    size_t id_len = sd_get8(r);
    const uint8_t *id = sd_get(r, id_len);
    for (size_t i = 0; id && i < SCHEMES; i++) {
        const struct scheme *s = &schemes[i];
        if (s->id_len != id_len || memcmp(s->id, id, id_len) != 0 ||
            !sd_certificate_key_is(leaf, s->key))
            continue;
        *how = s->name;
        return s->pkcs1 ? sd_verify_with_certificate_pkcs1(leaf, r->at, sd_left(r), o->data, o->len)
                        : sd_verify_with_certificate(leaf, r->at, sd_left(r), o->data, o->len);
    }
    return false;
}

static bool check_signature(const struct sd_certificate *leaf, uint8_t method, struct sd_reader *r,
                            const struct octets *o, const char **how)
{
    uint8_t der[80];
    if (method == IKE_AUTH_SIGNATURE)
        return check_rfc7427(leaf, r, o, how);
    if (method != IKE_AUTH_ECDSA_P256 || !sd_certificate_key_is(leaf, "EC"))
        return false;
    size_t len = der_of(r->at, sd_left(r), der, sizeof der);
    *how = "ECDSA certificate";
    return len && sd_verify_with_certificate(leaf, der, len, o->data, o->len);
}

/* -- certificates -- */

void ike_put_certificates(struct ike_sa *sa, struct ike_writer *w)
{
    struct sd_chain chain;
    if (sd_chain_from_pem(&chain, sa->ipsec->env, sa->ipsec->config->identity->certificate) !=
        SD_OK)
        return;
    for (size_t i = 0; i < chain.count; i++) {
        ike_put_begin(w, IKE_PAYLOAD_CERT);
        sd_put8(&w->w, IKE_CERT_X509);
        sd_put(&w->w, chain.certificate[i].der, chain.certificate[i].len);
        ike_put_end(w);
    }
    sd_chain_free(&chain);
}

static const char *authority(const struct ike_sa *sa)
{
    return sa->ipsec->config->ca ? sa->ipsec->config->ca : sd_identity_ca();
}

void ike_put_certificate_request(struct ike_sa *sa, struct ike_writer *w)
{
    uint8_t hash[SD_SHA1_LEN];
    if (!sd_public_key_sha1(authority(sa), hash))
        return;
    ike_put_begin(w, IKE_PAYLOAD_CERTREQ);
    sd_put8(&w->w, IKE_CERT_X509);
    sd_put(&w->w, hash, sizeof hash);
    ike_put_end(w);
}

/* 3.6: the first certificate is the one whose key signs.  The name in it must be the ID. */
static bool take_chain(struct ike_sa *sa, const struct ike_chain *c, struct sd_chain *chain,
                       const char **why)
{
    const struct ike_payload *p;
    *chain = (struct sd_chain){0};
    for (size_t i = 0; (p = ike_find_nth(c, IKE_PAYLOAD_CERT, i)); i++)
        if (p->len > 1 && p->body[0] == IKE_CERT_X509 &&
            sd_chain_append(chain, sa->ipsec->env, p->body + 1, p->len - 1) != SD_OK)
            break;
    if (!chain->count) {
        *why = "no certificate came";
        return false;
    }
    if (sa->peer_id.body[0] != IKE_ID_FQDN) {
        *why = "the identity is no name that a certificate could prove";
        return false;
    }
    return sd_chain_verify(chain, authority(sa), sa->name, why) == SD_OK;
}

static bool check_certificate(struct ike_sa *sa, const struct ike_chain *c, uint8_t method,
                              struct sd_reader *r, const struct octets *o, const char **why)
{
    struct sd_chain chain;
    const char *how = NULL;
    bool good = take_chain(sa, c, &chain, why);
    if (good) {
        good = check_signature(&chain.certificate[0], method, r, o, &how);
        *why = good ? how : "the signature is wrong";
    }
    sd_chain_free(&chain);
    return good;
}

/* -- AUTH payloads -- */

static void put_mac(struct ike_sa *sa, struct ike_writer *w, const struct octets *o,
                    const uint8_t *key, size_t key_len)
{
    uint8_t mac[IKE_PRF_MAX];
    ike_auth_shared(sa->keys.prf, mac, key, key_len, o->data, o->len);
    ike_put_begin(w, IKE_PAYLOAD_AUTH);
    sd_put8(&w->w, IKE_AUTH_SHARED_KEY);
    sd_put24(&w->w, 0);
    sd_put(&w->w, mac, ike_prf_len(sa->keys.prf));
    ike_put_end(w);
}

bool ike_put_proof(struct ike_sa *sa, struct ike_writer *w)
{
    const uint8_t *key;
    size_t key_len;
    const char *how;
    struct octets o = octets_of(sa, true);
    bool good = o.data != NULL;
    if (good && shared_key(sa, true, &key, &key_len, &how))
        put_mac(sa, w, &o, key, key_len);
    else if (good)
        good = put_signature(sa, w, &o);
    sd_free(o.data);
    return good;
}

static bool check(struct ike_sa *sa, const struct ike_chain *c, struct sd_reader *r,
                  const struct octets *o, const char **why)
{
    const uint8_t *key;
    size_t key_len, mac_len = ike_prf_len(sa->keys.prf);
    uint8_t mac[IKE_PRF_MAX];
    uint8_t method = sd_get8(r);
    sd_get24(r);
    if (r->bad) {
        *why = "the AUTH payload is malformed";
        return false;
    }
    if (!shared_key(sa, false, &key, &key_len, why))
        return check_certificate(sa, c, method, r, o, why);
    if (method != IKE_AUTH_SHARED_KEY) {
        *why = "a proof by shared key was expected";
        return false;
    }
    ike_auth_shared(sa->keys.prf, mac, key, key_len, o->data, o->len);
    if (sd_left(r) == mac_len && sd_equal_ct(mac, r->at, mac_len))
        return true;
    *why = "the shared key is another";
    return false;
}

bool ike_check_proof(struct ike_sa *sa, const struct ike_chain *c, const char **why)
{
    const struct ike_payload *auth = ike_find(c, IKE_PAYLOAD_AUTH);
    if (!auth) {
        *why = "no proof of identity came";
        return false;
    }
    struct octets o = octets_of(sa, false);
    *why = "no memory";
    struct sd_reader r = sd_reader_of(auth->body, auth->len);
    bool good = o.data && check(sa, c, &r, &o, why);
    sd_free(o.data);
    return good;
}
