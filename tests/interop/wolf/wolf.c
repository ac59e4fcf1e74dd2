/* wolf.c - a peer for dtls13 made of wolfSSL: one DTLS 1.3 session after another over UDP, an echo
 * or one request, and what the session was like on stderr.
 *
 *   wolf server PORT FLAG...     wolf client PORT FLAG...
 *
 * FLAGs: cert=FILE key=FILE ca=FILE; psk; mutual; cid; plain (a server that asks for no cookie);
 * update (new keys before the data); sessions=N (a client that resumes); early (it sends early
 * data); group=p256|x25519; mtu=BYTES.  Ends when its sessions are over, or after 20 s. */
#include <wolfssl/wolfcrypt/settings.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#define REQUEST "a request of wolfSSL's"

static struct {
    int client, psk, mutual, cid, plain, update, sessions, early, group, mtu;
    const char *cert, *key, *ca;
} f = {.sessions = 1};

static const unsigned char psk_key[] = "0123456789abcdef0123456789abcdef";

static void die(const char *what, WOLFSSL *ssl, int r)
{
    char text[WOLFSSL_MAX_ERROR_SZ] = "";
    int error = ssl ? wolfSSL_get_error(ssl, r) : r;
    wolfSSL_ERR_error_string((unsigned long)error, text);
    fprintf(stderr, "wolf: %s: %d %s\n", what, error, text);
    exit(1);
}

static unsigned psk_client(WOLFSSL *ssl, const char *hint, char *identity, unsigned identity_max,
                           unsigned char *key, unsigned key_max, const char **suite)
{
    (void)ssl, (void)hint, (void)key_max;
    snprintf(identity, identity_max, "shakedown");
    memcpy(key, psk_key, 32);
    *suite = "TLS13-AES128-GCM-SHA256";
    return 32;
}

static unsigned psk_server(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned key_max,
                           const char **suite)
{
    (void)ssl, (void)key_max;
    if (strcmp(identity, "shakedown") != 0)
        return 0;
    memcpy(key, psk_key, 32);
    *suite = "TLS13-AES128-GCM-SHA256";
    return 32;
}

static WOLFSSL_CTX *context(void)
{
    WOLFSSL_CTX *c =
        wolfSSL_CTX_new(f.client ? wolfDTLSv1_3_client_method() : wolfDTLSv1_3_server_method());
    if (!c || (f.ca && wolfSSL_CTX_load_verify_locations(c, f.ca, NULL) != WOLFSSL_SUCCESS) ||
        (f.cert &&
         wolfSSL_CTX_use_certificate_file(c, f.cert, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) ||
        (f.key &&
         wolfSSL_CTX_use_PrivateKey_file(c, f.key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS))
        die("certificates", NULL, 0);
    wolfSSL_CTX_set_verify(c,
                           f.client || f.mutual
                               ? WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT
                               : WOLFSSL_VERIFY_NONE,
                           NULL);
    if (f.psk && f.client)
        wolfSSL_CTX_set_psk_client_tls13_callback(c, psk_client);
    if (f.psk && !f.client)
        wolfSSL_CTX_set_psk_server_tls13_callback(c, psk_server);
    if (f.early && !f.client)
        wolfSSL_CTX_set_max_early_data(c, 4096);
    return c;
}

static void tell(WOLFSSL *ssl)
{
    unsigned size = 0;
    fprintf(stderr, "wolf: ready: %s %s %s%s\n", wolfSSL_get_version(ssl),
            wolfSSL_get_cipher_name(ssl), wolfSSL_get_curve_name(ssl),
            wolfSSL_session_reused(ssl) ? ", reused" : "");
    if (f.cid && wolfSSL_dtls_cid_is_enabled(ssl) &&
        wolfSSL_dtls_cid_get_tx_size(ssl, &size) == WOLFSSL_SUCCESS)
        fprintf(stderr, "wolf: sends a connection id of %u bytes\n", size);
}

static void set_up(WOLFSSL *ssl, int fd)
{
    static unsigned char cid[] = {0x5a, 0xa5};
    static int p256[] = {WOLFSSL_ECC_SECP256R1}, x25519[] = {WOLFSSL_ECC_X25519};
    wolfSSL_set_fd(ssl, fd);
    if (f.cid && (wolfSSL_dtls_cid_use(ssl) != WOLFSSL_SUCCESS ||
                  wolfSSL_dtls_cid_set(ssl, cid, sizeof cid) != WOLFSSL_SUCCESS))
        die("connection id", NULL, 0);
    if (f.group)
        wolfSSL_set_groups(ssl, f.group == 256 ? p256 : x25519, 1);
    if (f.plain)
        wolfSSL_disable_hrr_cookie(ssl);
    if (f.client)
        wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, "server.example", 14);
}

static void speak(WOLFSSL *ssl)
{
    char text[4096];
    int r;
    tell(ssl);
    if (f.update && (r = wolfSSL_update_keys(ssl)) != WOLFSSL_SUCCESS)
        die("key update", ssl, r);
    if (f.client && (r = wolfSSL_write(ssl, REQUEST, sizeof REQUEST - 1)) <= 0)
        die("write", ssl, r);
    while ((r = wolfSSL_read(ssl, text, sizeof text)) > 0) {
        fprintf(stderr, "wolf: received %d bytes: %.*s\n", r, r < 80 ? r : 80, text);
        if (f.client)
            break;
        if ((r = wolfSSL_write(ssl, text, r)) <= 0)
            die("write", ssl, r);
    }
    if (r <= 0 && wolfSSL_get_error(ssl, r) != WOLFSSL_ERROR_ZERO_RETURN)
        die("read", ssl, r);
    fprintf(stderr, "wolf: closed\n");
}

static void run_client(WOLFSSL_CTX *c, struct sockaddr_in *to)
{
    WOLFSSL_SESSION *session = NULL;
    for (int i = 0; i < f.sessions; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0), r, n;
        if (connect(fd, (struct sockaddr *)to, sizeof *to) != 0)
            die("connect", NULL, 0);
        WOLFSSL *ssl = wolfSSL_new(c);
        wolfSSL_dtls_set_peer(ssl, to, sizeof *to);
        set_up(ssl, fd);
        if (session)
            wolfSSL_set_session(ssl, session);
        if (session && f.early && (r = wolfSSL_write_early_data(ssl, "early words", 11, &n)) <= 0)
            die("early data", ssl, r);
        if ((r = wolfSSL_connect(ssl)) != WOLFSSL_SUCCESS)
            die("connect", ssl, r);
        speak(ssl);
        session = wolfSSL_get1_session(ssl);
        wolfSSL_shutdown(ssl);
        wolfSSL_free(ssl);
        close(fd);
    }
}

static void serve(WOLFSSL *ssl)
{
    char early[512];
    int r, n = 0;
    while (f.early && wolfSSL_read_early_data(ssl, early, sizeof early, &n) > 0)
        fprintf(stderr, "wolf: early: %.*s\n", n, early);
    if ((r = wolfSSL_accept(ssl)) != WOLFSSL_SUCCESS)
        die("accept", ssl, r);
    if (f.early && n > 0)
        wolfSSL_write(ssl, early, n);
    speak(ssl);
    wolfSSL_shutdown(ssl);
}

/* One socket for all sessions: what a client sends between two of them waits. */
static void run_server(WOLFSSL_CTX *c, const struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (const struct sockaddr *)at, sizeof *at) != 0)
        die("bind", NULL, 0);
    fprintf(stderr, "wolf: listening\n");
    for (int i = 0; i < f.sessions; i++) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        char first[2048];
        recvfrom(fd, first, sizeof first, MSG_PEEK, (struct sockaddr *)&peer, &len);
        WOLFSSL *ssl = wolfSSL_new(c);
        wolfSSL_dtls_set_peer(ssl, &peer, len);
        set_up(ssl, fd);
        serve(ssl);
        wolfSSL_free(ssl);
    }
    close(fd);
}

static const char *value_of(const char *arg, const char *name)
{
    size_t len = strlen(name);
    return strncmp(arg, name, len) == 0 && arg[len] == '=' ? arg + len + 1 : NULL;
}

static void read_flag(const char *arg)
{
    static const struct {
        const char *name;
        int *set;
        const char **text;
    } known[] = {{"psk", &f.psk, 0},      {"mutual", &f.mutual, 0},     {"cid", &f.cid, 0},
                 {"plain", &f.plain, 0},  {"update", &f.update, 0},     {"early", &f.early, 0},
                 {"group", &f.group, 0},  {"sessions", &f.sessions, 0}, {"mtu", &f.mtu, 0},
                 {"cert", NULL, &f.cert}, {"key", NULL, &f.key},        {"ca", NULL, &f.ca}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *value = value_of(arg, known[i].name);
        if (value && known[i].text)
            *known[i].text = value;
        else if (value)
            *known[i].set = atoi(value);
        else if (strcmp(arg, known[i].name) == 0 && known[i].set)
            *known[i].set = 1;
        else
            continue;
        return;
    }
    fprintf(stderr, "wolf: unknown flag %s\n", arg);
    exit(2);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    f.client = strcmp(argv[1], "client") == 0;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)atoi(argv[2]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 3; i < argc; i++)
        read_flag(argv[i]);
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    wolfSSL_Init();
    WOLFSSL_CTX *c = context();
    if (f.client)
        run_client(c, &at);
    else
        run_server(c, &at);
    wolfSSL_CTX_free(c);
    return 0;
}
