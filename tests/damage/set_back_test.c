/* SPDX-License-Identifier: Apache-2.0 */
/* Control's slots as they were before something was removed: what is gone must not come back, nor
 * what is there go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/control.h"
#include "log_made.h"

static struct stand stand;
static wal_options_t *reading, *writing;

static void append(wal_t *w, unsigned n)
{
    while (n--)
        assert_int_equal(wal_append(w, "record", 6, NULL), 0);
}

static void truncate_front(wal_t *w)
{
    assert_int_equal(wal_truncate_before(w, 5), 0);
}

static void empty(wal_t *w)
{
    assert_int_equal(wal_truncate_before(w, wal_next_lsn(w)), 0);
}

static void truncate_back(wal_t *w)
{
    assert_int_equal(wal_truncate_after(w, 4), 0);
}

static void reset(wal_t *w)
{
    assert_int_equal(wal_reset(w, 3), 0);
}

/* A segment that was removed with it: its control misses that, whatever the witness says. */
static void truncate_segment(wal_t *w)
{
    assert_int_equal(wal_rotate(w), 0);
    append(w, 3);
    assert_int_equal(wal_truncate_before(w, wal_next_lsn(w) - 1), 0);
}

static void set_back(struct image *i, const struct image *before)
{
    struct image_file *now = image_find(i, NAME_CONTROL);
    const struct image_file *old = image_find(before, NAME_CONTROL);
    assert_memory_not_equal(now->bytes, old->bytes, CONTROL_SLOT_BYTES);
    memcpy(now->bytes + CONTROL_SLOT_A, old->bytes + CONTROL_SLOT_A, CONTROL_SLOT_BYTES);
    memcpy(now->bytes + CONTROL_SLOT_B, old->bytes + CONTROL_SLOT_B, CONTROL_SLOT_BYTES);
}

static void refused_after(void (*change)(wal_t *), unsigned more, bool closed)
{
    struct image before, after, none = {0};
    wal_t *w;

    stand_put(&stand, &none);
    assert_int_equal(wal_open(stand.path, writing, &w), 0);
    append(w, 10);
    image_load(&before, stand.path);
    change(w);
    append(w, more);
    image_load(&after, stand.path);
    assert_int_equal(wal_close(w), 0);
    if (closed) {
        image_free(&after);
        image_load(&after, stand.path);
    }
    set_back(&after, &before);
    stand_put(&stand, &after);
    assert_int_equal(wal_open(stand.path, reading, &w), WAL_E_CORRUPT);
    assert_int_equal(wal_open(stand.path, writing, &w), WAL_E_CORRUPT);
    assert_true(stand_holds(&stand, &after));
    image_free(&before);
    image_free(&after);
}

static void test_set_back(void **state)
{
    static void (*const changes[])(wal_t *) = {truncate_front, empty, truncate_back, reset,
                                               truncate_segment};
    (void)state;

    stand_make(&stand);
    reading = made_options(true);
    writing = made_options(false);
    for (size_t k = 0; k < sizeof changes / sizeof changes[0]; k++)
        for (unsigned more = 0; more < 2; more++)
            for (int closed = 0; closed < 2; closed++)
                refused_after(changes[k], more, closed);
    wal_options_free(reading);
    wal_options_free(writing);
    stand_remove(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_set_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
