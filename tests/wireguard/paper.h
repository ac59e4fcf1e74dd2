/* paper.h - the whitepaper's functions and formulas once more, written from the paper alone with
 * bare library calls, as a judge of protocols/wireguard. */
#ifndef SD_TESTS_WIREGUARD_PAPER_H
#define SD_TESTS_WIREGUARD_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct paper_result {
    uint8_t static_key[32]; /* the initiator's, out of the initiation */
    uint8_t timestamp[12];
    uint8_t initiator_to_responder[32], responder_to_initiator[32];
    bool mac1_initiation, mac1_response, empty; /* right or wrong */
};

/* Either side's view of one handshake: own static and ephemeral private keys, the other's static
 * public key, and the two messages as they were on the wire. */
struct paper_view {
    bool initiator;
    uint8_t static_private[32], static_public[32], remote_static[32], ephemeral_private[32],
        psk[32];
    const uint8_t *initiation, *response;
};
void paper_handshake(const struct paper_view *, struct paper_result *);

/* 5.4.6: the inner bytes of a transport message; the number of them, or -1. */
long paper_open(const uint8_t key[32], const uint8_t *message, size_t len, uint8_t *out);

#endif
