/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "walctl/escape.h"

static void put_escaped(const char *text, size_t size)
{
    for (size_t k = 0; k < size; k++) {
        const char *found = strchr("<>&\"'", text[k]);
        if (text[k] && found)
            printf("&#%d;", text[k]);
        else
            putchar(text[k]);
    }
}

void html_text(const void *data, size_t size)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    if (!to)
        return;
    escape_text(to, data, size);
    fclose(to);
    put_escaped(text, n);
    free(text);
}

void html_string(const char *text)
{
    html_text(text, strlen(text));
}

void html_number(uint64_t n)
{
    char digits[24];
    size_t size = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);

    for (size_t k = 0; k < size; k++) {
        if (k > 0 && (size - k) % 3 == 0)
            fputs("&#8239;", stdout);
        putchar(digits[k]);
    }
}

void html_size(char text[HTML_SIZE_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    unsigned unit = 0;

    for (; value >= 1024; value /= 1024)
        unit++;
    snprintf(text, HTML_SIZE_TEXT, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value,
             units[unit]);
    char *zero = strstr(text, ".0 ");
    if (zero)
        memmove(zero, zero + 2, strlen(zero + 2) + 1);
}

void html_time(uint64_t seconds)
{
    time_t t = (time_t)seconds;
    char text[32] = "-";
    struct tm parts;

    if (gmtime_r(&t, &parts))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    fputs(text, stdout);
}

void html_section(const char *title)
{
    printf("<section>\n<h2>%s</h2>\n", title);
}

void html_section_end(void)
{
    puts("</section>");
}

void html_facts(void)
{
    puts("<div class=\"wide\"><table class=\"facts\">");
}

static bool row_open;

static void end_row(void)
{
    if (row_open)
        puts("</td></tr>");
    row_open = false;
}

void html_fact(const char *name)
{
    end_row();
    printf("<tr><th scope=\"row\">%s</th><td>", name);
    row_open = true;
}

void html_fact_number(const char *name, uint64_t value)
{
    html_fact(name);
    html_number(value);
}

void html_fact_lsn(const char *name, uint64_t value)
{
    html_fact(name);
    if (value > 0)
        html_number(value);
    else
        fputs("none", stdout);
}

void html_facts_end(void)
{
    end_row();
    puts("</table></div>");
}

void html_bar(double part)
{
    printf("<svg class=\"bar\" width=\"100%%\" height=\"14\" aria-hidden=\"true\">"
           "<rect width=\"%.2f%%\" height=\"14\" rx=\"2\"/></svg>",
           100 * part);
}
