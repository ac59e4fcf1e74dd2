/* srtp_peer.c - one end of a call by libssl and libsrtp, for our agent to talk to.
 *
 *   srtp_peer client|server PORT PROFILE CERT KEY PEER_FINGERPRINT
 *
 * The client says 120 packets over a wrap of the sequence number, every tenth twice, waits for each
 * payload to come back, and sends a sender report; the server sends back what it hears.  Both end
 * after a second of silence and print what they heard; 1: the peer is another, or there is no call.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, PACKETS = 120, FIRST = 65480, PACKET_MAX = 2048, REPORT_SECONDS = 9 };

struct peer {
    bool client;
    int fd;
    SSL *ssl;
    srtp_t in, out;
    uint32_t ssrc, theirs; /* in network order */
    uint16_t seq;
    unsigned said, heard, reports, refused;
};

static void give_up(const char *what)
{
    fprintf(stderr, "srtp_peer: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int any_certificate(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1; /* the fingerprint counts */
}

/* A socket that talks to one address: the client's is known, the server learns it. */
static int connected(const struct peer *p, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)}, from;
    struct timeval second = {.tv_sec = 1};
    socklen_t len = sizeof from;
    char byte;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (p->client)
        from = address;
    else if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        give_up("the port is taken");
    if (!p->client) {
        printf("listening\n");
        fflush(stdout);
        if (recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&from, &len) < 0)
            give_up("nothing came");
    }
    if (connect(fd, (struct sockaddr *)&from, sizeof from) != 0)
        give_up("there is no way to the peer");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    return fd;
}

static void shake_hands(struct peer *p, const char *profile, const char *cert, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(p->client ? DTLS_client_method() : DTLS_server_method());
    if (SSL_CTX_use_certificate_file(ctx, cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        give_up("certificate or key");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, any_certificate);
    if (SSL_CTX_set_tlsext_use_srtp(ctx, profile) != 0)
        give_up("there is no such profile");
    p->ssl = SSL_new(ctx);
    BIO *bio = BIO_new_dgram(p->fd, BIO_NOCLOSE);
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    BIO_ADDR *address = BIO_ADDR_new();
    getpeername(p->fd, (struct sockaddr *)&peer, &len);
    BIO_ADDR_rawmake(address, AF_INET, &peer.sin_addr, sizeof peer.sin_addr, peer.sin_port);
    BIO_ctrl_set_connected(bio, address);
    BIO_ADDR_free(address);
    SSL_set_bio(p->ssl, bio, bio);
    for (int tries = 0; tries < 40; tries++) {
        int r = p->client ? SSL_connect(p->ssl) : SSL_accept(p->ssl);
        if (r == 1)
            return;
        int why = SSL_get_error(p->ssl, r);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            break;
        DTLSv1_handle_timeout(p->ssl);
    }
    give_up("the handshake failed");
}

static void check_fingerprint(const struct peer *p, const char *expected)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[3 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned len = 0;
    X509 *theirs = SSL_get1_peer_certificate(p->ssl);
    if (!theirs || !X509_digest(theirs, EVP_sha256(), digest, &len))
        give_up("the peer shows no certificate");
    for (unsigned i = 0; i < len; i++)
        sprintf(text + strlen(text), i ? ":%02X" : "%02X", digest[i]);
    if (strcmp(text, expected) != 0)
        give_up("the peer's certificate is another");
}

static srtp_t session(const SRTP_PROTECTION_PROFILE *profile, const unsigned char *key,
                      const unsigned char *salt, size_t key_len, size_t salt_len, bool inbound)
{
    unsigned char both[64];
    srtp_policy_t policy = {.key = both, .window_size = 128};
    srtp_t made;
    memcpy(both, key, key_len);
    memcpy(both + key_len, salt, salt_len);
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)profile->id) ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)profile->id))
        give_up("libsrtp does not know the profile");
    policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound;
    if (srtp_create(&made, &policy) != srtp_err_status_ok)
        give_up("libsrtp refuses the keys");
    return made;
}

static void take_keys(struct peer *p)
{
    unsigned char material[2 * 64];
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(p->ssl);
    if (!profile)
        give_up("no profile was agreed on");
    size_t key = srtp_profile_get_master_key_length((srtp_profile_t)profile->id);
    size_t salt = srtp_profile_get_master_salt_length((srtp_profile_t)profile->id);
    if (SSL_export_keying_material(p->ssl, material, 2 * (key + salt), "EXTRACTOR-dtls_srtp", 19,
                                   NULL, 0, 0) != 1)
        give_up("there is no keying material");
    const unsigned char *salts = material + 2 * key;
    srtp_t client = session(profile, material, salts, key, salt, !p->client);
    srtp_t server = session(profile, material + key, salts + salt, key, salt, p->client);
    p->out = p->client ? client : server;
    p->in = p->client ? server : client;
    printf("profile %s\n", profile->name);
}

static void say(struct peer *p, const unsigned char *payload, size_t len, int times)
{
    unsigned char packet[PACKET_MAX + SRTP_MAX_TRAILER_LEN] = {0x80, 96};
    int n = (int)(HEADER + len);
    packet[2] = (unsigned char)(p->seq >> 8), packet[3] = (unsigned char)p->seq;
    memcpy(packet + 8, &p->ssrc, 4);
    memcpy(packet + HEADER, payload, len);
    p->seq++;
    if (srtp_protect(p->out, packet, &n) != srtp_err_status_ok)
        give_up("libsrtp protects no more");
    for (int i = 0; i < times; i++)
        send(p->fd, packet, (size_t)n, 0);
    p->said++;
}

/* A sender report with a block about what was heard (RFC 3550 6.4.1). */
static void report(struct peer *p)
{
    unsigned char packet[64 + SRTP_MAX_TRAILER_LEN] = {0x81, 200, 0, 12};
    int n = 52;
    memcpy(packet + 4, &p->ssrc, 4);
    memcpy(packet + 28, &p->theirs, 4);
    if (srtp_protect_rtcp(p->out, packet, &n) == srtp_err_status_ok)
        send(p->fd, packet, (size_t)n, 0);
}

/* One datagram: its payload to out; its length, 0: nothing of the kind, -1: silence. */
static int hear(struct peer *p, unsigned char out[PACKET_MAX])
{
    unsigned char packet[PACKET_MAX];
    ssize_t len = recv(p->fd, packet, sizeof packet, MSG_PEEK);
    int n = (int)len;
    if (len < 0)
        return -1;
    if (len < 2 || packet[0] < 128) {
        char unused[PACKET_MAX];
        return SSL_read(p->ssl, unused, sizeof unused) > 0 ||
                       SSL_get_error(p->ssl, 0) != SSL_ERROR_ZERO_RETURN
                   ? 0
                   : -1;
    }
    recv(p->fd, packet, sizeof packet, 0);
    bool rtcp = packet[1] >= 192 && packet[1] <= 223;
    if ((rtcp ? srtp_unprotect_rtcp : srtp_unprotect)(p->in, packet, &n) != srtp_err_status_ok) {
        p->refused++;
        return 0;
    }
    if (rtcp) {
        p->reports++;
        return 0;
    }
    p->heard++;
    memcpy(&p->theirs, packet + 8, 4);
    memcpy(out, packet + HEADER, (size_t)n - HEADER);
    return n - HEADER;
}

static void speak(struct peer *p)
{
    unsigned char text[64], back[PACKET_MAX];
    for (unsigned i = 0; i < PACKETS; i++) {
        int len = snprintf((char *)text, sizeof text, "sentence %u of %u", i, PACKETS), n;
        say(p, text, (size_t)len, i % 10 == 0 ? 2 : 1);
        while ((n = hear(p, back)) == 0)
            ;
        if (n != len || memcmp(text, back, (size_t)n) != 0)
            give_up("what comes back is not what was said");
    }
    report(p);
    for (int silent = 0; silent < REPORT_SECONDS && p->reports == 0;)
        silent += hear(p, back) < 0;
}

static void echo(struct peer *p)
{
    unsigned char text[PACKET_MAX];
    for (int n; (n = hear(p, text)) >= 0;)
        if (n > 0)
            say(p, text, (size_t)n, 1);
    report(p);
}

int main(int argc, char **argv)
{
    if (argc != 7 || srtp_init() != srtp_err_status_ok)
        give_up("client|server PORT PROFILE CERT KEY PEER_FINGERPRINT");
    struct peer p = {.client = strcmp(argv[1], "client") == 0, .ssrc = 0xcafe5eed, .seq = FIRST};
    p.fd = connected(&p, (uint16_t)atoi(argv[2]));
    shake_hands(&p, argv[3], argv[4], argv[5]);
    check_fingerprint(&p, argv[6]);
    take_keys(&p);
    if (p.client)
        speak(&p);
    else
        echo(&p);
    SSL_shutdown(p.ssl);
    printf("said %u, heard %u, reports %u, refused %u\n", p.said, p.heard, p.reports, p.refused);
    return 0;
}
