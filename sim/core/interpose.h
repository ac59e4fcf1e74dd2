/* interpose.h - private to sd_interpose: functions of a library that the executable defines in front
 * of it.  The library's own calls go through the PLT, and so arrive here too. */
#ifndef SD_INTERPOSE_H
#define SD_INTERPOSE_H

#include <dlfcn.h>

#include "sim/core/account.h"
#include "sim/core/env.h"

/* `real`: the library's own function of that name. */
#define REAL(function)                                                                             \
    static __typeof__(&function) real;                                                             \
    if (real == NULL)                                                                              \
    *(void **)&real = dlsym(RTLD_NEXT, #function)

#define COUNTING (sd_entered != NULL && sd_count_depth == 0)

/* The call, with nothing inside it counted. */
#define INSIDE(call)                                                                               \
    __extension__({                                                                                \
        sd_count_depth++;                                                                          \
        __typeof__(call) result_ = (call);                                                         \
        sd_count_depth--;                                                                          \
        result_;                                                                                   \
    })
#define INSIDE_VOID(call)                                                                          \
    do {                                                                                           \
        sd_count_depth++;                                                                          \
        call;                                                                                      \
        sd_count_depth--;                                                                          \
    } while (0)

#endif
