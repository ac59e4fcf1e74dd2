/* eap.h - EAP inside IKE_AUTH (RFC 7296 2.16, RFC 3748): the initiator proves itself by a method of
 * its own, about whose secrets the application is asked (struct sd_delegate). */
#ifndef IKE_EAP_H
#define IKE_EAP_H

#include "protocols/ipsec/ike.h"

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE, EAP_SUCCESS, EAP_FAILURE }; /* RFC 3748 4 */
enum eap_type {
    EAP_IDENTITY = 1,
    EAP_NOTIFICATION = 2,
    EAP_NAK = 3,
    EAP_MD5 = 4,
    EAP_MSCHAPV2 = 26
};

#define EAP_SECRET_MAX 128u
#define EAP_KEY_LEN    64u /* RFC 3748 7.10: the MSK */

enum eap_state { EAP_RUNNING, EAP_SUCCEEDED };

struct ike_eap {
    enum eap_state state;
    const struct eap_method *method;
    uint8_t identifier; /* of the request that is out, or is to be answered */
    char identity[64];
    uint8_t secret[EAP_SECRET_MAX];
    size_t secret_len;
    uint8_t key[EAP_KEY_LEN];
    bool has_key;
    bool done;           /* initiator: the responder has nothing more to prove */
    uint8_t packet[256]; /* initiator: its response, until it is sent */
    size_t packet_len;
    unsigned step; /* the method's own */
    uint8_t challenge[16];
    char expected[64]; /* the proof that the responder owes us */
};

/* What follows from a response. */
enum eap_verdict { EAP_MORE, EAP_GOOD, EAP_BAD };

/* A method sees the data behind the type only. */
struct eap_method {
    const char *name;
    uint8_t type;
    /* Responder.  in NULL: its first request. EAP_MORE: out holds the next request. */
    enum eap_verdict (*serve)(struct ike_eap *, struct sd_env *, struct sd_reader *in,
                              struct sd_writer *out);
    /* Initiator.  False: that request is malformed, or proves that the responder is wrong. */
    bool (*respond)(struct ike_eap *, struct sd_env *, struct sd_reader *in, struct sd_writer *out);
};
extern const struct eap_method eap_md5, eap_mschapv2; /* eap_md5.c, eap_mschapv2.c */

/* Responder: the first request into an answer; false: no memory, or nobody knows that identity. */
bool ike_eap_start(struct ike_sa *, struct ike_writer *);
/* A response, and what follows from it.  False: it has failed. */
bool ike_eap_take_response(struct ike_sa *, const struct ike_payload *, struct ike_writer *);
/* Initiator: a request.  False: it has failed. */
bool ike_eap_take_request(struct ike_sa *, const struct ike_payload *);
bool ike_eap_put(struct ike_sa *, struct ike_writer *);

#endif
