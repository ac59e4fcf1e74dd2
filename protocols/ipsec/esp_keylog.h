/* esp_keylog.h - an SA's keys as Wireshark reads them: a row of its table esp_sa. */
#ifndef ESP_KEYLOG_H
#define ESP_KEYLOG_H

#include "protocols/ipsec/esp_sa.h"

void esp_keylog(struct sd_env *, const struct esp_sa *);

#endif
