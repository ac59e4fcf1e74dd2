/* prepare.c - the session that a mode needs before the one it measures: resumption, early data,
 * cached configuration.
 *
 * It is had in fair weather and appears in no trace, capture or metric.  When roles are given,
 * every client meets every server inside sd_lab_start(), and the run's time begins afterwards;
 * else a client's first sd_lab_connect() to a server waits for it. */
#include "sim/node/inside.h"

#include <stdlib.h>

#define TALK_LEN 64
#define PATIENCE (120 * SD_SECOND)
#define QUIET    (5 * SD_SECOND) /* until nothing of it is under way any more */
#define AT_ONCE  32              /* below every server's backlog */

/* A client and a server, before the run. */
struct meeting {
    struct meeting *next;
    sd_machine client, server;
};

void lab_prepare(struct sd_lab *lab, sd_machine client, sd_machine server, struct conv *then)
{
    struct sd_lab_connect with = {.client = client,
                                  .server = server,
                                  .request_len = TALK_LEN,
                                  .reply_len = TALK_LEN,
                                  .close = true,
                                  .inner_datagram = true};
    struct conv *c = lab_conv_new(lab, &with);
    c->hidden = true;
    c->then = then != NULL ? then->id : 0;
    if (lab->preparing++ == 0)
        lab_weather_refresh(lab);
    lab_conv_begin(c);
}

/* The one that waited, once nobody is busy with the earlier session. */
static void go_on(void *ctx)
{
    struct conv *c = ctx;
    struct sd_lab *lab = c->lab;
    lab_enter(lab);
    if (lab->preparing == 0)
        lab_weather_refresh(lab);
    if (!lab->measured)
        lab_mark(lab);
    c->counted = true;
    lab_conv_begin(c);
    lab_leave(lab);
}

static void meet_next(void *ctx)
{
    struct sd_lab *lab = ctx;
    struct meeting *m = lab->meetings;
    if (m == NULL)
        return;
    lab->meetings = m->next;
    lab_enter(lab);
    lab_prepare(lab, m->client, m->server, NULL);
    lab_leave(lab);
    free(m);
}

void lab_prepared(struct conv *earlier)
{
    struct sd_lab *lab = earlier->lab;
    struct conv *then = lab_conv(lab, earlier->then);
    lab->preparing--;
    if (!earlier->answered)
        lab->unprepared = earlier->id;
    else
        lab_map_put(&lab->map,
                    lab_pair_key(KEY_EARLIER, (uint32_t)earlier->side[CLIENT].machine,
                                 (uint32_t)earlier->side[SERVER].machine),
                    1);
    if (then == NULL)
        sd_net_after(lab->net, 0, meet_next, lab);
    else if (earlier->answered)
        sd_net_after(lab->net, 0, go_on, then);
    else
        lab_conv_broken(then, then->side[CLIENT].machine, "refused",
                        "the session that the mode needs first failed");
}

static void plan_meeting(struct sd_lab *lab, sd_machine client, sd_machine server)
{
    struct meeting *m = lab_grow(NULL, sizeof *m);
    *m = (struct meeting){lab->meetings, client, server};
    lab->meetings = m;
}

void lab_meetings_free(struct sd_lab *lab)
{
    while (lab->meetings != NULL) {
        struct meeting *m = lab->meetings;
        lab->meetings = m->next;
        free(m);
    }
}

/* Servers tell the directory of themselves before anybody asks it. */
static void publish_all(struct sd_lab *lab)
{
    const struct host *s = lab->servers;
    while (s != NULL && !s->set.directory)
        s = s->next;
    if (s == NULL)
        return;
    lab->preparing++;
    lab_weather_refresh(lab);
    sd_net_run(lab->net, sd_net_now(lab->net) + QUIET);
    lab->preparing--;
}

bool lab_may_have_met(const struct host *client, const struct host *server)
{
    return !client->set.impostor && !client->set.other_psk && !server->set.impostor &&
           !server->set.other_psk;
}

int lab_prepare_all(struct sd_lab *lab, struct sd_error *error)
{
    publish_all(lab);
    for (const struct host *c = lab->others; c != NULL; c = c->next)
        for (const struct host *s = lab->servers; s != NULL; s = s->next)
            if (c->role == SD_ROLE_CLIENT && c->mode->needs_earlier && c->ops == s->ops &&
                !s->set.directory && lab_may_have_met(c, s))
                plan_meeting(lab, c->machine->id, s->machine->id);
    if (lab->meetings == NULL)
        return SD_OK;
    for (int i = 0; i < AT_ONCE; i++)
        meet_next(lab);
    sd_time step = SD_SECOND, patience = PATIENCE;
    for (sd_conn met = 0; lab->preparing > 0 && patience > 0; patience -= step) {
        if (lab->convs > met) /* others are begun: it goes on */
            patience = PATIENCE;
        met = lab->convs;
        sd_net_run(lab->net, sd_net_now(lab->net) + step);
    }
    sd_net_run(lab->net, sd_net_now(lab->net) + QUIET);
    const struct conv *failed = lab_conv(lab, lab->unprepared);
    if (lab->preparing == 0 && failed == NULL)
        return SD_OK;
    const struct host *h = failed != NULL ? lab_host_of(failed, CLIENT) : NULL;
    return sd_fail(error, SD_E_STATE,
                   "lab: %s mode %s: expected a whole session before the measured one, which %s "
                   "did not get; is there a way to its server?",
                   h != NULL ? h->ops->name : "a", h != NULL ? h->mode->name : "",
                   h != NULL ? h->machine->name : "a client");
}
