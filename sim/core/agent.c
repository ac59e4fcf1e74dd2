/* agent.c - names of events and modes. */
#include "sim/core/agent.h"

#include <string.h>

static const char *const event_names[SD_EV_MAX] = {
    [SD_EV_VALIDATED] = "validated",
    [SD_EV_PEER_AUTH] = "peer auth",
    [SD_EV_READY] = "ready",
    [SD_EV_RESUMED] = "resumed",
    [SD_EV_EARLY_OK] = "early ok",
    [SD_EV_EARLY_REFUSED] = "early refused",
    [SD_EV_TICKET] = "ticket",
    [SD_EV_DATA] = "data",
    [SD_EV_WRITABLE] = "writable",
    [SD_EV_KEY_UPDATE] = "key update",
    [SD_EV_KEY_EXPIRED] = "key expired",
    [SD_EV_MIGRATED] = "migrated",
    [SD_EV_CLOSED] = "closed",
    [SD_EV_ERROR] = "error",
    [SD_EV_NOTE] = "note",
};

const char *sd_event_name(enum sd_event_kind kind)
{
    if ((unsigned)kind >= SD_EV_MAX || event_names[kind] == NULL)
        return "unknown event";
    return event_names[kind];
}

const struct sd_mode *sd_mode_find(const struct sd_agent_ops *ops, const char *mode)
{
    if (mode == NULL)
        mode = "fresh";
    for (const struct sd_mode *m = ops->modes; m != NULL && m->name != NULL; m++)
        if (strcmp(m->name, mode) == 0)
            return m;
    return NULL;
}
