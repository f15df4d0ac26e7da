/* SPDX-License-Identifier: Apache-2.0 */
/* A log in a fresh directory, through the public API, in few words. For the main thread of a test:
 * what fails here fails the test.
 *
 *     struct log_fixture *f = *state;                      of fixture_setup
 *     fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
 *     fixture_open(f);                                     <scratch>/log is made
 *     fixture_append(f, "one");
 *     must(wal_sync(f->log, 0));
 *     expect_error(WAL_E_RANGE, wal_sync(f->log, 9), "LSN 9");
 *     fixture_reopen(f);
 *     expect_record(f->log, 1, "one");
 *
 * must and expect_error look after errno too: the library never touches it. */
#ifndef WAL_TESTS_LOG_FIXTURE_H
#define WAL_TESTS_LOG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libwal/wal.h>

#include "base/attr.h"
#include "support/scratch.h"

struct log_fixture {
    struct scratch scratch;
    char dir[320];
    wal_options_t *options;
    wal_t *log; /* NULL: closed */
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
#define fixture_test(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

enum { ERRNO_MARK = 4711 };

/* 0 or more. */
#define must(e) fixture_must((errno = ERRNO_MARK, (e)), #e, __FILE__, __LINE__)
/* The code from the call and in the last error, whose text has `part` in it (NULL: any). */
#define expect_error(code, e, part)                                                                \
    fixture_expect((code), (errno = ERRNO_MARK, (e)), (part), #e, __FILE__, __LINE__)
int fixture_must(int e, const char *what, const char *file, int line);
void fixture_expect(int code, int e, const char *part, const char *what, const char *file,
                    int line);

/* What open says, for writing and (expect_refused) for reading. No handle comes out of it. */
#define expect_refused(f, code, part) fixture_refused((f), 1, (code), (part), __FILE__, __LINE__)
#define expect_writer_refused(f, code, part)                                                       \
    fixture_refused((f), 0, (code), (part), __FILE__, __LINE__)
void fixture_refused(struct log_fixture *f, int readers_too, int code, const char *part,
                     const char *file, int line);

void fixture_set(struct log_fixture *f, uint32_t option, uint64_t value);
void fixture_open(struct log_fixture *f);
void fixture_close(struct log_fixture *f);
void fixture_reopen(struct log_fixture *f);
/* A second handle on the same directory. */
wal_t *fixture_open_read_only(struct log_fixture *f);
/* An abrupt end: the log as a killed process leaves it, in the same directory. The handle stays
 * open on a copy that is thrown away by the close. */
void fixture_crash(struct log_fixture *f);

/* Each appends a text and returns its LSN. */
uint64_t fixture_append(struct log_fixture *f, const char *text);
uint64_t fixture_append_flags(struct log_fixture *f, const char *text, uint32_t flags);
/* n records with their number as text: "1" .. */
void fixture_fill(struct log_fixture *f, unsigned n);
/* A record of n bytes, all `byte`. Static. */
const void *fixture_bytes(size_t n, int byte);

#define expect_record(w, lsn, text) fixture_expect_record((w), (lsn), (text), __FILE__, __LINE__)
#define expect_next(r, lsn, text)   fixture_expect_next((r), (lsn), (text), __FILE__, __LINE__)
#define expect_range(w, first, last, next, durable)                                                \
    fixture_expect_range((w), (const uint64_t[4]){(first), (last), (next), (durable)}, __FILE__,   \
                         __LINE__)
void fixture_expect_record(wal_t *w, uint64_t lsn, const char *text, const char *file, int line);
void fixture_expect_next(wal_reader_t *r, uint64_t lsn, const char *text, const char *file,
                         int line);
void fixture_expect_range(wal_t *w, const uint64_t want[4], const char *file, int line);

/* A batch, and a record in it. */
wal_batch_t *fixture_batch(struct log_fixture *f);
void fixture_add(wal_batch_t *b, const char *text);

/* The value of a metadata key (NULL: there is none), and the newest tag ("": there is none). */
#define expect_meta(w, key, value) fixture_expect_meta((w), (key), (value), __FILE__, __LINE__)
#define expect_last_tag(w, tag)    fixture_expect_last_tag((w), (tag), __FILE__, __LINE__)
void fixture_expect_meta(wal_t *w, const char *key, const char *value, const char *file, int line);
void fixture_expect_last_tag(wal_t *w, const char *tag, const char *file, int line);

uint64_t fixture_stat(wal_t *w, uint32_t which);
/* How many segments there are, and one of them. */
size_t fixture_segments(wal_t *w);
wal_segment_t fixture_segment(wal_t *w, size_t index);

/* Past the library. The path of a name in the log's directory is valid until the next call. */
const char *fixture_path(const struct log_fixture *f, const char *name);
const char *fixture_segment_path(const struct log_fixture *f, uint64_t number);
void fixture_write_file(const char *path, uint64_t offset, const void *data, size_t size);
void fixture_read_file(const char *path, uint64_t offset, void *data, size_t size);
/* Sets a field of n bytes in a block of `size` bytes at `offset` that ends with its CRC. */
void fixture_patch(const char *path, uint64_t offset, size_t size, size_t field, unsigned n,
                   uint64_t value);
int fixture_exists(const char *path);
void fixture_remove_all(const char *path);

/* Callbacks that let everything pass. */
int ignore_record(void *ctx, const wal_record_t *record);
int ignore_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen);

/* Runs fn in a forked process. What it returns; -1 when it died. fn must not assert: cmocka is in
 * the parent. */
int in_child(int (*fn)(void *arg), void *arg);
int child_result(int pid);

#endif
