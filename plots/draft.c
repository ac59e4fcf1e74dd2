#include "plots/draft.h"
#include "results/files.h"
#include <stdlib.h>

int sd_draft_begin(struct sd_draft *draft, struct sd_error *error)
{
    *draft = (struct sd_draft){0};
    draft->to = open_memstream(&draft->text, &draft->len);
    return draft->to ? SD_OK : sd_fail(error, SD_E_NOMEM, "out of memory for a drawing");
}

int sd_draft_end(struct sd_draft *draft, struct sd_error *error)
{
    if (fflush(draft->to) != 0 || ferror(draft->to))
        return sd_fail(error, SD_E_NOMEM, "out of memory for a drawing");
    return SD_OK;
}

int sd_draft_land(struct sd_draft *draft, const char *dir, const char *name, struct sd_error *error)
{
    int rc = sd_draft_end(draft, error);
    if (rc == SD_OK)
        rc = sd_file_write(dir, name, draft->text, draft->len, error);
    sd_draft_drop(draft);
    return rc;
}

void sd_draft_drop(struct sd_draft *draft)
{
    if (draft->to)
        fclose(draft->to);
    free(draft->text);
    *draft = (struct sd_draft){0};
}
