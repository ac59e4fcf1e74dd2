/* registry.c - the one list of protocols. */
#include "sim/core/agent.h"

#include <string.h>

#include "protocols/curvecp/agent.h"
#include "protocols/dtls12/agent.h"
#include "protocols/dtls13/agent.h"
#include "protocols/ipsec/agent.h"
#include "protocols/minimalt/agent.h"
#include "protocols/srtp/agent.h"
#include "protocols/quic/agent.h"
#include "protocols/gquic/agent.h"
#include "protocols/tcpcrypt/agent.h"
#include "protocols/tls12/agent.h"
#include "protocols/tls13/agent.h"
#include "protocols/wireguard/agent.h"

const struct sd_agent_ops *const sd_agents[] = {
    &sd_tls12_agent,
    &sd_tls13_agent,
    &sd_dtls12_agent,
    &sd_dtls13_agent,
    &sd_quic_agent,
    &sd_gquic_agent,
    &sd_ipsec_agent,
    &sd_wireguard_agent,
    &sd_minimalt_agent,
    &sd_curvecp_agent,
    &sd_tcpcrypt_agent,
    &sd_srtp_agent,
    NULL,
};

const struct sd_agent_ops *sd_agent_find(const char *name)
{
    for (const struct sd_agent_ops *const *a = sd_agents; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}
