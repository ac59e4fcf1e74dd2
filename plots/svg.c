#include "plots/svg.h"
#include "plots/style.h"
#include <string.h>

void sd_xml_part(FILE *to, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        switch (c) {
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '&':
            fputs("&amp;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        case '\n':
        case '\t':
            fputc(c, to);
            break;
        default:
            if (c < 0x20 || c == 0x7f)
                fputs("\xef\xbf\xbd", to);
            else
                fputc(c, to);
        }
    }
}

void sd_xml(FILE *to, const char *text)
{
    sd_xml_part(to, text, strlen(text));
}

/* Of an em, as the widest of the usual sans-serif fonts (DejaVu Sans) has them. */
static double em(unsigned char c)
{
    if (c >= 0x80)
        return 0.8;
    if (strchr("iljI|'.,:;!", c))
        return 0.33;
    if (strchr("frt()[]{}/\\-\" ", c))
        return 0.41;
    if (strchr("mwMW%@<>=+#~_&", c))
        return 0.92;
    if (c >= 'A' && c <= 'Z')
        return 0.71;
    return 0.62;
}

double sd_text_width(const char *text, size_t len, double size)
{
    double width = 0;
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) /* once a character, not once a byte */
            width += em((unsigned char)text[i]);
    return width * size;
}

void sd_svg_begin(FILE *to, double width, double height, const char *title, const char *description)
{
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" "
            "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
            "height=\"%.0f\" role=\"img\" font-family=\"" SD_FONT "\">\n<title>",
            width, height, width, height);
    sd_xml(to, title);
    fputs("</title>\n<desc>", to);
    sd_xml(to, description);
    fputs("</desc>\n<style>\n", to);
    sd_style_sheet(to);
    fprintf(to, "</style>\n<rect width=\"%.0f\" height=\"%.0f\" fill=\"" SD_PAPER "\"/>\n", width,
            height);
}

void sd_svg_end(FILE *to)
{
    fputs("</svg>\n", to);
}

void sd_svg_text(FILE *to, double x, double y, double size, const char *anchor, const char *more,
                 const char *text)
{
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" text-anchor=\"%s\"%s>", x, y, size,
            anchor, more);
    sd_xml(to, text);
    fputs("</text>\n", to);
}
