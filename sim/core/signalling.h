/* signalling.h - the service that introduces the two ends of a call to each other, apart from the
 * network between them (RFC 5763 3): the server's side offers, the client's answers. */
#ifndef SD_SIGNALLING_H
#define SD_SIGNALLING_H

#include "sim/core/settle.h"

struct sd_signalled {
    struct sd_seat *seat;
    struct sd_addr local; /* where its session description says it is */
};

/* Carries both descriptions (SD_SIGNAL).  SD_OK, also where the protocol has none; else what the
 * agent said that refused: SD_E_UNSUPPORTED when their terms differ. */
int sd_signal(const struct sd_signalled *client, const struct sd_signalled *server, sd_time now);

#endif
