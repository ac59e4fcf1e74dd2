/* files.h - whole files: read at once, and written so that a reader sees the old or the new. */
#ifndef SD_FILES_H
#define SD_FILES_H

#include "sim/core/error.h"
#include <stddef.h>

/* Writes dir/name through dir/name.new and a rename.  SD_E_IO with the path and the reason. */
int sd_file_write(const char *dir, const char *name, const void *bytes, size_t len,
                  struct sd_error *);
/* The whole of dir/name, with a '\0' behind its *len bytes; the caller frees it.  dir NULL:
 * name is a path.  SD_E_IO, SD_E_NOMEM; hint (may be NULL) ends the message: what the reader should
 * do. */
int sd_file_read(char **bytes, size_t *len, const char *dir, const char *name, const char *hint,
                 struct sd_error *);
/* dir and the folders above it. */
int sd_folder_make(const char *dir, struct sd_error *);

#endif
