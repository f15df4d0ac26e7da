/* SPDX-License-Identifier: Apache-2.0 */
/* Each bug of a list, switched on, must be found by the part of the test-suite that is there for
 * it; switched off, the same part must find nothing. docs/testing.md has the list in words. Each
 * run has a process of its own, since a planted bug may crash or hang it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/plant.h"
#include "crash/faults.h"
#include "direct.h"
#include "support/scratch.h"

enum how { EXPLORED, FAULTED, DIRECT };
enum { HANG_S = 20, LONG_S = 250, RIGHT = 0, FOUND = 1 };

struct bug {
    int number;
    const char *name;
    enum how how;
    const char *what; /* SETUP:OPS */
    const char *more; /* explored: operations behind a recovery; faulted: kind of fault */
    uint64_t share;   /* one state in so many is crashed again */
    bool (*direct)(void);
};

static const struct bug bugs[] = {
    {1, "appending after a torn tail", EXPLORED, "none:afaf", "s", 2, NULL},
    {2, "sync tried again after it failed", FAULTED, "data:ss", "sync-none", 20, NULL},
    {3, "directory not synced", EXPLORED, "data:s", "s", 2, NULL},
    {4, "short read taken for the end", FAULTED, "plain:slq", "short", 20, NULL},
    {5, "length used before it is checked", DIRECT, NULL, NULL, 0, hostile_length_asks_for_memory},
    {6, "zeros accepted as a silent end", DIRECT, NULL, NULL, 0, zeroed_end_passes_for_the_end},
    {7, "LSN starts again after everything was truncated", EXPLORED, "data:sTq", "s", 2, NULL},
    {8, "one bit cuts the rest of the log", DIRECT, NULL, NULL, 0, one_bit_cuts_the_rest},
    {9, "rotation before the old segment is synced", EXPLORED, "none:ar", "s", 2, NULL},
    {10, "durable LSN read after the sync", EXPLORED, "data:is", "s", 2, NULL},
    {11, "a waiter is told 0 though its sync failed", FAULTED, "data:ss", "sync-none", 20, NULL},
    {12, "state not set back after a failed write", FAULTED, "plain:sss", "nospace-half", 20, NULL},
    {13, "the active file removed as an empty leftover", EXPLORED, "data:sr", "s", 2, NULL},
    {14, "repair gives up what it doesn't keep", DIRECT, NULL, NULL, 0, repair_loses_segments},
    {15, "missing segment unnoticed", DIRECT, NULL, NULL, 0, missing_segment_goes_unnoticed},
    {16, "unsynced data served, then lost", EXPLORED, "largenone:af", "s", 20, NULL},
    {17, "truncated suffix comes back", EXPLORED, "data:ssc", "s", 2, NULL},
    {18, "nonce used again after a withdrawal", DIRECT, NULL, NULL, 0, a_nonce_is_used_twice},
    {19, "lock file removed, two writers", DIRECT, NULL, NULL, 0,
     a_removed_file_is_taken_for_the_lock},
    {20, "another descriptor's close unlocks", DIRECT, NULL, NULL, 0,
     closing_another_descriptor_unlocks},
    {21, "lock inherited over fork", DIRECT, NULL, NULL, 0, child_inherits_the_lock},
    {22, "checksum of a buffer that changes", DIRECT, NULL, NULL, 0, checksum_is_of_other_bytes},
    {23, "batch visible in part", EXPLORED, "data:g", "s", 2, NULL},
    {24, "watermark advanced where no sync ran", EXPLORED, "dsync:afs", "s", 2, NULL},
    {25, "clear text where encryption fails", DIRECT, NULL, NULL, 0, clear_text_is_written},
    {26, "closed handle used by a waiting thread", DIRECT, NULL, NULL, 0,
     close_leaves_a_caller_inside},
    {27, "wake-up lost at leader hand-over", DIRECT, NULL, NULL, 0, some_append_hangs},
    {28, "end of the log taken from the file's size", EXPLORED, "plain:lal", "s", 2, NULL},
    {29, "reader hides damage as the end", DIRECT, NULL, NULL, 0, damage_looks_like_the_end},
    {30, "stale group accepted after a second crash", EXPLORED, "none:lfaf", "ly", 2, NULL},
    {31, "withdrawn append comes back", FAULTED, "plain:ss", "io-all", 20, NULL},
    {32, "witness of before a cut", EXPLORED, "data:ssc", "s", 2, NULL},
    {33, "a dropped segment takes the metadata with it", EXPLORED, "data:smrT", "s", 2, NULL},
    {33, "a dropped segment takes the tag with it", EXPLORED, "data:krT", "s", 2, NULL},
    {33, "a cut at the front takes the checkpoint with it", EXPLORED, "large:hrT", "s", 0, NULL},
    {33, "a segment is born without the checkpoint", EXPLORED, "data:shq", "s", 2, NULL},
    {34, "a full disk keeps a thread busy", DIRECT, NULL, NULL, 0, full_disk_keeps_a_thread_busy},
};
enum { BUGS = sizeof bugs / sizeof *bugs };

static int found_by(const struct bug *b)
{
    struct explorer x;
    uint64_t trials = 0;
    char name[32];

    if (b->how == DIRECT)
        return b->direct() ? FOUND : RIGHT;
    explorer_init(&x, 1);
    x.limit = 64;
    x.nested_share = b->share;
    x.depth = 1;
    if (b->how == FAULTED) {
        (void)faults_at_every_call(&x, b->what, b->more, &trials);
    } else {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(b->what, ":"), b->what);
        x.tail = b->more;
        explore(&x, setup_by_name(name), strchr(b->what, ':') + 1, true);
    }
    if (x.found)
        printf("  %s\n", x.report);
    fflush(stdout);
    return x.found ? FOUND : RIGHT;
}

/* FOUND also where the process crashes or hangs. */
static int run(const struct bug *b, int number)
{
    struct scratch dir; /* a process that is ended leaves its files behind */
    int status;

    assert_int_equal(scratch_make(&dir), 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("TMPDIR", dir.path, 1);
        planted_bug = number;
        alarm(b->how == DIRECT ? HANG_S : LONG_S);
        _exit(found_by(b));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    scratch_remove(&dir);
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == RIGHT ? RIGHT : FOUND;
    printf("  ended by signal %d\n", WTERMSIG(status));
    return FOUND;
}

static void test_bug(void **state)
{
    const struct bug *b = *state;
    assert_int_equal(run(b, 0), RIGHT);
    assert_int_equal(run(b, b->number), FOUND);
}

int main(void)
{
    struct CMUnitTest tests[BUGS];
    static char names[BUGS][80];
    for (int k = 0; k < BUGS; k++) {
        snprintf(names[k], sizeof names[k], "bug %d: %s", bugs[k].number, bugs[k].name);
        tests[k] = (struct CMUnitTest){
            .name = names[k], .test_func = test_bug, .initial_state = (void *)(uintptr_t)&bugs[k]};
    }
    return cmocka_run_group_tests_name("planted bugs", tests, NULL, NULL);
}
