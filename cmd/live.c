/* live.c - `shakedown live`: an agent of the lab on a real socket. */
#include "sim/live/live.h"
#include "cmd/args.h"
#include "cmd/commands.h"
#include "results/files.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct sd_flag flags[] = {
    {"connect", SD_FLAG_TEXT, "IP:PORT", "be a client of this address", 0, 0},
    {"listen", SD_FLAG_TEXT, "IP:PORT", "be a server on this address", 0, 0},
    {"mode", SD_FLAG_TEXT, "MODE", "a mode of the protocol; default fresh", 0, 0},
    {"sessions", SD_FLAG_COUNT, "N", "client: sessions one after another", 1, 1000},
    {"send", SD_FLAG_TEXT, "TEXT", "client's request, server's reply (default: an echo)", 0, 0},
    {"send-file", SD_FLAG_TEXT, "FILE", "the same from a file", 0, 0},
    {"end", SD_FLAG_SWITCH, NULL, "end the stream behind what is sent", 0, 0},
    {"expect", SD_FLAG_COUNT, "BYTES", "client: close after so many came back", 0, UINT64_MAX},
    {"receive", SD_FLAG_TEXT, "FILE", "where received bytes go; default stdout", 0, 0},
    {"for", SD_FLAG_COUNT, "SECONDS", "end after so long", 1, 86400},
    {"rekey", SD_FLAG_COUNT, "N", "client: key updates before each request", 0, 100},
    {"rekey-after", SD_FLAG_COUNT, "MS", "a key update or new handshake so long after ready", 1,
     3600000},
    {"again", SD_FLAG_COUNT, "MS", "client on datagrams: send the request so often until a reply",
     1, 3600000},
    {"rebind", SD_FLAG_COUNT, "MS", "a new UDP port so long after ready", 1, 3600000},
    {"move", SD_FLAG_TEXT, "IP", "the host's own new address, after --move-after", 0, 0},
    {"move-after", SD_FLAG_COUNT, "MS", "so long after ready; default 1000", 1, 3600000},
    {"export", SD_FLAG_TEXT, "LABEL", "print 32 bytes of the exporter", 0, 0},
    {"name", SD_FLAG_TEXT, "HOST", "the server's name; default server.example", 0, 0},
    {"alpn", SD_FLAG_TEXT, "LIST", "application protocols: h2,http/1.1", 0, 0},
    {"identity", SD_FLAG_TEXT, "NAME", "one of the lab's: server.example, ...", 0, 0},
    {"cert", SD_FLAG_TEXT, "FILE", "own certificate chain, PEM", 0, 0},
    {"key", SD_FLAG_TEXT, "FILE", "own private key, PEM", 0, 0},
    {"ca", SD_FLAG_TEXT, "FILE", "whom to trust, PEM; default the lab's CA", 0, 0},
    {"mutual", SD_FLAG_SWITCH, NULL, "server: ask for the client's certificate", 0, 0},
    {"psk", SD_FLAG_TEXT, "HEX", "external pre-shared key", 0, 0},
    {"psk-identity", SD_FLAG_TEXT, "NAME", "its name", 0, 0},
    {"mtu", SD_FLAG_COUNT, "BYTES", "of the path, IP header included", 576, 65535},
    {"keylog", SD_FLAG_TEXT, "FILE", "keys for Wireshark", 0, 0},
    {"log", SD_FLAG_TEXT, "PREFIX", "QUIC: qlog of session N to PREFIX-N.sqlog", 0, 0},
    {"option", SD_FLAG_LIST, "NAME=VALUE", "a knob of the protocol's own", 0, 0},
    {"tun", SD_FLAG_TEXT, "NAME", "tunnels: the interface to make", 0, 0},
    {"inner", SD_FLAG_TEXT, "IP/BITS", "tunnels: its address", 0, 0},
    {"private-key", SD_FLAG_TEXT, "FILE", "own X25519 key: base64, hexadecimal or 32 bytes", 0, 0},
    {"peer-key", SD_FLAG_TEXT, "KEY", "the peer's public key: base64 or hexadecimal", 0, 0},
    {"preshared-key", SD_FLAG_TEXT, "FILE", "tunnels: as `wg genpsk` writes it", 0, 0},
    {"allowed", SD_FLAG_TEXT, "IP/BITS", "tunnels: the peer's inner addresses", 0, 0},
    {"keepalive", SD_FLAG_COUNT, "SECONDS", "tunnels: persistent keepalive", 1, 65535},
    {0},
};

#define OPTIONS_MAX 8

/* A text that may be a secret. */
struct owned {
    char *text;
    size_t len;
};

/* What the flags are read into, and what must be wiped and freed in the end. */
struct plan {
    struct sd_live_config live;
    struct sd_identity identity;
    struct sd_peer peer;
    uint8_t psk[64];
    struct sd_option option[OPTIONS_MAX + 1];
    struct owned owned[8 + OPTIONS_MAX];
    size_t owned_count;
};

/* The plan keeps the text until the end. */
static void own(struct plan *p, char *text, size_t len)
{
    p->owned[p->owned_count++] = (struct owned){text, len};
}

/* A whole file, with a '\0' behind it; len may be NULL. */
static char *read_file(struct plan *p, const char *path, size_t *len, struct sd_error *error)
{
    char *text;
    size_t size;
    if (sd_file_read(&text, &size, NULL, path, NULL, error) < 0)
        return NULL;
    own(p, text, size);
    if (len)
        *len = size;
    return text;
}

/* As `wg genkey` and curvecpprintkey print keys, or as curvecpmakekey writes them. */
static int read_key(const char *text, size_t len, uint8_t key[32], const char *flag,
                    struct sd_error *error)
{
    size_t n = 0;
    if (text && len == 32) {
        memcpy(key, text, 32);
        return SD_OK;
    }
    if (text && sodium_hex2bin(key, 32, text, len, " \r\n", &n, NULL) == 0 && n == 32)
        return SD_OK;
    if (text &&
        sodium_base642bin(key, 32, text, len, " \r\n", &n, NULL, sodium_base64_VARIANT_ORIGINAL) ==
            0 &&
        n == 32)
        return SD_OK;
    return sd_fail(error, SD_E_USAGE,
                   "live: --%s: expected 32 bytes in base64, as `wg genkey` prints them, or in "
                   "hexadecimal, as curvecpprintkey does",
                   flag);
}

static int read_key_file(struct plan *p, const struct sd_args *args, const char *flag,
                         uint8_t key[32], struct sd_error *error)
{
    size_t len = 0;
    const char *text = read_file(p, sd_args_text(args, flag, ""), &len, error);
    return text ? read_key(text, len, key, flag, error) : SD_E_USAGE;
}

static int read_peer_key(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    const char *text = sd_args_text(args, "peer-key", "");
    p->live.agent.peers = &p->peer;
    p->live.agent.peer_count = 1;
    return read_key(text, strlen(text), p->peer.public_key, "peer-key", error);
}

static int read_own_key(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    int r = read_key_file(p, args, "private-key", p->identity.x25519_private, error);
    crypto_scalarmult_base(p->identity.x25519_public, p->identity.x25519_private);
    p->identity.name = "live";
    p->live.agent.identity = &p->identity;
    return r;
}

static int subnet(const char *text, const char *flag, uint32_t *ip, uint8_t *prefix,
                  struct sd_error *error)
{
    char address[SD_ADDR_TEXT];
    struct sd_addr a;
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char *end = NULL;
    long bits = slash ? strtol(slash + 1, &end, 10) : 32;
    bool whole = !slash || (slash[1] >= '0' && slash[1] <= '9' && *end == '\0');
    if (len < sizeof address) {
        memcpy(address, text, len);
        address[len] = 0;
    }
    if (len >= sizeof address || !sd_addr_parse(address, &a) || !whole || bits > 32)
        return sd_fail(error, SD_E_USAGE,
                       "live: --%s: expected an address such as 10.99.0.1/24, "
                       "found '%s'",
                       flag, text);
    *ip = sd_addr_ipv4(&a);
    *prefix = (uint8_t)bits;
    return SD_OK;
}

static int address(const char *text, const char *flag, struct sd_addr *to, struct sd_error *error)
{
    if (!sd_addr_parse(text, to) || to->port)
        return sd_fail(error, SD_E_USAGE,
                       "live: --%s: expected an address such as 10.1.0.3, found '%s'", flag, text);
    return SD_OK;
}

static int endpoint(const char *text, const char *flag, struct sd_addr *to, struct sd_error *error)
{
    if (!sd_addr_parse(text, to) || !to->port)
        return sd_fail(error, SD_E_USAGE,
                       "live: --%s: expected an address and port such as 127.0.0.1:4433, found "
                       "'%s'",
                       flag, text);
    return SD_OK;
}

static int plan_identity(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    bool server = !p->live.remote.family;
    const char *name = sd_args_text(args, "identity", server ? "server.example" : NULL);
    if (sd_args_has(args, "cert") != sd_args_has(args, "key"))
        return sd_fail(error, SD_E_USAGE, "live: --cert and --key go together");
    if (sd_args_has(args, "private-key")) {
        int r = read_own_key(p, args, error);
        if (r < 0)
            return r;
    } else if (sd_args_has(args, "cert")) {
        p->identity.name = "live";
        p->identity.certificate = read_file(p, sd_args_text(args, "cert", ""), NULL, error);
        p->identity.private_key = read_file(p, sd_args_text(args, "key", ""), NULL, error);
        if (!p->identity.certificate || !p->identity.private_key)
            return SD_E_USAGE;
        p->live.agent.identity = &p->identity;
    } else if (name && !(p->live.agent.identity = sd_identity(name))) {
        return sd_fail(error, SD_E_USAGE,
                       "live: --identity: expected one of the lab's names such as "
                       "server.example or client.example, found '%s'",
                       name);
    }
    if (sd_args_has(args, "peer-key")) {
        int r = read_peer_key(p, args, error);
        if (r < 0)
            return r;
    }
    if (sd_args_has(args, "ca"))
        return (p->live.agent.ca = read_file(p, sd_args_text(args, "ca", ""), NULL, error))
                   ? SD_OK
                   : SD_E_USAGE;
    return SD_OK;
}

/* Static keys of both sides, as WireGuard wants them. */
static int plan_static_keys(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    if (!sd_args_has(args, "private-key") || !sd_args_has(args, "peer-key"))
        return sd_fail(error, SD_E_USAGE, "live: --private-key and --peer-key go together");
    int r = read_own_key(p, args, error);
    if (r == SD_OK)
        r = read_peer_key(p, args, error);
    if (r == SD_OK && sd_args_has(args, "preshared-key")) {
        r = read_key_file(p, args, "preshared-key", p->peer.psk, error);
        p->peer.has_psk = true;
        p->live.agent.mode = sd_args_text(args, "mode", "psk");
    }
    p->live.agent.role = SD_ROLE_BOTH;
    return r;
}

static int plan_tunnel(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    uint32_t allowed = 0;
    uint8_t bits = 0;
    bool keys = sd_args_has(args, "private-key") || sd_args_has(args, "peer-key");
    bool others = sd_args_has(args, "psk") || sd_args_has(args, "cert") ||
                  sd_args_has(args, "identity") || sd_args_has(args, "ca");
    if (!sd_args_has(args, "tun") || !sd_args_has(args, "inner") || (!keys && !others))
        return sd_fail(error, SD_E_USAGE,
                       "live: a tunnel needs --tun, --inner, and --private-key with --peer-key, or "
                       "--psk, --identity or --cert with --key where the protocol has them");
    int r = keys ? plan_static_keys(p, args, error) : plan_identity(p, args, error);
    if (r == SD_OK)
        r = subnet(sd_args_text(args, "inner", ""), "inner", &p->live.inner_ip,
                   &p->live.inner_prefix, error);
    if (r == SD_OK)
        r = subnet(sd_args_text(args, "allowed", "0.0.0.0/0"), "allowed", &allowed, &bits, error);
    if (r < 0)
        return r;
    p->live.agent.peers = &p->peer;
    p->live.agent.peer_count = 1;
    p->live.agent.inner_net = p->live.inner_ip;
    p->live.agent.inner_prefix = 32;
    p->peer.inner_net = allowed;
    p->peer.inner_prefix = bits;
    p->peer.endpoint = p->live.remote;
    p->peer.keepalive_s = (uint32_t)sd_args_count(args, "keepalive", 0);
    p->live.tun = sd_args_text(args, "tun", NULL);
    return SD_OK;
}

static int plan_options(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < args->listed; i++) {
        const char *text = args->list[i].text, *equals = strchr(text, '=');
        if (!equals || n == OPTIONS_MAX)
            return sd_fail(error, SD_E_USAGE,
                           "live: --option: expected at most %d of the form NAME=VALUE, found '%s'",
                           OPTIONS_MAX, text);
        char *name = strdup(text);
        if (!name)
            return sd_fail(error, SD_E_NOMEM, "live: no memory for an option");
        own(p, name, strlen(name));
        name[equals - text] = 0;
        p->option[n++] = (struct sd_option){.name = name, .value = name + (equals - text) + 1};
    }
    p->live.agent.options = n > 0 ? p->option : NULL;
    return SD_OK;
}

static int plan_psk(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    const char *hex = sd_args_text(args, "psk", NULL), *end = NULL;
    if (!hex)
        return SD_OK;
    if (sodium_hex2bin(p->psk, sizeof p->psk, hex, strlen(hex), NULL, &p->live.agent.psk_len,
                       &end) ||
        *end || p->live.agent.psk_len < 16)
        return sd_fail(error, SD_E_USAGE, "live: --psk: expected 16 to %zu bytes in hexadecimal",
                       sizeof p->psk);
    p->live.agent.psk = p->psk;
    p->live.agent.psk_identity = sd_args_text(args, "psk-identity", "shakedown");
    return SD_OK;
}

static int plan_application(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    struct sd_live_config *c = &p->live;
    bool client = c->remote.family != 0;
    const char *text = sd_args_text(args, "send", client ? "hello\n" : NULL);
    c->send = (const uint8_t *)text;
    c->send_len = text ? strlen(text) : 0;
    if (sd_args_has(args, "send-file")) {
        c->send =
            (const uint8_t *)read_file(p, sd_args_text(args, "send-file", ""), &c->send_len, error);
        if (!c->send)
            return SD_E_USAGE;
    }
    c->expect = sd_args_count(args, "expect", 0);
    c->sessions = (uint32_t)sd_args_count(args, "sessions", 0);
    c->rekeys = (uint32_t)sd_args_count(args, "rekey", 0);
    c->again_after = sd_args_count(args, "again", 0) * SD_MS;
    c->export_label = sd_args_text(args, "export", NULL);
    return SD_OK;
}

#define NAMES_MAX 32

static int no_such(const char *what, const char *word, const char *const *names,
                   struct sd_error *error)
{
    const char *near = sd_nearest(word, names);
    return sd_fail(error, SD_E_USAGE,
                   "live: no %s '%s'%s%s%s; `shakedown list protocols` shows them", what, word,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int no_protocol(const char *word, struct sd_error *error)
{
    const char *names[NAMES_MAX] = {0};
    for (size_t i = 0; sd_agents[i] && i < NAMES_MAX - 1; i++)
        names[i] = sd_agents[i]->name;
    return no_such("protocol", word, names, error);
}

static int no_mode(const struct sd_agent_ops *protocol, const char *word, struct sd_error *error)
{
    const char *names[NAMES_MAX] = {0};
    char what[48];
    for (size_t i = 0; protocol->modes[i].name && i < NAMES_MAX - 1; i++)
        names[i] = protocol->modes[i].name;
    snprintf(what, sizeof what, "mode of %s", protocol->name);
    return no_such(what, word, names, error);
}

static int plan_live(struct plan *p, const struct sd_args *args, struct sd_error *error)
{
    struct sd_live_config *c = &p->live;
    bool client = sd_args_has(args, "connect");
    int r;
    c->protocol = sd_agent_find(args->word[0]);
    if (!c->protocol)
        return no_protocol(args->word[0], error);
    if (client == sd_args_has(args, "listen"))
        return sd_fail(error, SD_E_USAGE, "live: expected either --connect or --listen");
    r = client ? endpoint(sd_args_text(args, "connect", ""), "connect", &c->remote, error)
               : endpoint(sd_args_text(args, "listen", ""), "listen", &c->local, error);
    if (r < 0)
        return r;
    c->agent.role = client ? SD_ROLE_CLIENT : SD_ROLE_SERVER;
    c->agent.mode = sd_args_text(args, "mode", "fresh");
    if (!sd_mode_find(c->protocol, c->agent.mode))
        return no_mode(c->protocol, c->agent.mode, error);
    c->agent.server_name = sd_args_text(args, "name", "server.example");
    c->agent.alpn = sd_args_text(args, "alpn", NULL);
    c->agent.mutual = sd_args_has(args, "mutual");
    c->end = sd_args_has(args, "end");
    c->agent.allow_early = !strcmp(c->agent.mode, "early");
    c->agent.path_mtu = (uint16_t)sd_args_count(args, "mtu", 0);
    c->rekey_after = sd_args_count(args, "rekey-after", 0) * SD_MS;
    c->rebind_after = sd_args_count(args, "rebind", 0) * SD_MS;
    c->time_limit = sd_args_count(args, "for", 0) * SD_SECOND;
    if (sd_args_has(args, "move")) {
        struct sd_addr to;
        r = address(sd_args_text(args, "move", ""), "move", &to, error);
        if (r < 0)
            return r;
        c->move_to = sd_addr_ipv4(&to);
        c->move_after = sd_args_count(args, "move-after", 1000) * SD_MS;
    }
    c->events = stderr;
    c->logs = sd_args_text(args, "log", NULL);
    r = plan_options(p, args, error);
    if (r == SD_OK)
        r = plan_psk(p, args, error);
    if (r == SD_OK && c->protocol->service == SD_SERVICE_IP)
        return plan_tunnel(p, args, error);
    if (r == SD_OK)
        r = plan_identity(p, args, error);
    if (r == SD_OK)
        r = plan_application(p, args, error);
    return r;
}

static FILE *open_output(const char *path, FILE *otherwise, struct sd_error *error)
{
    FILE *f = path ? fopen(path, "wb") : otherwise;
    if (path && !f)
        sd_fail(error, SD_E_IO, "live: cannot write %s: %s", path, strerror(errno));
    return f;
}

static int run(const struct sd_args *args)
{
    static struct plan p;
    struct sd_live_result result;
    struct sd_error error = {0};
    const char *received = sd_args_text(args, "receive", NULL);
    const char *keylog = sd_args_text(args, "keylog", NULL);
    int r = plan_live(&p, args, &error);
    if (r == SD_OK) {
        p.live.received = open_output(received, stdout, &error);
        p.live.keylog = open_output(keylog, NULL, &error);
        r = error.code;
    }
    if (r == SD_OK) {
        r = sd_live_run(&p.live, &result, &error);
        fprintf(stderr,
                "%llu handshakes, %llu resumed, %llu with early data, %llu B in, %llu B out\n",
                (unsigned long long)result.handshakes, (unsigned long long)result.resumed,
                (unsigned long long)result.early_accepted, (unsigned long long)result.bytes_in,
                (unsigned long long)result.bytes_out);
    }
    int status = r < 0 ? sd_complain(&error) : SD_EXIT_GOOD;
    if (r == SD_E_PEER)
        status = SD_EXIT_EXPECTATION;
    if (received && p.live.received)
        fclose(p.live.received);
    if (p.live.keylog)
        fclose(p.live.keylog);
    for (size_t i = 0; i < p.owned_count; i++) {
        sd_wipe(p.owned[i].text, p.owned[i].len);
        free(p.owned[i].text);
    }
    sd_wipe(&p, sizeof p);
    return status;
}

const struct sd_command sd_command_live = {
    .name = "live",
    .arguments = "PROTOCOL",
    .what = "the same agent on a real socket, against other people's implementations",
    .examples = "  shakedown live tls13 --listen 127.0.0.1:4433\n"
                "  shakedown live tls13 --connect 127.0.0.1:4433 --send hello --expect 5\n"
                "  openssl s_client -connect 127.0.0.1:4433 -tls1_3\n"
                "  shakedown live wireguard --connect 10.1.0.2:51820 --tun sd0 --inner "
                "10.99.0.1/24 \\\n"
                "      --private-key own.key --peer-key BASE64 --allowed 10.99.0.0/24\n"
                "  shakedown live ipsec --connect 10.1.0.2:500 --tun sd0 --inner 10.99.0.1/32 \\\n"
                "      --allowed 10.99.0.2/32 --mode psk --identity client.example --psk HEX\n"
                "  shakedown live curvecp --connect 127.0.0.1:10000 --name machine.example \\\n"
                "      --peer-key \"$(curvecpprintkey serverkey)\" --option "
                "server_extension=31415926535897932384626433832795\n",
    .notes = "Events go to stderr, received bytes to stdout.  A client exits 1 when the peer does "
             "not answer or the session breaks.",
    .flags = flags,
    .least = 1,
    .most = 1,
    .run = run,
};
