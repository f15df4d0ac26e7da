/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a log's last segment: rule R3 of docs/format.md as a table over facts. Pure. */
#ifndef WAL_SEGMENT_VERDICT_H
#define WAL_SEGMENT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

/* Facts, as bits. T: first place without a valid group; C: where the log ends (before an unfinished
 * batch); D: how far bytes are known to have been durable; W: how far beyond the durable place
 * bytes can have been in flight. */
enum {
    FACT_DURABLE_DAMAGED = 1, /* D > T */
    FACT_BELOW_FIRST = 2,     /* the LSN at C is below the first kept */
    FACT_BEYOND_WINDOW = 4,   /* non-zero bytes at or beyond T + W */
    FACT_BYTES_AFTER = 8,     /* non-zero bytes at or beyond T */
    FACT_ROOM = 16,           /* the file goes on behind T by a header slot */
    FACT_HEADER_RIGHT = 32, /* there is a right group header at T, so its body or its chain isn't */
    FACT_BATCH_UNFINISHED = 64, /* C < T */
    FACTS = 128,
};

enum verdict {
    VERDICT_CLEAN = 1,
    VERDICT_TORN,
    VERDICT_AMBIGUOUS,
    VERDICT_CORRUPT,
    VERDICT_IMPOSSIBLE, /* facts that contradict each other: they never come from a scan */
};

struct verdict_case {
    uint32_t care, want; /* the case holds where (facts & care) == want */
    enum verdict verdict;
    const char *name;
    const char *how; /* how it arises: one line */
};

extern const struct verdict_case verdict_cases[];
extern const size_t verdict_case_count;

/* The one case that holds. */
const struct verdict_case *verdict_of(uint32_t facts);

#endif
