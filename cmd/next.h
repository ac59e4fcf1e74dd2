/* next.h - what to type next, as every command ends by saying. */
#ifndef SD_NEXT_H
#define SD_NEXT_H

#include <stddef.h>

/* "next: shakedown trace 'my runs' RUN" on stderr: the words until NULL, quoted where a shell
 * needs it; nothing when they are longer than a command line. */
void sd_next(const char *word, ...) __attribute__((sentinel));

/* The same for a command that is quoted already, and words to add to it.  before: "put that right,
 * then", or "". */
void sd_next_command(const char *before, const char *command, const char *const *word,
                     size_t words);

#endif
