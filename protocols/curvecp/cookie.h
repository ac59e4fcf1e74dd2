/* cookie.h - minute keys, and the cookies they make (page "packets").
 *
 * A server remembers nothing of a Hello: what it would have to remember goes to the client, sealed
 * under a key that lives two minutes, in the first of which it makes cookies.  Keys are made when
 * they are needed, so that an idle server has none. */
#ifndef CP_COOKIE_H
#define CP_COOKIE_H

#include "protocols/curvecp/curvecp.h"

void cp_cookie_seal(struct curvecp *, struct cp_cookie *, const uint8_t client_short[CP_KEY_LEN],
                    const uint8_t server_short_private[CP_KEY_LEN]);
/* SD_OK and s', or SD_DROP_AUTH: not ours, too old, or made for another C'. */
int cp_cookie_open(struct curvecp *, const struct cp_cookie *,
                   const uint8_t client_short[CP_KEY_LEN], uint8_t server_short_private[CP_KEY_LEN],
                   uint64_t *minute);

/* Whose cookie has served its connection: an Initiate with it must start nothing again. */
void cp_cookie_remember(struct curvecp *, const uint8_t client_short[CP_KEY_LEN], uint64_t minute);
bool cp_cookie_is_used(struct curvecp *, const uint8_t client_short[CP_KEY_LEN]);

/* Wipes keys that are too old, with what was remembered for their cookies. */
void cp_cookie_expire(struct curvecp *);
sd_time cp_cookie_deadline(const struct curvecp *);
void cp_cookie_fini(struct curvecp *);

#endif
