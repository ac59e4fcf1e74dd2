/* stream.h - TCP connections that carry IKE and ESP where UDP does not pass (RFC 9329).
 *
 * Who began the IKE SA asks its host for one; who answers is given those that come to its port.
 * Connections may break and be made anew beneath an IKE SA (6.1). */
#ifndef IPSEC_STREAM_H
#define IPSEC_STREAM_H

#include "protocols/ipsec/ipsec.h"

/* What came from a TCP connection, its beginning and its end too; enum sd_result. */
int ipsec_stream_in(struct ipsec *, const struct sd_unit *);
/* Asks for a connection to the host that path.remote names, unless there is one or one was asked
 * for: ike_stream_up() or ike_stream_down() says what became of it. */
void ipsec_stream_ask(struct ipsec *, const struct sd_path *);
void ipsec_streams_fini(struct ipsec *);

/* -- what IKE does then -- */

/* The connection to a peer that was asked for is there, path.conn is its name. */
void ike_stream_up(struct ipsec *, const struct sd_path *);
/* There is none (path.conn 0), or the one that there was is no more. */
void ike_stream_down(struct ipsec *, const struct sd_path *);

#endif
