/* agent.c - TLS 1.2 (RFC 5246) on TCP, by libssl: what it offers; the work is in
 * protocols/libssl. */
#include "protocols/tls12/agent.h"

#include "protocols/libssl/libssl.h"
#include "protocols/tls12/wire.h"

static const struct sd_carrier carriers[] = {{SD_PROTO_TCP, 4433}, {0}};

static const struct sd_mode modes[] = {
    {"fresh", "full handshake, two round trips after TCP's", false},
    {"resumed", "abbreviated handshake with a ticket (RFC 5077)", true},
    {"stateful", "abbreviated handshake with a session identifier", true},
    {"psk", "external pre-shared key with ECDHE (RFC 5489)", false},
    {0},
};

static const struct sd_ssl_mode ssl_modes[] = {
    {.name = "fresh"},
    {.name = "resumed", .resume = true},
    {.name = "stateful", .resume = true, .stateful = true},
    {.name = "psk", .psk = true},
    {0},
};

static const struct sd_ssl_kind kind = {
    .ops = &sd_tls12_agent,
    .version = TLS1_2_VERSION,
    .half_open_max = 16384,
    .modes = ssl_modes,
};

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    return sd_ssl_create(agent, &kind, config, env, error);
}

const struct sd_agent_ops sd_tls12_agent = {
    .name = "tls12",
    .title = "TLS 1.2",
    .spec = "RFC 5246",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_APP_NEGOTIATION | SD_F_EXTENSIONS | SD_F_SESSION_CACHE |
                SD_F_REPLAY_PREVENTION | SD_F_TERMINATION | SD_F_EXPORTER | SD_F_RELIABLE,
    .overhead = TLS12_RECORD_OVERHEAD,
    .create = create,
    .destroy = sd_ssl_destroy,
    .open = sd_ssl_stream_open,
    .app_in = sd_ssl_stream_app_in,
    .net_in = sd_ssl_stream_net_in,
    .net_out = sd_ssl_net_out,
    .event = sd_ssl_event,
    .deadline = sd_ssl_stream_deadline,
    .expire = sd_ssl_stream_expire,
    .control = sd_ssl_stream_control,
    .stats = sd_ssl_stats,
    .describe = sd_ssl_describe_stream,
};
