/* use_srtp.c - RFC 5764 4.1.1: the use_srtp extension, by libssl, which has no MKI. */
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>
#include <openssl/srtp.h>
#include <string.h>

#define LIST_MAX 128

/* IANA's names of SRTPProtectionProfiles, and what libssl calls them. */
static const struct {
    const char *name, *openssl;
} profiles[] = {
    {"SRTP_AES128_CM_HMAC_SHA1_80", "SRTP_AES128_CM_SHA1_80"},
    {"SRTP_AES128_CM_HMAC_SHA1_32", "SRTP_AES128_CM_SHA1_32"},
    {"SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM"},
    {"SRTP_AEAD_AES_256_GCM", "SRTP_AEAD_AES_256_GCM"},
};

static const char *openssl_name(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strlen(profiles[i].name) == len && memcmp(profiles[i].name, name, len) == 0)
            return profiles[i].openssl;
    return NULL;
}

/* "A:B" in libssl's words; false: one of them has none, or is there twice. */
static bool translate(const char *list, char out[LIST_MAX])
{
    size_t used = 0;
    for (const char *p = list;; p++) {
        size_t len = strcspn(p, ":");
        const char *name = openssl_name(p, len);
        if (!name || used + strlen(name) + 2 > LIST_MAX)
            return false;
        if (used > 0)
            out[used++] = ':';
        memcpy(out + used, name, strlen(name) + 1);
        used += strlen(name);
        p += len;
        if (!*p)
            return true;
    }
}

bool sd_ssl_srtp_known(const char *list)
{
    char unused[LIST_MAX];
    return translate(list, unused);
}

bool sd_ssl_srtp_offer(SSL *ssl, const char *list)
{
    char names[LIST_MAX];
    return translate(list, names) && SSL_set_tlsext_use_srtp(ssl, names) == 0; /* 0 is success */
}

uint64_t sd_ssl_srtp_chosen(SSL *ssl)
{
    const SRTP_PROTECTION_PROFILE *p = SSL_get_selected_srtp_profile(ssl);
    return p ? p->id : 0;
}
