/* tickets.c - what a client keeps to resume with, by server name; what a server seals it with. */
#include "protocols/libssl/libssl.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <string.h>

/* All names together; the oldest goes first. */
#define TICKETS_MAX 256u

struct sd_ssl_ticket {
    struct sd_ssl_ticket *next; /* newest first */
    SSL_SESSION *session;
    char name[sizeof((struct sd_ssl_session *)0)->name];
};

static void unlink_ticket(struct sd_ssl_agent *a, struct sd_ssl_ticket **at)
{
    struct sd_ssl_ticket *t = *at;
    *at = t->next;
    a->ticket_count--;
    sd_free(t);
}

bool sd_ssl_ticket_keep(struct sd_ssl_agent *a, const char *name, SSL_SESSION *session)
{
    struct sd_ssl_ticket *t = sd_alloc(a->env, sizeof *t);
    if (!t)
        return false;
    t->session = session;
    memcpy(t->name, name, sizeof t->name);
    t->next = a->tickets;
    a->tickets = t;
    if (++a->ticket_count > TICKETS_MAX) {
        struct sd_ssl_ticket **last = &a->tickets;
        while ((*last)->next)
            last = &(*last)->next;
        SSL_SESSION_free((*last)->session);
        unlink_ticket(a, last);
    }
    return true;
}

SSL_SESSION *sd_ssl_ticket_take(struct sd_ssl_agent *a, const char *name)
{
    for (struct sd_ssl_ticket **at = &a->tickets; *at; at = &(*at)->next) {
        SSL_SESSION *session = (*at)->session;
        if (strcmp((*at)->name, name) != 0)
            continue;
        if (a->kind->version == TLS1_3_VERSION)
            unlink_ticket(a, at);
        else
            SSL_SESSION_up_ref(session);
        return session;
    }
    return NULL;
}

void sd_ssl_tickets_free(struct sd_ssl_agent *a)
{
    while (a->tickets) {
        SSL_SESSION_free(a->tickets->session);
        unlink_ticket(a, &a->tickets);
    }
}

/* RFC 5077 4: key name, AES-256-CBC, HMAC-SHA256. */
int sd_ssl_ticket_protect(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                          EVP_MAC_CTX *mac, int sealing)
{
    const struct sd_ssl_session *s = SSL_get_app_data(ssl);
    const struct sd_ssl_ticket_key *key = &s->agent->ticket_key;
    if (!sealing && sd_ssl_wants_cookie(s->agent))
        return 0; /* a full handshake: see sd_ssl_wants_cookie() */
    OSSL_PARAM sha256[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    if (sealing) {
        memcpy(name, key->name, sizeof key->name);
        if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
            return -1;
    } else if (memcmp(name, key->name, sizeof key->name) != 0) {
        return 0; /* not ours: a full handshake */
    }
    bool ok = EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, sealing, NULL) == 1 &&
              EVP_MAC_init(mac, key->mac, sizeof key->mac, sha256) == 1;
    return ok ? 1 : -1;
}
