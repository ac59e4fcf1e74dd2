/* claims.h - what the survey's editions say of each protocol, from results/claims/ of the source
 * tree: one file an edition, with rows feature, protocol, claim, where. */
#ifndef SD_CLAIMS_H
#define SD_CLAIMS_H

#include "results/features.h"

struct sd_claims;

/* SD_E_IO with file and line: a file that cannot be read, a claim of a feature, protocol or word
 * that there is not, one that is there twice; SD_E_NOMEM. */
int sd_claims_load(struct sd_claims **, struct sd_error *);
void sd_claims_free(struct sd_claims *);

/* The claim and where the text has it; NULL: the edition says nothing of it. */
const char *sd_claims_find(const struct sd_claims *, enum sd_edition, const char *feature,
                           const char *protocol, const char **where);
/* Why what was measured differs from what is claimed; NULL: reasons.csv has no words for it. */
const char *sd_claims_reason(const struct sd_claims *, const char *feature, const char *protocol);
/* Whether a claim says that the protocol has the feature. */
bool sd_claims_affirm(const char *claim);

#endif
