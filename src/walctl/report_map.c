/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "walctl/html.h"
#include "walctl/report.h"
#include "walctl/segments.h"

/* Of the drawing, in its own units; it is stretched to the page's width. */
enum { WIDTH = 1000, HEIGHT = 44, GAP = 3, CELLS_MAX = 250, ROWS_MAX = 200 };

static const char *class_of(const struct report *r, const wal_segment_t *s)
{
    return s->number == r->damage.segment ? "damaged"
           : segments_active(s)           ? "active"
           : s->records == 0              ? "empty"
                                          : "sealed";
}

static bool hole_before(const struct report *r, size_t k)
{
    return k > 0 && r->segments[k].number > r->segments[k - 1].number + 1;
}

/* Where a segment's drawing begins: behind what lies in front of it, in bytes. */
struct scale {
    double total, room; /* bytes; what the gaps leave */
    size_t step;        /* segments that share a rectangle */
};

static struct scale scale_of(const struct report *r)
{
    struct scale s = {.step = (r->n + CELLS_MAX - 1) / CELLS_MAX};

    for (size_t k = 0; k < r->n; k++)
        s.total += (double)r->segments[k].bytes;
    s.room = WIDTH - (double)GAP * (double)((r->n + s.step - 1) / s.step - 1);
    return s;
}

static void put_rect(const struct report *r, size_t k, size_t end, double x, double width)
{
    const wal_segment_t *s = &r->segments[k];
    char size[HTML_SIZE_TEXT];
    uint64_t bytes = 0;

    for (size_t j = k; j < end; j++)
        bytes += r->segments[j].bytes;
    html_size(size, bytes);
    if (hole_before(r, k))
        printf("<rect x=\"%.2f\" width=\"%d\" y=\"%d\" height=\"4\" class=\"empty\"/>\n", x - GAP,
               GAP, HEIGHT / 2 - 2);
    printf("<rect x=\"%.2f\" width=\"%.2f\" height=\"%d\" class=\"%s\"><title>segment %" PRIu64, x,
           width, HEIGHT, class_of(r, &r->segments[end - 1]), s->number);
    if (end - k > 1)
        printf(" to %" PRIu64, r->segments[end - 1].number);
    printf(": LSN %" PRIu64 " to %" PRIu64 ", %s</title></rect>\n", s->first_lsn,
           r->segments[end - 1].last_lsn, size);
}

/* The checkpoint, where its LSN lies in these segments. */
static void put_mark(const struct report *r, size_t k, size_t end, double x, double width)
{
    uint64_t lsn = r->facts.recovery.checkpoint_lsn, first = r->segments[k].first_lsn;
    uint64_t last = r->segments[end - 1].last_lsn;

    if (lsn == 0 || lsn < first || lsn > last)
        return;
    double at = x + width * (double)(lsn - first + 1) / (double)(last - first + 1);
    printf("<line x1=\"%.2f\" x2=\"%.2f\" y1=\"0\" y2=\"%d\" class=\"mark\" "
           "vector-effect=\"non-scaling-stroke\"/>\n",
           at, at, HEIGHT);
}

static void put_drawing(const struct report *r)
{
    struct scale s = scale_of(r);
    double x = 0;

    printf("<svg class=\"map\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" "
           "aria-label=\"the segments, as wide as they are large\">\n",
           WIDTH, HEIGHT);
    for (size_t k = 0; k < r->n; k += s.step) {
        size_t end = k + s.step < r->n ? k + s.step : r->n;
        double bytes = 0;
        for (size_t j = k; j < end; j++)
            bytes += (double)r->segments[j].bytes;
        double width = s.room * bytes / s.total;
        put_rect(r, k, end, x, width);
        put_mark(r, k, end, x, width);
        x += width + GAP;
    }
    puts("</svg>");
}

static void put_legend(const char *class, const char *name)
{
    printf("<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect width=\"10\" "
           "height=\"10\" class=\"%s\"/></svg>%s</span>\n",
           class, name);
}

void report_map(const struct report *r)
{
    html_section("Map");
    if (r->n > 0)
        put_drawing(r);
    if (facts_records(&r->facts) > 0) {
        fputs("<div class=\"scale\"><span>LSN ", stdout);
        html_number(r->facts.first);
        fputs("</span><span>LSN ", stdout);
        html_number(r->facts.last);
        puts("</span></div>");
    }
    puts("<div class=\"legend\">");
    put_legend("sealed", "sealed");
    put_legend("active", "active");
    put_legend("empty", "without records, or removed");
    if (r->damage.segment)
        put_legend("damaged", "damaged");
    if (r->facts.recovery.checkpoint_lsn)
        printf("<span><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><line x1=\"5\" x2=\"5\" "
               "y2=\"10\" class=\"mark\"/></svg>newest checkpoint, LSN %" PRIu64 "</span>\n",
               r->facts.recovery.checkpoint_lsn);
    puts("</div>");
    html_section_end();
}

static void put_row(const struct report *r, const wal_segment_t *s, uint64_t most)
{
    char size[HTML_SIZE_TEXT];

    html_size(size, s->bytes);
    printf("<tr><td class=\"n\">%" PRIu64 "</td><td class=\"n\">", s->number);
    html_number(s->first_lsn);
    fputs("</td><td class=\"n\">", stdout);
    html_number(s->records);
    printf("</td><td class=\"n\">%s</td><td class=\"bars\">", size);
    html_bar((double)s->bytes / (double)most);
    fputs("</td><td>", stdout);
    html_time(s->created_ns / 1000000000);
    printf("</td><td>%s</td></tr>\n", class_of(r, s));
}

/* Of very many segments the oldest and the newest ones. */
void report_segments(const struct report *r)
{
    uint64_t most = 1;
    size_t left_out = r->n > ROWS_MAX ? r->n - ROWS_MAX : 0;

    for (size_t k = 0; k < r->n; k++)
        most = r->segments[k].bytes > most ? r->segments[k].bytes : most;
    html_section("Segments");
    puts("<div class=\"wide\"><table><thead><tr><th class=\"n\">Number</th><th class=\"n\">First "
         "LSN</th><th class=\"n\">Records</th><th class=\"n\">Size</th><th></th><th>Made</th>"
         "<th>State</th></tr></thead><tbody>");
    for (size_t k = 0; k < r->n; k++) {
        if (left_out > 0 && k == ROWS_MAX / 2) {
            printf("<tr><td colspan=\"7\" class=\"note\">%zu more</td></tr>\n", left_out);
            k += left_out;
        }
        put_row(r, &r->segments[k], most);
    }
    puts("</tbody></table></div>");
    html_section_end();
}
