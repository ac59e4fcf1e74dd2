#include "cmd/bench/bare_ngtcp2.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/stopwatch.h"
#include "sim/core/config.h"

/* As in protocols/quic. */
#define SERVER_NAME "server.example"
#define SUITES                                                                                     \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:"      \
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE"
enum { PACKET_MAX = 1472, ID_LEN = 8, WINDOW = 4 << 20, ROUNDS_MAX = 100000 };
#define WAY (10 * NGTCP2_MILLISECONDS) /* from one side to the other */

enum { CLIENT, SERVER };

struct bare_ngtcp2 {
    gnutls_certificate_credentials_t trust, identity;
    gnutls_priority_t suites;
    gnutls_datum_t ticket_key;
};

struct end {
    struct bare_ngtcp2 *bare;
    ngtcp2_conn *ng;
    gnutls_session_t tls;
    ngtcp2_crypto_conn_ref ref;
    struct sockaddr_in address[2]; /* own, the other's */
    bool server, ready;
    int64_t stream; /* of what it sends; < 0: none */
    uint64_t to_send, sent, received;
};

struct pair {
    struct end end[2];
    ngtcp2_tstamp now;
};

/* -- what ngtcp2 asks -- */

static ngtcp2_conn *ng_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((struct end *)ref->user_data)->ng;
}

static void on_random(uint8_t *to, size_t len, const ngtcp2_rand_ctx *ctx)
{
    (void)ctx;
    gnutls_rnd(GNUTLS_RND_RANDOM, to, len);
}

static int on_new_id(ngtcp2_conn *ng, ngtcp2_cid *id, uint8_t *token, size_t len, void *end)
{
    static const uint8_t key[32];
    uint8_t bytes[NGTCP2_MAX_CIDLEN];
    (void)ng, (void)end;
    gnutls_rnd(GNUTLS_RND_RANDOM, bytes, len);
    ngtcp2_cid_init(id, bytes, len);
    return ngtcp2_crypto_generate_stateless_reset_token(token, key, sizeof key, id) == 0
               ? 0
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_completed(ngtcp2_conn *ng, void *user)
{
    static const uint8_t key[32];
    struct end *e = user;
    uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
    e->ready = true;
    if (!e->server)
        return 0;
    ngtcp2_ssize len = ngtcp2_crypto_generate_regular_token(
        token, key, sizeof key, (struct sockaddr *)&e->address[1], sizeof e->address[1], 0);
    return len > 0 && gnutls_session_ticket_send(e->tls, 1, 0) == GNUTLS_E_SUCCESS
               ? ngtcp2_conn_submit_new_token(ng, token, (size_t)len)
               : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_data(ngtcp2_conn *ng, uint32_t flags, int64_t id, uint64_t offset,
                   const uint8_t *data, size_t len, void *user, void *stream)
{
    struct end *e = user;
    (void)flags, (void)offset, (void)data, (void)stream;
    e->received += len;
    ngtcp2_conn_extend_max_stream_offset(ng, id, len);
    ngtcp2_conn_extend_max_offset(ng, len);
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .handshake_completed = on_completed,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_data,
    .rand = on_random,
    .get_new_connection_id = on_new_id,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* -- two ends -- */

static bool shake(struct end *e)
{
    struct bare_ngtcp2 *b = e->bare;
    gnutls_datum_t alpn = {(unsigned char *)(uintptr_t) "shakedown", 9};
    unsigned flags = e->server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT;
    e->ref = (ngtcp2_crypto_conn_ref){ng_of, e};
    if (gnutls_init(&e->tls, flags | GNUTLS_NO_END_OF_EARLY_DATA) < 0)
        return false;
    gnutls_session_set_ptr(e->tls, &e->ref);
    if (!e->server)
        gnutls_session_set_verify_cert(e->tls, SERVER_NAME, 0);
    return gnutls_priority_set(e->tls, b->suites) == 0 &&
           gnutls_alpn_set_protocols(e->tls, &alpn, 1, GNUTLS_ALPN_MANDATORY) == 0 &&
           gnutls_credentials_set(e->tls, GNUTLS_CRD_CERTIFICATE,
                                  e->server ? b->identity : b->trust) == 0 &&
           (e->server ? gnutls_session_ticket_enable_server(e->tls, &b->ticket_key) == 0 &&
                            ngtcp2_crypto_gnutls_configure_server_session(e->tls) == 0
                      : gnutls_server_name_set(e->tls, GNUTLS_NAME_DNS, SERVER_NAME,
                                               strlen(SERVER_NAME)) == 0 &&
                            ngtcp2_crypto_gnutls_configure_client_session(e->tls) == 0);
}

static void draw_id(ngtcp2_cid *id, size_t len)
{
    uint8_t bytes[NGTCP2_MAX_CIDLEN];
    gnutls_rnd(GNUTLS_RND_RANDOM, bytes, len);
    ngtcp2_cid_init(id, bytes, len);
}

static ngtcp2_path path_of(struct end *e)
{
    return (ngtcp2_path){.local = {(struct sockaddr *)&e->address[0], sizeof e->address[0]},
                         .remote = {(struct sockaddr *)&e->address[1], sizeof e->address[1]}};
}

/* initial: the client's first header; NULL: this is the client. */
static bool begin(struct pair *p, struct end *e, const ngtcp2_pkt_hd *initial)
{
    ngtcp2_settings s;
    ngtcp2_transport_params t;
    ngtcp2_cid own, other;
    ngtcp2_path path = path_of(e);
    ngtcp2_settings_default(&s);
    s.initial_ts = p->now;
    s.max_tx_udp_payload_size = PACKET_MAX;
    s.handshake_timeout = UINT64_MAX;
    ngtcp2_transport_params_default(&t);
    t.initial_max_streams_bidi = 128;
    t.initial_max_stream_data_bidi_local = t.initial_max_stream_data_bidi_remote = WINDOW;
    t.initial_max_data = 2 * WINDOW;
    t.max_idle_timeout = 30 * NGTCP2_SECONDS;
    t.active_connection_id_limit = 7;
    draw_id(&own, ID_LEN);
    draw_id(&other, 18);
    if (!shake(e))
        return false;
    int r;
    if (initial != NULL) {
        t.original_dcid = initial->dcid;
        r = ngtcp2_conn_server_new(&e->ng, &initial->scid, &own, &path, initial->version,
                                   &callbacks, &s, &t, NULL, e);
    } else {
        r = ngtcp2_conn_client_new(&e->ng, &other, &own, &path, NGTCP2_PROTO_VER_V1, &callbacks, &s,
                                   &t, NULL, e);
    }
    if (r == 0)
        ngtcp2_conn_set_tls_native_handle(e->ng, e->tls);
    return r == 0;
}

static ngtcp2_ssize write_packet(struct pair *p, struct end *e, uint8_t *packet)
{
    static const uint8_t bytes[65536];
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_ssize taken = -1;
    ngtcp2_path_storage_zero(&path);
    uint64_t left = e->to_send - e->sent;
    if (left > 0 && e->stream < 0 && ngtcp2_conn_open_bidi_stream(e->ng, &e->stream, NULL) != 0)
        e->stream = -1;
    size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;
    int64_t id = left > 0 ? e->stream : -1;
    ngtcp2_ssize n = ngtcp2_conn_write_stream(e->ng, &path.path, &info, packet, PACKET_MAX, &taken,
                                              0, id, bytes, id < 0 ? 0 : len, p->now);
    if (taken > 0)
        e->sent += (uint64_t)taken;
    return n == NGTCP2_ERR_STREAM_DATA_BLOCKED
               ? ngtcp2_conn_write_pkt(e->ng, &path.path, &info, packet, PACKET_MAX, p->now)
               : n;
}

static bool receive(struct pair *p, struct end *e, const uint8_t *packet, size_t len)
{
    ngtcp2_pkt_hd hd;
    ngtcp2_path path = path_of(e);
    const ngtcp2_pkt_info info = {0};
    if (e->ng == NULL && (ngtcp2_accept(&hd, packet, len) != 0 || !begin(p, e, &hd)))
        return false;
    return ngtcp2_conn_read_pkt(e->ng, &path, &info, packet, len, p->now) == 0;
}

/* What one end has to say goes to the other, WAY later. */
static bool turn(struct pair *p, int from)
{
    static uint8_t packets[1024][PACKET_MAX];
    static size_t lens[1024];
    struct end *e = &p->end[from];
    size_t count = 0;
    ngtcp2_ssize n;
    if (e->ng == NULL)
        return true;
    if (ngtcp2_conn_get_expiry(e->ng) < p->now && ngtcp2_conn_handle_expiry(e->ng, p->now) != 0)
        return false;
    while (count < 1024 && (n = write_packet(p, e, packets[count])) != 0) {
        if (n < 0)
            return false;
        lens[count++] = (size_t)n;
    }
    p->now += WAY;
    for (size_t i = 0; i < count; i++)
        if (!receive(p, &p->end[!from], packets[i], lens[i]))
            return false;
    return true;
}

static bool is_done(const struct pair *p)
{
    const struct end *c = &p->end[CLIENT], *s = &p->end[SERVER];
    return c->ready && s->ready && c->received == s->to_send;
}

static bool converse(struct pair *p)
{
    for (int i = 0; i < ROUNDS_MAX && !is_done(p); i++)
        if (!turn(p, i % 2))
            return false;
    return is_done(p);
}

static bool open_pair(struct bare_ngtcp2 *b, struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->now = NGTCP2_SECONDS;
    for (int i = 0; i < 2; i++) {
        p->end[i] = (struct end){.bare = b, .server = i == SERVER, .stream = -1};
        for (int k = 0; k < 2; k++) {
            struct sockaddr_in *a = &p->end[i].address[k];
            a->sin_family = AF_INET;
            a->sin_port = htons(443);
            a->sin_addr.s_addr = htonl(0x0a000001u + (uint32_t)(i ^ k));
        }
    }
    return begin(p, &p->end[CLIENT], NULL) && converse(p);
}

/* What follows the handshake: acknowledgements, ticket and token, ids, the probes of the path. */
static bool close_pair(struct pair *p)
{
    uint8_t packet[PACKET_MAX];
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_connection_close_error why;
    bool ok = true;
    for (int i = 0; i < 6 && ok; i++)
        ok = turn(p, i % 2);
    ngtcp2_path_storage_zero(&path);
    ngtcp2_connection_close_error_default(&why);
    ngtcp2_ssize n = ok ? ngtcp2_conn_write_connection_close(p->end[CLIENT].ng, &path.path, &info,
                                                             packet, sizeof packet, &why, p->now)
                        : 0;
    return n > 0 && !receive(p, &p->end[SERVER], packet, (size_t)n); /* it drains */
}

static void free_pair(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        ngtcp2_conn_del(p->end[i].ng);
        if (p->end[i].tls != NULL)
            gnutls_deinit(p->end[i].tls);
    }
}

/* -- outside -- */

static gnutls_datum_t text_of(const char *pem)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
}

struct bare_ngtcp2 *bare_ngtcp2_new(struct sd_error *error)
{
    struct bare_ngtcp2 *b = calloc(1, sizeof *b);
    const struct sd_identity *id = sd_identity(SERVER_NAME);
    gnutls_datum_t ca = text_of(sd_identity_ca()), leaf = text_of(id->certificate),
                   key = text_of(id->private_key);
    if (b != NULL && gnutls_certificate_allocate_credentials(&b->trust) == 0 &&
        gnutls_certificate_allocate_credentials(&b->identity) == 0 &&
        gnutls_certificate_set_x509_trust_mem(b->trust, &ca, GNUTLS_X509_FMT_PEM) > 0 &&
        gnutls_certificate_set_x509_key_mem(b->identity, &leaf, &key, GNUTLS_X509_FMT_PEM) >= 0 &&
        gnutls_priority_init(&b->suites, SUITES, NULL) == 0 &&
        gnutls_session_ticket_key_generate(&b->ticket_key) == 0)
        return b;
    sd_fail(error, SD_E_INTERNAL, "bench: GnuTLS refused its settings");
    bare_ngtcp2_free(b);
    return NULL;
}

void bare_ngtcp2_free(struct bare_ngtcp2 *b)
{
    if (b == NULL)
        return;
    if (b->trust != NULL)
        gnutls_certificate_free_credentials(b->trust);
    if (b->identity != NULL)
        gnutls_certificate_free_credentials(b->identity);
    if (b->suites != NULL)
        gnutls_priority_deinit(b->suites);
    gnutls_free(b->ticket_key.data);
    free(b);
}

double bare_ngtcp2_handshakes(struct bare_ngtcp2 *b, int n, struct sd_error *error)
{
    bool ok = true;
    double start = sd_cpu_ns();
    for (int i = 0; i < n && ok; i++) {
        struct pair p;
        ok = open_pair(b, &p) && close_pair(&p);
        free_pair(&p);
    }
    double ns = (sd_cpu_ns() - start) / n;
    if (ok)
        return ns;
    sd_fail(error, SD_E_INTERNAL, "bench: a handshake on bare ngtcp2 fails");
    return -1;
}

double bare_ngtcp2_bulk(struct bare_ngtcp2 *b, uint64_t bytes, struct sd_error *error)
{
    struct pair p;
    bool ok = open_pair(b, &p);
    p.end[SERVER].to_send = bytes;
    double start = sd_cpu_ns();
    ok = ok && converse(&p);
    double ns = sd_cpu_ns() - start;
    free_pair(&p);
    if (ok)
        return ns;
    sd_fail(error, SD_E_INTERNAL, "bench: a transfer on bare ngtcp2 fails");
    return -1;
}
