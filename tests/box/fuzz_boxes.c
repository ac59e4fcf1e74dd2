/* fuzz_boxes.c - the guard, the view, SYN cookies, the firewall and the NAT over arbitrary bytes.
 * The first byte says which. */
#include <stdlib.h>
#include <string.h>

#include "sim/box/attacker.h"
#include "sim/box/firewall.h"
#include "sim/box/guard.h"
#include "sim/box/ip.h"
#include "sim/box/nat.h"
#include "sim/box/syn_cookies.h"
#include "sim/core/reader.h"
#include "tests/fuzz/fuzz.h"

static void check(bool fine)
{
    if (!fine)
        abort();
}

/* -- guard: what it lets through is what the view and the option walk understand -- */

static void fuzz_guard(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (sd_tcp_option_next(data, len, &at) != NULL)
        check(at <= len);
    sd_guard_tcp_options(data, len);
    sd_guard_tcp(data, len);
    enum sd_guard_verdict verdict = sd_guard_packet(data, len);
    check(verdict < SD_GUARD_VERDICTS && sd_guard_name(verdict) != NULL);
    if (verdict != SD_GUARD_GOOD)
        return;
    uint8_t copy[SD_FUZZ_INPUT_MAX];
    memcpy(copy, data, len);
    struct sd_ip v;
    check(sd_ip_view(&v, copy, len));
    bool first = v.fragment_offset == 0;
    if (v.proto == SD_PROTO_TCP && first) {
        check(v.has_ports);
        check(sd_guard_tcp(v.payload, v.payload_len) == SD_GUARD_GOOD);
    }
    if (v.proto == SD_PROTO_UDP && first)
        check(v.has_ports);
}

/* -- firewall: what it changes is as good as before -- */

static void fuzz_firewall(const uint8_t *data, size_t len)
{
    uint8_t copy[SD_FUZZ_INPUT_MAX];
    struct sd_firewall f = {.blocks = SD_BLOCK_TCP_OPTIONS};
    struct sd_packet packet = {.data = copy, .len = len, .cap = len};
    struct sd_passage passage = {.packet = &packet};
    struct sd_ip v;
    memcpy(copy, data, len);
    sd_ip_fix_checksums(copy, len);
    enum sd_guard_verdict before = sd_guard_packet(copy, len);
    enum sd_verdict verdict = sd_firewall_pass(&f, &passage);
    check(verdict == SD_PASS || verdict == SD_CHANGED);
    if (before != SD_GUARD_GOOD)
        return;
    check(sd_guard_packet(copy, len) == SD_GUARD_GOOD);
    check(sd_ip_view(&v, copy, len));
    if (verdict == SD_CHANGED && !v.more_fragments)
        check(
            sd_transport_checksum_good(v.source, v.destination, v.proto, v.payload, v.payload_len));
    check(sd_firewall_pass(&f, &passage) == SD_PASS); /* nothing is left to be taken out */
}

/* -- view: changes by halves are changes of the whole -- */

static void fuzz_view(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint32_t source = sd_get32(&r), destination = sd_get32(&r);
    uint16_t source_port = sd_get16(&r), destination_port = sd_get16(&r);
    uint8_t packet[SD_FUZZ_INPUT_MAX], fresh[SD_FUZZ_INPUT_MAX];
    size_t n = sd_left(&r);
    if (r.bad)
        return;
    memcpy(packet, r.at, n);
    struct sd_ip v;
    if (!sd_ip_view(&v, packet, n)) {
        sd_ip_fix_checksums(packet, n);
        check(memcmp(packet, r.at, n) == 0);
        return;
    }
    sd_ip_fix_checksums(packet, n);
    sd_ip_set_source(&v, source);
    sd_ip_set_destination(&v, destination);
    if (v.has_ports) {
        sd_ip_set_source_port(&v, source_port);
        sd_ip_set_destination_port(&v, destination_port);
    }
    memcpy(fresh, packet, n);
    sd_ip_fix_checksums(fresh, n);
    /* A first fragment's transport checksum covers what is not here: anything may stand there. */
    if (!v.more_fragments)
        check(memcmp(packet, fresh, n) == 0);
    uint8_t error[56];
    size_t error_len = sd_icmp_error(error, 3, 4, 1280, 0x0a000001, packet, n);
    check(sd_ip_view(&v, error, error_len));
}

/* -- SYN cookies: any options make a SYN-ACK that comes back right, and nothing else does -- */

static void fuzz_cookies(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    sd_time now = sd_get32(&r) * SD_MS + SD_SECOND;
    uint32_t guess = sd_get32(&r);
    if (r.bad)
        return;
    const uint8_t *options = r.at;
    size_t options_len = sd_left(&r);
    if (!sd_guard_tcp_options(options, options_len))
        return;
    struct sd_cookie_syn syn, back = {.client_ip = 1, .server_ip = 2, .client_isn = 3};
    sd_cookie_read_syn(&syn, options, options_len);
    syn.client_ip = 1;
    syn.server_ip = 2;
    syn.client_isn = 3;
    uint8_t reply[SD_TCP_HEADER_MAX];
    size_t reply_len = sd_cookie_syn_ack(reply, &syn, 7, now, 1460);
    check(sd_guard_tcp(reply, reply_len) == SD_GUARD_GOOD);
    uint32_t isn = sd_read32(reply + SD_TCP_SEQ);
    check(sd_cookie_check(&back, isn, options, options_len, 7, now + 40 * SD_MS));
    check(back.window_scale >= -1 && back.window_scale <= 14);
    check(!sd_cookie_check(&back, isn ^ 1, options, options_len, 7, now));
    sd_cookie_check(&back, guess, options, options_len, 7, now);
}

/* -- NAT: what went out is answered, whatever else happens -- */

#define EXTERNAL 0xc6336401u
#define OUTSIDE  1

static enum sd_verdict through(struct sd_nat *nat, uint8_t *data, size_t len, int ifindex,
                               enum sd_direction direction, sd_time now)
{
    struct sd_packet packet = {.data = data,
                               .len = len,
                               .cap = len,
                               .ifindex = ifindex,
                               .direction = direction,
                               .now = now};
    struct sd_passage passage = {.packet = &packet};
    enum sd_verdict verdict = sd_nat_pass(nat, &passage);
    check(packet.len == len);
    return verdict;
}

/* Turns a packet that went out around and sees that it gets back to where it came from. */
static void answer(struct sd_nat *nat, const uint8_t *sent, uint8_t *out, size_t len, sd_time now)
{
    struct sd_ip v, was;
    uint8_t copy[SD_FUZZ_INPUT_MAX];
    memcpy(copy, sent, len);
    check(sd_ip_view(&was, copy, len) && sd_ip_view(&v, out, len));
    if (was.proto == SD_PROTO_ICMP || was.fragment_offset > 0)
        return;
    check(v.source == EXTERNAL && v.destination == was.destination);
    uint32_t source = v.source;
    sd_ip_set_source(&v, v.destination);
    sd_ip_set_destination(&v, source);
    if (v.has_ports) {
        uint16_t port = v.source_port;
        check(port >= 1024);
        sd_ip_set_source_port(&v, v.destination_port);
        sd_ip_set_destination_port(&v, port);
    }
    check(through(nat, out, len, OUTSIDE, SD_IN, now) == SD_CHANGED);
    check(sd_ip_view(&v, out, len) && v.destination == was.source &&
          (!v.has_ports || v.destination_port == was.source_port));
}

static void fuzz_nat(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    struct sd_nat *nat =
        sd_nat_new(&(struct sd_nat_settings){.mapping = (enum sd_nat_mapping)(sd_get8(&r) % 3),
                                             .external_ip = EXTERNAL,
                                             .outside = OUTSIDE});
    sd_time now = 0;
    uint8_t packet[SD_FUZZ_INPUT_MAX];
    while (sd_left(&r) > 0) {
        uint8_t what = sd_get8(&r);
        now += (sd_time)sd_get8(&r) * SD_SECOND;
        if (what % 16 == 15) {
            /* never away from EXTERNAL, which answer() expects */
            check(sd_nat_rebind(nat, SD_REBIND_PORT, 0) == SD_OK);
            continue;
        }
        size_t n = sd_get16(&r) % 2048;
        n = n < sd_left(&r) ? n : sd_left(&r);
        const uint8_t *bytes = sd_get(&r, n);
        if (r.bad)
            break;
        memcpy(packet, bytes, n);
        int ifindex = what % 2 ? OUTSIDE : 0;
        enum sd_direction direction = what & 2 ? SD_OUT : SD_IN;
        bool own = n >= 20 && sd_read32(packet + SD_IP_SOURCE) == EXTERNAL;
        if (through(nat, packet, n, ifindex, direction, now) == SD_CHANGED && direction == SD_OUT &&
            !own)
            answer(nat, bytes, packet, n, now);
    }
    sd_nat_free(nat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static void (*const part[])(const uint8_t *, size_t) = {fuzz_guard, fuzz_view, fuzz_cookies,
                                                            fuzz_nat, fuzz_firewall};
    if (len > 0 && len <= SD_FUZZ_INPUT_MAX)
        part[data[0] % (sizeof part / sizeof part[0])](data + 1, len - 1);
    return 0;
}

/* -- seeds -- */

static const uint8_t payload[24];

static size_t make(uint8_t *out, size_t cap, uint8_t proto, uint32_t from, uint32_t to)
{
    struct sd_addr source = sd_ipv4_word(from, 4000), destination = sd_ipv4_word(to, 443);
    return proto == SD_PROTO_TCP
               ? sd_attack_syn(out, cap, &source, &destination, 1)
               : sd_attack_packet(out, cap, &source, &destination, proto, payload, sizeof payload);
}

/* One record of fuzz_nat(). */
static void record(struct sd_writer *w, uint8_t what, const uint8_t *packet, size_t len)
{
    sd_put8(w, what);
    sd_put8(w, 1);
    sd_put16(w, (uint16_t)len);
    sd_put(w, packet, len);
}

static void nat_seed(void (*add)(const void *data, size_t len), uint8_t mapping)
{
    uint8_t seed[1024], packet[128], error[56];
    struct sd_writer w = sd_writer_of(seed, sizeof seed);
    const uint32_t inside = 0x0a000001, peer = 0xcb007101;
    sd_put8(&w, 3);
    sd_put8(&w, mapping);
    const uint8_t protos[] = {SD_PROTO_UDP, SD_PROTO_TCP, SD_PROTO_ESP};
    for (size_t i = 0; i < sizeof protos; i++) {
        size_t n = make(packet, sizeof packet, protos[i], inside, peer);
        record(&w, 3, packet, n); /* out */
        record(&w, 0, packet, n); /* in from inside */
        size_t e = sd_icmp_error(error, 3, 3, 0, peer, packet, n);
        record(&w, 3, error, e);
        n = make(packet, sizeof packet, protos[i], peer, EXTERNAL);
        record(&w, 1, packet, n); /* in from outside */
        e = sd_icmp_error(error, 3, 4, 1280, peer, packet, n);
        record(&w, 1, error, e);
    }
    size_t n = make(packet, sizeof packet, SD_PROTO_UDP, inside, peer);
    sd_write16(packet + SD_IP_FRAGMENT, SD_IP_MF);
    record(&w, 3, packet, n);
    sd_write16(packet + SD_IP_FRAGMENT, 4);
    record(&w, 3, packet, n);
    sd_put8(&w, 15);
    sd_put8(&w, 40);
    record(&w, 3, packet, n);
    add(seed, sd_written(&w));
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    const uint8_t protos[] = {SD_PROTO_UDP, SD_PROTO_TCP, SD_PROTO_ESP, SD_PROTO_ICMP};
    uint8_t seed[128];
    for (size_t i = 0; i < sizeof protos; i++) {
        seed[0] = 4; /* the firewall */
        size_t n = make(seed + 1, sizeof seed - 1, protos[i], 0x0a000001, 0x0a000002);
        add(seed, n + 1);
        seed[0] = 0;
        add(seed, n + 1);
        memmove(seed + 13, seed + 1, n);
        memset(seed, 0x11, 13);
        seed[0] = 1;
        add(seed, n + 13);
    }
    static const uint8_t cookies[] = {2, 0,  0, 1, 0, 9, 9, 9, 9, 2, 4, 5, 180, 4, 2,
                                      8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3,   7};
    add(cookies, sizeof cookies);
    for (uint8_t mapping = 0; mapping < 3; mapping++)
        nat_seed(add, mapping);
}
