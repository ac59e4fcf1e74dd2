/* report_page.c - the page around a report: it needs no script, no network and no other file. */
#include "plots/report_parts.h"
#include "plots/style.h"
#include "plots/svg.h"
#include "results/files.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char css[] =
    ":root{color-scheme:light dark;--paper:#fff;--page:#f3f4f6;--ink:#1c2126;--muted:#5a646e;"
    "--faint:#d4d9df;--wash:#f1f3f6;--link:#0b57b0;--good:#00735c;--bad:#b3201a}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--paper:#16191d;--page:#0f1114;"
    "--ink:#e8ebee;--muted:#a3adb8;--faint:#3a424b;--wash:#20252b;--link:#8ab8ff;--good:#4fd1b2;"
    "--bad:#ff8478}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"
    "'Segoe UI',Arial,'Liberation Sans',sans-serif;-webkit-text-size-adjust:100%}\n"
    "main,header{max-width:1100px;margin:0 auto;padding:0 20px}\n"
    "header{padding-top:28px}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}\n"
    "h2{font-size:1.45rem;line-height:1.25;margin:0 0 .3rem}\n"
    "h3{font-size:1.05rem;margin:1.8rem 0 .5rem}\n"
    "p{margin:.5rem 0}a{color:var(--link)}\n"
    "section,nav,.about{background:var(--paper);border:1px solid var(--faint);border-radius:10px;"
    "padding:22px 24px;margin:20px 0}\n"
    "nav ol{margin:.4rem 0 0;padding-left:1.4rem}nav li{margin:.5rem 0}\n"
    "nav li span{display:block;color:var(--muted)}\n"
    ".question{color:var(--muted);font-size:1.08rem;margin:0 0 .7rem}\n"
    ".answer{font-size:1.15rem;border-left:4px solid var(--good);padding:.2rem 0 .2rem .9rem;"
    "margin:.6rem 0 1rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:.6rem 0}\n"
    "dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}\n"
    "code{font:.9em ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "overflow-wrap:anywhere}\n"
    "pre{background:var(--wash);border-radius:6px;padding:.6rem .8rem;margin:.5rem 0;"
    "overflow-x:auto}pre code{overflow-wrap:normal}\n"
    "figure{margin:1rem 0;overflow-x:auto;border:1px solid var(--faint);border-radius:8px}\n"
    "figure svg{display:block;width:100%;height:auto;min-width:620px}\n"
    ".ladder svg{min-width:860px}\n"
    ".scroll{overflow:auto;max-height:46rem;border:1px solid var(--faint);border-radius:8px;"
    "margin:.8rem 0}\n"
    "table{border-collapse:collapse;width:100%;font-size:.93rem}\n"
    "th,td{padding:.34rem .7rem;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--faint)}\n"
    "th{position:sticky;top:0;background:var(--wash);white-space:nowrap;font-weight:600}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "tr:last-child td{border-bottom:0}\n"
    "td{white-space:nowrap}td.t{white-space:normal;min-width:18em}td "
    "i{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.5em;"
    "background:currentColor}\n"
    "tr:target{outline:2px solid var(--link)}\n"
    ".bad{color:var(--bad)}.good{color:var(--good)}.muted{color:var(--muted)}\n"
    "details{margin:.8rem 0}summary{cursor:pointer;font-weight:600}\n"
    "footer{max-width:1100px;margin:0 auto;padding:0 20px 40px;color:var(--muted)}\n"
    "@media (max-width:600px){main,header{padding:0 10px}section,nav,.about{padding:16px 12px}"
    "h1{font-size:1.5rem}h2{font-size:1.25rem}dl{display:block}dt{margin-top:.5rem}}\n"
    "@media print{body{background:#fff;font-size:11pt}main,header,footer{max-width:none;padding:0}"
    "section,nav,.about{border:0;padding:0;margin:0 0 1.2rem}section{break-before:page}"
    "figure,tr{break-inside:avoid}figure{border:0;overflow:visible}figure svg,.ladder svg"
    "{min-width:0;max-height:23cm}"
    ".scroll{max-height:none;overflow:visible;border:0}"
    "table{font-size:8pt}th{position:static;white-space:normal}th,td{padding:.2rem .4rem}"
    "td{white-space:normal}td:has(i){white-space:nowrap}td.t{min-width:0}"
    "a{color:inherit;text-decoration:none}}\n";

/* Features by protocols: narrow cells, so that twelve protocols stand side by side. */
static const char css_matrix[] =
    "td.w{white-space:normal}.whole{max-height:none}.matrix{font-size:.82rem}"
    ".matrix th{white-space:normal;vertical-align:bottom;text-align:center;padding:.3rem .25rem}"
    ".matrix th:first-child{position:sticky;left:0;z-index:1;text-align:left;min-width:8.5em;"
    "padding-left:.6rem}"
    ".matrix i{display:block;height:.35em;border-radius:2px;background:currentColor;"
    "margin-bottom:.3em}"
    ".matrix td{text-align:center;padding:.2rem .25rem}.matrix td a{display:block;color:inherit;"
    "text-decoration:none;font-weight:600}.matrix td:hover a{text-decoration:underline}"
    ".matrix small{color:var(--muted);font-size:.92em;white-space:nowrap}"
    ".matrix .differs{background:var(--wash);box-shadow:inset 3px 0 var(--bad)}"
    ".matrix small .bad{font-weight:700}.matrix .yes a{color:var(--good)}"
    ".matrix .no a,.matrix .na a{color:var(--muted)}\n";

static void put_colour(FILE *to, const char *protocol, const char *light, const char *dark)
{
    fprintf(to, ".p-%s{color:%s}\n@media screen and (prefers-color-scheme:dark){.p-%s{color:%s}}\n",
            protocol, light, protocol, dark);
}

void report_begin(FILE *to, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
          to);
    sd_xml(to, title);
    fprintf(to, "</title>\n<style>\n%s%s", css, css_matrix);
    for (const struct sd_style *style = sd_styles; style->protocol; style++)
        put_colour(to, style->protocol, style->light, style->dark);
    sd_style_sheet(to);
    fputs("</style>\n</head>\n<body>\n", to);
}

void report_end(FILE *to)
{
    fputs("</body>\n</html>\n", to);
}

/* As a part of a relative URL. */
static void put_url(FILE *to, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~+=,@", *text))
            fputc(*text, to);
        else
            fprintf(to, "%%%02X", (unsigned char)*text);
}

void report_link(FILE *to, const char *folder, const char *name, const char *suffix,
                 const char *text)
{
    fputs("<a href=\"", to);
    put_url(to, folder);
    if (*folder)
        fputc('/', to);
    put_url(to, name);
    put_url(to, suffix);
    fputs("\">", to);
    sd_xml(to, text);
    fputs("</a>", to);
}

void report_command(FILE *to, const char *text)
{
    fputs("<pre><code>", to);
    sd_xml(to, text);
    fputs("</code></pre>\n", to);
}

/* A text that is longer may be broken into lines. */
#define LONG_CELL 40

void report_cell(FILE *to, const char *column, const char *text, bool number)
{
    const struct sd_style *style = !strcmp(column, "protocol") ? sd_style_find(text) : NULL;
    bool wraps = !number && strlen(text) > LONG_CELL;
    fputs(number ? "<td class=\"n\">" : wraps ? "<td class=\"t\">" : "<td>", to);
    if (style)
        fprintf(to, "<i class=\"p-%s\"></i>", style->protocol);
    sd_xml(to, style ? style->title : text);
    fputs("</td>", to);
}

void report_grid(FILE *to, const struct sd_grid *grid)
{
    fputs("<div class=\"scroll\"><table>\n<tr>", to);
    for (size_t c = 0; c < grid->columns; c++) {
        fputs(grid->column[c].number ? "<th class=\"n\">" : "<th>", to);
        sd_xml(to, grid->column[c].name);
        fputs("</th>", to);
    }
    fputs("</tr>\n", to);
    for (size_t i = 0; i + grid->columns <= grid->cells; i += grid->columns) {
        fputs("<tr>", to);
        for (size_t c = 0; c < grid->columns; c++)
            report_cell(to, grid->column[c].name, grid->cell[i + c], grid->column[c].number);
        fputs("</tr>\n", to);
    }
    fputs("</table></div>\n", to);
}

static char *without(char *text, const char *begin, const char *end)
{
    char *from = strstr(text, begin), *to = from ? strstr(from, end) : NULL;
    if (to)
        memmove(from, to + strlen(end), strlen(to + strlen(end)) + 1);
    return text;
}

int report_picture(FILE *to, const char *dir, const char *folder, const char *name, const char *how,
                   struct sd_error *error)
{
    char file[600], *svg;
    size_t len;
    struct sd_error why = {0};
    snprintf(file, sizeof file, "%s/%s.svg", folder, name);
    int rc = sd_file_read(&svg, &len, dir, file, NULL, &why);
    if (rc == SD_E_NOMEM)
        return sd_fail(error, rc, "%s", why.text);
    char *start = rc < 0 ? NULL : strstr(svg, "<svg");
    if (!start) {
        fputs("<p class=\"bad\">", to);
        sd_xml(to, file);
        fputs(" is not there; to draw it:</p>\n", to);
        report_command(to, how);
    } else {
        without(start, "<style>", "</style>\n");
        fprintf(to, "<figure%s>\n%s</figure>\n",
                strcmp(folder, "ladders") ? "" : " class=\"ladder\"", start);
    }
    if (rc == SD_OK)
        free(svg);
    return SD_OK;
}
