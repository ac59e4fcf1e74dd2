/* credentials.c - what of GnuTLS an agent has for itself, and what all agents of the process share:
 * decoding a certificate and its key costs as much as a handshake, and neither is changed by one.
 */
#include "protocols/quic/quic.h"

#include <stdio.h>
#include <string.h>

/* RFC 8446 9.1's mandatory suite first.  QUIC has no CCM_8, no middlebox compatibility. */
#define BEFORE "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL"
#define SUITES ":+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM"
#define BEHIND ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE"
/* -KX-ALL leaves pre-shared keys as the only way: no certificate is asked for or sent. */
#define ONLY_PSK ":-KX-ALL:+DHE-PSK:+ECDHE-PSK"

#define PSK_IDENTITY "Client_identity" /* what openssl's own programs use */

/* Of an agent whose option names ciphers. */
static gnutls_priority_t own_priorities(struct quic *q)
{
    char words[512];
    int len = snprintf(words, sizeof words, "%s", BEFORE);
    for (const char *at = q->suites; *at && len < (int)sizeof words;) {
        size_t name = strcspn(at, ":");
        len += snprintf(words + len, sizeof words - (size_t)len, ":+%.*s", (int)name, at);
        at += name + (at[name] == ':');
    }
    if (len < (int)sizeof words)
        snprintf(words + len, sizeof words - (size_t)len, "%s%s", BEHIND,
                 q->mode->psk ? ONLY_PSK : "");
    if (!q->priorities && gnutls_priority_init(&q->priorities, words, NULL) != GNUTLS_E_SUCCESS)
        q->priorities = NULL;
    return q->priorities;
}

gnutls_priority_t quic_priorities(struct quic *q)
{
    static gnutls_priority_t made[2];
    bool psk = q->mode->psk;
    if (q->suites)
        return own_priorities(q);
    if (!made[psk]) {
        struct sd_env *agent_env = sd_enter(NULL);
        const char *words = psk ? BEFORE SUITES BEHIND ONLY_PSK : BEFORE SUITES BEHIND;
        if (gnutls_priority_init(&made[psk], words, NULL) != GNUTLS_E_SUCCESS)
            made[psk] = NULL;
        sd_leave(agent_env);
    }
    return made[psk];
}

/* -- certificates -- */

static int trust(gnutls_certificate_credentials_t made, const char *pem)
{
    gnutls_datum_t ca = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
    return gnutls_certificate_set_x509_trust_mem(made, &ca, GNUTLS_X509_FMT_PEM);
}

static int identify(gnutls_certificate_credentials_t made, const struct sd_identity *id)
{
    if (!id || !id->certificate || !id->private_key)
        return GNUTLS_E_SUCCESS;
    gnutls_datum_t leaf = {(unsigned char *)(uintptr_t)id->certificate,
                           (unsigned)strlen(id->certificate)};
    gnutls_datum_t key = {(unsigned char *)(uintptr_t)id->private_key,
                          (unsigned)strlen(id->private_key)};
    return gnutls_certificate_set_x509_key_mem(made, &leaf, &key, GNUTLS_X509_FMT_PEM);
}

static int make(gnutls_certificate_credentials_t *made, const char *ca,
                const struct sd_identity *id)
{
    int r = gnutls_certificate_allocate_credentials(made);
    if (r >= 0)
        r = trust(*made, ca);
    if (r >= 0)
        r = identify(*made, id);
    if (r < 0) {
        if (*made)
            gnutls_certificate_free_credentials(*made);
        *made = NULL;
    }
    return r;
}

struct pair {
    gnutls_certificate_credentials_t made;
    gnutls_x509_crt_t leaf; /* NULL: a client without certificate */
};

/* By authority, certificate and key; never freed, because agents come and go and come again.  Who
 * finds no place has its own. */
#define SHARED_MAX 64
static struct {
    uint64_t recipe;
    struct pair pair;
} shared[SHARED_MAX];

static gnutls_x509_crt_t leaf_of(gnutls_certificate_credentials_t made)
{
    gnutls_x509_crt_t *chain, leaf = NULL;
    unsigned len;
    if (gnutls_certificate_get_x509_crt(made, 0, &chain, &len) != GNUTLS_E_SUCCESS)
        return NULL;
    for (unsigned i = 0; i < len; i++)
        if (i == 0)
            leaf = chain[i];
        else
            gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return leaf;
}

static uint64_t recipe_of(const char *ca, const struct sd_identity *id)
{
    uint64_t recipe = sd_hash_text(0, ca);
    recipe = sd_hash_text(recipe, id && id->certificate ? id->certificate : "");
    return sd_hash_text(recipe, id && id->private_key ? id->private_key : "");
}

static int make_and_look(struct pair *p, const char *ca, const struct sd_identity *id)
{
    int r = make(&p->made, ca, id);
    if (r >= 0)
        p->leaf = leaf_of(p->made);
    return r < 0 ? r : GNUTLS_E_SUCCESS;
}

static int share(struct quic *q)
{
    const char *ca = q->config.ca ? q->config.ca : sd_identity_ca();
    uint64_t recipe = recipe_of(ca, q->config.identity);
    size_t at = 0;
    while (at < SHARED_MAX && shared[at].pair.made && shared[at].recipe != recipe)
        at++;
    struct pair own = {0}, *p = at < SHARED_MAX ? &shared[at].pair : &own;
    int r = GNUTLS_E_SUCCESS;
    if (!p->made) {
        struct sd_env *agent_env = sd_enter(NULL);
        r = make_and_look(p, ca, q->config.identity);
        sd_leave(agent_env);
    }
    if (at < SHARED_MAX)
        shared[at].recipe = recipe;
    q->certificate = p->made;
    q->leaf = p->leaf;
    q->owns_certificate = p == &own;
    return r;
}

/* -- pre-shared keys: hexadecimal or raw, by the same name on both sides -- */

static const char *psk_identity(const struct quic *q)
{
    return q->config.psk_identity ? q->config.psk_identity : PSK_IDENTITY;
}

static int on_psk(gnutls_session_t tls, const char *name, gnutls_datum_t *key)
{
    const ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(tls);
    const struct quic *q = ((struct quic_connection *)ref->user_data)->quic;
    if (strcmp(name, psk_identity(q)) != 0)
        return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
    key->data = gnutls_malloc(q->config.psk_len);
    if (!key->data)
        return GNUTLS_E_MEMORY_ERROR;
    memcpy(key->data, q->config.psk, q->config.psk_len);
    key->size = (unsigned)q->config.psk_len;
    return GNUTLS_E_SUCCESS;
}

static int know_psk(struct quic *q)
{
    const gnutls_datum_t key = {(unsigned char *)(uintptr_t)q->config.psk,
                                (unsigned)q->config.psk_len};
    int r = gnutls_psk_allocate_client_credentials(&q->psk_client);
    if (r == GNUTLS_E_SUCCESS)
        r = gnutls_psk_set_client_credentials(q->psk_client, psk_identity(q), &key,
                                              GNUTLS_PSK_KEY_RAW);
    if (r == GNUTLS_E_SUCCESS)
        r = gnutls_psk_allocate_server_credentials(&q->psk_server);
    if (r == GNUTLS_E_SUCCESS)
        gnutls_psk_set_server_credentials_function(q->psk_server, on_psk);
    return r;
}

/* -- a server's tickets -- */

static int issue(struct quic *q)
{
    int r = gnutls_session_ticket_key_generate(&q->ticket_key);
    if (r == GNUTLS_E_SUCCESS)
        r = gnutls_anti_replay_init(&q->anti_replay);
    if (r == GNUTLS_E_SUCCESS) {
        gnutls_anti_replay_set_add_function(q->anti_replay, quic_replay_add);
        gnutls_anti_replay_set_ptr(q->anti_replay, q);
    }
    return r;
}

int quic_credentials(struct quic *q, struct sd_error *error)
{
    int r = q->mode->psk ? know_psk(q) : share(q);
    if (r == GNUTLS_E_SUCCESS && (q->config.role & SD_ROLE_SERVER))
        r = issue(q);
    if (r == GNUTLS_E_SUCCESS && quic_priorities(q))
        return SD_OK;
    return sd_fail(error, SD_E_ARG, "quic: cannot set up GnuTLS with identity '%s': %s",
                   q->config.identity ? q->config.identity->name : "none",
                   r == GNUTLS_E_SUCCESS ? "it refuses its priorities" : gnutls_strerror(r));
}

void quic_credentials_fini(struct quic *q)
{
    if (q->owns_certificate && q->leaf)
        gnutls_x509_crt_deinit(q->leaf);
    if (q->owns_certificate && q->certificate)
        gnutls_certificate_free_credentials(q->certificate);
    if (q->priorities)
        gnutls_priority_deinit(q->priorities);
    if (q->psk_client)
        gnutls_psk_free_client_credentials(q->psk_client);
    if (q->psk_server)
        gnutls_psk_free_server_credentials(q->psk_server);
    if (q->ticket_key.data)
        sd_wipe(q->ticket_key.data, q->ticket_key.size);
    gnutls_free(q->ticket_key.data);
    if (q->anti_replay)
        gnutls_anti_replay_deinit(q->anti_replay);
    sd_free(q->seen);
}
