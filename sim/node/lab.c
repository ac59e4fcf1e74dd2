/* lab.c - makes and ends a run. */
#include "sim/node/lab.h"

int sd_lab_create(struct sd_lab **lab, const struct sd_lab_config *c, struct sd_error *e)
{
    (void)lab, (void)c;
    return sd_fail(e, SD_E_UNSUPPORTED, "lab: under construction");
}
void sd_lab_destroy(struct sd_lab *l)
{
    (void)l;
}
struct sd_net *sd_lab_net(struct sd_lab *l)
{
    (void)l;
    return NULL;
}
sd_machine sd_lab_host(struct sd_lab *l, const struct sd_machine_config *c, struct sd_error *e)
{
    (void)l, (void)c, (void)e;
    return SD_E_UNSUPPORTED;
}
sd_machine sd_lab_router(struct sd_lab *l, const char *c, struct sd_error *e)
{
    (void)l, (void)c, (void)e;
    return SD_E_UNSUPPORTED;
}
sd_machine sd_lab_nat(struct sd_lab *l, const struct sd_nat_config *c, struct sd_error *e)
{
    (void)l, (void)c, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_rebind(struct sd_lab *l, sd_machine m, unsigned w)
{
    (void)l, (void)m, (void)w;
    return SD_E_UNSUPPORTED;
}
int sd_lab_link(struct sd_lab *l, const struct sd_lab_link *c, struct sd_error *e)
{
    (void)l, (void)c, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_set_link(struct sd_lab *l, int i, const struct sd_lab_link *c)
{
    (void)l, (void)c, (void)i;
    return SD_E_UNSUPPORTED;
}
int sd_lab_agent(struct sd_lab *l, sd_machine m, const struct sd_lab_agent *c, struct sd_error *e)
{
    (void)l, (void)m, (void)c, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_start(struct sd_lab *l, struct sd_error *e)
{
    (void)l, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_at(struct sd_lab *l, sd_time t, void (*f)(void *), void *c)
{
    (void)l, (void)t, (void)f, (void)c;
    return SD_E_UNSUPPORTED;
}
int sd_lab_run(struct sd_lab *l, sd_time t)
{
    (void)l, (void)t;
    return SD_E_UNSUPPORTED;
}
void sd_lab_stop(struct sd_lab *l)
{
    (void)l;
}
sd_time sd_lab_now(const struct sd_lab *l)
{
    (void)l;
    return 0;
}
sd_conn sd_lab_connect(struct sd_lab *l, const struct sd_lab_connect *c)
{
    (void)l, (void)c;
    return 0;
}
int sd_lab_send(struct sd_lab *l, sd_conn c, sd_machine m, uint64_t n)
{
    (void)l, (void)c, (void)m, (void)n;
    return SD_E_UNSUPPORTED;
}
int sd_lab_stream(struct sd_lab *l, sd_conn c, sd_machine m, uint32_t s, sd_time i, uint64_t n)
{
    (void)l, (void)c, (void)m, (void)n, (void)s, (void)i;
    return SD_E_UNSUPPORTED;
}
int sd_lab_close(struct sd_lab *l, sd_conn c, sd_machine m)
{
    (void)l, (void)c, (void)m;
    return SD_E_UNSUPPORTED;
}
int sd_lab_rekey(struct sd_lab *l, sd_conn c, sd_machine m)
{
    (void)l, (void)c, (void)m;
    return SD_E_UNSUPPORTED;
}
int sd_lab_move(struct sd_lab *l, sd_machine m)
{
    (void)l, (void)m;
    return SD_E_UNSUPPORTED;
}
sd_conn sd_lab_last_conn(const struct sd_lab *l, sd_machine a, sd_machine b)
{
    (void)l, (void)a, (void)b;
    return 0;
}
int sd_lab_flood(struct sd_lab *l, const struct sd_flood *f, struct sd_error *e)
{
    (void)l, (void)f, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_tap(struct sd_lab *l, const struct sd_tap *t)
{
    (void)l, (void)t;
    return SD_E_UNSUPPORTED;
}
int sd_lab_replay(struct sd_lab *l, const struct sd_replay *r)
{
    (void)l, (void)r;
    return SD_E_UNSUPPORTED;
}
void sd_lab_on_event(struct sd_lab *l, sd_lab_watch w, void *c)
{
    (void)l, (void)w, (void)c;
}
void sd_lab_note(struct sd_lab *l, const char *t)
{
    (void)l, (void)t;
}
void sd_lab_mark(struct sd_lab *l)
{
    (void)l;
}
bool sd_lab_metric(const struct sd_lab *l, const struct sd_metric *m, sd_machine a, uint64_t *v)
{
    (void)l, (void)m, (void)a, (void)v;
    return false;
}
int sd_lab_save_trace(struct sd_lab *l, const char *p, struct sd_error *e)
{
    (void)l, (void)p, (void)e;
    return SD_E_UNSUPPORTED;
}
int sd_lab_save_capture(struct sd_lab *l, const char *p, const char *k, struct sd_error *e)
{
    (void)l, (void)p, (void)k, (void)e;
    return SD_E_UNSUPPORTED;
}
