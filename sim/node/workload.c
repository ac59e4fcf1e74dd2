/* workload.c - what applications say and hear: requests, replies, bulk, streams of datagrams
 * (media.c says when).
 *
 * Each side of a conversation says segments, one after another.  On a byte stream they follow one
 * another without a gap; as datagrams each is a range of message numbers.  Every byte that is
 * heard is compared with what was said (message.h). */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK        65536
#define DATAGRAM     1200 /* of requests and replies: fits into any path */
#define IP_UDP       28   /* bytes of header */
#define EARLY_MAX    8192
#define TRIES_MAX    6
#define DATAGRAM_MAX 65000

static bool is_datagram(const struct conv *c, enum segment_kind kind)
{
    enum sd_service service = lab_host_of(c, CLIENT)->ops->service;
    return service == SD_SERVICE_DATAGRAM ||
           (service == SD_SERVICE_IP && (c->inner_datagram || kind == SEGMENT_STREAM));
}

static sd_time now_of(const struct conv *c)
{
    return sd_net_now(c->lab->net);
}

/* Messages of a segment are as equal as they can be. */
static uint64_t message_size(const struct segment *s, uint64_t i)
{
    if (s->kind == SEGMENT_STREAM)
        return s->stream.size;
    uint64_t messages = s->end - s->start;
    return s->len / messages + (i < s->len % messages);
}

/* -- saying -- */

static struct segment *segment_new(struct party *p)
{
    if (p->segments == p->segment_cap) {
        p->segment_cap = p->segment_cap * 2 + 2;
        p->segment = lab_grow(p->segment, p->segment_cap * sizeof *p->segment);
    }
    return memset(&p->segment[p->segments++], 0, sizeof *p->segment);
}

static void number_messages(struct party *p, struct segment *s, uint64_t messages)
{
    s->datagrams = true;
    s->start = p->numbers;
    p->numbers += messages;
    s->end = p->numbers;
}

/* Outside a tunnel bulk fills the packets of the machine's own link. */
static uint64_t datagram_size(const struct conv *c, int side, enum segment_kind kind)
{
    const struct host *h = lab_host_of(c, side);
    uint64_t beside = IP_UDP + h->ops->overhead;
    bool fills = kind == SEGMENT_BULK && h->ops->service == SD_SERVICE_DATAGRAM &&
                 h->config.path_mtu >= beside + SD_LAB_MESSAGE_MIN;
    return fills ? h->config.path_mtu - beside : DATAGRAM;
}

void lab_say(struct conv *c, int side, enum segment_kind kind, uint64_t len)
{
    struct party *p = &c->side[side];
    struct segment *s = segment_new(p);
    s->kind = kind;
    s->len = len;
    if (is_datagram(c, kind)) {
        uint64_t size = datagram_size(c, side, kind);
        number_messages(p, s, (len + size - 1) / size);
    } else {
        s->start = p->offered;
        s->end = p->offered += len;
    }
    if (kind == SEGMENT_BULK && c->counted) {
        struct transfer *t = &c->lab->transfer;
        if (t->began == SD_NEVER)
            t->began = now_of(c);
        t->open++;
    }
    lab_push_later(c, side);
}

/* When message i of this segment is said: it is the next. */
static void note_time(struct segment *s, uint64_t i, sd_time now)
{
    if (i == s->times) {
        s->times = s->times * 2 + 8;
        s->said_at = lab_grow(s->said_at, s->times * sizeof *s->said_at);
    }
    s->said_at[i] = now;
}

static bool goes_on(const struct segment *s, const struct stream_kind *kind)
{
    return s->kind == SEGMENT_STREAM && memcmp(&s->stream, kind, sizeof *kind) == 0;
}

void lab_say_message(struct conv *c, int side, const struct stream_kind *kind)
{
    struct party *p = &c->side[side];
    struct segment *last = p->segments > 0 ? &p->segment[p->segments - 1] : NULL;
    if (last == NULL || !goes_on(last, kind)) {
        last = segment_new(p);
        last->kind = SEGMENT_STREAM;
        last->stream = *kind;
        last->datagrams = is_datagram(c, SEGMENT_STREAM);
        last->start = last->end = last->datagrams ? p->numbers : p->offered;
    }
    note_time(last, last->len / kind->size, now_of(c));
    last->len += kind->size;
    if (last->datagrams)
        last->end = ++p->numbers;
    else
        last->end = p->offered += kind->size;
    if (c->counted)
        c->lab->stream_sent++;
    lab_push_later(c, side);
}

size_t lab_early(struct conv *c, const uint8_t **data)
{
    static uint8_t early[EARLY_MAX];
    struct party *p = &c->side[CLIENT];
    struct segment *s = &p->segment[0];
    size_t len = c->request_len < EARLY_MAX ? (size_t)c->request_len : EARLY_MAX;
    *data = early;
    if (s->datagrams) {
        len = (size_t)message_size(s, 0);
        message_whole(early, len, &(struct message){.conv = c->id, .number = (uint32_t)s->start});
        s->sent = 1;
    } else {
        message_stream(early, len, c->id, false, 0);
        p->sent = len;
    }
    return len;
}

/* The early data was refused: the request goes again, when it may. */
void lab_unsay(struct conv *c)
{
    c->side[CLIENT].sent = 0;
    c->side[CLIENT].segment[0].sent = 0;
}

/* -- sending: JOB_PUSH -- */

void lab_push_later(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    if (p->pushing || !p->ready)
        return;
    p->pushing = true;
    lab_later_job(
        &(struct job){.kind = JOB_PUSH, .host = lab_host_of(c, side), .conv = c->id, .side = side});
}

/* Bytes that went, of at most len. */
static size_t send_bytes(struct conv *c, int side, const uint8_t *data, size_t len)
{
    struct party *p = &c->side[side];
    struct host *h = lab_host_of(c, side);
    if (h->ops->service == SD_SERVICE_IP)
        return p->inner_up && !p->inner_closing ? sd_tcp_send(p->inner, data, len) : 0;
    const struct stream *s = lab_stream_find(c->lab, p->conn);
    if (s != NULL && lab_stream_full(s))
        return 0;
    long taken = sd_seat_app_in(&h->seat, now_of(c), p->sid, 0, data, len, false);
    return taken > 0 ? (size_t)taken : 0;
}

static void push_bytes(struct conv *c, int side)
{
    static uint8_t bytes[CHUNK];
    struct party *p = &c->side[side];
    while (p->sent < p->offered) {
        uint64_t left = p->offered - p->sent;
        size_t len = left < CHUNK ? (size_t)left : CHUNK;
        message_stream(bytes, len, c->id, side == SERVER, p->sent);
        size_t taken = send_bytes(c, side, bytes, len);
        p->sent += taken;
        if (taken < len)
            return; /* room comes with an event */
        /* A processor gets one chunk at a time: others want it too. */
        if (lab_host_of(c, side)->batch != NULL && p->sent < p->offered) {
            lab_push_later(c, side);
            return;
        }
    }
}

static void send_message(struct conv *c, int side, const struct segment *s)
{
    static uint8_t bytes[DATAGRAM_MAX];
    struct party *p = &c->side[side];
    struct host *h = lab_host_of(c, side);
    size_t len = (size_t)message_size(s, s->sent);
    struct message m = {
        .conv = c->id, .number = (uint32_t)(s->start + s->sent), .reply = side == SERVER};
    message_whole(bytes, len, &m);
    if (h->ops->service == SD_SERVICE_DATAGRAM) {
        bool ends = s->stream.burst > 0 && (s->sent + 1) % s->stream.burst == 0;
        sd_seat_app_in(&h->seat, now_of(c), p->sid, s->stream.channel, bytes, len, ends);
        return;
    }
    struct sd_addr to = lab_inner_address(c->lab->machine[c->side[!side].machine]);
    sd_udp_send(h->inner_udp, &to, bytes, len, false);
}

static void on_pace(void *ctx)
{
    struct party *p = ctx;
    p->pace = 0;
    lab_enter(p->conv->lab);
    lab_push_later(p->conv, lab_side_of(p));
    lab_leave(p->conv->lab);
}

static void on_again(void *ctx)
{
    struct conv *c = ctx;
    c->again = 0;
    lab_enter(c->lab);
    lab_say(c, CLIENT, SEGMENT_REQUEST, c->request_len);
    lab_leave(c->lab);
}

/* A request as datagrams that is not answered goes again, after 1 s, then 2 s, ... */
static void plan_again(struct conv *c)
{
    if (c->again == 0 && !c->answered && c->tries < TRIES_MAX)
        c->again = sd_net_after(c->lab->net, SD_SECOND << c->tries++, on_again, c);
}

/* Bulk as datagrams leaves at the pace of the machine's link: there is nobody to slow it down. */
static bool pause(struct conv *c, int side, const struct segment *s)
{
    struct party *p = &c->side[side];
    const struct machine *m = c->lab->machine[p->machine];
    uint64_t rate = c->lab->link[m->links[0]].set.rate_bps;
    if (s->kind != SEGMENT_BULK || rate == 0)
        return false;
    uint64_t bits = (message_size(s, 0) + lab_host_of(c, side)->ops->overhead + 60) * 8;
    p->pace = sd_net_after(c->lab->net, bits * SD_SECOND / rate, on_pace, p);
    return true;
}

static void push_messages(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    while (p->first_open < p->segments && p->pace == 0) {
        struct segment *s = &p->segment[p->first_open];
        if (!s->datagrams || s->sent == s->end - s->start) {
            if (s->kind == SEGMENT_STREAM && p->first_open == p->segments - 1)
                return; /* it may grow */
            p->first_open++;
            continue;
        }
        send_message(c, side, s);
        s->sent++;
        if (s->kind == SEGMENT_REQUEST && s->sent == s->end - s->start)
            plan_again(c);
        if (pause(c, side, s))
            return;
    }
}

void lab_push(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    p->pushing = false;
    if (!p->ready || p->over)
        return;
    push_messages(c, side);
    push_bytes(c, side);
    if (lab_objects_apart(c))
        lab_objects_push(c, side);
    if (p->heard_end && p->sent == p->offered) {
        p->heard_end = false;
        lab_conv_end_session(c, side);
    }
}

/* -- hearing -- */

static void heard_of_transfer(struct conv *c, uint64_t bytes, bool whole)
{
    struct transfer *t = &c->lab->transfer;
    sd_time now = now_of(c);
    if (!c->counted)
        return;
    if (t->last_in != 0 && now - t->last_in > t->gap)
        t->gap = now - t->last_in;
    t->last_in = now;
    t->bytes += bytes;
    if (whole) {
        t->open--;
        t->finished = now;
    }
}

/* Messages `first` and those after it, of a stream that `at` hears. */
static void heard_of_stream(struct conv *c, struct machine *at, const struct segment *s,
                            uint64_t first, uint64_t messages)
{
    sd_time now = now_of(c);
    struct sd_lab *lab = c->lab;
    if (!c->counted || messages == 0)
        return;
    if (c->stream_at == SD_NEVER)
        c->stream_at = now;
    if (lab->stream_last_in != 0 && now - lab->stream_last_in > lab->stream_gap)
        lab->stream_gap = now - lab->stream_last_in;
    lab->stream_last_in = now;
    lab->stream_received += messages;
    at->heard += messages;
    for (uint64_t i = first; i < first + messages; i++)
        at->heard_late += s->stream.playout > 0 && now - s->said_at[i] > s->stream.playout;
}

static void request_whole(struct conv *c)
{
    if (c->reply_len > 0) {
        lab_say(c, SERVER, SEGMENT_REPLY, c->reply_len);
        return;
    }
    lab_conv_announce(c, SERVER, "received all");
    if (!c->answered)
        lab_conv_answered(c);
}

/* More of segment s has arrived: `bytes` of it, or message i of so many. */
static void heard(struct conv *c, int from, struct segment *s, uint64_t bytes, uint64_t i)
{
    uint64_t before = s->delivered;
    s->delivered += s->datagrams ? 1 : bytes;
    bool whole = s->delivered == (s->datagrams ? s->end - s->start : s->len);
    switch (s->kind) {
    case SEGMENT_REQUEST:
        if (c->first_byte_at == SD_NEVER) {
            c->first_byte_at = now_of(c);
            lab_conv_announce(c, SERVER, "first byte");
        }
        if (whole)
            request_whole(c);
        break;
    case SEGMENT_REPLY:
        if (c->reply_at == SD_NEVER)
            c->reply_at = now_of(c);
        if (whole && c->objects != NULL) {
            lab_objects_whole(c, lab_objects_next(c));
        } else if (whole && !c->answered) {
            lab_conv_announce(c, CLIENT, "reply");
            lab_conv_answered(c);
        }
        break;
    case SEGMENT_BULK:
        heard_of_transfer(c, bytes, whole);
        if (whole)
            lab_conv_announce(c, !from, "received all");
        break;
    case SEGMENT_STREAM:
        if (!s->datagrams)
            i = before / s->stream.size;
        heard_of_stream(c, c->lab->machine[c->side[!from].machine], s, i,
                        s->datagrams ? 1 : s->delivered / s->stream.size - i);
        break;
    }
}

/* The first bytes of a side's stream: once is right. */
static void opened(struct machine *at, struct party *from)
{
    if (from->openings++ > 0)
        at->delivered_twice++;
}

void lab_hear_bytes(struct conv *c, int from, const uint8_t *data, size_t len)
{
    struct party *p = &c->side[from];
    struct machine *at = c->lab->machine[c->side[!from].machine];
    bool right = len <= p->offered - p->delivered &&
                 message_is_stream(data, len, c->id, from == SERVER, p->delivered);
    if (!right) {
        at->garbled++;
        lab_hear_stranger(at, data, len);
        return;
    }
    if (p->delivered == 0)
        opened(at, p);
    while (len > 0) {
        struct segment *s = &p->segment[p->hearing];
        if (s->datagrams || p->delivered == s->end) {
            p->hearing++;
            continue;
        }
        size_t piece = s->end - p->delivered < len ? (size_t)(s->end - p->delivered) : len;
        p->delivered += piece;
        len -= piece;
        heard(c, from, s, piece, 0); /* may say more, and so move segments */
    }
}

/* A bit per message number: whether it was set before. */
static bool set_heard(struct party *p, uint64_t number)
{
    if (number >= p->heard_bits) {
        uint64_t bits = (number + 1) * 2 + 64;
        p->heard = lab_grow(p->heard, bits / 8 + 1);
        memset(p->heard + p->heard_bits / 8, 0, bits / 8 + 1 - p->heard_bits / 8);
        p->heard_bits = bits / 8 * 8;
    }
    uint8_t bit = (uint8_t)(1u << number % 8), *byte = &p->heard[number / 8];
    bool before = *byte & bit;
    *byte |= bit;
    return before;
}

static struct segment *segment_of(struct party *p, uint64_t number)
{
    for (uint32_t i = p->segments; i-- > 0;) {
        struct segment *s = &p->segment[i];
        if (s->datagrams && number >= s->start && number < s->end)
            return s;
    }
    return NULL;
}

/* Whose message it is, as it says itself; NULL: nobody's who talks to `at`. */
static struct conv *speaker(struct machine *at, const uint8_t *data, size_t len, struct message *m)
{
    if (!message_parse(data, len, m))
        return NULL;
    struct conv *c = lab_conv(at->lab, m->conv);
    return c != NULL && c->side[m->reply ? CLIENT : SERVER].machine == at->id ? c : NULL;
}

void lab_hear_message(struct machine *at, const uint8_t *data, size_t len)
{
    struct message m;
    struct conv *c = speaker(at, data, len, &m);
    int from = c != NULL && m.reply ? SERVER : CLIENT;
    struct segment *s = c != NULL ? segment_of(&c->side[from], m.number) : NULL;
    if (s == NULL || message_size(s, m.number - s->start) != len) {
        at->garbled++;
        return;
    }
    if (set_heard(&c->side[from], m.number)) {
        at->delivered_twice++;
        if (s->kind == SEGMENT_STREAM && c->counted)
            at->lab->stream_duplicates++;
        return;
    }
    heard(c, from, s, len, m.number - s->start);
}

/* Bytes of a session that belongs to no conversation: a replay, if they are one's first. */
void lab_hear_stranger(struct machine *at, const uint8_t *data, size_t len)
{
    struct message m;
    struct conv *c = speaker(at, data, len, &m);
    if (c != NULL && m.number == 0)
        opened(at, &c->side[m.reply ? SERVER : CLIENT]);
}

/* On its own stream the text is that of the conversation, from the beginning. */
void lab_hear_beside(struct conv *c, int from, uint64_t stream, const uint8_t *data, size_t len)
{
    struct machine *at = c->lab->machine[c->side[!from].machine];
    (void)stream;
    if (message_is_stream(data, len, c->id, from == SERVER, 0))
        at->streams++;
    else
        at->garbled++;
}

/* -- what scripts ask for -- */

#define BESIDE_MAX 1000

int sd_lab_send_beside(struct sd_lab *lab, sd_conn id, sd_machine from, uint64_t stream,
                       uint64_t len)
{
    static uint8_t bytes[BESIDE_MAX];
    struct conv *c = lab_conv(lab, id);
    int side = c != NULL ? lab_conv_side(c, from) : -1;
    if (side < 0 || stream == 0 || len > sizeof bytes)
        return SD_E_ARG;
    if (c->side[side].over || !c->side[side].ready)
        return SD_E_STATE;
    message_stream(bytes, len, c->id, side == SERVER, 0);
    lab_enter(lab);
    long taken = sd_seat_app_in(&lab_host_of(c, side)->seat, sd_net_now(lab->net),
                                c->side[side].sid, stream, bytes, len, true);
    lab_leave(lab);
    return taken < 0 ? (int)taken : (uint64_t)taken == len ? SD_OK : SD_E_STATE;
}

struct conv *lab_conv_from(struct sd_lab *lab, sd_conn id, sd_machine from, int *side)
{
    struct conv *c = lab_conv(lab, id);
    *side = c != NULL ? lab_conv_side(c, from) : -1;
    return *side >= 0 ? c : NULL;
}

int sd_lab_send(struct sd_lab *lab, sd_conn id, sd_machine from, uint64_t len)
{
    int side;
    struct conv *c = lab_conv_from(lab, id, from, &side);
    if (c == NULL || len < MESSAGE_HEADER)
        return SD_E_ARG;
    if (c->side[side].over)
        return SD_E_STATE;
    lab_enter(lab);
    lab_say(c, side, SEGMENT_BULK, len);
    lab_leave(lab);
    return SD_OK;
}
