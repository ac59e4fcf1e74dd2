// bare.cc - plain ns-3 on the topology of the benchmarks.
extern "C" {
#include "sim/ns3/bare.h"
}

#include "ns3/arp-l3-protocol.h"
#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/drop-tail-queue.h"
#include "ns3/global-value.h"
#include "ns3/icmpv4-l4-protocol.h"
#include "ns3/inet-socket-address.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/ipv4-static-routing.h"
#include "ns3/node-list.h"
#include "ns3/point-to-point-channel.h"
#include "ns3/point-to-point-net-device.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-socket-factory.h"
#include "ns3/traffic-control-layer.h"
#include "ns3/udp-l4-protocol.h"
#include "ns3/udp-socket-factory.h"
#include "ns3/uinteger.h"

#include <ctime>
#include <deque>

namespace
{

using namespace ns3;

constexpr uint16_t kPort = 7000;
const char *const kRate = "100Gbps";
const Time kDelay = MilliSeconds(10);

double CpuNs()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// The leanest node that speaks UDP and TCP: IPv4 with static routes, no queue discs.
struct Stack {
    Ptr<Node> node = CreateObject<Node>();
    Ptr<Ipv4L3Protocol> ip = CreateObject<Ipv4L3Protocol>();
    Ptr<Ipv4StaticRouting> routes = CreateObject<Ipv4StaticRouting>();

    Stack()
    {
        Ptr<ArpL3Protocol> arp = CreateObject<ArpL3Protocol>();
        Ptr<TrafficControlLayer> control = CreateObject<TrafficControlLayer>();
        node->AggregateObject(arp);
        node->AggregateObject(ip);
        node->AggregateObject(CreateObject<Icmpv4L4Protocol>());
        ip->SetRoutingProtocol(routes);
        node->AggregateObject(control);
        node->AggregateObject(CreateObject<UdpL4Protocol>());
        node->AggregateObject(CreateObject<TcpL4Protocol>());
        arp->SetTrafficControl(control);
    }

    void Join(Ptr<PointToPointChannel> channel, const char *address)
    {
        Ptr<PointToPointNetDevice> device = CreateObject<PointToPointNetDevice>();
        device->SetAddress(Mac48Address::Allocate());
        device->SetDataRate(DataRate(kRate));
        node->AddDevice(device);
        Ptr<DropTailQueue<Packet>> queue = CreateObject<DropTailQueue<Packet>>();
        queue->SetMaxSize(QueueSize(QueueSizeUnit::PACKETS, 1000));
        device->SetQueue(queue);
        device->Attach(channel);
        uint32_t interface = ip->AddInterface(device);
        ip->AddAddress(interface, Ipv4InterfaceAddress(address, Ipv4Mask("255.255.255.0")));
        ip->SetUp(interface);
    }
};

void Connect(Stack &a, const char *a_address, Stack &b, const char *b_address)
{
    Ptr<PointToPointChannel> channel = CreateObject<PointToPointChannel>();
    channel->SetAttribute("Delay", TimeValue(kDelay));
    a.Join(channel, a_address);
    b.Join(channel, b_address);
}

bool Begin()
{
    // Reading the clock would create a simulator, and nodes are what a network begins with.
    if (NodeList::GetNNodes() != 0)
        return false;
    Config::Reset();
    RngSeedManager::SetSeed(1);
    RngSeedManager::SetRun(1);
    GlobalValue::Bind("ChecksumEnabled", BooleanValue(false));
    ObjectFactory scheduler;
    scheduler.SetTypeId("ns3::PriorityQueueScheduler");
    Simulator::SetScheduler(scheduler);
    return true;
}

void End()
{
    Simulator::Destroy();
    Config::Reset();
}

struct Stream {
    Ptr<Socket> socket;
    InetSocketAddress to;
    uint64_t left;

    void Send()
    {
        static const uint8_t payload[SD_BARE_DATAGRAM] = {};
        socket->SendTo(Create<Packet>(payload, sizeof payload), 0, to);
        if (--left > 0)
            Simulator::Schedule(MicroSeconds(10), &Stream::Send, this);
    }
};

void Drain(Ptr<Socket> socket)
{
    Address from;
    while (socket->RecvFrom(from))
        ;
}

// One end of a connection: how many bytes have come, and what to do when they are all there.
struct Exchange {
    Ptr<Socket> socket;
    uint32_t received = 0;
    bool client;

    void Watch()
    {
        socket->SetConnectCallback(MakeCallback(&Exchange::OnConnected, this),
                                   MakeNullCallback<void, Ptr<Socket>>());
        socket->SetRecvCallback(MakeCallback(&Exchange::OnReadable, this));
        socket->SetCloseCallbacks(MakeCallback(&Exchange::OnClosed, this),
                                  MakeNullCallback<void, Ptr<Socket>>());
    }
    void SendAll()
    {
        static const uint8_t bytes[SD_BARE_REQUEST] = {};
        socket->Send(Create<Packet>(bytes, sizeof bytes));
    }
    void OnConnected(Ptr<Socket>)
    {
        SendAll();
    }
    void OnReadable(Ptr<Socket>)
    {
        while (Ptr<Packet> packet = socket->Recv())
            received += packet->GetSize();
        if (received != SD_BARE_REQUEST)
            return;
        if (client)
            socket->Close();
        else
            SendAll();
    }
    void OnClosed(Ptr<Socket>)
    {
        if (!client)
            socket->Close();
    }
};

struct Exchanges {
    Ptr<Node> client_node;
    std::deque<Exchange> ends;
    uint32_t left;

    void OnAccept(Ptr<Socket> socket, const Address &)
    {
        ends.push_back({socket, 0, false});
        ends.back().Watch();
    }
    void Open()
    {
        Ptr<Socket> socket = Socket::CreateSocket(client_node, TcpSocketFactory::GetTypeId());
        socket->Bind();
        ends.push_back({socket, 0, true});
        ends.back().Watch();
        socket->Connect(InetSocketAddress("10.0.1.2", kPort));
        if (--left > 0)
            Simulator::Schedule(MilliSeconds(1), &Exchanges::Open, this);
    }
    // Sockets that callbacks of ours still name would leak.
    void Forget()
    {
        auto none = MakeNullCallback<void, Ptr<Socket>>();
        for (Exchange &end : ends) {
            end.socket->SetConnectCallback(none, none);
            end.socket->SetRecvCallback(none);
            end.socket->SetCloseCallbacks(none, none);
        }
        ends.clear();
    }
};

bool Accept(Ptr<Socket>, const Address &)
{
    return true;
}

} // namespace

double sd_bare_packet_ns(uint64_t packets)
{
    if (packets == 0 || !Begin())
        return -1;
    double cost;
    {
        Stack client, router, server;
        Connect(client, "10.0.1.1", router, "10.0.1.2");
        Connect(router, "10.0.2.1", server, "10.0.2.2");
        client.routes->SetDefaultRoute("10.0.1.2", 1);
        server.routes->SetDefaultRoute("10.0.2.1", 1);
        Ptr<Socket> sink = Socket::CreateSocket(server.node, UdpSocketFactory::GetTypeId());
        sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), kPort));
        sink->SetRecvCallback(MakeCallback(&Drain));
        Stream stream{Socket::CreateSocket(client.node, UdpSocketFactory::GetTypeId()),
                      InetSocketAddress("10.0.2.2", kPort), packets};
        stream.socket->Bind();
        Simulator::Schedule(Seconds(1), &Stream::Send, &stream);
        double before = CpuNs();
        Simulator::Run();
        cost = (CpuNs() - before) / static_cast<double>(packets);
        sink->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
    }
    End();
    return cost;
}

double sd_bare_connection_ns(uint32_t connections)
{
    if (connections == 0 || !Begin())
        return -1;
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
    Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
    Config::SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(Seconds(1)));
    Config::SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(MilliSeconds(40)));
    Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200)));
    Config::SetDefault("ns3::TcpL4Protocol::SocketType", StringValue("ns3::TcpCubic"));
    double before = CpuNs(), after;
    {
        Stack client, server;
        Connect(client, "10.0.1.1", server, "10.0.1.2");
        Exchanges exchanges{client.node, {}, connections};
        Ptr<Socket> listener = Socket::CreateSocket(server.node, TcpSocketFactory::GetTypeId());
        listener->Bind(InetSocketAddress(Ipv4Address::GetAny(), kPort));
        listener->Listen();
        listener->SetAcceptCallback(MakeCallback(&Accept),
                                    MakeCallback(&Exchanges::OnAccept, &exchanges));
        Simulator::Schedule(Seconds(1), &Exchanges::Open, &exchanges);
        Simulator::Run();
        exchanges.Forget();
        after = CpuNs();
    }
    End();
    return (after - before) / connections;
}
