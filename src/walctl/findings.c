/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/findings.h"

#include <inttypes.h>
#include <stdio.h>

#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/message.h"

static void print_text(const struct findings *f)
{
    const wal_verify_t *v = &f->v;

    verdict_print(f->verdict);
    printf(": %" PRIu64 " record%s", v->records, plural(v->records));
    if (v->records > 0)
        printf(", LSN %" PRIu64 " to %" PRIu64, v->first_lsn, v->last_lsn);
    printf(", %" PRIu64 " byte%s of payload in %" PRIu64 " segment%s\n", v->bytes, plural(v->bytes),
           v->segments, plural(v->segments));
    if (f->verdict == VERDICT_TORN || f->verdict == VERDICT_AMBIGUOUS)
        printf("given up: %" PRIu64 " bytes from offset %" PRIu64 " of segment %" PRIu64 "\n",
               f->recovery.discarded_bytes, f->recovery.cut_offset, f->recovery.cut_segment);
    if (v->gaps > 0)
        printf("gaps: %" PRIu64 " range%s of LSNs can't be read\n", v->gaps, plural(v->gaps));
}

static void print_json(const struct findings *f)
{
    const wal_verify_t *v = &f->v;

    json_begin();
    json_text("verdict", verdict_name(f->verdict));
    json_u64("records", v->records);
    json_u64("payload_bytes", v->bytes);
    json_u64("first_lsn", v->first_lsn);
    json_u64("last_lsn", v->last_lsn);
    json_u64("segments", v->segments);
    json_u64("discarded_bytes", f->recovery.discarded_bytes);
    json_u64("cut_segment", f->recovery.cut_segment);
    json_u64("cut_offset", f->recovery.cut_offset);
    json_u64("header_repairs", f->recovery.header_repairs);
    json_u64("damaged_segment", v->damaged_segment);
    json_u64("damaged_offset", v->damaged_offset);
    json_u64("damaged_lsn", v->damaged_lsn);
    json_u64("gaps", v->gaps);
    json_end();
}

int findings_print(const struct findings *f)
{
    if (format_chosen() == FORMAT_JSON)
        print_json(f);
    else
        print_text(f);
    if (f->recovery.header_repairs > 0)
        message("one of the header's two copies is damaged in %" PRIu64 " segment%s",
                f->recovery.header_repairs, plural(f->recovery.header_repairs));
    return verdict_code(f->verdict);
}
