/* attack.c - floods, taps and replays. */
#include "sim/node/inside.h"

int sd_lab_flood(struct sd_lab *l, const struct sd_flood *f, struct sd_error *e)
{
    (void)l, (void)f;
    return sd_fail(e, SD_E_UNSUPPORTED, "not yet");
}
int sd_lab_tap(struct sd_lab *l, const struct sd_tap *t)
{
    (void)l, (void)t;
    return SD_E_UNSUPPORTED;
}
int sd_lab_replay(struct sd_lab *l, const struct sd_replay *r)
{
    (void)l, (void)r;
    return SD_E_UNSUPPORTED;
}
void lab_attack_free(struct sd_lab *l)
{
    (void)l;
}
