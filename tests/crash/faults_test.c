/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at each I/O call of some scenarios, each kind of fault that fits the call. Without
 * arguments all of it is a ctest; a violation prints how to run it alone:
 *
 *     crash_faults SETUP:OPS CALL FAULT
 *     CRASH_SECONDS=3600 crash_faults      other scenarios by chance for so long; CRASH_SEED */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crash/faults.h"
#include "crash/ops.h"
#include "support/pace.h"

static const char *const scenarios[] = {
    "data:saysbtq",    "plain:slgsmcs", "lazy:rsrsltm",  "plain:sbcpzs", "none:aaByarfq",
    "interval:awBwsq", "dsync:sslgma",  "full:sPmCsTs",  "data:uGuyaqa", "large:aclys",
    "align:baylTm",    "data:kMKyxDq",  "plain:sjLoXrs", "none:KKMraxs", "data:shrTsHq",
    "plain:sHsOTcs",   "none:ahrHTas",  "both:sgq",      "sealed:srx",   "bothdsync:sk",
    "sealednone:aag",
};
enum {
    SCENARIOS = sizeof scenarios / sizeof *scenarios,
    STEP = PACE > 1 ? 2 * PACE : 1, /* every so many scenarios one */
};

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static uint32_t dice(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % n;
}

static int for_seconds(struct explorer *x, uint64_t seconds, uint64_t *trials)
{
    time_t end = time(NULL) + (time_t)seconds;
    uint64_t state = number_of("CRASH_SEED", 1);
    int bad = 0;
    while (!bad && time(NULL) < end) {
        char scenario[32];
        int n = snprintf(scenario, 16, "%s:", setups[dice(&state, setup_count)].name);
        int last = n + 3 + (int)dice(&state, 5);
        while (n < last)
            scenario[n++] = ops[dice(&state, op_count)].letter;
        scenario[n] = 0;
        bad = faults_at_every_call(x, scenario, NULL, trials) < 0;
    }
    return bad;
}

static void report(const struct explorer *x)
{
    printf("VIOLATION: %s\n  again: crash_faults %.*s\n", x->report, (int)strcspn(x->report, ";\n"),
           x->report);
}

int main(int argc, char **argv)
{
    struct explorer x;
    uint64_t trials = 0;
    int bad = 0;

    explorer_init(&x, 1);
    x.limit = 6 / PACE;
    x.nested_share = 50 * PACE;
    x.depth = 1;
    uint64_t seconds = number_of("CRASH_SECONDS", 0);
    if (seconds > 0)
        bad = for_seconds(&x, seconds, &trials);
    if (argc == 4)
        bad = faults_one(&x, argv[1], strtoull(argv[2], NULL, 10), argv[3]) < 0;
    for (uint32_t k = 0; argc == 1 && seconds == 0 && !bad && k < SCENARIOS; k += STEP)
        bad = faults_at_every_call(&x, scenarios[k], NULL, &trials) < 0;
    if (x.found)
        report(&x);
    printf("note: faults: %d scenarios, %" PRIu64 " faults, %" PRIu64
           " distinct images after them: %s\n",
           (int)(SCENARIOS + STEP - 1) / STEP, trials, x.images,
           bad ? "VIOLATION" : "no violation");
    explorer_free(&x);
    return bad;
}
