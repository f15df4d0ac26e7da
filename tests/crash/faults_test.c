/* One fault at each I/O call of eleven scenarios, each kind of fault that fits the call. Without
 * arguments all of it is a ctest; a violation prints how to run it alone:
 *
 *     crash_faults SETUP:OPS CALL FAULT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/faults.h"

static const char *const scenarios[] = {
    "data:saysbtq",  "plain:slgsmcs",   "lazy:rsrsltm", "plain:sbcpzs",
    "none:aaByarfq", "interval:awBwsq", "dsync:sslgma", "full:sPmCsTs",
    "data:uGuyaqa",  "large:aclys",     "align:baylTm",
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

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
    x.limit = 12;
    x.nested_share = 50;
    x.depth = 1;
    if (argc == 4)
        bad = faults_one(&x, argv[1], strtoull(argv[2], NULL, 10), argv[3]) < 0;
    for (uint32_t k = 0; argc == 1 && !bad && k < SCENARIOS; k++)
        bad = faults_at_every_call(&x, scenarios[k], NULL, &trials) < 0;
    if (x.found)
        report(&x);
    printf("faults: %d scenarios, %" PRIu64 " faults, %" PRIu64 " distinct images after them: %s\n",
           (int)SCENARIOS, trials, x.images, bad ? "VIOLATION" : "no violation");
    explorer_free(&x);
    return bad;
}
