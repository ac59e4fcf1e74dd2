/* syn_cookies.h - a server's answer to a SYN that it does not remember: what it would have had to
 * remember goes into the SYN-ACK's sequence number (a MAC, the time, the MSS) and into its
 * timestamp (window scale, SACK), and comes back with the ACK.  RFC 4987 3.6. */
#ifndef SD_BOX_SYN_COOKIES_H
#define SD_BOX_SYN_COOKIES_H

#include "sim/core/base.h"

struct sd_cookie_syn {
    uint32_t client_ip, server_ip; /* host order */
    uint16_t client_port, server_port;
    uint32_t client_isn;
    uint16_t mss;
    int window_scale; /* -1: the client does not scale */
    bool sack, timestamps;
    uint32_t timestamp; /* the client's, to echo */
};

/* Fills the part that options carry. */
void sd_cookie_read_syn(struct sd_cookie_syn *, const uint8_t *options, size_t len);

/* Writes the TCP header of the SYN-ACK, checksum zero; at most SD_TCP_HEADER_MAX bytes.  mss is
 * the server's own.  Returns its length. */
size_t sd_cookie_syn_ack(uint8_t *out, const struct sd_cookie_syn *, uint64_t key, sd_time now,
                         uint16_t mss);

/* Whether `isn` (acknowledged minus one) is a cookie that this server made for these names within
 * the last two minutes; if so fills the part that options carry.  options: the ACK's. */
bool sd_cookie_check(struct sd_cookie_syn *, uint32_t isn, const uint8_t *options, size_t len,
                     uint64_t key, sd_time now);

#endif
