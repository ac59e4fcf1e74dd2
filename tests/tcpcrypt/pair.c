#include "tests/tcpcrypt/pair.h"
#include <string.h>

struct tcpcrypt *pair_agent(const struct pair *p, int seat)
{
    return (struct tcpcrypt *)sd_mem_seat(p->mem, seat)->agent;
}

static bool on_unit(void *ctx, struct sd_mem_unit *u)
{
    struct pair *p = ctx;
    if (u->segment) {
        if (p->edit)
            p->edit(p, u);
        if (p->strip[u->segment - 1])
            u->len = 0;
        return true;
    }
    const struct tc_session *s =
        tc_session_find(pair_agent(p, u->from), ((u->path.conn - 1) ^ 1) + 1);
    if (s && s->opening && s->opening->init1_len)
        memcpy(p->private_key, s->opening->private_key, sizeof p->private_key);
    return !p->change || p->change(p, u);
}

void pair_make(struct pair *p, const struct pair_setup *setup)
{
    *p = (struct pair){.setup = *setup, .mem = sd_mem_new(1)};
    for (int i = 0; i < 2; i++) {
        p->config[i] =
            (struct sd_config){.role = setup->role   ? setup->role
                                       : i == SERVER ? SD_ROLE_SERVER
                                                     : SD_ROLE_CLIENT,
                               .mode = setup->mode,
                               .options = i == SERVER ? p->setup.server : p->setup.client};
        if (sd_mem_add(p->mem, &sd_tcpcrypt_agent, &p->config[i], 11 + (uint64_t)i) != i)
            fail_msg("%s", sd_mem_error(p->mem));
    }
    sd_mem_on_unit(p->mem, on_unit, p);
}

void pair_free(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

void pair_run(struct pair *p, sd_time more)
{
    sd_mem_run(p->mem, sd_mem_now(p->mem) + more);
}

int pair_connect(struct pair *p, int from, int to)
{
    int conversation = sd_mem_connect(p->mem, from, to);
    assert_true(conversation >= 0 && conversation < (int)SD_ROWS(p->opener));
    p->opener[conversation] = from;
    pair_run(p, SD_SECOND);
    assert_int_equal(sd_mem_opened(p->mem, conversation), SD_OK);
    return conversation;
}

/* The memory host numbers the opener's end first. */
uint32_t pair_conn(const struct pair *p, int talk, int seat)
{
    return 2 * (uint32_t)talk + (seat == p->opener[talk] ? 1 : 2);
}

static int talk_of(const struct sd_mem_unit *u)
{
    return (int)(u->path.conn - 1) / 2;
}

void pair_say(struct pair *p, int seat, int talk, const char *text)
{
    assert_int_equal(
        sd_mem_send(p->mem, seat, pair_conn(p, talk, seat), 0, text, strlen(text), false), SD_OK);
    pair_run(p, SD_SECOND);
}

void pair_heard(struct pair *p, int seat, const char *expected)
{
    size_t len;
    const uint8_t *data = sd_mem_received(p->mem, seat, &len);
    if (len != strlen(expected) || (len > 0 && memcmp(data, expected, len) != 0)) {
        sd_mem_print(p->mem);
        fail_msg("seat %d: expected '%s', found '%.*s'", seat, expected, (int)len,
                 (const char *)data);
    }
}

static void add(struct pair_wire *w, const struct sd_mem_unit *u)
{
    assert_true(w->len + u->len <= sizeof w->data);
    if (u->len > 0)
        memcpy(w->data + w->len, u->data, u->len);
    w->len += u->len;
}

void pair_stream(const struct pair *p, int talk, int seat, struct pair_wire *w)
{
    w->len = 0;
    for (size_t i = 0; i < sd_mem_units(p->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p->mem, i);
        if (!u->segment && u->from == seat && talk_of(u) == talk)
            add(w, u);
    }
}

void pair_option(const struct pair *p, int talk, enum sd_segment segment, struct pair_wire *w)
{
    w->len = 0;
    for (size_t i = 0; i < sd_mem_units(p->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p->mem, i);
        if (u->segment == segment + 1 && talk_of(u) == talk)
            add(w, u);
    }
}

void pair_expect(struct pair *p, int seat, enum sd_event_kind kind, const char *words)
{
    const struct sd_mem_event *e = sd_mem_find(p->mem, seat, kind, 0);
    if (!e || !strstr(e->detail, words)) {
        sd_mem_print(p->mem);
        fail_msg("seat %d: expected %s with '%s', found '%s'", seat, sd_event_name(kind), words,
                 e ? e->detail : "no such event");
    }
}
