/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata seen by a read-only handle while the log changes under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libwal/wal.h>

#include "support/scratch.h"

static wal_t *open_log(const char *path, bool read_only)
{
    wal_options_t *o;
    wal_t *w = NULL;
    assert_int_equal(wal_options_new(&o), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_READ_ONLY, read_only), 0);
    assert_int_equal(wal_options_set(o, WAL_OPT_ZERO_AHEAD_BYTES, 0), 0);
    assert_int_equal(wal_open(path, o, &w), 0);
    wal_options_free(o);
    return w;
}

/* An empty map is not carried into a new segment; what the follower knew before is gone too. */
static void a_deleted_key_is_gone_after_a_rotation(void **state)
{
    struct scratch s;
    char value[8];
    size_t size;
    (void)state;

    assert_int_equal(scratch_make(&s), 0);
    wal_t *w = open_log(s.path, false);
    assert_int_equal(wal_append(w, "x", 1, NULL), 0);
    assert_int_equal(wal_meta_set(w, "k", 1, "v", 1), 0);
    wal_t *f = open_log(s.path, true);
    assert_int_equal(wal_meta_get(f, "k", 1, value, sizeof value, &size), 0);
    assert_int_equal(wal_meta_delete(w, "k", 1), 0);
    assert_int_equal(wal_append(w, "y", 1, NULL), 0);
    assert_int_equal(wal_rotate(w), 0);
    assert_int_equal(wal_append(w, "z", 1, NULL), 0);
    assert_int_equal(wal_meta_get(f, "k", 1, value, sizeof value, &size), WAL_E_NOTFOUND);
    assert_int_equal(wal_close(f), 0);
    assert_int_equal(wal_close(w), 0);
    scratch_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_key_is_gone_after_a_rotation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
