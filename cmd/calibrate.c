/* calibrate.c - `shakedown calibrate`: measures what cryptography costs on this machine and writes
 * a cost table for virtual processors. */
#include "cmd/args.h"
#include "cmd/commands.h"
#include "sim/core/account.h"
#include "sim/core/base.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 64, LARGE = 16384, ROUNDS = 5 };

/* One measured operation.  `library` is how OpenSSL calls what the accounts call `alg`. */
struct probe {
    enum sd_op op;
    const char *alg, *library;
    bool bulk; /* its price depends on the number of bytes */
};

static const struct probe probes[] = {
    {SD_OP_KEYGEN, "X25519", "X25519", false},
    {SD_OP_KEYGEN, "P-256", "P-256", false},
    {SD_OP_KEYGEN, "P-384", "P-384", false},
    {SD_OP_KEYGEN, "Ed25519", "ED25519", false},
    {SD_OP_DERIVE, "X25519", "X25519", false},
    {SD_OP_DERIVE, "P-256", "P-256", false},
    {SD_OP_DERIVE, "P-384", "P-384", false},
    {SD_OP_SIGN, "P-256", "P-256", false},
    {SD_OP_SIGN, "Ed25519", "ED25519", false},
    {SD_OP_SIGN, "RSA-2048", "RSA", false},
    {SD_OP_VERIFY, "P-256", "P-256", false},
    {SD_OP_VERIFY, "Ed25519", "ED25519", false},
    {SD_OP_VERIFY, "RSA-2048", "RSA", false},
    {SD_OP_PKCRYPT, "RSA-2048", "RSA", false},
    {SD_OP_HASH, "SHA2-256", "SHA256", true},
    {SD_OP_HASH, "SHA2-384", "SHA384", true},
    {SD_OP_HASH, "SHA2-512", "SHA512", true},
    {SD_OP_HASH, "SHA1", "SHA1", true},
    {SD_OP_HASH, "BLAKE2S-256", "BLAKE2S-256", true},
    {SD_OP_MAC, "HMAC", "HMAC", true},
    {SD_OP_MAC, "BLAKE2SMAC", "BLAKE2SMAC", true},
    {SD_OP_KDF, "TLS13-KDF", "TLS13-KDF", false},
    {SD_OP_KDF, "TLS1-PRF", "TLS1-PRF", false},
    {SD_OP_KDF, "HKDF", "HKDF", false},
    {SD_OP_SEAL, "AES-128-GCM", "AES-128-GCM", true},
    {SD_OP_SEAL, "AES-256-GCM", "AES-256-GCM", true},
    {SD_OP_SEAL, "ChaCha20-Poly1305", "ChaCha20-Poly1305", true},
    {SD_OP_SEAL, "AES-256-CBC", "AES-256-CBC", true},
};

/* Rows that follow from measured ones: opening costs what sealing costs, and names that accounts
 * use for the same work.  "*" stands for any other algorithm of the kind. */
static const struct {
    enum sd_op op;
    const char *alg;
    enum sd_op as_op;
    const char *as;
} aliases[] = {
    {SD_OP_KEYGEN, "*", SD_OP_KEYGEN, "P-256"},
    {SD_OP_DERIVE, "*", SD_OP_DERIVE, "P-256"},
    {SD_OP_SIGN, "*", SD_OP_SIGN, "P-256"},
    {SD_OP_VERIFY, "*", SD_OP_VERIFY, "P-256"},
    {SD_OP_PKCRYPT, "*", SD_OP_PKCRYPT, "RSA-2048"},
    {SD_OP_HASH, "*", SD_OP_HASH, "SHA2-256"},
    {SD_OP_MAC, "HMAC-SHA2-256", SD_OP_MAC, "HMAC"},
    {SD_OP_MAC, "*", SD_OP_MAC, "HMAC"},
    {SD_OP_KDF, "HKDF-SHA2-256", SD_OP_KDF, "HKDF"},
    {SD_OP_KDF, "HKDF-BLAKE2S", SD_OP_KDF, "HKDF"},
    {SD_OP_KDF, "*", SD_OP_KDF, "HKDF"},
    {SD_OP_SEAL, "XChaCha20-Poly1305", SD_OP_SEAL, "ChaCha20-Poly1305"},
    {SD_OP_SEAL, "*", SD_OP_SEAL, "AES-256-CBC"},
    {SD_OP_OPEN, "AES-128-GCM", SD_OP_SEAL, "AES-128-GCM"},
    {SD_OP_OPEN, "AES-256-GCM", SD_OP_SEAL, "AES-256-GCM"},
    {SD_OP_OPEN, "ChaCha20-Poly1305", SD_OP_SEAL, "ChaCha20-Poly1305"},
    {SD_OP_OPEN, "XChaCha20-Poly1305", SD_OP_SEAL, "ChaCha20-Poly1305"},
    {SD_OP_OPEN, "*", SD_OP_SEAL, "AES-256-CBC"},
    {SD_OP_PUZZLE, "*", SD_OP_HASH, "SHA2-256"},
};

/* Everything a probe works with, made once so that only the operation itself is timed. */
struct bench {
    const struct probe *probe;
    EVP_PKEY *key, *peer;
    EVP_MD *md;
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *mac;
    EVP_KDF_CTX *kdf;
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *crypt;
    uint8_t *in, *out, signature[512];
    size_t signature_len;
};

static EVP_PKEY *new_key(const char *type)
{
    if (!strcmp(type, "RSA"))
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    if (!strncmp(type, "P-", 2))
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    return EVP_PKEY_Q_keygen(NULL, NULL, type);
}

static const EVP_MD *sign_digest(const struct bench *b)
{
    return strcmp(b->probe->library, "ED25519") ? EVP_sha256() : NULL;
}

static bool derive(struct bench *b)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(b->key, NULL);
    size_t len = LARGE;
    bool ok = c && EVP_PKEY_derive_init(c) == 1 &&
              EVP_PKEY_derive_set_peer_ex(c, b->peer, 0) == 1 &&
              EVP_PKEY_derive(c, b->out, &len) == 1;
    EVP_PKEY_CTX_free(c);
    return ok;
}

static bool sign(struct bench *b)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    b->signature_len = sizeof b->signature;
    bool ok = c && EVP_DigestSignInit(c, NULL, sign_digest(b), NULL, b->key) == 1 &&
              EVP_DigestSign(c, b->signature, &b->signature_len, b->in, SMALL) == 1;
    EVP_MD_CTX_free(c);
    return ok;
}

static bool verify(struct bench *b)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_DigestVerifyInit(c, NULL, sign_digest(b), NULL, b->key) == 1 &&
              EVP_DigestVerify(c, b->signature, b->signature_len, b->in, SMALL) == 1;
    EVP_MD_CTX_free(c);
    return ok;
}

/* A key exchange by RSA costs its server a private-key operation: what a decryption costs. */
static bool rsa_private(struct bench *b)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(b->key, NULL);
    size_t len = sizeof b->signature;
    bool ok =
        c && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_sign(c, b->signature, &len, b->in, 32) == 1;
    EVP_PKEY_CTX_free(c);
    return ok;
}

static bool kdf(struct bench *b)
{
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM p[] = {
        OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0),
        OSSL_PARAM_construct_int("mode", &mode),
        OSSL_PARAM_construct_octet_string("key", b->in, 32),
        OSSL_PARAM_construct_octet_string("secret", b->in, 32),
        OSSL_PARAM_construct_octet_string("seed", b->in, 77),
        OSSL_PARAM_construct_octet_string("prefix", "tls13 ", 6),
        OSSL_PARAM_construct_octet_string("label", "key", 3),
        OSSL_PARAM_construct_octet_string("data", b->in, 32),
        OSSL_PARAM_construct_octet_string("info", b->in, 20),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX_reset(b->kdf); /* seeds would pile up from call to call */
    return EVP_KDF_derive(b->kdf, b->out, 32, p) == 1;
}

static bool mac(struct bench *b, size_t len)
{
    OSSL_PARAM hmac[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0),
                         OSSL_PARAM_construct_end()};
    size_t n = 0;
    return EVP_MAC_init(b->mac, b->in, 32, strcmp(b->probe->alg, "HMAC") ? NULL : hmac) == 1 &&
           EVP_MAC_update(b->mac, b->in, len) == 1 && EVP_MAC_final(b->mac, b->out, &n, LARGE) == 1;
}

static bool seal(struct bench *b, size_t len)
{
    int n = 0, rest = 0;
    return EVP_EncryptInit_ex2(b->crypt, NULL, NULL, b->in, NULL) == 1 &&
           EVP_EncryptUpdate(b->crypt, b->out, &n, b->in, (int)len) == 1 &&
           EVP_EncryptFinal_ex(b->crypt, b->out + n, &rest) == 1;
}

static bool once(struct bench *b, size_t len)
{
    unsigned digest_len;
    switch (b->probe->op) {
    case SD_OP_KEYGEN: {
        EVP_PKEY *k = new_key(b->probe->library);
        EVP_PKEY_free(k);
        return k;
    }
    case SD_OP_DERIVE:
        return derive(b);
    case SD_OP_SIGN:
        return sign(b);
    case SD_OP_VERIFY:
        return verify(b);
    case SD_OP_PKCRYPT:
        return rsa_private(b);
    case SD_OP_HASH:
        return EVP_DigestInit_ex2(b->digest, b->md, NULL) == 1 &&
               EVP_DigestUpdate(b->digest, b->in, len) == 1 &&
               EVP_DigestFinal_ex(b->digest, b->out, &digest_len) == 1;
    case SD_OP_MAC:
        return mac(b, len);
    case SD_OP_KDF:
        return kdf(b);
    default:
        return seal(b, len);
    }
}

static bool prepare(struct bench *b)
{
    const char *library = b->probe->library;
    uint8_t key[32] = {1}, iv[16] = {2};
    switch (b->probe->op) {
    case SD_OP_KEYGEN:
    case SD_OP_DERIVE:
    case SD_OP_SIGN:
    case SD_OP_VERIFY:
    case SD_OP_PKCRYPT:
        b->key = new_key(library);
        b->peer = new_key(library);
        return b->key && b->peer && (b->probe->op != SD_OP_VERIFY || sign(b));
    case SD_OP_HASH:
        b->md = EVP_MD_fetch(NULL, library, NULL);
        b->digest = EVP_MD_CTX_new();
        return b->md && b->digest;
    case SD_OP_MAC: {
        EVP_MAC *m = EVP_MAC_fetch(NULL, library, NULL);
        b->mac = m ? EVP_MAC_CTX_new(m) : NULL;
        EVP_MAC_free(m);
        return b->mac;
    }
    case SD_OP_KDF: {
        EVP_KDF *k = EVP_KDF_fetch(NULL, library, NULL);
        b->kdf = k ? EVP_KDF_CTX_new(k) : NULL;
        EVP_KDF_free(k);
        return b->kdf;
    }
    default:
        b->cipher = EVP_CIPHER_fetch(NULL, library, NULL);
        b->crypt = EVP_CIPHER_CTX_new();
        return b->cipher && b->crypt &&
               EVP_EncryptInit_ex2(b->crypt, b->cipher, key, iv, NULL) == 1;
    }
}

static void release(struct bench *b)
{
    EVP_PKEY_free(b->key);
    EVP_PKEY_free(b->peer);
    EVP_MD_free(b->md);
    EVP_MD_CTX_free(b->digest);
    EVP_MAC_CTX_free(b->mac);
    EVP_KDF_CTX_free(b->kdf);
    EVP_CIPHER_free(b->cipher);
    EVP_CIPHER_CTX_free(b->crypt);
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The best of some rounds, because what disturbs a measurement only ever adds.  < 0: it failed. */
static double price_ns(struct bench *b, size_t len)
{
    double best = -1;
    for (int round = 0; round < ROUNDS; round++) {
        long n = 0;
        double start = cpu_ns(), spent;
        do {
            for (int k = 0; k < 8; k++, n++)
                if (!once(b, len))
                    return -1;
            spent = cpu_ns() - start;
        } while (spent < 8e6);
        if (best < 0 || spent / (double)n < best)
            best = spent / (double)n;
    }
    return best;
}

struct price {
    double base_ns, per_kib_ns;
};

static bool measure(const struct probe *p, uint8_t *in, uint8_t *out, struct price *price)
{
    struct bench b = {.probe = p, .in = in, .out = out};
    double small = -1, large = -1;
    if (prepare(&b)) {
        small = price_ns(&b, SMALL);
        large = p->bulk ? price_ns(&b, LARGE) : small;
    }
    release(&b);
    double slope = (large - small) * 1024 / (LARGE - SMALL);
    *price = (struct price){small - slope * SMALL / 1024, slope};
    if (price->base_ns < 0)
        price->base_ns = 0;
    return small >= 0 && large >= 0;
}

/* What one datagram costs besides cryptography: half of a send and a receive on loopback. */
static double unit_ns(void)
{
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof to;
    char packet[1200] = {0};
    double best = 0;
    if (a >= 0 && b >= 0 && bind(b, (struct sockaddr *)&to, sizeof to) == 0 &&
        getsockname(b, (struct sockaddr *)&to, &n) == 0) {
        for (int round = 0; round < ROUNDS; round++) {
            double start = cpu_ns();
            for (int k = 0; k < 2000; k++)
                if (sendto(a, packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to) < 0 ||
                    recv(b, packet, sizeof packet, 0) < 0)
                    break;
            double spent = (cpu_ns() - start) / 4000;
            best = !round || spent < best ? spent : best;
        }
    }
    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return best;
}

static const struct price *measured(const struct price *price, enum sd_op op, const char *alg)
{
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
        if (probes[i].op == op && !strcmp(probes[i].alg, alg))
            return &price[i];
    return NULL;
}

static void write_row(FILE *f, enum sd_op op, const char *alg, const struct price *p)
{
    fprintf(f, "        { op = \"%s\", alg = \"%s\", base_ns = %.0f, per_kib_ns = %.0f },\n",
            sd_op_name(op), alg, p->base_ns, p->per_kib_ns);
}

static void write_table(FILE *f, const char *name, const struct price *price, double unit)
{
    struct utsname host = {0};
    time_t now = time(NULL);
    char day[16];
    strftime(day, sizeof day, "%Y-%m-%d", gmtime(&now));
    uname(&host);
    fprintf(f,
            "-- What cryptography costs a virtual processor: `shakedown calibrate --name %s`.\n"
            "-- base_ns a call and per_kib_ns for each 1024 bytes; alg \"*\" is any other.\n"
            "return {\n    name = \"%s\",\n    machine = \"%s, %s, %s\",\n    version = 1,\n"
            "    unit_in_ns = %.0f,\n    ops = {\n",
            name, name, host.machine, OpenSSL_version(OPENSSL_VERSION), day, unit);
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
        write_row(f, probes[i].op, probes[i].alg, &price[i]);
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        write_row(f, aliases[i].op, aliases[i].alg,
                  measured(price, aliases[i].as_op, aliases[i].as));
    fprintf(f, "    },\n}\n");
}

static int run(const struct sd_args *args)
{
    static uint8_t in[LARGE + 64], out[LARGE + 512];
    struct price price[sizeof probes / sizeof *probes];
    struct sd_error error = {0};
    const char *name = sd_args_text(args, "name", "here"), *path = sd_args_text(args, "out", NULL);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) || !*name ||
        strlen(name) > 39) {
        sd_fail(&error, SD_E_USAGE,
                "calibrate: --name: expected up to 39 small letters, digits and '-', found '%s'",
                name);
        return sd_complain(&error);
    }
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        fprintf(stderr, "calibrate: %s %s\n", sd_op_name(probes[i].op), probes[i].alg);
        if (!measure(&probes[i], in, out, &price[i])) {
            sd_fail(&error, SD_E_INTERNAL, "calibrate: OpenSSL here cannot do %s %s",
                    sd_op_name(probes[i].op), probes[i].alg);
            return sd_complain(&error);
        }
    }
    FILE *f = path ? fopen(path, "w") : stdout;
    if (!f) {
        sd_fail(&error, SD_E_IO, "calibrate: cannot write %s: %s", path, strerror(errno));
        return sd_complain(&error);
    }
    write_table(f, name, price, unit_ns());
    bool bad = ferror(f) || fflush(f);
    if (path)
        bad |= fclose(f) != 0;
    if (bad) {
        sd_fail(&error, SD_E_IO, "calibrate: cannot write %s: %s", path ? path : "standard output",
                strerror(errno));
        return sd_complain(&error);
    }
    fprintf(stderr, "next: put it at lua/costs/%s.lua and write cost \"%s\" in a scenario\n", name,
            name);
    return SD_EXIT_GOOD;
}

static const struct sd_flag flags[] = {
    {"name", SD_FLAG_TEXT, "NAME", "of the table; default here", 0, 0},
    {"out", SD_FLAG_TEXT, "FILE", "where to; default stdout", 0, 0},
    {0},
};

const struct sd_command sd_command_calibrate = {
    .name = "calibrate",
    .arguments = "",
    .what = "measure this machine's cryptography, write a cost table",
    .examples = "  shakedown calibrate --name my-laptop --out lua/costs/my-laptop.lua\n"
                "  shakedown run spoofed-flood --set cpu=my-laptop\n",
    .notes = "Takes some seconds.  A cost table is part of what a run is a function of: keep it "
             "with the results.",
    .flags = flags,
    .run = run,
};
