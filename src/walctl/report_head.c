/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "walctl/html.h"
#include "walctl/report.h"

static const char style[] =
    ":root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--text:#1c2430;--soft:#5b6675;\n"
    "--line:#dfe4ea;--bar:#3b76c4;--sealed:#3b76c4;--active:#2a9d6f;--empty:#c9d1db;--bad:#c8372d;"
    "\n"
    "--mark:#b7791f;--good:#2a9d6f}\n"
    "@media(prefers-color-scheme:dark){:root{--back:#12161c;--card:#1a2029;--text:#e4e9f0;\n"
    "--soft:#9aa6b5;--line:#2c3540;--bar:#5b95e0;--sealed:#5b95e0;--active:#41ba8b;\n"
    "--empty:#3d4855;--bad:#ef6a5f;--mark:#e0a740;--good:#41ba8b}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--back);color:var(--text);\n"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.05rem;margin:0 0 .75rem}\n"
    "h3{font-size:.9rem;margin:1.25rem 0 .4rem;color:var(--soft)}\n"
    ".path{color:var(--soft);margin:.2rem 0 1rem;overflow-wrap:anywhere}\n"
    ".badge{display:inline-block;border-radius:1rem;padding:.1rem .75rem;font-size:.85rem;\n"
    "font-weight:600;border:1px solid currentColor;color:var(--good);vertical-align:middle}\n"
    ".badge.bad{color:var(--bad)}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;\n"
    "margin:0 0 1rem}\n"
    ".tiles div,section{background:var(--card);border:1px solid var(--line);\n"
    "border-radius:.6rem;padding:1rem}\n"
    ".tiles b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums;\n"
    "overflow-wrap:anywhere}\n"
    ".tiles span,.note,.scale,.legend{color:var(--soft);font-size:.85rem}\n"
    "section{margin:0 0 1rem}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);\n"
    "white-space:nowrap;font-weight:normal}\n"
    "tr:last-child>*{border-bottom:0}\n"
    "thead th,.facts th{color:var(--soft);font-size:.85rem}\n"
    ".facts td{white-space:normal;overflow-wrap:anywhere;width:65%}\n"
    ".n{text-align:right}\n"
    "td.bars{width:50%;min-width:6rem;padding-right:.6rem}\n"
    ".bar{display:block}.bar rect{fill:var(--bar)}\n"
    ".map{display:block;width:100%;height:44px}\n"
    ".sealed{fill:var(--sealed)}.active{fill:var(--active)}.empty{fill:var(--empty)}\n"
    ".damaged{fill:var(--bad)}.mark{stroke:var(--mark);stroke-width:3px}\n"
    ".scale{display:flex;justify-content:space-between;margin:.25rem 0 .5rem}\n"
    ".legend svg{width:.8rem;height:.8rem;margin:0 .3rem 0 0;vertical-align:-.05rem}\n"
    ".legend span{margin-right:1rem;white-space:nowrap}\n"
    ".damage{border-color:var(--bad)}.damage h2{color:var(--bad)}\n"
    "p{margin:.4rem 0}footer{color:var(--soft);font-size:.85rem}\n"
    "@media print{:root{--back:#fff}body{font-size:11pt}main{max-width:none;padding:0}\n"
    "section,.tiles div{break-inside:avoid;border-color:#999}\n"
    ".sealed,.active,.empty,.damaged,.bar rect{print-color-adjust:exact;\n"
    "-webkit-print-color-adjust:exact}}\n";

static void put_title(const struct facts *f)
{
    size_t size = strnlen(f->info.label, sizeof f->info.label);

    if (size > 0)
        html_text(f->info.label, size);
    else
        html_string(f->path);
}

static void put_size(uint64_t bytes)
{
    char text[HTML_SIZE_TEXT];

    html_size(text, bytes);
    fputs(text, stdout);
}

static void tile(const char *name, uint64_t value)
{
    fputs("<div><b>", stdout);
    html_number(value);
    printf("</b><span>%s</span></div>\n", name);
}

static void tile_size(const char *name, uint64_t bytes)
{
    fputs("<div><b>", stdout);
    put_size(bytes);
    printf("</b><span>%s</span></div>\n", name);
}

static void put_tiles(const struct report *r)
{
    puts("<div class=\"tiles\">");
    tile("records", facts_records(&r->facts));
    tile("segments", r->n);
    tile_size("on disk", r->facts.disk_bytes);
    if (!r->damage.code)
        tile_size("of payload", r->survey.bytes);
    tile("next LSN", r->facts.next);
    puts("</div>");
}

static void put_damage(const struct report *r)
{
    puts("<section class=\"damage\">\n<h2>Damage</h2>\n<p>");
    html_string(r->damage.message);
    puts("</p>\n<p class=\"note\">Reading ended there: what follows about records counts those in "
         "front of it.</p>\n</section>");
}

void report_head(const struct report *r)
{
    enum verdict v = r->damage.code ? VERDICT_DAMAGED : r->facts.verdict;

    puts("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" "
         "content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    fputs("<title>", stdout);
    put_title(&r->facts);
    printf("</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    put_title(&r->facts);
    printf(" <span class=\"badge%s\">%s</span></h1>\n<p class=\"path\">",
           v >= VERDICT_TORN ? " bad" : "", verdict_name(v));
    html_string(r->facts.path);
    fputs(", as of ", stdout);
    html_time((uint64_t)time(NULL));
    puts("</p>");
    put_tiles(r);
    if (r->damage.code)
        put_damage(r);
}

void report_foot(void)
{
    printf("<footer>walctl %s</footer>\n</main>\n</body>\n</html>\n", wal_version());
}
