/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between Go and libwal's public headers: functions that give all they have to say in
 * one call, the library's last error included. That is kept per thread, and the next call from Go
 * may come on another one.
 *
 * No pointer to Go's memory is kept beyond a call. Only the functions at the end call back into Go,
 * on the calling thread. */
#ifndef LIBWAL_GO_SHIM_H
#define LIBWAL_GO_SHIM_H

#include <libwal/wal.h>

/* What a call gives. */
typedef struct {
    int32_t code;       /* as of the library */
    uint32_t type;      /* of a record */
    uint32_t flags;     /* of a record */
    uint64_t a, b;      /* LSNs, sizes, counts: each function says what */
    void *handle;       /* what was opened */
    wal_error_t *error; /* of a failed call, for gowal_free; NULL where the code was expected, or
                           there was no memory */
} gowal_result;

/* A wal_t *, in the calls that are made most: cgo looks into a pointer each time, at a number
 * never. */
typedef uintptr_t gowal_log;

void gowal_free(void *p);
/* Of a call that was made just before, on the same thread. */
gowal_result gowal_result_of(int code);

/* ---- options, life ---- */
gowal_result gowal_options_new(void);
gowal_result gowal_options_set(wal_options_t *o, uint32_t option, uint64_t value);
gowal_result gowal_options_set_string(wal_options_t *o, const char *name, const char *value);
gowal_result gowal_options_preset(wal_options_t *o, uint32_t preset);
gowal_result gowal_options_set_label(wal_options_t *o, const uint8_t *data, size_t size);
gowal_result gowal_options_set_lock(wal_options_t *o, wal_lock_t *lock);
gowal_result gowal_open(const char *dir, const wal_options_t *o);
gowal_result gowal_close(wal_t *w);
gowal_result gowal_lock_acquire(const char *dir);
/* a: 1 somebody has it, b: the process id */
gowal_result gowal_lock_holder(const char *dir);
gowal_result gowal_destroy(const char *dir);

/* ---- append; no error is fetched for the code `but`; a: the (first) LSN ---- */
gowal_result gowal_append(gowal_log w, uint32_t type, const uint8_t *data, size_t size,
                          uint32_t flags, int32_t but);
gowal_result gowal_append_packed(gowal_log w, const uint8_t *payload, const uint32_t *sizes,
                                 const uint16_t *types, size_t n, uint32_t flags, int32_t but);
gowal_result gowal_replace_after(wal_t *w, uint64_t lsn, const uint8_t *payload,
                                 const uint32_t *sizes, const uint16_t *types, size_t n);
gowal_result gowal_flush(wal_t *w);
gowal_result gowal_sync(wal_t *w, uint64_t lsn);
/* Looks once; WAL_E_TIMEOUT is no error. */
gowal_result gowal_look(wal_t *w, uint64_t lsn);

/* ---- batch; a, b: first and last LSN ---- */
gowal_result gowal_batch_new(wal_t *w);
gowal_result gowal_batch_append(wal_batch_t *b, uint32_t type, const uint8_t *data, size_t size);
gowal_result gowal_batch_append_packed(wal_batch_t *b, const uint8_t *payload,
                                       const uint32_t *sizes, const uint16_t *types, size_t n);
gowal_result gowal_batch_set_tag(wal_batch_t *b, const uint8_t *data, size_t size);
/* value NULL removes the key. */
gowal_result gowal_batch_meta(wal_batch_t *b, const uint8_t *key, size_t klen, const uint8_t *value,
                              size_t vlen);
gowal_result gowal_batch_commit(wal_batch_t *b, uint32_t flags);
gowal_result gowal_batch_replace_after(wal_batch_t *b, uint64_t lsn);
gowal_result gowal_batch_abort(wal_batch_t *b);

/* ---- read ---- */
/* WAL_E_TOOBIG is no error; a: the record's size. */
gowal_result gowal_get(gowal_log w, uint64_t lsn, uint8_t *buf, size_t cap);

enum { GOWAL_FETCH = 256 }; /* most records of one fetch */

typedef struct gowal_reader gowal_reader;

/* Where a record that was fetched stands in the flat buffer. */
typedef struct {
    uint64_t lsn, data_at, data_size, tag_at;
    uint32_t tag_size, type, flags, reserved;
} gowal_place;

gowal_result gowal_reader_open(wal_t *w, uint64_t from, uint32_t flags);
/* Fetches up to max records, at most GOWAL_FETCH. a: how many there are, b: the bytes of their data
 * and tags. */
gowal_result gowal_reader_fetch(gowal_reader *r, size_t max, size_t max_bytes);
/* Copies what was fetched to `to`, which has room for all. */
void gowal_reader_copy(gowal_reader *r, uint8_t *to, gowal_place *places);
/* WAL_E_RANGE is no error. */
gowal_result gowal_reader_seek(gowal_reader *r, uint64_t lsn);
uint64_t gowal_reader_position(const gowal_reader *r);
void gowal_reader_close(gowal_reader *r);

/* ---- truncate ---- */
gowal_result gowal_truncate_before(wal_t *w, uint64_t lsn);
gowal_result gowal_truncate_after(wal_t *w, uint64_t lsn);
gowal_result gowal_reset(wal_t *w, uint64_t next);
gowal_result gowal_rotate(wal_t *w);

/* ---- checkpoint, tag, metadata; WAL_E_TOOBIG is no error, b: the size ---- */
gowal_result gowal_checkpoint(wal_t *w, uint64_t lsn, const uint8_t *state, size_t size);
/* a: the LSN */
gowal_result gowal_checkpoint_get(wal_t *w, uint8_t *buf, size_t cap);
gowal_result gowal_segment_checkpoint(wal_t *w, uint64_t segment, uint8_t *buf, size_t cap);
gowal_result gowal_last_tag(wal_t *w, uint8_t *buf, size_t cap);
gowal_result gowal_meta_set(wal_t *w, const uint8_t *key, size_t klen, const uint8_t *value,
                            size_t vlen);
gowal_result gowal_meta_get(wal_t *w, const uint8_t *key, size_t klen, uint8_t *buf, size_t cap);
gowal_result gowal_meta_delete(wal_t *w, const uint8_t *key, size_t klen);
/* All keys and values, each behind its size of 16 bits in the machine's order; GOWAL_META_BYTES
 * hold what a log can have. a: how many keys, b: bytes used. */
enum { GOWAL_META_BYTES = 64 * (2 + 64 + 2 + 1024) };
gowal_result gowal_meta_all(wal_t *w, uint8_t *buf, size_t cap);

/* ---- info ---- */
gowal_result gowal_recovery(wal_t *w, wal_recovery_t *ret);
/* ret[0..3]: first, last, next and durable LSN */
gowal_result gowal_range(wal_t *w, uint64_t *ret);
gowal_result gowal_info(wal_t *w, wal_info_t *ret);
/* a: how many there are */
gowal_result gowal_segments(wal_t *w, wal_segment_t *array, size_t n);
gowal_result gowal_stats(wal_t *w, uint64_t *values, uint32_t n);
gowal_result gowal_histogram(wal_t *w, uint32_t which, uint64_t *buckets);
/* The cause of the log's failure as error, where there is one. */
gowal_result gowal_failure(wal_t *w);

/* ---- events ---- */
gowal_result gowal_subscribe(wal_t *w, uint32_t mask);
gowal_result gowal_subscription_next(wal_subscription_t *s, wal_event_t *ret);

/* ---- those that call back: `call` is a handle of runtime/cgo for the Go side, 0: no callback ----
 */
gowal_result gowal_verify(const char *dir, const wal_options_t *o, uintptr_t call,
                          wal_verify_t *ret);
gowal_result gowal_repair(const char *dir, const wal_options_t *o, uint32_t flags,
                          wal_verify_t *ret);
gowal_result gowal_salvage(const char *dir, const wal_options_t *o, uintptr_t call);
gowal_result gowal_copy(wal_t *w, const char *dest, uintptr_t call);
/* a: how many segments went, b: the first LSN then */
gowal_result gowal_drain(wal_t *w, uintptr_t call);

/* Their Go sides. */
extern int gowalProgress(uintptr_t call, uint64_t done, uint64_t total);
extern int gowalGap(uintptr_t call, uint64_t first, uint64_t last);
extern int gowalRecord(uintptr_t call, wal_record_t *record);
extern int gowalSegment(uintptr_t call, wal_segment_t *segment);

#endif
