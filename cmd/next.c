#include "cmd/next.h"
#include "cmd/args.h"
#include <stdarg.h>
#include <stdio.h>

#define LINE 16384

void sd_next(const char *word, ...)
{
    char line[LINE] = "";
    bool fits = true;
    va_list words;
    va_start(words, word);
    for (; word; word = va_arg(words, const char *))
        fits = fits && sd_args_quote(line, sizeof line, word);
    va_end(words);
    if (fits)
        fprintf(stderr, "next: %s\n", line);
}

void sd_next_command(const char *before, const char *command, const char *const *word, size_t words)
{
    char line[LINE];
    bool fits = snprintf(line, sizeof line, "%s", command) < (int)sizeof line;
    for (size_t i = 0; i < words; i++)
        fits = fits && sd_args_quote(line, sizeof line, word[i]);
    if (fits)
        fprintf(stderr, "next: %s%s%s\n", before, *before ? " " : "", line);
}
