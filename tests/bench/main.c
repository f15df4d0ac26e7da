/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "bench/base.h"
#include "bench/ops.h"

static const struct op contract[] = {
    {"durable", op_durable}, {"batch", op_batch}, {"append", op_append}, {"fill", op_fill},
    {"replay", op_replay},   {"open", op_open},   {"get", op_get},       {NULL, NULL},
};

static const struct op *find(const struct op *ops, const char *name)
{
    while (ops->name && strcmp(ops->name, name) != 0)
        ops++;
    return ops->name ? ops : NULL;
}

static void usage(const char *program, const struct op *more)
{
    const struct op *lists[] = {contract, more};

    fprintf(stderr, "usage: %s OP DIR [KEY=VALUE...]\nops:", program);
    for (int k = 0; k < 2; k++)
        for (const struct op *op = lists[k]; op->name; op++)
            fprintf(stderr, " %s", op->name);
    die("\nkeys: size threads seconds count batch, and what the thing measured knows itself");
}

void figure(const char *name, double value, const char *unit)
{
    printf("%s %.*f %s\n", name, value < 100 ? 4 : 1, value, unit);
}

int bench_main(int argc, char **argv, const struct engine *e, const struct op *more)
{
    struct args a = {.size = 128, .threads = 1, .seconds = 2, .count = 100000, .batch = 64};

    if (argc < 3)
        usage(argv[0], more);
    a.op = argv[1];
    a.dir = argv[2];
    const struct op *op = find(contract, a.op);
    if (!op)
        op = find(more, a.op);
    if (!op)
        die("%s: no such op", a.op);
    args_parse(&a, argv + 3, argc - 3, e->option);
    payload_init(a.size);
    op->run(e, &a);
    puts("ok");
    return fflush(stdout) ? 1 : 0;
}
