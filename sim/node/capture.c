/* capture.c - every packet once for each host or NAT that sends it, as a sniffer beside it sees
 * it; with the keys that open it. */
#include "sim/node/inside.h"

void lab_capture_packet(struct link_end *from, const uint8_t *ip, size_t len, sd_time delay)
{
    struct sd_lab *lab = from->lab;
    struct machine *m = lab->machine[from->machine];
    if (lab->capture == NULL || !lab->live || m->role == MACHINE_ROUTER)
        return;
    if (m->capture_interface < 0)
        m->capture_interface = sd_pcapng_interface(lab->capture, m->name);
    sd_pcapng_packet(lab->capture, m->capture_interface,
                     SD_EPOCH_S * SD_SECOND + sd_lab_now(lab) + delay, ip, len, NULL);
}

int sd_lab_save_capture(struct sd_lab *lab, const char *path, const char *keys_path,
                        struct sd_error *error)
{
    if (lab->capture == NULL)
        return sd_fail(error, SD_E_STATE,
                       "capture: this run keeps none, or it was saved; ask for one when it begins");
    struct sd_pcapng *capture = lab->capture;
    lab->capture = NULL;
    for (uint32_t i = 0; i < lab->machines; i++)
        if (lab->machine[i]->host != NULL)
            lab->machine[i]->host->env.keylog = NULL;
    return sd_pcapng_close(capture, path, keys_path, error);
}
