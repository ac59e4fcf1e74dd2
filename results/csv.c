#include "results/csv.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct sd_text *text, size_t more)
{
    if (text->bad || more > SIZE_MAX / 2 - text->len) {
        text->bad = true;
        return false;
    }
    size_t wanted = text->len + more + 1, cap = text->cap ? text->cap : 256;
    if (wanted <= text->cap)
        return true;
    while (cap < wanted)
        cap *= 2;
    char *grown = realloc(text->text, cap);
    if (!grown) {
        text->bad = true;
        return false;
    }
    text->text = grown;
    text->cap = cap;
    return true;
}

void sd_text_add(struct sd_text *text, const char *bytes, size_t len)
{
    if (!reserve(text, len))
        return;
    memcpy(text->text + text->len, bytes, len);
    text->len += len;
    text->text[text->len] = '\0';
}

void sd_text_put(struct sd_text *text, const char *more)
{
    sd_text_add(text, more, strlen(more));
}

void sd_text_format(struct sd_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || !reserve(text, (size_t)len)) {
        text->bad = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text->text + text->len, (size_t)len + 1, format, args);
    va_end(args);
    text->len += (size_t)len;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_blank(char c)
{
    return c == ' ' || is_control(c);
}

void sd_csv_cell(struct sd_text *text, const char *cell)
{
    if (!cell || !*cell)
        return;
    size_t len = strlen(cell);
    bool quoted = strpbrk(cell, ",\"") || is_blank(cell[0]) || is_blank(cell[len - 1]);
    if (quoted)
        sd_text_add(text, "\"", 1);
    for (const char *at = cell; *at; at++)
        sd_text_add(text, *at == '"' ? "\"\"" : is_control(*at) ? " " : at, *at == '"' ? 2 : 1);
    if (quoted)
        sd_text_add(text, "\"", 1);
}

/* A quoted cell, from its opening quote; *at moves behind the closing one. */
static int quoted_cell(char **at, const char *end, size_t *line, struct sd_error *error)
{
    char *to = *at, *from = *at + 1;
    for (;; from++) {
        if (from == end)
            return sd_fail(error, SD_E_ARG, "expected a closing quote, found the end of the file");
        if (!*from)
            return sd_fail(error, SD_E_ARG, "expected text, found a zero byte");
        if (*from == '\n')
            ++*line;
        if (*from == '"' && *++from != '"')
            break;
        *to++ = *from;
    }
    /* The text moved up by one: its end, and what was between, is no longer needed. */
    *to = '\0';
    *at = from;
    return SD_OK;
}

static int plain_cell(char **at, const char *end, struct sd_error *error)
{
    while (*at < end && **at != ',' && **at != '\n' && **at != '\r') {
        if (!**at)
            return sd_fail(error, SD_E_ARG, "expected text, found a zero byte");
        if (**at == '"')
            return sd_fail(error, SD_E_ARG, "expected a comma, found a quote inside a cell");
        ++*at;
    }
    return SD_OK;
}

int sd_csv_record(char **at, char *end, size_t *line, char **cell, size_t cap, size_t *count,
                  struct sd_error *error)
{
    *count = 0;
    for (;;) {
        if (*count == cap)
            return sd_fail(error, SD_E_ARG, "expected %zu cells, found more", cap);
        cell[(*count)++] = *at;
        int rc = **at == '"' ? quoted_cell(at, end, line, error) : plain_cell(at, end, error);
        if (rc < 0)
            return rc;
        char *stop = *at;
        if (stop < end && *stop == '\r' && stop[1] == '\n')
            ++*at;
        if (*at < end && **at != ',' && **at != '\n')
            return sd_fail(error, SD_E_ARG, "expected a comma or the end of the line, found '%c'",
                           **at > ' ' && **at < 0x7f ? **at : '?');
        bool more = *at < end && **at == ',';
        if (*at < end) {
            *line += **at == '\n';
            ++*at;
        }
        *stop = '\0';
        if (!more)
            return SD_OK;
    }
}
