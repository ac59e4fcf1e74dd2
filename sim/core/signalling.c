#include "sim/core/signalling.h"

#define DESCRIPTION_MAX 2048

struct description {
    size_t len; /* 0: there is none yet */
    uint8_t text[DESCRIPTION_MAX];
};

/* Gives an agent the other's description and asks for its own, if that is not NULL. */
static int tell(const struct sd_signalled *to, sd_time now, const struct description *theirs,
                struct description *own)
{
    struct sd_control c = {.verb = SD_SIGNAL, .path = {.local = to->local}};
    if (theirs) {
        c.in = theirs->text;
        c.in_len = theirs->len;
    }
    if (own) {
        c.out = own->text;
        c.out_len = sizeof own->text;
    }
    int result = sd_seat_control(to->seat, now, 0, &c);
    if (own)
        own->len = c.out_len;
    return result;
}

int sd_signal(const struct sd_signalled *client, const struct sd_signalled *server, sd_time now)
{
    struct description offer, answer;
    if (!client->seat->agent || !client->seat->agent->ops->signals)
        return SD_OK;
    int result = tell(server, now, NULL, &offer);
    if (result == SD_OK)
        result = tell(client, now, &offer, &answer);
    return result == SD_OK ? tell(server, now, &answer, NULL) : result;
}
