/* args.h - the one parser of the command line, driven by each command's table of flags. */
#ifndef SD_ARGS_H
#define SD_ARGS_H

#include "sim/core/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum sd_flag_kind {
    SD_FLAG_SWITCH, /* --quick          */
    SD_FLAG_TEXT,   /* --out DIR        */
    SD_FLAG_COUNT,  /* --repeats N      */
    SD_FLAG_LIST,   /* --set A --set B  */
};
struct sd_flag {
    const char *name; /* "repeats" for --repeats; one letter: "j" for -j; NULL ends a table */
    enum sd_flag_kind kind;
    const char *value;    /* what the help calls the value: "N"; NULL for a switch */
    const char *what;     /* one line for the help */
    uint64_t least, most; /* SD_FLAG_COUNT */
};

/* Exit codes of every command. */
enum sd_exit {
    SD_EXIT_GOOD = 0,
    SD_EXIT_EXPECTATION = 1, /* an expectation failed, a comparison found a difference */
    SD_EXIT_USAGE = 2,       /* something the user can put right: flag, scenario, folder, disk */
    SD_EXIT_INTERNAL = 3,    /* a fault of Shakedown's own, or a run that crashed */
    SD_EXIT_INTERRUPTED = 130,
};

struct sd_args;

/* One subcommand; each lives in a file of its own name. */
struct sd_command {
    const char *name;
    const char *arguments; /* "FILE|NAME|TAG..." */
    const char *what;      /* one line */
    const char *examples;  /* whole lines */
    const char *notes;     /* more for its --help; may be NULL */
    const struct sd_flag *flags;
    size_t least, most;                 /* arguments that are no flags */
    int (*run)(const struct sd_args *); /* enum sd_exit */
};

#define SD_ARGS_FLAGS 40
#define SD_ARGS_WORDS 256
struct sd_args {
    const struct sd_command *command;
    bool help; /* --help was asked for: nothing else was checked */
    struct {
        bool given;
        const char *text;
        uint64_t count;
    } value[SD_ARGS_FLAGS];          /* by index into command->flags */
    const char *word[SD_ARGS_WORDS]; /* arguments that are no flags, in order */
    size_t words;
    struct {
        const struct sd_flag *flag;
        const char *text;
    } list[SD_ARGS_WORDS]; /* every SD_FLAG_LIST value, in order */
    size_t listed;
};

/* argv[0] is the command's name.  SD_OK, or SD_E_USAGE with the nearest right flag.  Flags may
 * stand anywhere; "--name=value" and "-j4" work; "--" ends flags.  Borrows argv's texts. */
int sd_args_parse(struct sd_args *, const struct sd_command *, int argc, char **argv,
                  struct sd_error *);

bool sd_args_has(const struct sd_args *, const char *flag);
const char *sd_args_text(const struct sd_args *, const char *flag, const char *otherwise);
uint64_t sd_args_count(const struct sd_args *, const char *flag, uint64_t otherwise);

void sd_args_help(const struct sd_command *, FILE *);

/* Splits a line as sd_args_quote() joined it; SD_E_ARG when a quote is open or it has more than
 * cap words.  line is changed; *count words point into it. */
int sd_args_split(char *line, char **word, size_t cap, size_t *count);
/* Appends word to line, quoted where a shell would need it; false when it does not fit. */
bool sd_args_quote(char *line, size_t cap, const char *word);

#endif
