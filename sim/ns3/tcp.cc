// tcp.cc - the TCP part of net.h.
#include "sim/ns3/tcp_layer.h"

namespace shakedown
{

void DestroyTcp(sd_net *net)
{
    for (auto &host : net->hosts)
        host->tcp->Dispose();
    for (sd_tcp *tcp : net->tcps)
        delete tcp;
    net->tcps.clear();
}

static bool IsConnection(const sd_tcp *tcp)
{
    return tcp != nullptr && tcp->connection;
}

} // namespace shakedown

using namespace shakedown;

sd_tcp *sd_net_listen(sd_net *net, int node, const struct sd_listen *config,
                      sd_tcp_callback callback, void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || config == nullptr || config->port == 0 ||
        Number(config->cookies) > SD_VALIDATE_NEVER)
        return nullptr;
    sd_tcp *tcp = new sd_tcp{host, nullptr, nullptr, callback, ctx, net->next_tcp_id++, {}};
    tcp->listener = host->tcp->Listen(config, tcp);
    if (!tcp->listener) {
        delete tcp;
        return nullptr;
    }
    tcp->path.local = sd_ipv4_word(0, config->port);
    tcp->path.local.proto = SD_PROTO_TCP;
    tcp->path.conn = tcp->id;
    net->tcps.insert(tcp);
    return tcp;
}

sd_tcp *sd_net_connect(sd_net *net, int node, const sd_addr *to, sd_tcp_callback callback,
                       void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || to == nullptr || !IsUnicast(sd_addr_ipv4(to)) || to->port == 0)
        return nullptr;
    ns3::Ptr<Connection> connection = host->tcp->Connect(to, net->next_tcp_id);
    if (!connection)
        return nullptr;
    net->next_tcp_id++;
    sd_tcp *tcp =
        new sd_tcp{host, connection, nullptr, callback, ctx, connection->Id(), connection->Path()};
    connection->handle = tcp;
    net->tcps.insert(tcp);
    connection->OpenActive();
    return tcp;
}

uint32_t sd_tcp_id(const sd_tcp *tcp)
{
    return tcp != nullptr ? tcp->id : 0;
}

sd_path sd_tcp_path(const sd_tcp *tcp)
{
    return tcp != nullptr ? tcp->path : sd_path{};
}

size_t sd_tcp_room(const sd_tcp *tcp)
{
    return IsConnection(tcp) ? tcp->connection->Room() : 0;
}

size_t sd_tcp_send(sd_tcp *tcp, const void *data, size_t len)
{
    return IsConnection(tcp) && data != nullptr ? tcp->connection->Queue(data, len) : 0;
}

size_t sd_tcp_receive(sd_tcp *tcp, void *data, size_t cap)
{
    return IsConnection(tcp) && data != nullptr ? tcp->connection->Take(data, cap) : 0;
}

void sd_tcp_close(sd_tcp *tcp)
{
    if (IsConnection(tcp))
        tcp->connection->Finish();
}

void sd_tcp_abort(sd_tcp *tcp)
{
    if (IsConnection(tcp))
        tcp->connection->Abort();
}

void sd_tcp_free(sd_tcp *tcp)
{
    if (tcp == nullptr)
        return;
    sd_net *net = tcp->host->net;
    if (tcp->connection) {
        ns3::Ptr<Connection> connection = tcp->connection;
        connection->Orphan();
    } else {
        tcp->listener->handle = nullptr;
        tcp->host->tcp->Unlisten(*tcp->listener);
    }
    net->tcps.erase(tcp);
    delete tcp;
}

void sd_tcp_on(sd_tcp *tcp, sd_tcp_callback callback, void *ctx)
{
    if (tcp == nullptr)
        return;
    tcp->callback = callback;
    tcp->ctx = ctx;
}

void sd_tcp_stats(const sd_tcp *tcp, sd_tcp_counters *out)
{
    if (tcp == nullptr)
        *out = {};
    else
        *out = tcp->connection ? tcp->connection->counters : tcp->listener->counters;
}

int sd_net_tcp_options(sd_net *net, int node, uint16_t port, sd_tcp_option_hook hook, void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || port == 0)
        return SD_E_ARG;
    host->tcp->SetOptionHook(port, OptionHook{hook, ctx});
    return SD_OK;
}
