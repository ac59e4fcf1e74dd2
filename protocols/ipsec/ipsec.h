/* ipsec.h - the agent: what it was told, its IKE SAs, its ESP database; private to
 * protocols/ipsec.
 *
 * Who does what.  agent.c takes units apart into IKE messages and ESP packets.  receive.c finds
 * the IKE SA of a message and opens it; exchange.c keeps message ids, windows and
 * retransmission, and hands requests and responses to what they are about: init.c (IKE_SA_INIT),
 * auth.c (IKE_AUTH), create.c (CREATE_CHILD_SA), informational.c (INFORMATIONAL), resume.c
 * (IKE_SESSION_RESUME).  What they agree on becomes a child in esp.h's database. */
#ifndef IPSEC_IPSEC_H
#define IPSEC_IPSEC_H

#include "protocols/ipsec/esp.h"
#include "protocols/ipsec/proposal.h"
#include "sim/core/agenda.h"
#include "sim/core/agent.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"

struct ike_sa;

/* How a side proves who it is. */
enum ike_proof { IKE_PROOF_SHARED_KEY, IKE_PROOF_CERTIFICATE, IKE_PROOF_EAP };

/* Read by config.c from the mode and the options. */
struct ike_settings {
    enum ike_proof own_proof, peer_proof;
    bool cookie, puzzle, resume; /* the mode's */
    const char *ike_words, *esp_words;
    struct ike_policy ike, esp; /* made of them */
    const char *id, *peer_id;   /* FQDNs; peer_id NULL: anybody's */
    bool mobike, fragmentation, rfc7427, encapsulate, transport, tickets, eap_md5;
    bool tcp; /* over TCP from the beginning (RFC 9329) */
    uint32_t half_open_max, cookies_from, puzzle_bits;
    uint32_t fragment_size; /* of an IKE message, so that its datagram fits */
    uint32_t rekey_s, child_rekey_s, child_rekey_kib, liveness_s;
    uint32_t window, pad_to; /* of ESP */
    const char *extension;   /* what to say in a notification that nobody knows; NULL: none */
};

struct ike_cookie_secret {
    uint8_t key[32];
    sd_time born;
    bool valid;
    uint8_t version;
};

struct ipsec {
    struct sd_agent base;
    struct sd_env *env;
    sd_time now; /* of the input under way */
    struct sd_outbox out;
    struct sd_stats stats;
    struct esp_sad sad;

    const struct sd_config *config;
    struct ike_settings set;

    struct sd_index by_spi;       /* IKE SAs by our SPI */
    struct sd_index by_initiator; /* those that wait for IKE_AUTH, by the initiator's SPI */
    uint64_t hash_key;            /* which strangers choose */
    struct sd_agenda agenda;
    struct ike_sa *newest; /* all, by `older` */
    struct ike_sa *dead;   /* to be freed when the input is over */
    uint32_t last_sid;
    struct sd_addr local; /* ours, as the host said last */

    struct ike_cookie_secret cookie_secret[2]; /* the present one and the one before it */
    struct ike_ticket *tickets;                /* a client's */
    uint8_t ticket_key[32];
    bool has_ticket_key;
    struct sd_index streams; /* stream.c: by connection, and by whom one was asked for */
};

static inline uint64_t ike_initiator_hash(const struct ipsec *ipsec, uint64_t spi_i)
{
    return sd_hash_u64(ipsec->hash_key, spi_i);
}

static inline bool ipsec_is_client(const struct ipsec *ipsec)
{
    return ipsec->config->role == SD_ROLE_CLIENT;
}

/* config.c: SD_OK or SD_E_ARG */
int ipsec_read_config(struct ipsec *, const struct sd_config *, struct sd_error *);

/* receive.c: an IKE message without marker and framing, decrypted in place; enum sd_result */
int ike_receive(struct ipsec *, const struct sd_path *, uint8_t *message, size_t len);

/* data.c: an ESP packet without what encapsulated it, decrypted in place; enum sd_result */
int ipsec_esp_in(struct ipsec *, const struct sd_path *, uint8_t *packet, size_t len);

/* describe.c */
size_t ipsec_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap);

#endif
