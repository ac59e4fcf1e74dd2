// network.cc - a network from creation to destruction: nodes, time, timers, counters.
#include "sim/ns3/datagram.h"
#include "sim/ns3/hook.h"
#include "sim/ns3/link.h"
#include "sim/ns3/routes.h"
#include "sim/ns3/tcp_connection.h"
#include "sim/ns3/tcp_layer.h"

#include "ns3/boolean.h"
#include "ns3/global-value.h"
#include "ns3/icmpv4-l4-protocol.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/string.h"

namespace shakedown
{

using namespace ns3;

static sd_net *the_network; // one at a time: ns-3's simulator is a singleton

bool Host::HasInterface(int ifindex) const
{
    return ifindex >= 0 && static_cast<size_t>(ifindex) < devices.size();
}

static void Fire(sd_net *net, uint32_t slot)
{
    TimerSlot &timer = net->timers[slot];
    auto fire = timer.fire;
    void *ctx = timer.ctx;
    timer.generation++;
    timer.fire = nullptr;
    net->free_timers.push_back(slot);
    fire(ctx);
}

// `until` itself still belongs to the run: the second step comes after what was due by then.
static void StopAfterPending()
{
    Simulator::ScheduleNow(static_cast<void (*)()>(&Simulator::Stop));
}

bool SendIp(Host *host, Ptr<Packet> segment, Ipv4Address source, Ipv4Address destination,
            uint8_t proto, bool dont_fragment)
{
    Ptr<Ipv4Route> route = host->routes->Find(destination.Get());
    if (!route)
        return false;
    Ipv4Header header;
    header.SetSource(source.IsAny() ? route->GetSource() : source);
    header.SetDestination(destination);
    header.SetProtocol(proto);
    header.SetTtl(64);
    header.SetPayloadSize(static_cast<uint16_t>(segment->GetSize()));
    header.SetIdentification(host->next_packet_id++);
    if (dont_fragment)
        header.SetDontFragment();
    Ptr<NetDevice> device = route->GetOutputDevice();
    bool fits = segment->GetSize() + header.GetSerializedSize() <= device->GetMtu();
    if (dont_fragment && !fits)
        return false;
    if (!fits || host->routes->IsLocal(destination.Get())) {
        host->ip->SendWithHeader(segment, header, route);
        return true;
    }
    // What ns-3 would come to after some calls more.
    if (host->net->config.checksums)
        header.EnableChecksum();
    segment->AddHeader(header);
    host->hook->Emit(static_cast<Device *>(PeekPointer(device)), segment);
    return true;
}

void ReportIcmp(Host *host, uint8_t type, uint8_t code, uint16_t mtu, uint8_t proto,
                Ipv4Address source, Ipv4Address destination, const uint8_t payload[8])
{
    if (host->icmp == nullptr)
        return;
    bool ports = proto == SD_PROTO_UDP || proto == SD_PROTO_TCP;
    uint16_t from = ports ? static_cast<uint16_t>(payload[0] << 8 | payload[1]) : 0;
    uint16_t to = ports ? static_cast<uint16_t>(payload[2] << 8 | payload[3]) : 0;
    sd_addr local = Endpoint(source, from, proto);
    sd_addr remote = Endpoint(destination, to, proto);
    host->icmp(host->icmp_ctx, host->id, type, code, mtu, &local, &remote);
}

} // namespace shakedown

using namespace shakedown;

int sd_net_create(sd_net **out, const sd_net_config *config, sd_error *error)
{
    if (out == nullptr || config == nullptr)
        return sd_fail(error, SD_E_ARG, "network: no configuration");
    if (the_network != nullptr)
        return sd_fail(error, SD_E_STATE,
                       "network: one exists already in this process; destroy it first");
    // These outlive a simulation inside ns-3: each network starts from the same.
    ns3::RngSeedManager::SetSeed(1);
    ns3::RngSeedManager::SetRun(1);
    ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(config->checksums));
    ns3::ObjectFactory scheduler;
    scheduler.SetTypeId("ns3::PriorityQueueScheduler");
    ns3::Simulator::SetScheduler(scheduler);
    ns3::Simulator::Stop(ns3::TimeStep(kOrigin));
    ns3::Simulator::Run();

    sd_net *net = new sd_net;
    net->config = *config;
    the_network = net;
    *out = net;
    return SD_OK;
}

void sd_net_destroy(sd_net *net)
{
    if (net == nullptr)
        return;
    DestroyTcp(net);
    DestroyUdp(net);
    ns3::Simulator::Destroy();
    the_network = nullptr;
    delete net;
}

int sd_net_run(sd_net *net, sd_time until)
{
    if (net == nullptr || until < NowNs())
        return SD_E_ARG;
    if (net->running)
        return SD_E_STATE;
    net->running = true;
    ns3::EventId end;
    if (until - NowNs() < kMaxDelay)
        end = ns3::Simulator::Schedule(Delay(until - NowNs()), &StopAfterPending);
    ns3::Simulator::Run();
    end.Cancel();
    net->running = false;
    return SD_OK;
}

void sd_net_stop(sd_net *net)
{
    if (net != nullptr)
        ns3::Simulator::Stop();
}

sd_time sd_net_now(const sd_net *net)
{
    return net != nullptr ? NowNs() : 0;
}

uint64_t sd_net_events(const sd_net *net)
{
    return net != nullptr ? ns3::Simulator::GetEventCount() : 0;
}

sd_timer sd_net_after(sd_net *net, sd_time delay, void (*fire)(void *ctx), void *ctx)
{
    if (net == nullptr || fire == nullptr || delay > kMaxDelay)
        return 0;
    uint32_t slot;
    if (net->free_timers.empty()) {
        slot = static_cast<uint32_t>(net->timers.size());
        net->timers.emplace_back();
    } else {
        slot = net->free_timers.back();
        net->free_timers.pop_back();
    }
    TimerSlot &timer = net->timers[slot];
    timer.fire = fire;
    timer.ctx = ctx;
    timer.event = ns3::Simulator::Schedule(Delay(delay), &Fire, net, slot);
    return static_cast<uint64_t>(timer.generation) << 32 | slot;
}

void sd_net_cancel(sd_net *net, sd_timer handle)
{
    uint32_t slot = static_cast<uint32_t>(handle);
    if (net == nullptr || handle == 0 || slot >= net->timers.size())
        return;
    TimerSlot &timer = net->timers[slot];
    if (timer.generation != handle >> 32 || timer.fire == nullptr)
        return;
    timer.event.Cancel();
    timer.generation++;
    timer.fire = nullptr;
    net->free_timers.push_back(slot);
}

int sd_net_node(sd_net *net)
{
    if (net == nullptr)
        return SD_E_ARG;
    auto host = std::make_unique<Host>();
    host->net = net;
    host->id = static_cast<int>(net->hosts.size());
    host->node = ns3::CreateObject<ns3::Node>();
    host->hook = ns3::CreateObject<HookLayer>();
    host->hook->SetHost(host.get());
    host->node->AggregateObject(host->hook);
    host->ip = ns3::CreateObject<ns3::Ipv4L3Protocol>();
    host->node->AggregateObject(host->ip);
    host->node->AggregateObject(ns3::CreateObject<ns3::Icmpv4L4Protocol>());
    host->routes = ns3::CreateObject<RouteTable>();
    host->routes->SetHost(host.get());
    host->ip->SetRoutingProtocol(host->routes);
    host->udp = DatagramLayer::Make(host.get(), SD_PROTO_UDP);
    host->tcp = TcpLayer::Make(host.get());
    net->hosts.push_back(std::move(host));
    return static_cast<int>(net->hosts.size() - 1);
}

int sd_net_icmp(sd_net *net, int node, sd_icmp icmp, void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr)
        return SD_E_ARG;
    host->icmp = icmp;
    host->icmp_ctx = ctx;
    return SD_OK;
}

void sd_net_counters(const sd_net *net, int node, struct sd_net_counters *out)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    *out = host != nullptr ? host->counters : (struct sd_net_counters){};
}
