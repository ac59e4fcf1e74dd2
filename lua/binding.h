/* binding.h - what the prelude reaches of the lab, and the run under way. */
#ifndef SD_BINDING_H
#define SD_BINDING_H

#include "lua/script.h"
#include "sim/core/random.h"
#include "sim/node/lab.h"

/* An event of a machine that somebody in the script waits for. */
struct sd_interest {
    sd_machine machine;
    char name[24];
};
struct sd_call; /* a function of the script that waits for its time */

struct sd_binding {
    struct sd_script *script;
    struct sd_lab *lab;
    struct sd_rng rng; /* run:random() */
    struct sd_interest *interest;
    size_t interests;
    struct sd_call *calls;
    struct sd_error *error; /* the first thing that a function of the script did wrong */
    int result;
};

/* Sets protocols, metrics, events, message_min and cost() in the table at the top: P.host. */
void sd_lists_fill(lua_State *);
/* Gives P.host those and the functions of lab; before the prelude is loaded. */
int sd_binding_open(struct sd_script *, struct sd_error *);
/* From now on the functions of lab act on this run's lab, whose events go to the script. */
void sd_binding_attach(struct sd_binding *);
/* Frees what waits.  Before the lab is destroyed. */
void sd_binding_detach(struct sd_binding *);

#endif
