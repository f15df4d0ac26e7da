/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "walctl/html.h"
#include "walctl/report.h"

enum { SYNC_BUCKETS = 32 };

/* Microseconds: bucket 0 is what is below 16, number k from 2^(k+3) to below 2^(k+4). */
static unsigned sync_bucket(uint64_t ns)
{
    unsigned bucket = 0;

    for (uint64_t us = ns / 1000 / 16; us > 0 && bucket < SYNC_BUCKETS - 1; us >>= 1)
        bucket++;
    return bucket;
}

static void put_time(uint64_t us)
{
    if (us < 1000)
        printf("%" PRIu64 " µs", us);
    else
        printf(us < 100000 ? "%.2f ms" : "%.0f ms", (double)us / 1000);
}

static void name_time(unsigned bucket)
{
    if (bucket > 0) {
        put_time(UINT64_C(8) << bucket);
        fputs(" to ", stdout);
    }
    fputs("below ", stdout);
    put_time(UINT64_C(16) << bucket);
}

void report_syncs(const struct report *r)
{
    uint64_t buckets[SYNC_BUCKETS] = {0};
    static const struct {
        unsigned permille;
        const char *name;
    } marks[] = {
        {500, "half of them within "}, {990, ", 99 % within "}, {1000, ", the longest took "}};

    html_section("Syncs");
    if (r->syncs.n == 0) {
        puts("<p class=\"note\">Not measured: a log's files don't tell how long its syncs took, "
             "and measuring would write into its directory. The option --measure-sync does."
             "</p>");
        html_section_end();
        return;
    }
    for (size_t k = 0; k < r->syncs.n; k++)
        buckets[sync_bucket(samples_get(&r->syncs, k))]++;
    printf("<p class=\"note\">Measured for this page: %zu times 4 KiB written and synced in a "
           "file beside the log; ",
           r->syncs.n);
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
        fputs(marks[k].name, stdout);
        put_time(samples_at(&r->syncs, marks[k].permille) / 1000);
    }
    puts(".</p>");
    report_histogram(buckets, SYNC_BUCKETS, name_time);
    html_section_end();
}

static void put_cut(const wal_recovery_t *v)
{
    if (v->cut_segment == 0)
        fputs("nothing", stdout);
    else
        printf("from offset %" PRIu64 " of segment %" PRIu64, v->cut_offset, v->cut_segment);
}

void report_recovery(const struct report *r)
{
    const wal_recovery_t *v = &r->facts.recovery;

    html_section("Recovery");
    html_facts();
    html_fact("end of the log");
    fputs(verdict_name(r->facts.verdict), stdout);
    html_fact("given up");
    put_cut(v);
    html_fact_number("bytes given up", v->discarded_bytes);
    html_fact_number("damaged copies of headers", v->header_repairs);
    html_fact_lsn("first LSN", v->first_lsn);
    html_fact_lsn("last LSN", v->last_lsn);
    html_fact_lsn("next LSN", v->next_lsn);
    html_fact_lsn("durable LSN", v->durable_lsn);
    html_fact_lsn("newest checkpoint", v->checkpoint_lsn);
    html_fact("opening took");
    put_time(v->duration_ns / 1000);
    html_facts_end();
    html_section_end();
}

void report_identity(const struct report *r)
{
    const struct facts *f = &r->facts;
    size_t label = strnlen(f->info.label, sizeof f->info.label);
    char uuid[FACTS_UUID_TEXT];

    facts_uuid(f, uuid);
    html_section("Identity");
    html_facts();
    html_fact("label");
    html_text(label ? f->info.label : "none", label ? label : strlen("none"));
    html_fact("UUID");
    fputs(uuid, stdout);
    html_fact("format");
    printf("%u.%u", f->info.major, f->info.minor);
    html_fact("compression");
    fputs(facts_codec(f), stdout);
    html_fact("encryption");
    facts_print_cipher(f);
    html_fact_number("opens that have written", f->info.epoch);
    html_fact_number("metadata keys", f->metadata_keys);
    html_fact_number("stray files", f->info.strays);
    html_fact("writer");
    facts_print_writer(f);
    html_facts_end();
    html_section_end();
}
