/* report_interop.c - the section on other people's programs. */
#include "plots/report_parts.h"
#include "plots/svg.h"
#include "results/interop.h"

static void put_answer(FILE *to, const struct sd_interop_count *count)
{
    fprintf(to, "%zu cases with %zu programs of others: ", count->cases, count->peers);
    if (count->failed)
        fprintf(to, "<span class=\"bad\">%zu failed</span>.", count->failed);
    else
        fputs("all went well.", to);
}

int report_interop(FILE *to, const char *dir, bool contents, struct sd_error *error)
{
    struct sd_grid grid = {0};
    struct sd_interop_count count;
    int rc = sd_interop_grid(dir, &grid, &count, error);
    if (rc == SD_OK && grid.bad)
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for the table of interoperability");
    if (rc == SD_OK && count.cases && contents) {
        fputs("<li><a href=\"#interop\">Do these agents talk to other people's implementations?"
              "</a><span>",
              to);
        put_answer(to, &count);
        fputs("</span></li>\n", to);
    } else if (rc == SD_OK && count.cases) {
        fputs("<section id=\"interop\">\n<h2>Interoperability</h2>\n<p class=\"question\">Do these "
              "agents talk to other people's implementations?</p>\n<p class=\"answer\">",
              to);
        put_answer(to, &count);
        fputs(
            "</p>\n<p class=\"muted\">The tests in <code>tests/interop</code> hold the same object "
            "code to other programs over real sockets, and those in <code>tests/judges</code> "
            "have captures of a run decrypted; they wrote this table when they last ran, not this "
            "survey.</p>\n",
            to);
        report_grid(to, &grid);
        fputs("<p class=\"muted\">For scripts: ", to);
        report_link(to, "tables", "interop", ".csv", "every case as CSV");
        fputs(".</p>\n<h3>Run it again</h3>\n", to);
        report_command(to, "./lab interop");
        fputs("</section>\n", to);
    }
    sd_grid_free(&grid);
    return rc;
}
