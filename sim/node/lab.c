/* lab.c - a run's beginning and end, and its machines. */
#include "sim/node/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_BYTES 212992 /* Linux's rmem_default */
#define CORES_MAX   1024

/* -- memory -- */

void *lab_grow(void *block, size_t size)
{
    void *more = realloc(block, size > 0 ? size : 1);
    if (more == NULL) {
        fprintf(stderr, "shakedown: out of memory for a run\n");
        abort();
    }
    return more;
}

void *lab_new(size_t size)
{
    return memset(lab_grow(NULL, size), 0, size);
}

char *lab_copy(const char *text)
{
    return text != NULL ? strcpy(lab_grow(NULL, strlen(text) + 1), text) : NULL;
}

/* -- beginning and end -- */

int sd_lab_create(struct sd_lab **out, const struct sd_lab_config *config, struct sd_error *error)
{
    if (out == NULL || config == NULL)
        return sd_fail(error, SD_E_ARG, "lab: expected a configuration, found none");
    struct sd_lab *lab = lab_new(sizeof *lab);
    lab->config = *config;
    lab->after_end = &lab->after;
    lab->transfer.began = SD_NEVER;
    *out = lab;
    return SD_OK;
}

static void machine_free(struct machine *m)
{
    lab_processor_free(m->processor);
    sd_nat_free(m->nat);
    free(m->links);
    free(m->name);
    free(m->seen);
    free(m);
}

void sd_lab_destroy(struct sd_lab *lab)
{
    if (lab == NULL)
        return;
    lab_floods_free(lab);
    lab_shots_free(lab);
    lab_visits_free(lab);
    lab_after_free(lab);
    lab_alarms_free(lab);
    lab_meetings_free(lab);
    for (uint32_t i = 0; i < lab->machines; i++)
        lab_host_free(lab->machine[i]->host);
    for (uint32_t i = 0; i < lab->machines; i++)
        sd_chain_destroy(lab->machine[i]->chain);
    lab_taps_free(lab);
    lab_meddlers_free(lab);
    lab_ears_free(lab);
    sd_net_destroy(lab->net);
    lab_topology_free(lab);
    for (uint32_t i = 0; i < lab->convs; i++)
        lab_conv_free(lab->conv[i]);
    for (uint32_t i = 0; i < lab->machines; i++)
        machine_free(lab->machine[i]);
    lab_trace_free(lab->trace);
    if (lab->capture != NULL)
        sd_pcapng_close(lab->capture, NULL, NULL, NULL);
    lab_map_free(&lab->map);
    free(lab->machine);
    free(lab->conv);
    free(lab->stream);
    free(lab);
}

struct sd_net *sd_lab_net(struct sd_lab *lab)
{
    return lab->net;
}

uint64_t lab_seed(const struct sd_lab *lab, const char *what, const char *name)
{
    return sd_hash_text(sd_hash_text(sd_hash_u64(0, lab->config.seed), what), name);
}

/* -- machines -- */

struct machine *lab_machine(const struct sd_lab *lab, sd_machine id)
{
    return id >= 0 && (uint32_t)id < lab->machines ? lab->machine[id] : NULL;
}

static struct machine *machine_new(struct sd_lab *lab, const char *name, enum machine_role role,
                                   struct sd_error *error)
{
    uint64_t same;
    if (lab->started) {
        sd_fail(error, SD_E_STATE, "machine: the lab has started, its network is fixed");
        return NULL;
    }
    if (name == NULL || *name == '\0') {
        sd_fail(error, SD_E_ARG, "machine: expected a name, found none");
        return NULL;
    }
    uint64_t key = lab_key(KEY_NAME, sd_hash_text(0, name));
    if (lab_map_get(&lab->map, key, &same)) {
        sd_fail(error, SD_E_ARG, "machine: expected names that differ, found '%s' twice", name);
        return NULL;
    }
    if (lab->machines == lab->machine_cap) {
        lab->machine_cap = lab->machine_cap * 2 + 16;
        lab->machine = lab_grow(lab->machine, lab->machine_cap * sizeof(struct machine *));
    }
    struct machine *m = lab_new(sizeof *m);
    m->lab = lab;
    m->id = (sd_machine)lab->machines;
    m->name = lab_copy(name);
    m->role = role;
    m->capture_interface = -1;
    lab->machine[lab->machines++] = m;
    lab_map_put(&lab->map, key, (uint64_t)m->id);
    return m;
}

sd_machine sd_lab_host(struct sd_lab *lab, const struct sd_machine_config *config,
                       struct sd_error *error)
{
    if (config->cores > CORES_MAX)
        return sd_fail(error, SD_E_ARG, "host %s: expected at most %d cores, found %u",
                       config->name, CORES_MAX, config->cores);
    struct machine *m = machine_new(lab, config->name, MACHINE_HOST, error);
    if (m == NULL)
        return error != NULL ? error->code : SD_E_ARG;
    m->set = *config;
    m->set.name = m->name;
    if (m->set.cores == 0)
        m->set.cores = 1;
    if (m->set.input_queue_bytes == 0)
        m->set.input_queue_bytes = QUEUE_BYTES;
    if (config->costs != NULL)
        m->processor = lab_processor_new(m);
    return m->id;
}

sd_machine sd_lab_router(struct sd_lab *lab, const char *name, struct sd_error *error)
{
    struct machine *m = machine_new(lab, name, MACHINE_ROUTER, error);
    return m != NULL ? m->id : error != NULL ? error->code : SD_E_ARG;
}

sd_machine sd_lab_nat(struct sd_lab *lab, const struct sd_nat_config *config,
                      struct sd_error *error)
{
    if (config->mapping > SD_NAT_ADDRESS_PORT)
        return sd_fail(error, SD_E_ARG, "nat %s: there is no mapping %d", config->name,
                       (int)config->mapping);
    struct machine *m = machine_new(lab, config->name, MACHINE_NAT, error);
    if (m == NULL)
        return error != NULL ? error->code : SD_E_ARG;
    m->nat_set = *config;
    m->nat_set.name = m->name;
    return m->id;
}

int sd_lab_block(struct sd_lab *lab, sd_machine id, unsigned what, struct sd_error *error)
{
    struct machine *m = lab_machine(lab, id);
    if (m == NULL || m->role == MACHINE_HOST || (what & ~(unsigned)SD_BLOCK_ALL) != 0)
        return sd_fail(error, SD_E_ARG, "firewall: expected a router or nat that blocks, found %s",
                       m != NULL ? m->name : "no machine");
    if (lab->started)
        return sd_fail(error, SD_E_STATE, "firewall %s: the lab has started", m->name);
    m->firewall.blocks = what;
    return SD_OK;
}

/* -- start -- */

static int seat_all(struct sd_lab *lab, struct sd_error *error)
{
    for (uint32_t i = 0; i < lab->machines; i++) {
        struct host *h = lab->machine[i]->host;
        if (h == NULL || h->set.role == SD_ROLE_BOTH)
            continue;
        int result = lab_host_seat(h, h->set.role, error);
        if (result != SD_OK)
            return result;
    }
    return SD_OK;
}

int sd_lab_start(struct sd_lab *lab, struct sd_error *error)
{
    if (lab->started)
        return sd_fail(error, SD_E_STATE, "lab: it has started already");
    bool checksums = lab->config.checksums || lab->config.capture;
    for (uint32_t i = 0; i < lab->links; i++)
        checksums |=
            lab->link[i].set.forth.corrupt_ppm != 0 || lab->link[i].set.back.corrupt_ppm != 0;
    lab->config.checksums = checksums;
    struct sd_net_config net = {.checksums = checksums};
    int result = sd_net_create(&lab->net, &net, error);
    if (result != SD_OK)
        return result;
    lab->started = true;
    if (lab->config.trace)
        lab->trace = lab_trace_new(lab);
    if (lab->config.capture && (lab->capture = sd_pcapng_new("shakedown")) == NULL)
        return sd_fail(error, SD_E_NOMEM, "lab: no memory for a capture");
    result = lab_topology_build(lab, error);
    if (result == SD_OK)
        result = seat_all(lab, error);
    if (result == SD_OK)
        result = lab_prepare_all(lab, error);
    if (result != SD_OK)
        return result;
    lab->zero = sd_net_now(lab->net);
    lab->live = true;
    lab_mark(lab);
    lab_weather_refresh(lab);
    return SD_OK;
}

void lab_mark(struct sd_lab *lab)
{
    if (lab->net == NULL)
        return;
    lab->marked = sd_net_now(lab->net);
    for (uint32_t i = 0; i < lab->machines; i++) {
        struct machine *m = lab->machine[i];
        lab_baseline(m, &m->base);
        m->migrated = m->delivered_twice = m->garbled = m->streams = m->heard = m->heard_late = 0;
    }
    for (uint32_t i = 0; i < lab->convs; i++)
        lab->conv[i]->counted = false;
    lab->transfer = (struct transfer){.began = SD_NEVER};
    lab->stream_sent = lab->stream_received = lab->stream_duplicates = 0;
    lab->stream_gap = 0;
}
