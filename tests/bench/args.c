/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base.h"

enum { THREADS_MAX = 1024 };

static double number(const char *key, const char *value, double least, double most)
{
    char *end;
    double v = strtod(value, &end);

    if (end == value || *end || !(v >= least && v <= most))
        die("%s=%s: a number from %g to %g is wanted", key, value, least, most);
    return v;
}

static uint64_t whole(const char *key, const char *value, double most)
{
    double v = number(key, value, 1, most);
    if (v != floor(v))
        die("%s=%s: a whole number is wanted", key, value);
    return (uint64_t)v;
}

static void set(struct args *a, const char *key, const char *value, args_other_fn other)
{
    if (strcmp(key, "size") == 0)
        a->size = whole(key, value, (double)POOL_BYTES);
    else if (strcmp(key, "threads") == 0)
        a->threads = (unsigned)whole(key, value, THREADS_MAX);
    else if (strcmp(key, "seconds") == 0)
        a->seconds = number(key, value, 0.001, 1e6);
    else if (strcmp(key, "count") == 0)
        a->count = whole(key, value, 1e15);
    else if (strcmp(key, "batch") == 0)
        a->batch = whole(key, value, 1e6);
    else
        other(key, value);
}

void args_parse(struct args *ret, char **keys, int n, args_other_fn other)
{
    for (int k = 0; k < n; k++) {
        char *equals = strchr(keys[k], '=');
        if (!equals || equals == keys[k])
            die("%s: KEY=VALUE is wanted", keys[k]);
        *equals = 0;
        set(ret, keys[k], equals + 1, other);
    }
}
