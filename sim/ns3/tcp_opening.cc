// tcp_opening.cc - how a connection begins: Linux's settings, sequence numbers, segment size,
// options.
#include "sim/ns3/link.h"
#include "sim/ns3/tcp_layer.h"

extern "C" {
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/core/random.h"
}

#include "ns3/inet-socket-address.h"
#include "ns3/rtt-estimator.h"
#include "ns3/tcp-cubic.h"
#include "ns3/tcp-option-ts.h"
#include "ns3/tcp-prr-recovery.h"
#include "ns3/tcp-rx-buffer.h"
#include "ns3/tcp-tx-buffer.h"
#include "ns3/trace-source-accessor.h"

#include <algorithm>
#include <cstring>
#include <map>

// ns-3 connects thirteen trace sources by name in every TCP socket, and its look-up copies the
// description of each candidate: a seventh of what a connection costs.  Being part of the program,
// this definition, which remembers, takes the place of the library's.
namespace ns3
{

static Ptr<const TraceSourceAccessor> FindTraceSource(TypeId type, const std::string &name)
{
    for (;;) {
        for (size_t i = 0; i < type.GetTraceSourceN(); i++) {
            TypeId::TraceSourceInformation source = type.GetTraceSource(i);
            if (source.name == name && source.supportLevel != TypeId::OBSOLETE)
                return source.accessor;
        }
        TypeId parent = type.GetParent();
        if (parent == type)
            return nullptr;
        type = parent;
    }
}

Ptr<const TraceSourceAccessor> TypeId::LookupTraceSourceByName(std::string name) const
{
    // Never freed: ns-3 may look up names while the program ends.
    static auto *known =
        new std::map<uint16_t, std::map<std::string, Ptr<const TraceSourceAccessor>>>;
    auto &of_type = (*known)[GetUid()];
    auto found = of_type.find(name);
    if (found == of_type.end())
        found = of_type.emplace(name, FindTraceSource(*this, name)).first;
    return found->second;
}

} // namespace ns3

namespace shakedown
{

using namespace ns3;

NS_OBJECT_ENSURE_REGISTERED(Connection);

TypeId Connection::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::Connection").SetParent<TcpSocketBase>().AddConstructor<Connection>();
    return id;
}

// Linux 6.1's defaults, where ns-3 has a knob for them.
void Connection::BecomePattern()
{
    SetSegSize(1448);
    SetInitialCwnd(10);         // RFC 6928
    SetConnTimeout(Seconds(1)); // RFC 6298: the first RTO, doubled for each SYN
    SetSynRetries(7);           // tcp_syn_retries 6, and the first
    SetDataRetries(15);         // tcp_retries2
    // RTO = SRTT + max(4 RTTVAR, TCP_RTO_MIN): what RFC 6298 calls G.
    SetClockGranularity(MilliSeconds(200));
    SetMinRto(MilliSeconds(200));
    SetPersistTimeout(MilliSeconds(200));
    SetDelAckTimeout(MilliSeconds(40)); // TCP_DELACK_MIN
    SetDelAckMaxCount(2);
    SetTcpNoDelay(true);
    SetSndBufSize(4U << 20);
    SetRcvBufSize(4U << 20);
    m_msl = 30; // TIME_WAIT lasts 60 s
    m_sackEnabled = true;
    m_txBuffer->SetSackEnabled(true);
    m_timestampEnabled = true;
    m_winScalingEnabled = true;
    SetRtt(CreateObject<RttMeanDeviation>());
    SetCongestionControlAlgorithm(CreateObject<TcpCubic>());
    SetRecoveryAlgorithm(CreateObject<TcpPrrRecovery>());
}

// Never freed: at exit ns-3's own statics may be gone already.
Ptr<const Connection> Connection::Pattern()
{
    static Connection *pattern;
    if (pattern == nullptr) {
        Ptr<Connection> made = CreateObject<Connection>();
        made->BecomePattern();
        pattern = PeekPointer(made);
        pattern->Ref();
    }
    return pattern;
}

Connection::Connection() : m_own_end_point(Ipv4Address::GetAny(), 0)
{
}

Connection::Connection(const Connection &pattern)
    : TcpSocketBase(pattern), m_own_end_point(Ipv4Address::GetAny(), 0)
{
    SetCallbacks();
}

Connection::~Connection()
{
    m_endPoint = nullptr; // ours, not the demultiplexer's
}

void Connection::SetCallbacks()
{
    SetConnectCallback(MakeCallback(&Connection::OnConnected, this),
                       MakeCallback(&Connection::OnConnectFailed, this));
    SetRecvCallback(MakeCallback(&Connection::OnReadable, this));
    SetSendCallback(MakeCallback(&Connection::OnRoom, this));
    SetCloseCallbacks(MakeCallback(&Connection::OnPeerClosed, this),
                      MakeCallback(&Connection::OnBroken, this));
    SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address &>(),
                      MakeCallback(&Connection::OnEstablished, this));
    m_state.ConnectWithoutContext(MakeCallback(&Connection::StateChanged, this));
}

void Connection::Join(TcpLayer *layer, const FourTuple &names, uint32_t id)
{
    m_layer = layer;
    m_names = names;
    m_id = id;
    SetNode(layer->Owner()->node);
    SetTcp(layer);
    m_own_end_point = Ipv4EndPoint(Ipv4Address(names.local_ip), names.local_port);
    m_own_end_point.SetPeer(Ipv4Address(names.remote_ip), names.remote_port);
    m_endPoint = &m_own_end_point;
    SetSegment(layer->MssTowards(names.remote_ip));
    StartSending(InitialSequence());
}

// RFC 6528: different for each connection, so that segments of an older one do not fit.  Below
// 2^30, because ns-3 keeps some marks at 0 until they are first set.
uint32_t Connection::InitialSequence() const
{
    uint64_t hash = sd_hash_u64(static_cast<uint64_t>(m_layer->Owner()->id), ClockNs());
    hash = sd_hash_u64(hash, static_cast<uint64_t>(m_names.local_ip) << 32 | m_names.remote_ip);
    hash = sd_hash_u64(hash, static_cast<uint64_t>(m_names.local_port) << 16 | m_names.remote_port);
    return static_cast<uint32_t>(hash >> 34);
}

void Connection::StartSending(uint32_t isn)
{
    m_tcb->m_nextTxSequence = SequenceNumber32(isn);
    m_tcb->m_highTxMark = SequenceNumber32(isn);
    m_highRxAckMark = SequenceNumber32(isn);
    m_txBuffer->SetHeadSequence(SequenceNumber32(isn));
}

bool Connection::OpenActive()
{
    m_active = true;
    return Connect(InetSocketAddress(Ipv4Address(m_names.remote_ip), m_names.remote_port)) == 0;
}

void Connection::OpenPassive(std::shared_ptr<Listener> listener, const TcpHeader &syn,
                             const Segment &segment)
{
    m_listener = listener;
    m_half_open = true;
    TakeMss(segment);
    HearOptions(SD_SEGMENT_SYN, segment);

    // RFC 7323 2.2: the window of a SYN is not scaled.
    m_rWnd = syn.GetWindowSize();
    m_winScalingEnabled = syn.HasOption(TcpOption::WINSCALE);
    if (m_winScalingEnabled)
        ProcessOptionWScale(syn.GetOption(TcpOption::WINSCALE));
    StartReceiving(segment.seq);
    m_sackEnabled = syn.HasOption(TcpOption::SACKPERMITTED);
    m_txBuffer->SetSackEnabled(m_sackEnabled);
    m_timestampEnabled = syn.HasOption(TcpOption::TS);
    if (m_timestampEnabled)
        ProcessOptionTimestamp(syn.GetOption(TcpOption::TS), syn.GetSequenceNumber());

    m_synRetries = 6; // tcp_synack_retries 5, and the first
    m_synCount = m_synRetries;
    m_dataRetrCount = m_dataRetries;
    m_tcb->m_ecnState = TcpSocketState::ECN_DISABLED;
    m_tcb->m_rxBuffer->SetNextRxSequence(segment.seq + SequenceNumber32(1));
    m_state = SYN_RCVD;
    SendEmptyPacket(TcpHeader::SYN | TcpHeader::ACK);
}

void Connection::OpenFromCookie(std::shared_ptr<Listener> listener, const Segment &ack,
                                uint32_t isn, uint16_t mss, int window_scale, bool sack,
                                bool timestamps)
{
    m_listener = listener;
    SetSegment(std::min<uint32_t>(mss, m_layer->MssTowards(m_names.remote_ip)));
    m_winScalingEnabled = window_scale >= 0;
    if (m_winScalingEnabled) {
        m_sndWindShift = static_cast<uint8_t>(window_scale);
        m_rcvWindShift = CalculateWScale();
    }
    m_sackEnabled = sack;
    m_txBuffer->SetSackEnabled(sack);
    m_timestampEnabled = timestamps;
    m_synCount = m_synRetries;
    m_dataRetrCount = m_dataRetries;
    m_tcb->m_ecnState = TcpSocketState::ECN_DISABLED;
    StartReceiving(ack.seq);
    StartSending(isn);
    // The cookie's timestamp comes back with the ACK: the first sample of the round trip.
    m_history.emplace_back(SequenceNumber32(isn), 1, Simulator::Now());
    m_state = SYN_RCVD;
}

// `mss` is what fits into a segment beside a header without options.
void Connection::SetSegment(uint32_t mss)
{
    uint32_t size = std::max(mss, kMinMss) - kTimestampsBytes;
    m_tcb->m_segmentSize = size;
    m_tcb->m_cWnd = m_tcb->m_initialCWnd * size;
    m_tcb->m_cWndInfl = m_tcb->m_cWnd;
    m_tcb->m_ssThresh = m_tcb->m_initialSsThresh; // ns-3 sets it where a SYN is heard: not here
    m_txBuffer->SetSegmentSize(size);
}

// ns-3 takes the peer's first number for 0: its timestamps would not be echoed, nor its windows
// heard.
void Connection::StartReceiving(SequenceNumber32 peer_isn)
{
    m_tcb->m_rxBuffer->SetNextRxSequence(peer_isn);
    m_highTxAck = peer_isn;
    m_highRxMark = peer_isn;
}

// RFC 9293 3.7.1: no segment larger than the peer's MSS option allows.
void Connection::TakeMss(const Segment &segment)
{
    uint32_t mss = 536;
    size_t at = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(segment.options, segment.options_len, &at)) != nullptr)
        if (option[0] == SD_TCP_OPTION_MSS)
            mss = sd_read16(option + 2);
    SetSegment(std::min(mss, m_layer->MssTowards(m_names.remote_ip)));
}

void Connection::HearOptions(sd_segment which, const Segment &segment)
{
    const OptionHook *hook = m_layer->FindOptionHook(m_names);
    if (hook == nullptr)
        return;
    static const uint8_t none = 0;
    sd_path path = Path();
    hook->call(hook->ctx, &path, which, segment.options_len != 0 ? segment.options : &none,
               segment.options_len, nullptr, 0);
}

size_t Connection::OptionsFor(bool syn, bool ack, uint8_t out[kOptionRoom], size_t cap)
{
    const OptionHook *hook = m_layer->FindOptionHook(m_names);
    if (hook == nullptr)
        return 0;
    sd_path path = Path();
    // RFC 8547 4.2: an active opener repeats the option until a segment other than SYN comes back.
    if (!syn && (!m_active || m_heard_non_syn || !ack))
        return 0;
    uint8_t *made = syn ? m_syn_options : m_ack_options;
    size_t *len = syn ? &m_syn_options_len : &m_ack_options_len;
    bool *done = syn ? &m_syn_options_made : &m_ack_options_made;
    if (!*done) {
        sd_segment which = !syn ? SD_SEGMENT_ACK : ack ? SD_SEGMENT_SYN_ACK : SD_SEGMENT_SYN;
        *len = hook->call(hook->ctx, &path, which, nullptr, 0, made, cap);
        if (*len > cap || !sd_guard_tcp_options(made, *len))
            *len = 0;
        *done = true;
    }
    size_t fits = *len <= cap ? *len : 0;
    memcpy(out, made, fits);
    return fits;
}

sd_path Connection::Path() const
{
    sd_path path{};
    path.local = Endpoint(Ipv4Address(m_names.local_ip), m_names.local_port, SD_PROTO_TCP);
    path.remote = Endpoint(Ipv4Address(m_names.remote_ip), m_names.remote_port, SD_PROTO_TCP);
    path.conn = m_id;
    return path;
}

} // namespace shakedown
