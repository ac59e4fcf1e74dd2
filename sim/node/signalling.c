/* signalling.c - before a call, its two ends are introduced to each other.
 *
 * The client begins as soon as it has answered: its answer is under way while its first packet is,
 * and there before any certificate.  So the exchange takes no time of the run and no packet of its
 * links; that it took place is in the trace. */
#include "sim/core/signalling.h"
#include "sim/node/inside.h"

static struct sd_signalled end_of(struct host *h)
{
    return (struct sd_signalled){.seat = &h->seat,
                                 .local = sd_ipv4_word(h->machine->ip, lab_host_local(h).port)};
}

int lab_signal(const struct conv *c)
{
    struct host *client = lab_host_of(c, CLIENT);
    struct sd_signalled from = end_of(client), to = end_of(lab_host_of(c, SERVER));
    int result = sd_signal(&from, &to, sd_net_now(c->lab->net));
    if (client->ops->signals && result == SD_OK) {
        lab_conv_announce(c, SERVER, "offered");
        lab_conv_announce(c, CLIENT, "answered");
    }
    return result;
}
