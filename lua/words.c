/* words.c - every word of the language, for `shakedown list words`.  tests/lua/test_words.c holds
 * this list against what the prelude knows. */
#include "lua/scenario.h"

const struct sd_word sd_words[] = {
    /* The file. */
    {"scenario", "the whole: return scenario { title = ..., sweep = ..., network = ..., ... }"},
    {"scenario.title", "a text in quotes; heads the tables and plots"},
    {"scenario.chapter", "its place in a survey: 1 comes first"},
    {"scenario.tags", "words to run it by, as { \"loss\", \"survey\" }"},
    {"scenario.sweep",
     "{ protocol = protocols.all, loss = { 0*percent, 1*percent }, repeats = 30 }: "
     "every combination is a point, run repeats times"},
    {"scenario.quick", "the lists of sweep that --quick replaces"},
    {"scenario.except", "combinations to leave out: { { mode = \"fresh\", loss = 0*percent } }"},
    {"scenario.feature",
     "which feature this is a probe of (shakedown list features): feature = \"FS\""},
    {"scenario.verdict", "of a probe: function (r) return yes \"why\" end; yes, partly, no or "
                         "not_applicable, and in a sentence why.  A protocol has the best that "
                         "its runs say"},
    {"yes", "yes \"nothing was readable\": what a probe found"},
    {"partly", "partly \"only with a connection identifier\""},
    {"no", "no \"the application's words were on the wire\""},
    {"not_applicable", "not_applicable \"it has no identities\": the question makes no sense here"},
    {"scenario.network", "{ link { ... }, star { ... } }"},
    {"scenario.agents", "{ client:runs { ... }, server:runs { ... } }"},
    {"scenario.timeline", "{ at(...), on(...), every(...) }; one at(..., stop ...) is the end"},
    {"scenario.measure",
     "{ \"handshake.time\", \"honest.success\", name = function (r) ... end }: the "
     "columns; metrics of conversations count those of the run or, with a host or "
     "group before them, those that it began; a "
     "function's unit is that of its value, or the end of its name (_ns, _us, "
     "_bytes, _ppm, _bps, _pps)"},
    {"scenario.expect", "{ { \"text\", when = { loss = 0*percent }, function (r) ... end } }: "
                        "what check looks at; a value that is not there fails it, in words"},
    {"scenario.table", "{ by = { \"protocol\" }, columns = { \"ok\", { \"p95_ns\", "
                       "\"handshake.time\", stat = \"p95\" } } }, or a list of such; "
                       "default: medians and, of what is true or false, how often it was true"},
    {"scenario.plot", "{ x = \"loss\", y = \"handshake.time\", by = \"protocol\" }, or a list; the "
                      "second one without a name gets that of its y"},
    {"scenario.answer", "{ of = \"handshake.time\", when = { loss = 5*percent }, per = \"rtt\", "
                        "say = \"a handshake\" }: what the report answers the question by; per and "
                        "say as you like.  Of what is true or false say begins with a verb: "
                        "\"survives it\""},
    {"scenario.ladder", "{ when = { protocol = \"tls13\" }, window = { 0*s, 1*s } }, or a list"},
    {"by_protocol", "by_protocol { \"fresh\", minimalt = \"boot\" }: what this run's protocol has, else "
                    "the first, else nothing"},
    {"each", "each.loss is the value of this run; each.rtt / 2 works as well"},
    {"protocols", "protocols.all is every protocol of this build"},
    {"modes", "modes.all is every mode; those that a protocol does not have are left out"},
    {"known", "known(r.reply.time) is whether there is such a value"},

    /* Quantities. */
    {"ns", "nanoseconds"},
    {"us", "microseconds; column _us"},
    {"ms", "milliseconds: 25*ms"},
    {"s", "seconds"},
    {"minutes", "60 seconds"},
    {"bps", "bits per second; column _bps"},
    {"kbps", "1000 bits per second"},
    {"Mbps", "1000000 bits per second: 10*Mbps"},
    {"Gbps", "1000000000 bits per second"},
    {"B", "bytes; column _bytes"},
    {"KiB", "1024 bytes: 64*KiB"},
    {"MiB", "1048576 bytes"},
    {"percent", "hundredths: 1*percent; column _ppm"},
    {"pps", "packets per second: 1000*pps; column _pps"},

    /* Machines. */
    {"host", "a machine that runs a protocol or attacks: host \"server\" { cores = 2 }"},
    {"hosts", "many alike: hosts(\"honest\", 20); honest[1] is the first"},
    {"nat", "a router that translates addresses; its last link is its outside"},
    {"router", "a machine that forwards"},
    {"firewall", "a router that drops, or takes out, what it does not know"},
    {"host.cores", "processor cores; default 1"},
    {"host.cpu", "cost \"reference\": what computing costs; default nothing"},
    {"host.queue", "bytes that wait for the processor; default 212992*B"},
    {"nat.mapping", "endpoint-independent (default), address-dependent or "
                    "address-and-port-dependent; it filters alike"},
    {"nat.blocks", "as firewall.blocks; \"esp\": it knows only what has ports"},
    {"firewall.blocks",
     "\"nothing\", \"udp\", \"esp\", \"tcp-options\" but the well-known ones, or a "
     "list; in silence"},
    {"nat.timeout", "of an idle UDP binding; default 30*s"},
    {"nat.tcp_timeout", "of an idle TCP binding; default 124*minutes"},
    {"cost", "a cost table by name (shakedown list costs); cost \"none\": computing takes no time"},

    /* Links. */
    {"link", "carrier of packets between two machines: link { client, server, delay = 25*ms }"},
    {"star", "a link from the first machine to each of the others"},
    {"link.delay", "one way"},
    {"link.rate", "of each direction; default so fast that sending takes no time"},
    {"link.queue", "bytes that wait for the link; default 1000 packets"},
    {"link.mtu", "largest IP packet; default 1500*B"},
    {"link.loss", "share of packets lost, in each direction"},
    {"link.burst", "packets that a burst of losses lasts on average; default 1"},
    {"link.duplicate", "share of packets that arrive twice"},
    {"link.reorder", "share of packets held back"},
    {"link.reorder_delay", "for how long; default 10*ms"},
    {"link.jitter", "more delay, at random up to this; the order stays"},
    {"link.corrupt", "share of packets in which a bit is wrong"},
    {"link.drop", "exactly these packets of a direction, from 1: drop = {3, 5}; or one number, "
                  "0 being none"},
    {"link.blackhole", "nothing passes from one time to another: { 2*s, 3*s }"},
    {"link.forth", "weather from the first machine to the second alone: forth = drop {1}"},
    {"link.back", "weather from the second machine to the first alone"},
    {"drop", "forth = drop {3, 5}, short for forth = { drop = {3, 5} }"},

    /* Agents. */
    {"host:runs", "client:runs { each.protocol }: an agent on the machine, or on each of a group"},
    {"runs.mode", "fresh, resumed, early, cookie, psk, ...; default each.mode"},
    {"runs.resume", "true is mode = \"resumed\", false is mode = \"fresh\""},
    {"runs.identity", "name of its certificate; default client.example or server.example"},
    {"runs.role", "client, server, both or directory; default what the timeline asks of it"},
    {"runs.source_validation", "default, always or never: whether peers prove their address first"},
    {"runs.backlog", "half-open sessions it holds; default the protocol's"},
    {"runs.mutual", "true: the client shows a certificate too"},
    {"runs.anti_replay", "on (default) or off: the server may take early data twice"},
    {"runs.alpn", "application protocols in order of preference: \"h2,http/1.1\""},
    {"runs.impostor",
     "true: the machine has the name and address that others know, but a certificate "
     "that it signed itself and another static key"},
    {"runs.psk", "other: its pre-shared key is not that of the others; default shared"},
    {"runs.recorded", "true: for the metric \"opened\""},
    {"runs.options", "a protocol's own knobs: { name = \"value\" }"},

    /* When. */
    {"at", "at(1*s, action): a time from the beginning"},
    {"on", "on(client, \"ready\", action): each time it happens; on(client, \"error\", ...) takes "
           "charge of what would end the run as failed"},
    {"every", "every(500*ms, action, { from = 0*s, to = 10*s })"},
    {"every.from", "the first time; default 0*s"},
    {"every.to", "the last time; default the end"},
    {"after", "after(200*ms, action): an action that waits; inside on() it counts from the event"},
    {"stop",
     "ends the run: stop() is ok, stop \"why\" is unfinished; an error, refusal or reset "
     "that nobody handles on a machine that connects is failed, unless it is one of hosts()"},
    {"note", "note \"text\": a line of the run's trace"},

    /* What hosts do.  An action is a value; action(run) does it now, from a function. */
    {"hosts:one", "honest:one():request(server): the members in turn"},
    {"host:connect", "client:connect(server): opens a session; :send(), :close() may follow"},
    {"host:request", "client:request(server) { size = 1*KiB, reply = 64*KiB }: as soon as allowed "
                     "(early data in mode early) asks, and is answered"},
    {"request.size", "default 256*B"},
    {"request.reply", "default 256*B"},
    {"request.objects",
     "so many requests at once, each answered, on streams of their own where the "
     "protocol has streams, one after the other where it has not; default one"},
    {"request.close", "true: the session ends when the reply is whole"},
    {"request.datagram", "true: inside a tunnel, as UDP instead of TCP"},
    {"host:send", "server:send(client, 4*MiB): over their last session"},
    {"host:send_beside",
     "client:send_beside(server, 400*B): on another stream of their last session"},
    {"send_beside.stream", "its number, from 1; default 4"},
    {"host:stream", "client:stream(server) { size = 200*B, every = 20*ms }: steady datagrams"},
    {"stream.size", "of one; default 200*B"},
    {"stream.every", "default 20*ms"},
    {"stream.count", "how many; default until the end"},
    {"stream.last", "for how long, instead of how many"},
    {"host:call", "client:call(server) { video = 1*Mbps }: a session, audio and video both ways"},
    {"call.audio", "bytes of the packet every 20 ms; default 160*B"},
    {"call.video", "its rate, as 30 frames a second; default none"},
    {"call.playout", "what comes later than so long after it was said is late; default 150*ms"},
    {"call.last", "for how long; default until the end"},
    {"host:close", "client:close(server): ends their last session the protocol's way"},
    {"host:rekey", "client:rekey(server): new keys for their last session"},
    {"host:export",
     "client:export(server): a value that both sides can make of their last session; "
     "event \"exported\", event.detail in hex, or \"refused\""},
    {"host:move", "client:move(): another address, and the protocol is told"},
    {"nat:rebind", "router:rebind \"both\", or { port = \"new\", address = \"new\" }"},
    {"rebind.port", "\"new\": every binding gets another port"},
    {"rebind.address", "\"new\": the outside gets another address"},
    {"link:set", "wan:set { loss = 5*percent }: changes what is named; drop counts anew from here"},

    /* What attackers do. */
    {"host:flood", "attacker:flood(server) { rate = 1000*pps }: spoofed first messages"},
    {"flood.rate", "packets per second; 0*pps is none"},
    {"flood.source", "spoofed sources; default addresses \"198.51.100.0/24\"; \"own\" is the "
                     "attacker's own address, with connections where the protocol rides TCP"},
    {"flood.packet", "first_message(each.protocol), which is the default"},
    {"flood.between", "{ 2*s, 12*s }; default from now to the end"},
    {"flood.fresh", "false: one message again and again; default true"},
    {"addresses", "a network of addresses: addresses \"198.51.100.0/24\""},
    {"first_message", "the first message of a protocol's handshake"},
    {"host:record",
     "local tape = switch:record { from = client }: keeps what passes; at(0*s, tape) "
     "begins; a NAT and a router can, too"},
    {"record.from", "only packets of this host; default any"},
    {"record.to", "only packets to this host; default any"},
    {"record.what", "handshake (default) or data: before the session is ready, or after"},
    {"record.limit", "packets kept; default 4096"},
    {"host:replay", "mallory:replay(tape) { nth = 1 }: sends kept packets again"},
    {"replay.nth", "which, from 1; default all, in order"},
    {"replay.source", "original (default) or own: whose address they come from"},
    {"replay.copies", "default 1"},
    {"replay.every", "between copies; default 0*s"},
    {"host:cut", "mallory:cut(tape): says, in the name of who sent the last packet kept, that it is "
                 "over: by TCP, or as the protocol lets anybody say it (gQUIC's public reset)"},
    {"cut.how", "over TCP: fin (default) or rst"},
    {"host:corrupt",
     "switch:corrupt { from = client, what = \"data\" }: turns a bit of what passes "
     "there from now on, and puts checksums right"},
    {"corrupt.from", "only packets of this host; default any"},
    {"corrupt.to", "only packets to this host; default any"},
    {"corrupt.what", "handshake (default) or data"},
    {"corrupt.nth",
     "the first packet that suffers, from 1, of those that carry something; default 1"},
    {"corrupt.count", "how many; default 1"},
    {"host:delay",
     "switch:delay { from = client, what = \"data\", by = 50*ms }: others overtake it"},
    {"delay.from", "only packets of this host; default any"},
    {"delay.to", "only packets to this host; default any"},
    {"delay.what", "handshake (default) or data"},
    {"delay.nth", "the first packet that waits, from 1, of those that carry something; default 1"},
    {"delay.count", "how many; default 1"},
    {"delay.by", "for how long; default 100*ms"},
    {"host:eavesdrop", "switch:eavesdrop(): reads what passes there from now on, for the metrics "
                       "seen.text, seen.identity, seen.name, seen.sizes and seen.counters"},

    /* What functions see. */
    {"run", "in function (run, event): run.protocol, run.loss, ... are the values of this run"},
    {"run.now", "virtual time since the beginning"},
    {"run.carrier", "what the protocol rides on: tcp, udp or ip"},
    {"run.service", "what the protocol offers: stream, datagram or ip"},
    {"run:note", "run:note(\"now at %s\", event.path.remote): a line of the trace"},
    {"run:random", "run:random() below 1, run:random(6) from 1 to 6, run:random(1*s, 2*s) between; "
                   "follows the run's seed"},
    {"run:stop", "run:stop() or run:stop(\"why\"), as stop"},
    {"event", "event.at, .machine, .name, .detail, .code, .path.remote, .path[\"local\"]"},
    {"result", "in function (r): r.outcome, r.detail, r.loss, r.handshake.time, r.server.cpu, "
               "r[\"handshake.time.mean\"], and other measures by name"},
    {"within", "r.handshake.time:within(50*ms, 60*ms)"},

    /* Lua's own. */
    {"pairs", "goes through a table in order: numbers, then texts"},
    {"ipairs", "as in Lua"},
    {"select", "as in Lua"},
    {"type", "as in Lua"},
    {"tonumber", "as in Lua"},
    {"tostring", "as in Lua, without addresses"},
    {"error", "as in Lua: ends the run and the campaign"},
    {"assert", "as in Lua"},
    {"math", "as in Lua, without random: see run:random"},
    {"string", "byte char find format len lower rep reverse sub upper; find looks for plain text"},
    {"table", "concat insert remove sort unpack"},
    {NULL, NULL},
};
