/* nat_table.h - the bindings of a NAT, found from either side through hash tables. */
#ifndef SD_BOX_NAT_TABLE_H
#define SD_BOX_NAT_TABLE_H

#include "sim/core/base.h"

/* One binding.  Fields that the mapping does not look at are 0: remote_ip and remote_port of an
 * endpoint-independent one, ports of protocols without. */
struct binding {
    struct binding *next_inside, *next_outside; /* chains of the tables */
    struct binding *next, **self;               /* all bindings; what points here */
    uint8_t proto;
    uint32_t inside_ip, remote_ip, external_ip;
    uint16_t inside_port, remote_port, external_port;
    sd_time used;
    bool answered;                       /* TCP: something came back */
    bool fin_inside, fin_outside, reset; /* TCP: closing */
};

struct nat_table {
    struct binding **inside, **outside; /* buckets */
    struct binding *all;
    size_t count, buckets;
};

void nat_table_free(struct nat_table *);
struct binding *nat_table_find_inside(const struct nat_table *, uint8_t proto, uint32_t inside_ip,
                                      uint16_t inside_port, uint32_t remote_ip,
                                      uint16_t remote_port);
struct binding *nat_table_find_outside(const struct nat_table *, uint8_t proto,
                                       uint32_t external_ip, uint16_t external_port,
                                       uint32_t remote_ip, uint16_t remote_port);
/* Whether any binding holds the external port, whatever its peer. */
bool nat_table_port_taken(const struct nat_table *, uint8_t proto, uint32_t external_ip,
                          uint16_t external_port);
/* A copy of *b goes in; NULL: no memory. */
struct binding *nat_table_add(struct nat_table *, const struct binding *b);
void nat_table_remove(struct nat_table *, struct binding *);
/* To give bindings new external names: all are taken out of the tables, then each, as soon as it
 * has its name, is put back. */
void nat_table_unlink_all(struct nat_table *);
void nat_table_link(struct nat_table *, struct binding *);

#endif
