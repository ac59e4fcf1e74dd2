/* program.h - runs a program to its end and keeps what it said. */
#ifndef SD_TEST_PROGRAM_H
#define SD_TEST_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

struct program_said {
    int status; /* exit status, or 1000 + signal */
    char out[32768], err[32768];
};

/* line: words separated by blanks, run in folder `in` without a shell; NO_COLOR as it is. */
void program_run(struct program_said *, const char *in, const char *line);
/* Starts it with its output thrown away; program_end() waits. */
pid_t program_start(const char *in, const char *line);
int program_end(pid_t);

/* The whole file as a text that the caller frees; NULL when it is not there. */
char *program_file(const char *folder, const char *name);

/* A new folder below $TMPDIR, removed by program_rmtree(). */
void program_mktree(char *path, size_t cap);
void program_rmtree(const char *path);

#endif
