#include "protocols/crypto/certificate.h"
#include "protocols/crypto/hash.h"
#include "sim/core/env.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

bool sd_certificate_fingerprint(const char *pem, uint8_t fingerprint[SD_FINGERPRINT_LEN])
{
    struct sd_env *before = sd_enter(NULL);
    BIO *text = BIO_new_mem_buf(pem, -1);
    unsigned char *der = NULL;
    long len = 0;
    bool found = text && PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, text, NULL, NULL);
    BIO_free(text);
    ERR_clear_error();
    sd_leave(before);
    if (found)
        sd_sha256(fingerprint, der, (size_t)len, NULL, 0);
    before = sd_enter(NULL);
    OPENSSL_free(der);
    sd_leave(before);
    return found;
}
