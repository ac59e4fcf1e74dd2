// tcp_connection.cc - a connection's life once it began: segments in, segments out, closing.
#include "sim/ns3/tcp_connection.h"
#include "sim/ns3/tcp_layer.h"

extern "C" {
#include "sim/box/guard.h"
#include "sim/box/ip.h"
}

#include "ns3/inet-socket-address.h"
#include "ns3/tcp-option-ts.h"
#include "ns3/tcp-rx-buffer.h"
#include "ns3/tcp-tx-buffer.h"

#include <algorithm>

namespace shakedown
{

using namespace ns3;

constexpr uint32_t kMaxFins = 8;

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
    bool fin_sent = m_state != ESTABLISHED && m_state != CLOSE_WAIT;
    SequenceNumber32 sent = m_tcb->m_highTxMark.Get() + SequenceNumber32(fin_sent);
    if (s.ack > sent || s.ack + SequenceNumber32(1U << 30) < una) {
        SendEmptyPacket(TcpHeader::ACK);
        return false;
    }
    if (s.payload > 0 || (s.flags & SD_TCP_FIN))
        return true; // ns-3 looks at the sequence number of these
    SequenceNumber32 next = m_tcb->m_rxBuffer->NextRxSequence();
    bool probe = s.seq + SequenceNumber32(1) == next;
    bool beyond = s.seq > next + SequenceNumber32(m_tcb->m_rxBuffer->MaxBufferSize());
    if (probe || beyond)
        SendEmptyPacket(TcpHeader::ACK);
    return s.seq >= next && !beyond;
}

// RFC 5961 3: only the expected number resets; one inside the window is challenged.
void Connection::OnReset(const Segment &s)
{
    if (m_state == SYN_SENT) {
        if ((s.flags & SD_TCP_ACK) && s.ack == m_tcb->m_nextTxSequence + SequenceNumber32(1))
            Kill(SD_TCP_FAILED);
        return;
    }
    SequenceNumber32 next = m_tcb->m_rxBuffer->NextRxSequence();
    if (s.seq == next)
        Kill(SD_TCP_RESET);
    else if (s.seq > next && s.seq < m_tcb->m_rxBuffer->MaxRxSequence() && m_state != SYN_RCVD)
        SendEmptyPacket(TcpHeader::ACK);
}

void Connection::Deliver(Ptr<Packet> packet, const Segment &s)
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
        StartReceiving(s.seq);
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
    Process(packet, s);
    WatchWindow();
}

// What ns-3's ForwardUp() does, which parses the header once more for it.
void Connection::Forward(Ptr<Packet> packet, const Segment &s, uint32_t payload)
{
    if (IsValidTcpSegment(s.seq, packet->GetSize() - payload, payload))
        DoForwardUp(packet, InetSocketAddress(s.source, s.source_port),
                    InetSocketAddress(s.destination, s.destination_port));
}

void Connection::AcknowledgeData(Ptr<Packet> packet)
{
    TcpHeader header;
    packet->RemoveHeader(header);
    if (m_timestampEnabled) {
        if (!header.HasOption(TcpOption::TS))
            return; // RFC 7323 3.2
        ProcessOptionTimestamp(header.GetOption(TcpOption::TS), header.GetSequenceNumber());
    }
    EstimateRtt(header);
    UpdateWindowSize(header);
    ReceivedAck(packet, header);
}

// Without its FIN: ns-3 does not look at the acknowledgement beside one, and in some states takes
// any acknowledgement for that of our own FIN.
void Connection::Process(Ptr<Packet> packet, const Segment &s)
{
    if (s.flags & SD_TCP_FIN) {
        TcpHeader header;
        packet->RemoveHeader(header);
        header.SetFlags(header.GetFlags() & ~TcpHeader::FIN);
        packet->AddHeader(header);
    }
    bool closing = m_state == LAST_ACK || m_state == CLOSING;
    if (closing && s.ack <= m_tcb->m_highTxMark.Get())
        AcknowledgeData(packet);
    else
        Forward(packet, s, s.payload);
    if (m_endPoint == nullptr)
        return;
    ProcessFin(s);
    // ns-3 sends the FIN with the last data; but what looked lost may have been acknowledged.
    if (m_closeOnEmpty && m_txBuffer->Size() == 0 &&
        (m_state == ESTABLISHED || m_state == CLOSE_WAIT))
        DoClose();
}

// ns-3 hears of the peer's FIN alone and when nothing is missing before it: else it would lose its
// place, or that we have closed as well.
void Connection::ProcessFin(const Segment &s)
{
    bool fin = s.flags & SD_TCP_FIN;
    if (fin) {
        m_fin_heard = true;
        m_fin_place = s.seq + SequenceNumber32(s.payload);
    }
    if (!m_fin_heard)
        return;
    SequenceNumber32 next = m_tcb->m_rxBuffer->NextRxSequence();
    if (m_fin_place != next) {
        if (fin)
            SendEmptyPacket(TcpHeader::ACK); // what is missing, or that it is known already
        return;
    }
    m_fin_heard = false;
    TcpHeader header;
    header.SetSourcePort(s.source_port);
    header.SetDestinationPort(s.destination_port);
    header.SetSequenceNumber(next);
    header.SetAckNumber(s.ack);
    header.SetFlags(TcpHeader::FIN | TcpHeader::ACK);
    header.SetWindowSize(static_cast<uint16_t>(m_rWnd.Get() >> m_sndWindShift));
    size_t at = 0;
    const uint8_t *option;
    while ((option = sd_tcp_option_next(s.options, s.options_len, &at)) != nullptr)
        if (option[0] == SD_TCP_OPTION_TIMESTAMPS) {
            Ptr<TcpOptionTS> timestamps = CreateObject<TcpOptionTS>();
            timestamps->SetTimestamp(sd_read32(option + 2));
            timestamps->SetEcho(sd_read32(option + 6));
            header.AppendOption(timestamps);
        }
    Ptr<Packet> alone = Create<Packet>();
    alone->AddHeader(header);
    Forward(alone, s, 0);
    if (m_state == CLOSING) // ns-3 would tell after another round trip
        OnPeerClosed(nullptr);
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
    bool syn = flags & TcpHeader::SYN, fin = flags & TcpHeader::FIN;
    if (m_endPoint == nullptr || (fin && m_fin_sent))
        return; // RepeatFin() repeats it
    if (syn && m_synCount < m_synRetries)
        counters.retransmits++;
    SendEmpty(flags);
    m_fin_sent |= fin;
}

void Connection::SendEmpty(uint8_t flags)
{
    // While ns-3 sends again, its next number lies behind what was sent; and what is no SYN must
    // not undo the backing off of the timeout (RFC 6298 5.5).
    bool syn = flags & TcpHeader::SYN, timer_ran = m_retxEvent.IsRunning();
    SequenceNumber32 next = m_tcb->m_nextTxSequence, most = m_tcb->m_highTxMark;
    Time timeout = m_rto;
    if (!syn && next < most)
        m_tcb->m_nextTxSequence = most;
    counters.segments_out++;
    m_layer->sending = this;
    TcpSocketBase::SendEmptyPacket(flags);
    m_layer->sending = nullptr;
    if (syn)
        return;
    if (next < most)
        m_tcb->m_nextTxSequence = next;
    m_rto = timeout;
    if ((flags & TcpHeader::FIN) && !timer_ran)
        m_retxEvent.Cancel();
}

// ns-3 repeats a FIN in three ways, at a constant pace, and in place of the data before it.
void Connection::RepeatFin()
{
    if (m_endPoint == nullptr ||
        (m_state != FIN_WAIT_1 && m_state != CLOSING && m_state != LAST_ACK))
        return;
    if (m_txBuffer->Size() == 0) {
        if (++m_fins_repeated > kMaxFins) {
            Kill(SD_TCP_RESET); // tcp_orphan_retries: the peer is gone
            return;
        }
        counters.retransmits++;
        SendEmpty(TcpHeader::FIN | TcpHeader::ACK);
    }
    m_fin_event =
        Simulator::Schedule(m_rto.Get() * (1 << m_fins_repeated), &Connection::RepeatFin, this);
}

void Connection::LastAckTimeout()
{
}

uint32_t Connection::SendDataPacket(SequenceNumber32 seq, uint32_t max, bool with_ack)
{
    if (seq < m_tcb->m_highTxMark.Get())
        counters.retransmits++;
    counters.segments_out++;
    m_layer->sending = this;
    uint32_t sent = TcpSocketBase::SendDataPacket(seq, max, with_ack);
    m_layer->sending = nullptr;
    // RFC 7323 4.3 goes by the last acknowledgement sent, also of those that data carried.
    if (with_ack)
        m_highTxAck = std::max(m_highTxAck, m_tcb->m_rxBuffer->NextRxSequence());
    return sent;
}

// -- closed windows (RFC 9293 3.8.6.1): a lost window update must not stop a connection --

// If data waits and no timer runs, nothing would ever happen again.  ns-3 starts one only for a
// window of 0, and not when the application queues data behind it.
void Connection::WatchWindow()
{
    if (m_txBuffer->Size() == 0 || m_endPoint == nullptr || m_state == SYN_SENT ||
        m_state == SYN_RCVD || m_retxEvent.IsRunning())
        return;
    if (m_rWnd.Get() > 0)
        m_persistTimeout = m_rto.Get();
    if (!m_persistEvent.IsRunning())
        m_persistEvent = Simulator::Schedule(m_persistTimeout, &Connection::PersistTimeout, this);
}

bool Connection::IsOutstanding() const
{
    return m_tcb->m_highTxMark > m_txBuffer->HeadSequence();
}

// ns-3 lets the timer run while data waits for the window, and would take that for a loss.
void Connection::ReTxTimeout()
{
    if (m_state > SYN_RCVD && m_txBuffer->Size() > 0 && !IsOutstanding())
        PersistTimeout();
    else
        TcpSocketBase::ReTxTimeout();
    WatchWindow();
}

void Connection::PersistTimeout()
{
    if (m_txBuffer->Size() == 0 || m_endPoint == nullptr)
        return;
    if (m_rWnd.Get() > 0 && IsOutstanding()) {
        ReTxTimeout();
        return;
    }
    uint32_t window = std::min(AvailableWindow(), m_tcb->m_segmentSize);
    if (window > 0) { // less than a segment; RFC 1122 4.2.3.4 sends it now
        m_tcb->m_nextTxSequence += SendDataPacket(m_tcb->m_nextTxSequence, window, true);
        return;
    }
    // As Linux probes: a number that the peer has seen makes it answer.
    TcpHeader probe;
    probe.SetSourcePort(m_names.local_port);
    probe.SetDestinationPort(m_names.remote_port);
    probe.SetFlags(TcpHeader::ACK);
    probe.SetSequenceNumber(m_txBuffer->HeadSequence() - 1);
    probe.SetAckNumber(m_tcb->m_rxBuffer->NextRxSequence());
    probe.SetWindowSize(AdvertisedWindowSize());
    AddOptions(probe);
    counters.segments_out++;
    m_tcp->SendPacket(Create<Packet>(), probe, Ipv4Address(m_names.local_ip),
                      Ipv4Address(m_names.remote_ip));
    m_persistTimeout = std::min(2 * m_persistTimeout, Time(Seconds(120))); // TCP_RTO_MAX
    m_persistEvent = Simulator::Schedule(m_persistTimeout, &Connection::PersistTimeout, this);
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
    WatchWindow();
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
    if (m_txBuffer->SizeFromSequence(m_tcb->m_highTxMark) > 0)
        m_closeOnEmpty = true; // the FIN goes with the last byte
    else
        DoClose();
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
    m_fin_event.Cancel();
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
    if (m_layer == nullptr)
        return;
    if (now == FIN_WAIT_1 || now == LAST_ACK) {
        m_fin_sent = true;
        m_fin_event = Simulator::Schedule(m_rto.Get(), &Connection::RepeatFin, this);
    }
    if (now == CLOSED)
        m_layer->Bury(this);
    else if (now == TIME_WAIT)
        m_layer->BuryInTimeWait(this, {m_tcb->m_highTxMark.Get() + SequenceNumber32(1),
                                       m_tcb->m_rxBuffer->NextRxSequence(), m_timestampEnabled,
                                       m_tcb->m_rcvTimestampValue, 0});
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
