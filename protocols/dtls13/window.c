/* window.c - RFC 9147 4.5.1: no record twice. */
#include "protocols/dtls13/dtls.h"

bool dtls_window_accept(struct dtls_window *w, uint64_t sequence)
{
    if (sequence >= w->top) {
        uint64_t ahead = sequence + 1 - w->top;
        w->bits = (ahead < DTLS13_WINDOW ? w->bits << ahead : 0) | 1;
        w->top = sequence + 1;
        return true;
    }
    uint64_t age = w->top - 1 - sequence;
    if (age >= DTLS13_WINDOW || (w->bits >> age & 1))
        return false;
    w->bits |= UINT64_C(1) << age;
    return true;
}
