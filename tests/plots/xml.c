#include "tests/plots/xml.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DEEPEST 64

struct reader {
    const char *text, *at;
    char open[DEEPEST][32];
    size_t depth;
    char *why;
    size_t cap;
};

static bool wrong(struct reader *reader, const char *what)
{
    size_t line = 1;
    for (const char *c = reader->text; c < reader->at; c++)
        line += *c == '\n';
    snprintf(reader->why, reader->cap, "line %zu: %s near \"%.40s\"", line, what, reader->at);
    return false;
}

/* &amp; and its like, &#39; */
static bool entity(struct reader *reader)
{
    static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(reader->at, names[i], strlen(names[i]))) {
            reader->at += strlen(names[i]);
            return true;
        }
    return wrong(reader, "a bare &");
}

static bool character(struct reader *reader)
{
    unsigned char c = (unsigned char)*reader->at;
    if (c == '&')
        return entity(reader);
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
        return wrong(reader, "a control character");
    reader->at++;
    return true;
}

static void blanks(struct reader *reader)
{
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

static size_t name(const char *at)
{
    size_t len = 0;
    while (isalnum((unsigned char)at[len]) || (at[len] && strchr("-_:", at[len])))
        len++;
    return len;
}

static bool attribute(struct reader *reader)
{
    size_t len = name(reader->at);
    if (!len)
        return wrong(reader, "no attribute");
    reader->at += len;
    blanks(reader);
    if (*reader->at != '=')
        return wrong(reader, "no = behind an attribute");
    reader->at++;
    blanks(reader);
    char quote = *reader->at;
    if (quote != '"' && quote != '\'')
        return wrong(reader, "an attribute without quotes");
    reader->at++;
    while (*reader->at && *reader->at != quote) {
        if (*reader->at == '<')
            return wrong(reader, "< in an attribute");
        if (!character(reader))
            return false;
    }
    if (!*reader->at)
        return wrong(reader, "an open quote");
    reader->at++;
    return true;
}

static bool tag(struct reader *reader)
{
    reader->at++;
    bool closes = *reader->at == '/';
    reader->at += closes;
    size_t len = name(reader->at);
    if (!len || len >= sizeof reader->open[0])
        return wrong(reader, "no name of an element");
    if (closes) {
        if (!reader->depth || strlen(reader->open[reader->depth - 1]) != len ||
            strncmp(reader->open[reader->depth - 1], reader->at, len))
            return wrong(reader, "an element closed that is not open");
        reader->depth--;
        reader->at += len;
        blanks(reader);
        return *reader->at++ == '>' || wrong(reader, "no >");
    }
    if (reader->depth == DEEPEST)
        return wrong(reader, "too deep");
    memcpy(reader->open[reader->depth], reader->at, len);
    reader->open[reader->depth][len] = '\0';
    reader->at += len;
    for (;;) {
        blanks(reader);
        if (*reader->at == '>') {
            reader->depth++;
            reader->at++;
            return true;
        }
        if (reader->at[0] == '/' && reader->at[1] == '>') {
            reader->at += 2;
            return true;
        }
        if (!attribute(reader))
            return false;
    }
}

bool xml_well_formed(const char *text, char *why, size_t cap)
{
    struct reader reader = {.text = text, .at = text, .why = why, .cap = cap};
    do {
        if (*reader.at == '<' ? !tag(&reader) : !character(&reader))
            return false;
    } while (*reader.at && reader.depth);
    blanks(&reader);
    if (reader.depth)
        return wrong(&reader, "an element left open");
    return !*reader.at || wrong(&reader, "something behind the root element");
}
