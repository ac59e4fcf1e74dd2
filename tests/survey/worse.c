/* worse.c - WireGuard made worse on purpose, for worse.sh: the linker puts these functions before
 * the real ones (--wrap).  SD_WORSE says which one misbehaves: window, cookie or timer. */
#include "protocols/wireguard/cookie.h"
#include "protocols/wireguard/timers.h"
#include "protocols/wireguard/window.h"

#include <stdlib.h>
#include <string.h>

#define LATE (2 * SD_SECOND)

bool __real_wg_window_accept(struct wg_window *, uint64_t counter);
bool __wrap_wg_window_accept(struct wg_window *, uint64_t counter);
int __real_wg_cookie_check(struct wireguard *, const uint8_t *message, size_t len,
                           const struct sd_addr *from, bool *proven);
int __wrap_wg_cookie_check(struct wireguard *, const uint8_t *message, size_t len,
                           const struct sd_addr *from, bool *proven);
sd_time __real_wg_timers_deadline(const struct wireguard *);
sd_time __wrap_wg_timers_deadline(const struct wireguard *);

static bool is_worse(const char *what)
{
    const char *worse = getenv("SD_WORSE");
    return worse != NULL && strcmp(worse, what) == 0;
}

/* A window that has forgotten what it saw. */
bool __wrap_wg_window_accept(struct wg_window *window, uint64_t counter)
{
    return __real_wg_window_accept(window, counter) || is_worse("window");
}

/* A responder under load that asks nobody for a cookie. */
int __wrap_wg_cookie_check(struct wireguard *wg, const uint8_t *message, size_t len,
                           const struct sd_addr *from, bool *proven)
{
    int rc = __real_wg_cookie_check(wg, message, len, from, proven);
    return rc == SD_DROP_UNVALIDATED && is_worse("cookie") ? SD_OK : rc;
}

/* Timers that ring late. */
sd_time __wrap_wg_timers_deadline(const struct wireguard *wg)
{
    sd_time when = __real_wg_timers_deadline(wg);
    return when != SD_NEVER && is_worse("timer") ? when + LATE : when;
}
