/* time.c - the run's clock, and what a script wants done later. */
#include "sim/node/inside.h"

#include <stdlib.h>

/* A call of the script's that is due later. */
struct alarm {
    struct alarm *next, **self;
    struct sd_lab *lab;
    void (*fire)(void *ctx);
    void *ctx;
};

static void ring(void *ctx)
{
    struct alarm a = *(struct alarm *)ctx;
    *a.self = a.next;
    if (a.next != NULL)
        a.next->self = a.self;
    free(ctx);
    lab_enter(a.lab);
    a.fire(a.ctx);
    lab_leave(a.lab);
}

int sd_lab_at(struct sd_lab *lab, sd_time when, void (*fire)(void *ctx), void *ctx)
{
    if (lab->net == NULL)
        return SD_E_STATE;
    sd_time now = sd_lab_now(lab);
    if (when < now || fire == NULL)
        return SD_E_ARG;
    struct alarm *a = lab_grow(NULL, sizeof *a);
    *a = (struct alarm){.next = lab->alarms, .self = &lab->alarms, lab, fire, ctx};
    if (sd_net_after(lab->net, when - now, ring, a) == 0) {
        free(a);
        return SD_E_ARG;
    }
    if (a->next != NULL)
        a->next->self = &a->next;
    lab->alarms = a;
    return SD_OK;
}

int sd_lab_run(struct sd_lab *lab, sd_time until)
{
    if (lab->net == NULL)
        return SD_E_STATE;
    return sd_net_run(lab->net, until < SD_NEVER - lab->zero ? lab->zero + until : SD_NEVER);
}

static void stop(void *ctx)
{
    sd_net_stop(ctx);
}

/* What was said by now still leaves: TCP takes a nanosecond for it. */
void sd_lab_stop(struct sd_lab *lab)
{
    if (lab->net != NULL)
        sd_net_after(lab->net, LAB_MOMENT, stop, lab->net);
}

sd_time sd_lab_now(const struct sd_lab *lab)
{
    return lab->net != NULL ? sd_net_now(lab->net) - lab->zero : 0;
}

void lab_alarms_free(struct sd_lab *lab)
{
    while (lab->alarms != NULL) {
        struct alarm *a = lab->alarms;
        lab->alarms = a->next;
        free(a);
    }
}
