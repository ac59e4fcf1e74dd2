/* signalling.c - before a call, the two ends learn of each other by a service that both trust: SIP
 * or a web site over TLS, apart from the network of the lab (RFC 5763 3).
 *
 * The server's side offers, the client's answers and then begins: the answer is under way while the
 * client's first packet is, and there before any certificate.  So the exchange takes no time of the
 * run and no packet of its links; what it says is in the trace. */
#include "sim/node/inside.h"

#define DESCRIPTION_MAX 2048

/* Gives h's agent the peer's description (len 0: none) and takes its own (out NULL: not). */
static int tell(struct host *h, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    struct sd_addr local = sd_ipv4_word(h->machine->ip, lab_host_local(h).port);
    struct sd_control c = {.verb = SD_SIGNAL,
                           .path = {.local = local},
                           .in = len > 0 ? in : NULL,
                           .in_len = len,
                           .out = out,
                           .out_len = out != NULL ? DESCRIPTION_MAX : 0};
    int result = sd_seat_control(&h->seat, sd_net_now(h->lab->net), 0, &c);
    if (out != NULL)
        *out_len = result == SD_OK ? c.out_len : 0;
    return result;
}

int lab_signal(const struct conv *c)
{
    uint8_t offer[DESCRIPTION_MAX], answer[DESCRIPTION_MAX];
    size_t offer_len, answer_len;
    struct host *client = lab_host_of(c, CLIENT), *server = lab_host_of(c, SERVER);
    if (!client->ops->signals)
        return SD_OK;
    int result = tell(server, NULL, 0, offer, &offer_len);
    if (result == SD_OK)
        result = tell(client, offer, offer_len, answer, &answer_len);
    if (result == SD_OK)
        result = tell(server, answer, answer_len, NULL, NULL);
    if (result == SD_OK) {
        lab_conv_announce(c, SERVER, "offered");
        lab_conv_announce(c, CLIENT, "answered");
    }
    return result;
}
