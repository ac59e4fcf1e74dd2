/* features.c - the feature list as rows. */
#include "sim/core/features.h"

#include <stddef.h>

#define FEATURE_ROW(bit, id, brief, title, meaning) {SD_F_##id, #id, brief, title, meaning},
const struct sd_feature sd_features[] = {SD_FEATURES(FEATURE_ROW){0, NULL, NULL, NULL, NULL}};
