/* tree.h - scenarios of the source tree, for tests. */
#ifndef SD_TESTS_LUA_TREE_H
#define SD_TESTS_LUA_TREE_H

#include "lua/scenario.h"

/* path from the tree's root; settings: "protocol=tls13 loss=1%", at most eight.  Fails the test
 * when it does not load. */
struct sd_scenario *tree_scenario(const char *path, const char *settings, bool quick,
                                  uint32_t repeats);

#endif
