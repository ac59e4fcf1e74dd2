/* eno.h - TCP-ENO (RFC 8547): taking its option apart, putting one together, and what two of them
 * agree on.  Only bytes in, a decision out. */
#ifndef TC_ENO_H
#define TC_ENO_H

#include "protocols/tcpcrypt/wire.h"

#define TC_TEPS_MAX (TC_OPTION_ROOM - TC_ENO_HEADER) /* no option holds more */

/* A TEP suboption; data points into the option. */
struct tc_suboption {
    uint8_t byte; /* v and TEP, as it was sent */
    uint8_t data_len;
    const uint8_t *data;
};

/* A SYN-form option. */
struct tc_eno {
    uint8_t global; /* of the first global suboption, 0 without one */
    uint8_t teps;
    struct tc_suboption tep[TC_TEPS_MAX];
};

/* The one ENO option among all options of a segment.  0: there is none; 1: it is at *option, its
 * kind and length included; more: how many there are, which in a SYN counts as none (4.1). */
unsigned tc_eno_find(const uint8_t *options, size_t len, const uint8_t **option,
                     size_t *option_len);
/* False when the option, kind and length included, is ill-formed: a length byte without a TEP
 * with data behind it, or with less data than it says (4.4). */
bool tc_eno_parse(struct tc_eno *, const uint8_t *option, size_t len);

static inline uint8_t tc_suboption_tep(const struct tc_suboption *s)
{
    return s->byte & TC_ENO_GLT;
}
static inline bool tc_suboption_has_data(const struct tc_suboption *s)
{
    return (s->byte & TC_ENO_V) != 0;
}
/* The suboption for a TEP; NULL when there is none, or more than one, which tcpcrypt does not
 * define (4.5, third condition). */
const struct tc_suboption *tc_eno_tep(const struct tc_eno *, uint8_t tep);

/* What a host may conclude when it has both SYN-form options. */
enum tc_agreement {
    TC_AGREED,
    TC_NO_COMMON_TEP,
    TC_SAME_ROLE, /* both hosts set b, or neither did (4.3) */
    TC_NOT_AWARE, /* mandatory application-aware mode, and the peer's a is 0 */
};
/* 4.5: the last valid TEP in host B's option that occurs in host A's.  valid (NULL: always true)
 * is asked for each candidate whether the data of the two suboptions makes sense. */
struct tc_eno_rules {
    bool need_aware;
    bool (*valid)(void *ctx, const struct tc_suboption *of_a, const struct tc_suboption *of_b);
    void *ctx;
};
enum tc_agreement tc_eno_agree(const struct tc_eno *own, const struct tc_eno *peer,
                               const struct tc_eno_rules *, uint8_t *tep);

/* What goes into a SYN-form option.  */
struct tc_offer {
    uint8_t global;
    const uint8_t *tep;
    size_t teps;
    const uint8_t *data; /* of the last TEP */
    size_t data_len;     /* 0: it has none, v = 0 */
};
/* The option's length, or 0 when it does not fit into cap. */
size_t tc_eno_write(uint8_t *out, size_t cap, const struct tc_offer *);

#endif
