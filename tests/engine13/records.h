/* records.h - the engine in plain TLS 1.3: the record layer of RFC 8446 section 5 around one
 * session, for tests.  Bytes in, bytes out, and everything that happened. */
#ifndef SD_TESTS_ENGINE13_RECORDS_H
#define SD_TESTS_ENGINE13_RECORDS_H

#include "protocols/engine13/engine13.h"
#include "tests/core/unit.h"

#define TLS_BUFFER 262144

struct tls_keys {
    bool known;
    const struct sd_e13_suite *suite;
    uint8_t key[32], iv[12];
    uint64_t sequence;
};

struct tls_end {
    struct sd_env env;
    struct sd_config config;
    struct sd_stats stats;
    struct sd_e13_context context;
    struct sd_e13_session *session;
    bool client, early_open; /* early_open: client: early data may go; server: it may come */
    struct tls_keys reading[4], writing[4]; /* by level */
    uint8_t out[TLS_BUFFER], in[TLS_BUFFER], messages[TLS_BUFFER], received[TLS_BUFFER];
    size_t out_len, in_len, messages_len, received_len;
    size_t told[SD_EV_MAX];
    char detail[SD_EV_MAX][200]; /* of the last one of each kind */
    uint64_t ready_code;
    size_t peer_len;                /* bytes of the certificate that PEER_AUTH came with */
    char keys[4096];                /* key log */
    int alert_sent, alert_received; /* -1: none */
};

/* What a mode would set: called before the session begins. */
struct tls_setup {
    struct sd_config config;
    bool psk, resume, early, demand_cookie;
    uint64_t seed;
};
void tls_make(struct tls_end *, const struct tls_setup *);
/* A session of the context: the next connection.  early: data for the first flight, or NULL. */
void tls_open(struct tls_end *, bool demand_cookie, const char *early);
void tls_end_session(struct tls_end *);
void tls_free(struct tls_end *); /* fails when something is left on its heap */
/* Takes bytes of the peer; false: an alert ended the session. */
bool tls_take(struct tls_end *, const uint8_t *data, size_t len);
void tls_write(struct tls_end *, const char *text);
void tls_update(struct tls_end *, bool request);
size_t tls_give(struct tls_end *, uint8_t *data, size_t cap); /* what is to go to the peer */
int tls_export(struct tls_end *, const char *label, uint8_t *out, size_t len);

#endif
