/* script_file.h - scenarios as texts, written to a file of the test's own. */
#ifndef SD_SCRIPT_FILE_H
#define SD_SCRIPT_FILE_H

#include "lua/scenario.h"

/* A whole small scenario around what a test is about; %s in the order: header words of the file's
 * body before scenario, fields of scenario. */
struct sd_scenario *script_load(const char *text, const struct sd_scenario_config *config,
                                struct sd_error *error);
/* A line of settings, "loss=1%,2% rtt=3ms"; at most eight. */
struct sd_scenario *script_load_set(const char *text, const char *settings, struct sd_error *error);
/* The folder's name, and its end. */
int script_setup(void **state);
int script_teardown(void **state);

/* Lines 1 to 14 of a good script; a test's own lines begin at line 15, inside scenario { }. */
#define SCRIPT_HEAD                                                                                \
    "-- Does it work?\n"                                                                           \
    "local client = host \"client\"\n"                                                             \
    "local server = host \"server\"\n"                                                             \
    "local attacker = host \"attacker\"\n"                                                         \
    "local router = nat \"router\" { timeout = 60*s }\n"                                           \
    "local lan = link { client, router, delay = 1*ms }\n"                                          \
    "local wan = link { router, server, delay = 9*ms, rate = 10*Mbps }\n"                          \
    "return scenario {\n"                                                                          \
    "  title = \"A test\",\n"                                                                      \
    "  network = { lan, wan },\n"                                                                  \
    "  agents = { client:runs { each.protocol }, server:runs { each.protocol } },\n"

#endif
