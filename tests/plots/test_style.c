/* The looks of protocols: one each, all different, and readable on both papers. */
#include "plots/style.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const protocols[] = {"tls12",    "tls13", "dtls12",    "dtls13",
                                        "quic",     "gquic", "minimalt",  "curvecp",
                                        "tcpcrypt", "ipsec", "wireguard", "srtp"};
#define PROTOCOLS (sizeof protocols / sizeof *protocols)

static double channel(const char *colour, int at)
{
    char text[3] = {colour[1 + 2 * at], colour[2 + 2 * at], '\0'};
    double c = (double)strtol(text, NULL, 16) / 255;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(const char *colour)
{
    return 0.2126 * channel(colour, 0) + 0.7152 * channel(colour, 1) + 0.0722 * channel(colour, 2);
}

static double contrast(const char *a, const char *b)
{
    double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static void every_protocol_has_a_look(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++)
        if (!sd_style_find(protocols[i]))
            fail_msg("%s has no look", protocols[i]);
    assert_null(sd_style_find("tls14"));
    for (size_t i = 0; i < 100; i++)
        assert_non_null(sd_style_nth(i));
}

static void no_two_look_alike(void **state)
{
    (void)state;
    for (const struct sd_style *a = sd_styles; a->protocol; a++)
        for (const struct sd_style *b = a + 1; b->protocol; b++)
            if (a->shape == b->shape || !strcmp(a->light, b->light) || !strcmp(a->dark, b->dark))
                fail_msg("%s and %s look alike", a->protocol, b->protocol);
}

/* WCAG 2.1, 1.4.11: graphics need a contrast of 3. */
static void all_stand_out_from_the_paper(void **state)
{
    (void)state;
    for (const struct sd_style *style = sd_styles; style->protocol; style++) {
        double light = contrast(style->light, SD_PAPER),
               dark = contrast(style->dark, SD_PAPER_DARK);
        if (light < 2.95 || dark < 3)
            fail_msg("%s: expected contrasts of 3, found %.2f on light and %.2f on dark paper",
                     style->protocol, light, dark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_protocol_has_a_look),
        cmocka_unit_test(no_two_look_alike),
        cmocka_unit_test(all_stand_out_from_the_paper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
