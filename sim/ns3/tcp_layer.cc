// tcp_layer.cc - from a segment to its connection, and what becomes of segments without one.
#include "sim/ns3/tcp_layer.h"
#include "sim/ns3/link.h"
#include "sim/ns3/routes.h"

extern "C" {
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/box/syn_cookies.h"
}

#include "ns3/tcp-option-ts.h"

#include <algorithm>
#include <cstring>

namespace shakedown
{

using namespace ns3;

constexpr uint16_t kFirstEphemeral = 32768; // Linux's ip_local_port_range
constexpr uint16_t kLastEphemeral = 60999;
constexpr uint32_t kDefaultBacklog = 1024;
constexpr uint8_t kControlFlags = SD_TCP_FIN | SD_TCP_SYN | SD_TCP_RST | SD_TCP_ACK;

NS_OBJECT_ENSURE_REGISTERED(TcpLayer);

TypeId TcpLayer::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::TcpLayer").SetParent<TcpL4Protocol>().AddConstructor<TcpLayer>();
    return id;
}

Ptr<TcpLayer> TcpLayer::Make(Host *host)
{
    Ptr<TcpLayer> layer = CreateObject<TcpLayer>();
    layer->m_host = host;
    layer->m_next_port = kFirstEphemeral;
    layer->SetNode(host->node);
    layer->SetDownTarget(MakeCallback(&TcpLayer::Down, PeekPointer(layer)));
    host->ip->Insert(layer);
    return layer;
}

std::shared_ptr<Listener> TcpLayer::Listen(const struct sd_listen *config, sd_tcp *handle)
{
    if (m_listeners.count(config->port) != 0)
        return nullptr;
    auto listener = std::make_shared<Listener>();
    listener->handle = handle;
    listener->port = config->port;
    listener->backlog = config->backlog != 0 ? config->backlog : kDefaultBacklog;
    listener->cookies = config->cookies;
    m_listeners[config->port] = listener;
    return listener;
}

void TcpLayer::Unlisten(const Listener &listener)
{
    m_listeners.erase(listener.port);
}

void TcpLayer::SetOptionHook(uint16_t port, OptionHook hook)
{
    if (hook.call != nullptr)
        m_option_hooks[port] = hook;
    else
        m_option_hooks.erase(port);
}

const OptionHook *TcpLayer::FindOptionHook(const FourTuple &names) const
{
    if (m_option_hooks.empty())
        return nullptr;
    auto found = m_option_hooks.find(names.local_port);
    if (found == m_option_hooks.end())
        found = m_option_hooks.find(names.remote_port);
    return found != m_option_hooks.end() ? &found->second : nullptr;
}

uint32_t TcpLayer::MssTowards(uint32_t remote_ip) const
{
    Ptr<Ipv4Route> route = m_host->routes->Find(remote_ip);
    return route ? route->GetOutputDevice()->GetMtu() - SD_IP_HEADER - SD_TCP_HEADER : 0;
}

uint16_t TcpLayer::FreePort(FourTuple *names)
{
    for (int tries = kFirstEphemeral; tries <= kLastEphemeral; tries++) {
        names->local_port = m_next_port;
        m_next_port = m_next_port == kLastEphemeral ? kFirstEphemeral : m_next_port + 1;
        bool waits = m_time_waits && m_time_waits->Find(*names) != nullptr;
        if (m_connections.count(*names) == 0 && !waits && m_listeners.count(names->local_port) == 0)
            return names->local_port;
    }
    return 0;
}

Ptr<Connection> TcpLayer::Connect(const sd_addr *to, uint32_t id)
{
    FourTuple names{0, sd_addr_ipv4(to), 0, to->port};
    Ptr<Ipv4Route> route = m_host->routes->Find(names.remote_ip);
    if (!route)
        return nullptr;
    names.local_ip = route->GetSource().Get();
    if (FreePort(&names) == 0)
        return nullptr;
    Ptr<Connection> connection = CopyObject<Connection>(Connection::Pattern());
    connection->Join(this, names, id);
    m_connections[names] = connection;
    return connection;
}

void TcpLayer::Bury(Connection *connection)
{
    auto found = m_connections.find(connection->Names());
    if (found == m_connections.end() || found->second != connection)
        return;
    if (m_graves.empty())
        Simulator::ScheduleNow(&TcpLayer::EmptyGraves, this);
    m_graves.push_back(found->second);
    m_connections.erase(found);
}

void TcpLayer::BuryInTimeWait(Connection *connection, const TimeWait &state)
{
    if (!m_time_waits)
        m_time_waits = std::make_unique<TimeWaits>();
    m_time_waits->Add(connection->Names(), state);
    Bury(connection);
}

void TcpLayer::EmptyGraves()
{
    std::vector<Ptr<Connection>> graves;
    graves.swap(m_graves);
    for (Ptr<Connection> &connection : graves)
        connection->Detach();
}

// -- in --

IpL4Protocol::RxStatus TcpLayer::Receive(Ptr<Packet> packet, const Ipv4Header &ip,
                                         Ptr<Ipv4Interface>)
{
    Scratch bytes(m_host->net);
    const uint8_t *tcp = bytes.data();
    size_t len = packet->GetSize();
    bool checksums = m_host->net->config.checksums;
    packet->CopyData(bytes.data(), checksums ? kMaxPacket : size_t{SD_TCP_HEADER_MAX});
    if (sd_guard_tcp(tcp, len) != SD_GUARD_GOOD) {
        m_host->counters.refused++;
        return RX_CSUM_FAILED;
    }
    if (checksums && !sd_transport_checksum_good(ip.GetSource().Get(), ip.GetDestination().Get(),
                                                 SD_PROTO_TCP, tcp, len))
        return RX_CSUM_FAILED;

    Segment s;
    size_t header = static_cast<size_t>(tcp[SD_TCP_OFFSET] >> 4) * 4;
    s.source = ip.GetSource();
    s.destination = ip.GetDestination();
    s.source_port = sd_read16(tcp);
    s.destination_port = sd_read16(tcp + 2);
    s.seq = SequenceNumber32(sd_read32(tcp + SD_TCP_SEQ));
    s.ack = SequenceNumber32(sd_read32(tcp + SD_TCP_ACK_NUMBER));
    s.flags = tcp[SD_TCP_FLAGS] & kControlFlags;
    s.payload = static_cast<uint32_t>(len - header);
    s.options = tcp + SD_TCP_HEADER;
    s.options_len = header - SD_TCP_HEADER;

    FourTuple names{s.destination.Get(), s.source.Get(), s.destination_port, s.source_port};
    auto found = m_connections.find(names);
    if (found != m_connections.end()) {
        Ptr<Connection> connection = found->second; // outlives whatever its callbacks do
        connection->Deliver(packet, s);
        return RX_OK;
    }
    if (OnTimeWait(names, s))
        return RX_OK;
    auto listening = m_listeners.find(s.destination_port);
    if (listening != m_listeners.end()) {
        std::shared_ptr<Listener> listener = listening->second;
        if (s.flags == SD_TCP_SYN) {
            OnSyn(listener, packet, s);
            return RX_OK;
        }
        if ((s.flags & (SD_TCP_ACK | SD_TCP_SYN | SD_TCP_RST)) == SD_TCP_ACK &&
            OnCookie(listener, packet, s))
            return RX_OK;
    }
    AnswerReset(s);
    return RX_OK;
}

bool TcpLayer::OnTimeWait(const FourTuple &names, const Segment &segment)
{
    TimeWait *state = m_time_waits ? m_time_waits->Find(names) : nullptr;
    if (state == nullptr)
        return false;
    if (segment.flags & SD_TCP_RST)
        return true; // RFC 1337
    size_t at = 0;
    const uint8_t *option;
    bool later = false; // than all that was heard, by its timestamp
    while ((option = sd_tcp_option_next(segment.options, segment.options_len, &at)) != nullptr)
        if (option[0] == SD_TCP_OPTION_TIMESTAMPS && state->timestamps)
            later = static_cast<int32_t>(sd_read32(option + 2) - state->heard) > 0;
    if (segment.flags == SD_TCP_SYN && (later || segment.seq > state->expected)) {
        m_time_waits->Remove(names); // RFC 6191: a new connection of the same names
        return false;
    }
    if (segment.flags == SD_TCP_ACK && segment.payload == 0)
        return true;
    m_time_waits->Prolong(names, state); // the peer has not heard
    TcpHeader ack;
    ack.SetSourcePort(segment.destination_port);
    ack.SetDestinationPort(segment.source_port);
    ack.SetFlags(TcpHeader::ACK);
    ack.SetSequenceNumber(state->next);
    ack.SetAckNumber(state->expected);
    ack.SetWindowSize(0);
    if (state->timestamps) {
        Ptr<TcpOptionTS> timestamps = CreateObject<TcpOptionTS>();
        timestamps->SetTimestamp(TcpOptionTS::NowToTsValue());
        timestamps->SetEcho(state->heard);
        ack.AppendOption(timestamps);
    }
    SendAlone(ack, segment);
    return true;
}

void TcpLayer::OnSyn(const std::shared_ptr<Listener> &listener, Ptr<Packet> packet,
                     const Segment &segment)
{
    sd_tcp_counters &counters = listener->counters;
    bool full = counters.half_open >= listener->backlog;
    if (listener->cookies == SD_VALIDATE_ALWAYS ||
        (full && listener->cookies == SD_VALIDATE_DEFAULT)) {
        SendCookie(*listener, segment);
        return;
    }
    if (full) {
        counters.backlog_drops++;
        return;
    }
    counters.half_open++;
    counters.half_open_peak = std::max(counters.half_open_peak, counters.half_open);
    TcpHeader syn;
    packet->PeekHeader(syn);
    FourTuple names{segment.destination.Get(), segment.source.Get(), segment.destination_port,
                    segment.source_port};
    Ptr<Connection> child = CopyObject<Connection>(Connection::Pattern());
    child->Join(this, names, m_host->net->next_tcp_id++);
    m_connections[names] = child;
    child->OpenPassive(listener, syn, segment);
}

// A cookie's key only has to differ from node to node; the attackers of the lab do not break it.
uint32_t TcpLayer::CookieKey() const
{
    return static_cast<uint32_t>(m_host->id) + 1;
}

void TcpLayer::SendCookie(Listener &listener, const Segment &segment)
{
    struct sd_cookie_syn syn;
    sd_cookie_read_syn(&syn, segment.options, segment.options_len);
    syn.client_ip = segment.source.Get();
    syn.server_ip = segment.destination.Get();
    syn.client_port = segment.source_port;
    syn.server_port = segment.destination_port;
    syn.client_isn = segment.seq.GetValue();
    listener.counters.cookies_sent++;
    listener.counters.segments_out++;

    uint8_t reply[SD_TCP_HEADER_MAX];
    size_t len = sd_cookie_syn_ack(reply, &syn, CookieKey(), ClockNs(),
                                   static_cast<uint16_t>(MssTowards(syn.client_ip)));
    if (m_host->net->config.checksums)
        sd_write16(reply + SD_TCP_CHECKSUM,
                   sd_transport_checksum(syn.server_ip, syn.client_ip, SD_PROTO_TCP, reply, len));
    SendIp(m_host, Create<Packet>(reply, static_cast<uint32_t>(len)), segment.destination,
           segment.source, SD_PROTO_TCP, true);
}

bool TcpLayer::OnCookie(const std::shared_ptr<Listener> &listener, Ptr<Packet> packet,
                        const Segment &segment)
{
    if (listener->cookies == SD_VALIDATE_NEVER || listener->counters.cookies_sent == 0)
        return false;
    struct sd_cookie_syn syn;
    memset(&syn, 0, sizeof syn);
    syn.client_ip = segment.source.Get();
    syn.server_ip = segment.destination.Get();
    syn.client_port = segment.source_port;
    syn.server_port = segment.destination_port;
    syn.client_isn = segment.seq.GetValue() - 1;
    uint32_t isn = segment.ack.GetValue() - 1;
    if (!sd_cookie_check(&syn, isn, segment.options, segment.options_len, CookieKey(), ClockNs()))
        return false;
    FourTuple names{syn.server_ip, syn.client_ip, syn.server_port, syn.client_port};
    Ptr<Connection> child = CopyObject<Connection>(Connection::Pattern());
    child->Join(this, names, m_host->net->next_tcp_id++);
    m_connections[names] = child;
    child->OpenFromCookie(listener, segment, isn, syn.mss, syn.window_scale, syn.sack,
                          syn.timestamps);
    child->Deliver(packet, segment);
    return true;
}

void TcpLayer::AnswerReset(const Segment &segment)
{
    if (segment.flags & SD_TCP_RST)
        return;
    TcpHeader reset;
    reset.SetSourcePort(segment.destination_port);
    reset.SetDestinationPort(segment.source_port);
    reset.SetWindowSize(0);
    if (segment.flags & SD_TCP_ACK) {
        reset.SetFlags(TcpHeader::RST);
        reset.SetSequenceNumber(segment.ack);
    } else {
        uint32_t occupied = segment.payload + ((segment.flags & SD_TCP_SYN) != 0) +
                            ((segment.flags & SD_TCP_FIN) != 0);
        reset.SetFlags(TcpHeader::RST | TcpHeader::ACK);
        reset.SetAckNumber(segment.seq + SequenceNumber32(occupied));
    }
    SendAlone(reset, segment);
}

void TcpLayer::SendAlone(const TcpHeader &header, const Segment &answered)
{
    Connection *before = sending;
    sending = nullptr;
    SendPacket(Create<Packet>(), header, answered.destination, answered.source);
    sending = before;
}

void TcpLayer::ReceiveIcmp(Ipv4Address, uint8_t, uint8_t type, uint8_t code, uint32_t info,
                           Ipv4Address source, Ipv4Address destination, const uint8_t payload[8])
{
    FourTuple names{source.Get(), destination.Get(), sd_read16(payload), sd_read16(payload + 2)};
    auto found = m_connections.find(names);
    if (found != m_connections.end() && type == SD_ICMP_UNREACHABLE) {
        Ptr<Connection> connection = found->second;
        if (code == SD_ICMP_FRAGMENTATION_NEEDED)
            connection->PathMtu(static_cast<uint16_t>(info));
        else
            connection->Refused();
    }
    ReportIcmp(m_host, type, code, static_cast<uint16_t>(info), SD_PROTO_TCP, source, destination,
               payload);
}

// -- out --

void TcpLayer::Down(Ptr<Packet> packet, Ipv4Address source, Ipv4Address destination, uint8_t proto,
                    Ptr<Ipv4Route>)
{
    if (sending != nullptr)
        packet = WithOptions(packet, source, destination);
    SendIp(m_host, packet, source, destination, proto, true);
}

// Puts an MSS option into SYNs, which ns-3 sends without, and the agents' options where they go.
Ptr<Packet> TcpLayer::WithOptions(Ptr<Packet> packet, Ipv4Address source, Ipv4Address destination)
{
    uint8_t fixed[SD_TCP_HEADER];
    packet->CopyData(fixed, sizeof fixed);
    bool syn = fixed[SD_TCP_FLAGS] & SD_TCP_SYN, ack = fixed[SD_TCP_FLAGS] & SD_TCP_ACK;
    if (!syn && m_option_hooks.empty())
        return packet;

    size_t header = static_cast<size_t>(fixed[SD_TCP_OFFSET] >> 4) * 4;
    size_t room = SD_TCP_HEADER_MAX - header;
    uint8_t added[kOptionRoom + 4];
    size_t len = 0;
    if (syn && room >= 4) {
        added[0] = SD_TCP_OPTION_MSS;
        added[1] = 4;
        sd_write16(added + 2, static_cast<uint16_t>(MssTowards(destination.Get())));
        len = 4;
    }
    len += sending->OptionsFor(syn, ack, added + len, room - len);
    if (len == 0)
        return packet;
    while (len % 4 != 0)
        added[len++] = SD_TCP_OPTION_NOP;

    Scratch bytes(m_host->net);
    uint8_t *tcp = bytes.data();
    size_t total = packet->GetSize();
    packet->CopyData(tcp, static_cast<uint32_t>(total));
    memmove(tcp + SD_TCP_HEADER + len, tcp + SD_TCP_HEADER, total - SD_TCP_HEADER);
    memcpy(tcp + SD_TCP_HEADER, added, len);
    tcp[SD_TCP_OFFSET] =
        static_cast<uint8_t>((header + len) / 4 << 4 | (tcp[SD_TCP_OFFSET] & 0x0f));
    total += len;
    if (m_host->net->config.checksums) {
        sd_write16(tcp + SD_TCP_CHECKSUM, 0);
        sd_write16(tcp + SD_TCP_CHECKSUM, sd_transport_checksum(source.Get(), destination.Get(),
                                                                SD_PROTO_TCP, tcp, total));
    }
    return Create<Packet>(tcp, static_cast<uint32_t>(total));
}

void TcpLayer::DoDispose()
{
    for (auto &entry : m_connections)
        entry.second->Detach();
    m_connections.clear();
    EmptyGraves();
    m_listeners.clear();
    TcpL4Protocol::DoDispose();
}

} // namespace shakedown
