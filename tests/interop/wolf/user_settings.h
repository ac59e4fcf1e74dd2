/* user_settings.h - what wolfSSL is built with for tests/interop/dtls13.sh: DTLS 1.3 with connection
 * ids, which Debian's package leaves out, and what a handshake needs.  wolfSSL reads it wherever it
 * is compiled with WOLFSSL_USER_SETTINGS. */
#ifndef SHAKEDOWN_WOLF_USER_SETTINGS_H
#define SHAKEDOWN_WOLF_USER_SETTINGS_H

#define WOLFSSL_TLS13
#define WOLFSSL_DTLS
#define WOLFSSL_DTLS13
#define WOLFSSL_DTLS_CID
#define WOLFSSL_SEND_HRR_COOKIE
#define WOLFSSL_W64_WRAPPER
#define HAVE_SESSION_TICKET
#define WOLFSSL_EARLY_DATA
#define HAVE_TLS_EXTENSIONS
#define HAVE_SUPPORTED_CURVES
#define HAVE_SNI
#define HAVE_HKDF
#define HAVE_AESGCM
#define WOLFSSL_AES_DIRECT
#define HAVE_CHACHA
#define HAVE_POLY1305
#define HAVE_ONE_TIME_AUTH
#define HAVE_ECC
#define ECC_TIMING_RESISTANT
#define HAVE_CURVE25519
#define HAVE_ED25519
#define WC_RSA_PSS
#define WC_RSA_BLINDING
#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define WOLFSSL_SP_MATH_ALL
#define HAVE_HASHDRBG
#define HAVE_EXTENDED_MASTER
#define WOLFSSL_BASE64_ENCODE
#define HAVE_GETTIME
#define NO_DH
#define NO_DSA
#define NO_RC4
#define NO_MD4
#define NO_DES3
#define NO_PWDBASED
#define NO_OLD_TLS

#endif
