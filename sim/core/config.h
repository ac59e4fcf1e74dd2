/* config.h - what an agent is told when it is made: who it is, whom it trusts, what it offers.
 * Everything is borrowed: the host keeps it alive as long as the agent. */
#ifndef SD_CONFIG_H
#define SD_CONFIG_H

#include "sim/core/base.h"

/* Test identities, checked in under sim/core/identities/ and valid from 2018 to 2048. */
struct sd_identity {
    const char *name;           /* "server.example" */
    const char *certificate;    /* PEM, leaf first */
    const char *private_key;    /* PEM */
    uint8_t x25519_private[32]; /* static keys of WireGuard, CurveCP, MinimaLT */
    uint8_t x25519_public[32];
};

/* "server.example" and "client.example" have P-256 certificates, "server.ed25519.example" and
 * "client.ed25519.example" Ed25519 ones, "server.rsa.example" RSA-2048; all issued by the lab's
 * P-256 CA.  "impostor.example" has one that says server.example and that it signed itself.
 * NULL: no such name. */
const struct sd_identity *sd_identity(const char *name);
const char *sd_identity_ca(void); /* PEM of the lab's CA */
/* Its certificate as it goes over the wire: the length, 0 if there is none or it does not fit. */
size_t sd_identity_der(const struct sd_identity *, uint8_t *der, size_t cap);
/* X25519 key pair of any name, by hash: static keys for as many hosts as a scenario wants. */
void sd_identity_x25519(const char *name, uint8_t private_key[32], uint8_t public_key[32]);

enum sd_role { SD_ROLE_CLIENT = 1, SD_ROLE_SERVER = 2, SD_ROLE_BOTH = 3 };

/* When a responder makes its peer prove its address before it spends state. */
enum sd_validation { SD_VALIDATE_DEFAULT, SD_VALIDATE_ALWAYS, SD_VALIDATE_NEVER };

/* A tunnel's peer: whom inner packets go to, by longest prefix (cryptokey routing, selectors). */
struct sd_peer {
    uint8_t public_key[32];
    uint8_t psk[32];
    bool has_psk;
    struct sd_addr endpoint; /* family 0: learnt from the peer */
    uint32_t inner_net;      /* allowed inner addresses, host order */
    uint8_t inner_prefix;    /* bits; 32: one address */
    uint32_t keepalive_s;    /* persistent keepalive; 0: none */
};

/* The X25519 key of the server at `remote`: of the only peer, of the peer there, or else of the
 * name. */
void sd_peer_key(uint8_t key[32], const struct sd_peer *peers, size_t count,
                 const struct sd_addr *remote, const char *name);

/* Whom an agent asks what only the application knows: who may authenticate, and with what secret
 * (IKEv2's EAP).  Writes the secret of that identity and returns its length, at most cap; 0: nobody
 * of that name. */
struct sd_delegate {
    size_t (*secret)(void *ctx, const char *identity, uint8_t *secret, size_t cap);
    void *ctx;
};

/* A protocol's own knob, by name; an agent refuses what it does not know. */
struct sd_option {
    const char *name, *value;
};

struct sd_config {
    enum sd_role role;
    const char *mode;                   /* one of the protocol's modes; NULL is "fresh" */
    const struct sd_identity *identity; /* NULL: none (a client without certificate) */
    const char *ca;                     /* PEM; NULL: sd_identity_ca() */
    const char *server_name;            /* whom a client expects; SNI */
    const char *alpn;                   /* "h2,http/1.1" in order of preference; NULL: none */
    bool mutual;                        /* the server asks for the client's certificate */
    const uint8_t *psk;                 /* external pre-shared key; NULL: none */
    size_t psk_len;
    const char *psk_identity;
    enum sd_validation validation;
    uint32_t half_open_max; /* sessions in handshake a server holds; 0: the protocol's default */
    bool allow_early;       /* server takes early data */
    bool early_replay_ok;   /* server's anti-replay for early data switched off */
    uint16_t path_mtu;      /* of the outer IP packet; 0: 1500 */
    uint32_t inner_net;     /* tunnels: our own inner addresses, host order; 0: not told */
    uint8_t inner_prefix;   /* bits; 32: one address */
    const struct sd_delegate *delegate; /* NULL: psk, for psk_identity if there is one */
    const struct sd_peer *peers;
    size_t peer_count;
    const struct sd_peer *directory; /* MinimaLT: who answers look-ups; NULL: each server itself */
    struct sd_addr address;          /* a server's own, if it is known; family 0: it is not */
    const struct sd_option *options; /* ends with name NULL; may be NULL */
};

#endif
