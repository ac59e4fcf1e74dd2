/* report_answer.c - one sentence from the data: the measure that a scenario's "answer" names.
 *
 * "Until the reply begins: 2.00 round trips for QUIC and DTLS 1.3; 3.00 round trips for TLS 1.3."
 * What is true or false is told by who: "WireGuard survives; TLS 1.2 and TLS 1.3 do not." */
#include "plots/axis.h"
#include "plots/report_parts.h"
#include "plots/report_points.h"
#include "plots/svg.h"
#include <ctype.h>
#include <string.h>

#define VALUES   6  /* told apart in one sentence; of more, the middle is summed up */
#define NAMED    12 /* names in one sentence, before the largest group becomes "all others" */
#define TROUBLED 4  /* protocols whose unfinished runs are told one by one */

/* -- words -- */

static void put_strong(FILE *to, const char *text)
{
    fputs("<strong>", to);
    sd_xml(to, text);
    fputs("</strong>", to);
}

static void put_begin(FILE *to, const char *text)
{
    char first[2] = {(char)toupper((unsigned char)*text), '\0'};
    sd_xml(to, first);
    if (*text)
        sd_xml(to, text + 1);
}

/* "TLS 1.2, TLS 1.3 and QUIC"; of very many the first, and how many more. */
static void put_names(FILE *to, const struct points *points, size_t at, size_t count)
{
    size_t shown = count > NAMED ? NAMED - 2 : count;
    for (size_t i = 0; i < shown; i++) {
        fputs(!i ? "" : i + 1 == count ? " and " : ", ", to);
        sd_xml(to, points->name[at + i].text);
    }
    if (shown < count)
        fprintf(to, " and %zu more", count - shown);
}

/* "At loss 5%, ": what the runs were chosen by, of what the scenario sweeps over. */
static bool put_where(FILE *to, const struct points *points)
{
    const json_t *sweep = json_object_get(points->scenario, "sweep");
    bool any = false;
    const char *column;
    json_t *cells;
    json_object_foreach((json_t *)points->when, column, cells)
    {
        char name[96], text[96];
        const char *cell = json_string_value(json_array_get(cells, 0));
        if (!cell || json_array_size(cells) != 1 ||
            json_array_size(json_object_get(sweep, column)) < 2)
            continue;
        sd_name_text(column, name, sizeof name);
        sd_cell_text(column, cell, text, sizeof text);
        fputs(any ? ", " : isdigit((unsigned char)*cell) ? "At " : "With ", to);
        sd_xml(to, name);
        fputc(' ', to);
        sd_xml(to, text);
        any = true;
    }
    if (any)
        fputs(", ", to);
    return any;
}

/* -- how much -- */

/* "Until the reply begins", "At loss 5%, the median handshake time" */
static void put_subject(FILE *to, const struct points *points)
{
    char name[96], text[128];
    if (*points->say) {
        put_begin(to, points->say);
        return;
    }
    bool where = put_where(to, points);
    sd_name_text(sd_stored_measure_name(points->scenario, points->y), name, sizeof name);
    const char *before = points->flag ? "" : points->repeated ? "the median " : "the ";
    snprintf(text, sizeof text, "%s%s", before, name);
    if (where)
        sd_xml(to, text);
    else
        put_begin(to, text);
}

/* One value for all. */
static void put_all(FILE *to, const struct points *points)
{
    put_strong(to, points->name->value.text);
    fputs(" for ", to);
    if (points->names <= 2)
        put_names(to, points, 0, points->names);
    else
        fprintf(to, points->plain ? "all %zu protocols" : "all", points->names);
}

/* "2.00 round trips for QUIC and DTLS 1.3", after what went before. */
static void put_value(FILE *to, const struct points *points, size_t at, const char *gap)
{
    fputs(gap, to);
    put_strong(to, points->name[at].value.text);
    fputs(" for ", to);
    put_names(to, points, at, points_alike(points, at));
}

/* Few values: each.  Where the names are many, one value is that of all others, and comes last. */
static void put_each(FILE *to, const struct points *points)
{
    size_t largest = 0;
    for (size_t at = 0; at < points->names; at += points_alike(points, at))
        if (points_alike(points, at) > points_alike(points, largest))
            largest = at;
    bool others = points->names > NAMED;
    const char *gap = "";
    for (size_t at = 0; at < points->names; at += points_alike(points, at)) {
        if (others && at == largest)
            continue;
        put_value(to, points, at, gap);
        gap = "; ";
    }
    if (others) {
        fputs(gap, to);
        put_strong(to, points->name[largest].value.text);
        fputs(" for all others", to);
    }
}

/* Many values: the first three and the last two, and how many are between. */
static void put_range(FILE *to, const struct points *points, size_t values)
{
    size_t value = 0, from = 0, last = 0;
    for (size_t at = 0; at < points->names; at += points_alike(points, at), value++) {
        if (value < 3 || value + 2 >= values) {
            put_value(to, points, at, at ? "; " : "");
            continue;
        }
        from = value == 3 ? at : from;
        last = at;
        if (value + 3 < values)
            continue;
        fputs("; ", to);
        put_strong(to, points->name[from].value.text);
        fputs(" to ", to);
        put_strong(to, points->name[last].value.text);
        fprintf(to, " for %zu more", last + points_alike(points, last) - from);
    }
}

static void put_amounts(FILE *to, const struct points *points)
{
    size_t values = 0;
    for (size_t at = 0; at < points->names; at += points_alike(points, at))
        values++;
    put_subject(to, points);
    fputs(": ", to);
    if (values == 1)
        put_all(to, points);
    else if (values <= VALUES)
        put_each(to, points);
    else
        put_range(to, points, values);
}

/* -- who does -- */

struct predicate {
    char one[192], many[192];       /* "survives it", "survive it" */
    const char *not_one, *not_many; /* "does not", "do not" */
    const char *rest;               /* what follows these in a full sentence: "survive it" */
};

static bool ends(const char *word, size_t len, const char *end)
{
    size_t size = strlen(end);
    return len > size + 1 && !memcmp(word + len - size, end, size);
}

/* The verb without the end of the third person singular: "survives", "carries", "passes". */
static void plain_form(const char *verb, size_t len, char *text, size_t cap)
{
    static const char *const hiss[] = {"sses", "shes", "ches", "xes", "zzes", "oes"};
    bool carries = ends(verb, len, "ies"), passes = false;
    for (size_t i = 0; i < sizeof hiss / sizeof *hiss; i++)
        passes |= ends(verb, len, hiss[i]);
    snprintf(text, cap, "%.*s%s",
             (int)(len - (carries  ? 3
                          : passes ? 2
                                   : 1)),
             verb, carries ? "y" : "");
}

/* False: the words do not begin with a verb in the third person singular. */
static bool predicate_of(const struct points *points, struct predicate *predicate)
{
    static const struct {
        const char *one, *many, *not_one, *not_many;
    } rows[] = {
        {"is", "are", "is not", "are not"},
        {"has", "have", "has not", "have not"},
        {"was", "were", "was not", "were not"},
    };
    char *one = predicate->one, verb[96];
    if (*points->say)
        snprintf(one, sizeof predicate->one, "%s", points->say);
    else
        sd_name_text(sd_stored_measure_name(points->scenario, points->y), one,
                     sizeof predicate->one);
    size_t len = strcspn(one, " ");
    if (len < 2 || len >= sizeof verb || one[len - 1] != 's' || one[len - 2] == 's')
        return false;
    plain_form(one, len, verb, sizeof verb);
    predicate->not_one = "does not";
    predicate->not_many = "do not";
    predicate->rest = predicate->many;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].one) == len && !memcmp(one, rows[i].one, len)) {
            snprintf(verb, sizeof verb, "%s", rows[i].many);
            predicate->not_one = rows[i].not_one;
            predicate->not_many = rows[i].not_many;
            predicate->rest = one[len] ? one + len + 1 : "";
        }
    snprintf(predicate->many, sizeof predicate->many, "%s%s", verb, one + len);
    return true;
}

static void put_none(FILE *to, const struct points *points, const struct predicate *predicate)
{
    if (points->names > 1) {
        put_strong(to, "None");
        if (points->plain)
            fprintf(to, " of the %zu protocols", points->names);
        fputc(' ', to);
        sd_xml(to, predicate->one);
        return;
    }
    put_strong(to, points->name->text);
    fprintf(to, " %s%s", predicate->not_one, *predicate->rest ? " " : "");
    sd_xml(to, predicate->rest);
}

/* Those who always do come first, then those who do at times, then those who never do. */
static void put_who(FILE *to, const struct points *points, const struct predicate *predicate)
{
    if (!*points->say)
        put_where(to, points);
    if (!points->name[0].value.trues) {
        put_none(to, points, predicate);
        return;
    }
    for (size_t at = 0, count; at < points->names; at += count) {
        const struct point_value *value = &points->name[at].value;
        count = points_alike(points, at);
        bool all = count == points->names && count > 2 && points->plain;
        fputs(at ? "; <strong>" : "<strong>", to);
        if (all)
            fprintf(to, "All %zu protocols", count);
        else
            put_names(to, points, at, count);
        fputs("</strong> ", to);
        if (!value->trues)
            fputs(count == 1 ? predicate->not_one : predicate->not_many, to);
        else if (!at)
            sd_xml(to, count == 1 ? predicate->one : predicate->many);
        if (value->trues && value->trues < value->runs)
            fprintf(to, "%s%s%s", at ? "" : " ", count == 1 ? "" : "each ", value->text);
    }
}

/* -- runs that did not get there -- */

struct trouble {
    const char *protocol;
    size_t such, runs;
};

/* " Unfinished: 3 of 40 runs of TLS 1.2, 1 of 40 of QUIC." */
static void put_trouble(FILE *to, const struct points *points, bool failed)
{
    struct trouble all = {0}, one = {0}, told[TROUBLED] = {{0}};
    size_t count = 0, groups = sd_groups_count(points->groups);
    bool protocols = points->bys > 0 && !strcmp(points->by[0], "protocol");
    for (size_t g = 0; g < groups; g++) {
        const struct point_value *value = &points->value[g];
        const char *protocol = protocols ? sd_groups_cell(points->groups, g, 0) : "";
        if (!one.protocol || strcmp(one.protocol, protocol) != 0)
            one = (struct trouble){.protocol = protocol};
        size_t such = failed ? value->failed : value->unfinished;
        count += such && !one.such; /* its first */
        one.such += such;
        one.runs += value->runs;
        all.such += such;
        all.runs += value->runs;
        if (one.such && count <= TROUBLED)
            told[count - 1] = one;
    }
    if (!all.such)
        return;
    fprintf(to, " %s: ", failed ? "Failed" : "Unfinished");
    if (count > TROUBLED || !protocols)
        fprintf(to, "%zu of %zu runs", all.such, all.runs);
    for (size_t i = 0; protocols && count <= TROUBLED && i < count; i++) {
        char name[96];
        sd_cell_text("protocol", told[i].protocol, name, sizeof name);
        fprintf(to, "%s%zu of %zu%s of ", i ? ", " : "", told[i].such, told[i].runs,
                i                   ? ""
                : told[i].runs == 1 ? " run"
                                    : " runs");
        sd_xml(to, name);
    }
    fputc('.', to);
}

int report_answer(FILE *to, const struct sd_stored *stored, const json_t *scenario,
                  struct sd_error *error)
{
    struct points points;
    struct predicate predicate;
    if (!json_is_object(json_object_get(scenario, "answer")))
        return report_first_plot(to, stored, scenario, error);
    int rc = points_make(&points, stored, scenario, error);
    if (rc < 0)
        return rc;
    if (!points.names) {
        points_free(&points);
        return report_first_plot(to, stored, scenario, error);
    }
    if (points.flag && predicate_of(&points, &predicate))
        put_who(to, &points, &predicate);
    else
        put_amounts(to, &points);
    fputc('.', to);
    put_trouble(to, &points, false);
    put_trouble(to, &points, true);
    points_free(&points);
    return SD_OK;
}
