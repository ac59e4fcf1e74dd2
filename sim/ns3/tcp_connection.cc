// tcp_connection.cc - a connection's life: opening, segments in, segments out, closing.
#include "sim/ns3/tcp_connection.h"
#include "sim/ns3/link.h"
#include "sim/ns3/tcp_layer.h"

extern "C" {
#include "sim/box/guard.h"
#include "sim/box/ip.h"
}

#include "ns3/inet-socket-address.h"
#include "ns3/rtt-estimator.h"
#include "ns3/tcp-cubic.h"
#include "ns3/tcp-option-ts.h"
#include "ns3/tcp-prr-recovery.h"
#include "ns3/tcp-rx-buffer.h"
#include "ns3/tcp-tx-buffer.h"

#include <algorithm>
#include <cstring>

namespace shakedown
{

using namespace ns3;

constexpr uint32_t kTimestampsBytes = 12; // RFC 7323, with padding, in every segment
constexpr uint32_t kMaxFins = 8;
constexpr uint32_t kMinMss = 88; // Linux's floor

NS_OBJECT_ENSURE_REGISTERED(Connection);

TypeId Connection::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::Connection").SetParent<TcpSocketBase>().AddConstructor<Connection>();
    return id;
}

// Linux 6.1's defaults, where ns-3 has a knob for them.
Ptr<Connection> Connection::MakePattern()
{
    Ptr<Connection> c = CreateObject<Connection>();
    c->SetSegSize(1448);
    c->SetInitialCwnd(10);                 // RFC 6928
    c->SetConnTimeout(Seconds(1));         // RFC 6298: the first RTO, doubled for each SYN
    c->SetSynRetries(7);                   // tcp_syn_retries 6, and the first
    c->SetDataRetries(15);                 // tcp_retries2
    c->SetMinRto(MilliSeconds(200));       // TCP_RTO_MIN
    c->SetDelAckTimeout(MilliSeconds(40)); // TCP_DELACK_MIN
    c->SetDelAckMaxCount(2);
    c->SetTcpNoDelay(true);
    c->SetSndBufSize(4U << 20);
    c->SetRcvBufSize(4U << 20);
    c->m_msl = 30; // TIME_WAIT lasts 60 s
    c->m_sackEnabled = true;
    c->m_txBuffer->SetSackEnabled(true);
    c->m_timestampEnabled = true;
    c->m_winScalingEnabled = true;
    c->SetRtt(CreateObject<RttMeanDeviation>());
    c->SetCongestionControlAlgorithm(CreateObject<TcpCubic>());
    c->SetRecoveryAlgorithm(CreateObject<TcpPrrRecovery>());
    return c;
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
    m_own_end_point.SetLocalAddress(Ipv4Address(names.local_ip));
    m_own_end_point = Ipv4EndPoint(Ipv4Address(names.local_ip), names.local_port);
    m_own_end_point.SetPeer(Ipv4Address(names.remote_ip), names.remote_port);
    m_endPoint = &m_own_end_point;
    SetSegment(layer->MssTowards(names.remote_ip));
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
    StartAt(segment.seq);
    m_sackEnabled = syn.HasOption(TcpOption::SACKPERMITTED);
    m_txBuffer->SetSackEnabled(m_sackEnabled);
    m_timestampEnabled = syn.HasOption(TcpOption::TS);
    if (m_timestampEnabled)
        ProcessOptionTimestamp(syn.GetOption(TcpOption::TS), syn.GetSequenceNumber());

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
    StartAt(ack.seq);
    m_tcb->m_nextTxSequence = SequenceNumber32(isn);
    m_tcb->m_highTxMark = SequenceNumber32(isn);
    m_highRxAckMark = SequenceNumber32(isn);
    m_txBuffer->SetHeadSequence(SequenceNumber32(isn));
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

// The peer's first sequence number, which ns-3 takes for 0: else no timestamp of its would be
// echoed, nor a window be updated.
void Connection::StartAt(SequenceNumber32 peer_isn)
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
        if (*len > cap)
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

// -- segments in --

// RFC 9293 3.10.7.4 and RFC 5961: what ns-3 does not check.  A segment that passes is one that its
// state machine handles.
bool Connection::Acceptable(const Segment &s)
{
    bool syn = s.flags & SD_TCP_SYN, ack = s.flags & SD_TCP_ACK;
    SequenceNumber32 una = m_txBuffer->HeadSequence();
    switch (m_state.Get()) {
    case SYN_SENT:
        if (ack && s.ack != m_tcb->m_nextTxSequence + SequenceNumber32(1)) {
            m_layer->AnswerReset(s);
            return false;
        }
        return syn && ack; // simultaneous opening is not modelled
    case SYN_RCVD:
        if (syn)
            return !ack && s.seq + SequenceNumber32(1) == m_tcb->m_rxBuffer->NextRxSequence();
        if (ack && s.ack != m_tcb->m_nextTxSequence + SequenceNumber32(1)) {
            m_layer->AnswerReset(s);
            return false;
        }
        return ack;
    default:
        break;
    }
    if (syn) {
        SendEmptyPacket(TcpHeader::ACK); // RFC 5961 4: challenge
        return false;
    }
    if (!ack)
        return false;
    // One more than was sent is the FIN's number.
    if (s.ack > m_tcb->m_highTxMark + SequenceNumber32(1) ||
        s.ack + SequenceNumber32(1U << 30) < una) {
        SendEmptyPacket(TcpHeader::ACK);
        return false;
    }
    return true;
}

// RFC 5961 3: only the expected number resets; one inside the window is challenged.
void Connection::OnReset(const Segment &s)
{
    if (m_state == SYN_SENT) {
        if ((s.flags & SD_TCP_ACK) && s.ack == m_tcb->m_nextTxSequence + SequenceNumber32(1))
            Kill(SD_TCP_FAILED);
        return;
    }
    if (m_state == TIME_WAIT)
        return; // RFC 1337
    SequenceNumber32 next = m_tcb->m_rxBuffer->NextRxSequence();
    if (s.seq == next)
        Kill(SD_TCP_RESET);
    else if (s.seq > next && s.seq < m_tcb->m_rxBuffer->MaxRxSequence() && m_state != SYN_RCVD)
        SendEmptyPacket(TcpHeader::ACK);
}

void Connection::Deliver(Ptr<Packet> packet, const Ipv4Header &ip, Ptr<Ipv4Interface> in,
                         const Segment &s)
{
    counters.segments_in++;
    if (s.flags & SD_TCP_RST) {
        OnReset(s);
        return;
    }
    if (!Acceptable(s))
        return;
    if (m_orphan && s.payload > 0 && !m_dead) {
        Abort(); // nobody will ever read it, as Linux answers after close()
        return;
    }
    if (m_state == SYN_SENT) {
        StartAt(s.seq);
        TakeMss(s);
        HearOptions(SD_SEGMENT_SYN_ACK, s);
        // Segments leave room for what the ACK, and data that repeats it, will carry.
        uint8_t ack_options[kOptionRoom];
        size_t len = OptionsFor(false, true, ack_options, kOptionRoom - kTimestampsBytes);
        SetSegment(m_tcb->m_segmentSize + kTimestampsBytes -
                   static_cast<uint32_t>((len + 3) / 4 * 4));
    } else if (!m_heard_non_syn && !(s.flags & SD_TCP_SYN)) {
        m_heard_non_syn = true;
        if (!m_active)
            HearOptions(SD_SEGMENT_ACK, s);
    }
    Process(packet, ip, in, s);
}

// A FIN goes to ns-3 alone: together with data it loses its place in the sequence, and one that
// came before is not acknowledged again.
void Connection::Process(Ptr<Packet> packet, const Ipv4Header &ip, Ptr<Ipv4Interface> in,
                         const Segment &s)
{
    if (!(s.flags & SD_TCP_FIN)) {
        if (m_state == LAST_ACK && s.ack <= m_tcb->m_highTxMark.Get() && s.payload == 0 &&
            s.ack <= m_txBuffer->HeadSequence())
            return; // an old acknowledgement does not cover our FIN
        ForwardUp(packet, ip, s.source_port, in);
        return;
    }
    Ptr<Packet> fin = packet->Copy();
    TcpHeader header;
    packet->RemoveHeader(header);
    header.SetFlags(header.GetFlags() & ~TcpHeader::FIN);
    if (s.payload > 0) {
        packet->AddHeader(header);
        ForwardUp(packet, ip, s.source_port, in);
        if (m_endPoint == nullptr)
            return;
    }
    SequenceNumber32 place = s.seq + SequenceNumber32(s.payload);
    fin->RemoveHeader(header);
    fin->RemoveAtEnd(fin->GetSize());
    header.SetSequenceNumber(place);
    bool again = place < m_tcb->m_rxBuffer->NextRxSequence();
    if (again) {
        header.SetFlags(header.GetFlags() & ~TcpHeader::FIN);
        SendEmptyPacket(TcpHeader::ACK);
        if (m_state == TIME_WAIT || m_state == LAST_ACK || m_state == CLOSING)
            return;
    }
    fin->AddHeader(header);
    ForwardUp(fin, ip, s.source_port, in);
}

// RFC 1191 6.4: smaller segments from now on, and what was too large goes again at once.
void Connection::PathMtu(uint16_t mtu)
{
    uint32_t overhead = SD_IP_HEADER + SD_TCP_HEADER + kTimestampsBytes;
    uint32_t size = std::max<uint32_t>(mtu, overhead + kMinMss) - overhead;
    if (size >= m_tcb->m_segmentSize)
        return;
    m_tcb->m_segmentSize = size;
    m_txBuffer->SetSegmentSize(size);
    if (m_txBuffer->Size() > 0 && m_endPoint != nullptr) {
        m_retxEvent.Cancel();
        ReTxTimeout();
    }
}

// ICMP port or host unreachable while connecting (RFC 1122 4.2.3.9: soft later on).
void Connection::Refused()
{
    if (m_state == SYN_SENT)
        Kill(SD_TCP_FAILED);
}

// -- segments out --

void Connection::SendEmptyPacket(uint8_t flags)
{
    if (m_endPoint == nullptr)
        return;
    bool fin = flags & TcpHeader::FIN;
    if (fin && ++m_fins_sent > kMaxFins) {
        Kill(SD_TCP_RESET); // tcp_orphan_retries: the peer is gone
        return;
    }
    if (((flags & TcpHeader::SYN) && m_synCount < m_synRetries) || (fin && m_fins_sent > 1))
        counters.retransmits++;
    counters.segments_out++;
    m_layer->sending = this;
    TcpSocketBase::SendEmptyPacket(flags);
    m_layer->sending = nullptr;
    if (fin && m_fins_sent > 1 && m_retxEvent.IsRunning()) {
        // ns-3 repeats a FIN at a constant pace; RFC 6298 5.5 doubles.
        m_retxEvent.Cancel();
        m_retxEvent = Simulator::Schedule(m_rto.Get() * (1 << (m_fins_sent - 1)),
                                          &Connection::SendEmptyPacket, this, flags);
    }
}

uint32_t Connection::SendDataPacket(SequenceNumber32 seq, uint32_t max, bool with_ack)
{
    if (seq < m_tcb->m_highTxMark.Get())
        counters.retransmits++;
    counters.segments_out++;
    m_layer->sending = this;
    uint32_t sent = TcpSocketBase::SendDataPacket(seq, max, with_ack);
    m_layer->sending = nullptr;
    return sent;
}

Ptr<TcpSocketBase> Connection::Fork()
{
    return CopyObject<Connection>(this);
}

// -- the application's side --

size_t Connection::Room() const
{
    if (m_finished || m_dead || m_endPoint == nullptr)
        return 0;
    if (m_state != ESTABLISHED && m_state != SYN_SENT && m_state != CLOSE_WAIT)
        return 0;
    return GetTxAvailable();
}

size_t Connection::Queue(const void *data, size_t len)
{
    size_t take = std::min(len, Room());
    m_wants_room = take < len;
    if (take == 0)
        return 0;
    int sent =
        Send(Create<Packet>(static_cast<const uint8_t *>(data), static_cast<uint32_t>(take)), 0);
    return sent > 0 ? static_cast<size_t>(sent) : 0;
}

size_t Connection::Take(void *data, size_t cap)
{
    Ptr<TcpRxBuffer> buffer = m_tcb->m_rxBuffer;
    uint32_t held = buffer->Size();
    if (held == 0 || cap == 0)
        return 0;
    Ptr<Packet> packet = buffer->Extract(static_cast<uint32_t>(std::min<size_t>(cap, UINT32_MAX)));
    if (!packet)
        return 0;
    size_t len = packet->CopyData(static_cast<uint8_t *>(data), packet->GetSize());
    // RFC 9293 3.8.6.2.2: tell a sender that saw the window closed.
    uint32_t two = 2 * m_tcb->m_segmentSize, max = buffer->MaxBufferSize();
    if (max - held < two && max - (held - len) >= two && m_endPoint != nullptr &&
        (m_state == ESTABLISHED || m_state == FIN_WAIT_1 || m_state == FIN_WAIT_2))
        SendEmptyPacket(TcpHeader::ACK);
    return len;
}

void Connection::Finish()
{
    if (m_finished || m_dead || m_endPoint == nullptr)
        return;
    m_finished = true;
    if (m_state == SYN_SENT && m_txBuffer->Size() == 0) {
        Abort();
        return;
    }
    if (m_tcb->m_rxBuffer->Size() == 0)
        Close();
    else
        ShutdownSend(); // Close() would reset because of unread bytes, which may yet be read
}

void Connection::Abort()
{
    if (m_dead)
        return;
    m_dead = true;
    if (m_endPoint != nullptr && m_state != SYN_SENT && m_state != TIME_WAIT)
        SendEmptyPacket(TcpHeader::RST | TcpHeader::ACK);
    Kill(SD_TCP_RESET);
}

void Connection::Orphan()
{
    handle = nullptr;
    m_orphan = true;
    bool unread = m_tcb->m_rxBuffer->Size() != 0;
    if (m_state == SYN_SENT || (unread && m_state != TIME_WAIT))
        Abort();
    else
        Finish();
}

void Connection::Detach()
{
    handle = nullptr;
    m_endPoint = nullptr;
    m_listener = nullptr;
    CancelAllTimers();
}

// -- what ns-3 tells --

void Connection::Report(sd_tcp_event event)
{
    if (handle != nullptr && handle->callback != nullptr)
        handle->callback(handle->ctx, handle, event, nullptr);
}

// Ends the connection here and now, without a segment.
void Connection::Kill(sd_tcp_event event)
{
    Ptr<Connection> keep(this);
    bool report = !m_dead;
    m_dead = true;
    CancelAllTimers();
    m_state = CLOSED; // StateChanged() buries it
    DeallocateEndPoint();
    if (report)
        Report(event);
}

void Connection::StateChanged(TcpSocket::TcpStates_t before, TcpSocket::TcpStates_t now)
{
    if (m_half_open && before == SYN_RCVD && now != SYN_RCVD) {
        m_half_open = false;
        m_listener->counters.half_open--;
    }
    if (now == CLOSED && m_layer != nullptr)
        m_layer->Bury(this);
}

void Connection::OnConnected(Ptr<Socket>)
{
    Report(SD_TCP_CONNECTED);
}

void Connection::OnConnectFailed(Ptr<Socket>)
{
    if (m_dead)
        return;
    m_dead = true;
    Report(SD_TCP_FAILED);
}

void Connection::OnReadable(Ptr<Socket>)
{
    Report(SD_TCP_READABLE);
}

void Connection::OnRoom(Ptr<Socket>, uint32_t)
{
    if (m_wants_room && Room() > 0) {
        m_wants_room = false;
        Report(SD_TCP_WRITABLE);
    }
}

void Connection::OnPeerClosed(Ptr<Socket>)
{
    if (m_peer_closed || m_dead)
        return;
    m_peer_closed = true;
    Report(SD_TCP_PEER_CLOSED);
}

// Too many retries: ns-3 gives up the endpoint but not the state.
void Connection::OnBroken(Ptr<Socket>)
{
    if (!m_dead)
        Kill(SD_TCP_RESET);
}

void Connection::OnEstablished(Ptr<Socket>, const Address &)
{
    sd_tcp *listener = m_listener ? m_listener->handle : nullptr;
    if (listener == nullptr) {
        m_orphan = true; // the listener closed meanwhile
        return;
    }
    sd_tcp *child = new sd_tcp{m_layer->Owner(), this, nullptr, listener->callback,
                               listener->ctx,    m_id, Path()};
    handle = child;
    m_layer->Owner()->net->tcps.insert(child);
    if (listener->callback != nullptr)
        listener->callback(listener->ctx, listener, SD_TCP_ACCEPTED, child);
}

} // namespace shakedown
