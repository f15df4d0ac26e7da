/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation and every pair of operations, crashed at every I/O call; longer sequences and
 * other modes by chance. Without arguments it is a ctest. As a command:
 *
 *     crash_explore --only SETUP:OPS   one sequence, as a violation prints it
 *     crash_explore --all              so many images (CRASH_IMAGES) over all setups, each its
 * share CRASH_SECONDS=3600 crash_explore random sequences for so long
 *
 * CRASH_SEED changes what is taken by chance, CRASH_LIMIT the images per power cut. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crash/explore.h"
#include "crash/ops.h"
#include "support/pace.h"

enum {
    IMAGES_WANTED = PACE > 1 ? 5000 : 100000,
    NESTED_SHARE = PACE > 1 ? 500 : 60,
    LIMIT = PACE > 1 ? 8 : 16,
    BY_CHANCE = PACE > 1 ? 1 : 6,
    IMAGES_OF_ALL = 520000,
    LENGTH_MAX = 6
};

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static int finish(struct explorer *x, const char *what, uint64_t wanted)
{
    printf("note: %s: %" PRIu64 " sequences, %" PRIu64 " crash points, %" PRIu64
           " distinct images (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
           " after 0..3 crashes), %" PRIu64 " repeats, %d violations\n",
           what, x->sequences, x->points, x->images, x->deeper[0], x->deeper[1], x->deeper[2],
           x->deeper[3], x->repeats, x->found);
    if (x->found)
        printf("VIOLATION: %s\n  again: CRASH_SEED=%" PRIu64 " CRASH_LIMIT=%" PRIu64
               " crash_explore --only %.*s\n",
               x->report, x->seed, x->limit, (int)strcspn(x->report, ";\n"), x->report);
    if (x->images < wanted)
        printf("only %" PRIu64 " images, %" PRIu64 " wanted\n", x->images, wanted);
    int result = x->found || x->images < wanted;
    explorer_free(x);
    return result;
}

static void by_chance(struct explorer *x, const struct setup *setup, uint32_t length,
                      uint64_t *state)
{
    char letters[LENGTH_MAX + 1] = {0};
    for (uint32_t k = 0; k < length; k++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        letters[k] = ops[(*state >> 33) % op_count].letter;
    }
    explore(x, setup, letters, false);
}

static int only(struct explorer *x, const char *what)
{
    char name[32];
    size_t n = strcspn(what, ":");
    snprintf(name, sizeof name, "%.*s", (int)n, what);
    const struct setup *setup = setup_by_name(name);
    if (setup == NULL || what[n] == 0) {
        fprintf(stderr, "SETUP:OPS; setups:");
        for (uint32_t k = 0; k < setup_count; k++)
            fprintf(stderr, " %s", setups[k].name);
        fprintf(stderr, "; operations:\n");
        for (uint32_t k = 0; k < op_count; k++)
            fprintf(stderr, "  %c  %s\n", ops[k].letter, ops[k].meaning);
        return 2;
    }
    explore(x, setup, what + n + 1, true);
    return finish(x, what, 0);
}

static bool time_is_up(void *arg)
{
    return time(NULL) >= *(time_t *)arg;
}

static int for_seconds(struct explorer *x, uint64_t seconds)
{
    time_t end = time(NULL) + (time_t)seconds;
    uint64_t state = x->seed;
    x->stop = time_is_up;
    x->stop_arg = &end;
    for (uint32_t k = 0; !x->found && !time_is_up(&end); k++)
        by_chance(x, &setups[k % setup_count], 2 + k / setup_count % (LENGTH_MAX - 1), &state);
    return finish(x, "by chance", 0);
}

/* All of length 1 and 2; of these, where a sanitizer is slow, one in PACE. */
static void all_pairs(struct explorer *x, const struct setup *setup)
{
    char letters[3] = {0};
    for (uint32_t a = 0; a < op_count && !x->found; a++) {
        letters[0] = ops[a].letter;
        letters[1] = 0;
        explore(x, setup, letters, a == 0);
        for (uint32_t b = a % PACE; b < op_count && !x->found; b += PACE) {
            letters[1] = ops[b].letter;
            explore(x, setup, letters, false);
        }
    }
}

struct share {
    const struct explorer *explorer;
    uint64_t images; /* at most */
};

static bool share_is_full(void *arg)
{
    const struct share *s = arg;
    return s->explorer->images >= s->images;
}

/* Creation and each operation alone first, then sequences by chance. */
static void explore_share(struct explorer *x, const struct setup *setup, uint64_t *state)
{
    char letter[2] = {0};
    for (uint32_t k = 0; k < op_count && !x->found && !x->stop(x->stop_arg); k++) {
        letter[0] = ops[k].letter;
        explore(x, setup, letter, k == 0);
    }
    for (uint32_t k = 0; !x->found && !x->stop(x->stop_arg); k++)
        by_chance(x, setup, 2 + k % (LENGTH_MAX - 1), state);
}

static int over_all(struct explorer *x)
{
    uint64_t wanted = number_of("CRASH_IMAGES", IMAGES_OF_ALL), state = x->seed;
    struct share share = {.explorer = x};

    x->stop = share_is_full;
    x->stop_arg = &share;
    for (uint32_t k = 0; k < setup_count && !x->found; k++) {
        uint64_t before = x->images, sequences = x->sequences;
        share.images = wanted * (k + 1) / setup_count;
        explore_share(x, &setups[k], &state);
        printf("%-12s %8" PRIu64 " distinct images of %" PRIu64 " sequences\n", setups[k].name,
               x->images - before, x->sequences - sequences);
        fflush(stdout);
    }
    return finish(x, "all setups", wanted);
}

int main(int argc, char **argv)
{
    struct explorer x;
    uint64_t seconds = number_of("CRASH_SECONDS", 0);

    explorer_init(&x, number_of("CRASH_SEED", 1));
    x.limit = number_of("CRASH_LIMIT", LIMIT);
    x.nested_share = number_of("CRASH_SHARE", NESTED_SHARE);
    if (argc == 3 && strcmp(argv[1], "--only") == 0)
        return only(&x, argv[2]);
    if (argc == 2 && strcmp(argv[1], "--all") == 0)
        return over_all(&x);
    if (seconds > 0)
        return for_seconds(&x, seconds);
    all_pairs(&x, &setups[0]);
    uint64_t state = x.seed;
    for (uint32_t k = 0; !x.found && k < BY_CHANCE * setup_count; k++)
        by_chance(&x, &setups[k % setup_count], 2 + k / setup_count % 3, &state);
    return finish(&x, "crashes", IMAGES_WANTED);
}
