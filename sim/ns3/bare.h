/* bare.h - the yardstick: the same work done by ns-3 as it comes, with its own sockets, routes and
 * point-to-point devices, without hook, checksums or accounting.
 *
 * ns-3's simulator is one per process: both functions answer a negative number while a network of
 * net.h exists. */
#ifndef SD_NS3_BARE_H
#define SD_NS3_BARE_H

#include <stdint.h>

/* ns of processor time to send one UDP datagram of SD_BARE_DATAGRAM bytes from a client through a
 * router to a server: the mean over `packets`, one every 10 us, over links without a bottleneck. */
#define SD_BARE_DATAGRAM 1200
double sd_bare_packet_ns(uint64_t packets);

/* ns of processor time for one TCP connection, the mean over `connections`, one opened every ms
 * over a link of 10 ms: SD_BARE_REQUEST bytes there, as many back, close.  Linux's timers. */
#define SD_BARE_REQUEST 2048
double sd_bare_connection_ns(uint32_t connections);

#endif
