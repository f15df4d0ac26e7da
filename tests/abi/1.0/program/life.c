/* SPDX-License-Identifier: Apache-2.0 */
/* Locks, errors, open and close. */
#include "program.h"

#include <string.h>

void use_locks_and_errors(void)
{
    wal_options_t *o;
    wal_lock_t *lock;
    wal_error_t error;
    uint32_t pid = 0;
    wal_t *w = four_records("lock");

    CHECK(wal_lock_holder(path_of("lock"), &pid) == 1 && pid > 0);
    OK(wal_failure_error(w, &error, sizeof(error)));
    CHECK(error.size == sizeof(error) && error.code == WAL_OK && error.message[0] == 0);
    OK(wal_close(w));
    CHECK(wal_lock_holder(path_of("lock"), &pid) == 0);
    OK(wal_lock_acquire(path_of("lock"), &lock));
    CHECK(wal_open(path_of("lock"), NULL, &w) == WAL_E_LOCKED);
    OK(wal_last_error(&error, sizeof(error)));
    CHECK(wal_error_set(&error) == WAL_E_LOCKED);
    OK(wal_last_error(&error, sizeof(error)));
    CHECK(error.size == sizeof(error) && error.code == WAL_E_LOCKED && error.lsn == 0);
    CHECK(memchr(error.message, 0, sizeof(error.message)) != NULL);
    CHECK(strstr(error.message, "lock") != NULL);
    CHECK(strcmp(wal_error_name(error.code), "WAL_E_LOCKED") == 0);
    CHECK(strcmp(wal_strerror(error.code), wal_strerror(1)) != 0);
    OK(wal_options_new(&o));
    OK(wal_options_set_lock(o, lock));
    OK(wal_open(path_of("lock"), o, &w));
    wal_options_free(o);
    OK(wal_close(w));
    wal_lock_release(lock);
    OK(wal_destroy(path_of("lock")));
}

static void expect_recovery(wal_t *w, uint32_t verdict, uint64_t last)
{
    wal_recovery_t r;

    OK(wal_recovery(w, &r, sizeof(r)));
    CHECK(r.size == sizeof(r) && r.verdict == verdict);
    CHECK(r.first_lsn == 1 && r.last_lsn == last && r.next_lsn == last + 1);
    CHECK(r.durable_lsn == last && r.checkpoint_lsn == 0 && r.discarded_bytes == 0);
    CHECK(r.cut_segment == 0 && r.cut_offset == 0 && r.header_repairs == 0);
    CHECK(r.duration_ns > 0);
}

void use_life(void)
{
    wal_options_t *o;
    wal_t *w, *reader;

    OK(wal_options_new(&o));
    OK(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    CHECK(wal_open(path_of("life"), o, &reader) == WAL_E_NOTFOUND);
    w = four_records("life");
    expect_recovery(w, WAL_RECOVERY_NEW, 0);
    expect_range(w, 1, 4);
    CHECK(wal_durable_lsn(w) == 4);
    OK(wal_open(path_of("life"), o, &reader));
    wal_options_free(o);
    expect_record(reader, 3, 0, "three");
    CHECK(wal_append(reader, "five", 4, NULL) == WAL_E_READONLY);
    OK(wal_close(reader));
    OK(wal_close(w));
    OK(wal_open(path_of("life"), NULL, &w));
    expect_recovery(w, WAL_RECOVERY_CLEAN, 4);
    done_with(w, "life");
}
