/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "walctl/html.h"
#include "walctl/report.h"

enum { TYPES_SHOWN = 20 };

static void put_bucket(uint64_t value, uint64_t most, uint64_t total)
{
    fputs("</th><td class=\"bars\">", stdout);
    html_bar((double)value / (double)most);
    fputs("</td><td class=\"n\">", stdout);
    html_number(value);
    printf("</td><td class=\"n\">%.1f %%</td></tr>\n", 100 * (double)value / (double)total);
}

void report_histogram(const uint64_t *buckets, unsigned n, void (*name)(unsigned bucket))
{
    unsigned first = 0, end = n;
    uint64_t most = 1, total = 0;

    while (first < n && buckets[first] == 0)
        first++;
    while (end > first && buckets[end - 1] == 0)
        end--;
    for (unsigned k = first; k < end; k++) {
        most = buckets[k] > most ? buckets[k] : most;
        total += buckets[k];
    }
    puts("<div class=\"wide\"><table class=\"histogram\">");
    for (unsigned k = first; k < end; k++) {
        fputs("<tr><th scope=\"row\" class=\"n\">", stdout);
        name(k);
        put_bucket(buckets[k], most, total);
    }
    puts("</table></div>");
}

static void name_size(unsigned bucket)
{
    char from[HTML_SIZE_TEXT], to[HTML_SIZE_TEXT];

    if (bucket < 2) {
        printf("%u B", bucket);
        return;
    }
    html_size(from, UINT64_C(1) << (bucket - 1));
    html_size(to, UINT64_C(1) << bucket);
    printf("%s to below %s", from, to);
}

static void name_number(unsigned bucket)
{
    uint64_t first = bucket > 0 ? UINT64_C(1) << (bucket - 1) : 0;
    uint64_t last = (UINT64_C(1) << bucket) - 1;

    html_number(first);
    if (first == last)
        return;
    fputs(" to ", stdout);
    html_number(last);
}

/* The types with most records, the most frequent first. */
static void put_types(const struct survey *s)
{
    uint64_t below = UINT64_MAX, most = 0;
    unsigned shown = 0, seen = 0;

    puts("<h3>Types</h3>\n<div class=\"wide\"><table class=\"histogram\">");
    while (shown < TYPES_SHOWN) {
        uint64_t next = 0;
        for (unsigned t = 0; t < SURVEY_TYPES; t++)
            if (s->types[t] < below && s->types[t] > next)
                next = s->types[t];
        if (next == 0)
            break;
        most = most > 0 ? most : next;
        for (unsigned t = 0; t < SURVEY_TYPES && shown < TYPES_SHOWN; t++)
            if (s->types[t] == next) {
                printf("<tr><th scope=\"row\" class=\"n\">type %u", t);
                put_bucket(next, most, s->records);
                shown++;
            }
        below = next;
    }
    puts("</table></div>");
    seen = (unsigned)survey_types(s);
    if (seen > shown)
        printf("<p class=\"note\">and %u more types</p>\n", seen - shown);
}

static void put_figures(const struct survey *s)
{
    char least[HTML_SIZE_TEXT], most[HTML_SIZE_TEXT], middle[HTML_SIZE_TEXT];

    html_size(least, s->least);
    html_size(most, s->most);
    html_size(middle, s->bytes / s->records);
    printf("<p class=\"note\">From %s to %s, %s in the mean.", least, most, middle);
    if (s->tagged > 0)
        printf(" %" PRIu64 " of the records are in batches with a tag.", s->tagged);
    puts("</p>");
}

void report_records(const struct report *r)
{
    const struct survey *s = &r->survey;

    html_section("Records");
    if (s->records == 0) {
        puts("<p class=\"note\">There are none.</p>");
    } else {
        put_figures(s);
        puts("<h3>Size of payload</h3>");
        report_histogram(s->sizes, SURVEY_BUCKETS, name_size);
        puts("<h3>Records per batch</h3>");
        report_histogram(s->in_batch, SURVEY_BUCKETS, name_number);
        put_types(s);
    }
    html_section_end();
}
